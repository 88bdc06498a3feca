"""What the rules hear, where they send it, and what becomes of what they cannot deliver."""

import json
import tomllib

import pytest
from expand import expanded, source
from template import NARROW, of_type, PATH, properties, ROOT, statements, SWEPT, WIDE


# ------------------------------------------------------------------ rules and the queue


# Rules on watched calls, by the names that follow the stack's.
WATCHERS = {"CallsRule": "calls", "PullsRule": "pulls", "LambdaRule": "lambda", "SessionsRule": "sessions", "IdentityRule": "identity", "ControlRule": "control"}
WATCHED = [
    (api["service"], api["name"]) for api in tomllib.loads((ROOT / "crates/core/apis.toml").read_text(encoding="utf-8"))["api"] if api["watched"]
]
API_CALL, SERVICE_EVENT, SIGN_IN = "AWS API Call via CloudTrail", "AWS Service Event via CloudTrail", "AWS Console Sign In via CloudTrail"
HEARS_READS = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"


def one_matches(patterns: list, value: str) -> bool:
    """Whether a field's list of patterns takes the value. An operator that is not known here fails the test that asks."""
    for pattern in patterns:
        if isinstance(pattern, str):
            found = pattern == value
        else:
            ((operator, operand),) = pattern.items()
            found = {"prefix": lambda: value.startswith(operand), "anything-but": lambda: value not in operand}[operator]()
        if found:
            return True
    return False


def matches(pattern: dict, event: dict) -> bool:
    """What EventBridge does with a pattern, as far as ours go: all fields hold, and a field that is missing does not."""
    for field, wanted in pattern.items():
        if field not in event or not (matches(wanted, event[field]) if isinstance(wanted, dict) else one_matches(wanted, event[field])):
            return False
    return True


def heard(service: str, name: str, detail_type: str | None = None, caller: str = "AssumedRole") -> list[str]:
    """The rules on watched calls that match an event."""
    usual = {"ConsoleLogin": SIGN_IN, "PolicyExecutionEvent": SERVICE_EVENT, "ReplicateImage": SERVICE_EVENT}.get(name, API_CALL)
    detail = {"eventSource": service, "eventName": name, "userIdentity": {"type": caller}}
    event = {"source": f"aws.{service.split('.')[0]}", "detail-type": detail_type or usual, "detail": detail}
    return [rule for rule in WATCHERS if matches(properties(rule)["EventPattern"], event)]


@pytest.mark.parametrize(("service", "name"), WATCHED)
def test_each_watched_call_is_matched_by_one_rule(service, name):
    assert len(heard(service, name)) == 1
    if service == "lambda.amazonaws.com":
        assert heard(service, f"{name}20181031") == heard(service, f"{name}20150331v2") == ["LambdaRule"]


def test_the_rules_name_what_is_watched_and_nothing_else():
    watched: dict[str, list[str]] = {}
    for service, name in WATCHED:
        watched.setdefault(service, []).append(name)
    services = []
    calls, pulls = (properties(rule)["EventPattern"]["detail"]["eventName"] for rule in ("CallsRule", "PullsRule"))
    for rule in WATCHERS:
        pattern = properties(rule)["EventPattern"]
        of_rule = pattern["detail"]["eventSource"]
        assert pattern["source"] == [f"aws.{service.removesuffix('.amazonaws.com')}" for service in of_rule]
        names = sorted({name for service in of_rule for name in watched[service]})
        if rule == "PullsRule":
            assert sorted(calls + pulls) == names, "what changes something, and what comes in numbers"
        elif rule != "CallsRule":
            assert pattern["detail"]["eventName"] == ([{"prefix": name} for name in names] if rule == "LambdaRule" else names)
        services += of_rule if rule != "PullsRule" else []
    assert sorted(services) == sorted(watched), "each service in one rule"


def test_the_rules_hear_the_kinds_of_events_that_carry_the_calls():
    kinds = {rule: properties(rule)["EventPattern"]["detail-type"] for rule in WATCHERS}
    assert kinds.pop("CallsRule") == [API_CALL, SERVICE_EVENT]
    assert kinds.pop("IdentityRule") == [API_CALL, SIGN_IN]
    assert all(kind == [API_CALL] for kind in kinds.values())
    assert heard("ecr.amazonaws.com", "PutImage", "ECR Image Action") == []


def test_services_that_assume_roles_for_themselves_start_nothing():
    assert heard("sts.amazonaws.com", "AssumeRole", caller="AWSService") == []
    for caller in ("AssumedRole", "IAMUser", "AWSAccount", "WebIdentityUser", "SAMLUser", "Root"):
        assert heard("sts.amazonaws.com", "AssumeRole", caller=caller) == ["SessionsRule"]
    assert {rule for rule in WATCHERS if "userIdentity" in properties(rule)["EventPattern"]["detail"]} == {"SessionsRule"}


def test_the_rules_hear_read_only_calls_of_aws_sources_only():
    silent = expanded(PATH, {"WatchContext": "disabled"})["Resources"]
    for rule in WATCHERS:
        assert properties(rule)["State"] == HEARS_READS
        assert silent[rule]["Properties"]["State"] == ("DISABLED" if rule == "SessionsRule" else HEARS_READS)
    assert source(PATH)["Parameters"]["WatchContext"]["Default"] == "enabled"
    for name, other in of_type("AWS::Events::Rule").items():
        assert all(s.startswith("aws.") for s in other.get("EventPattern", {}).get("source", []))
        assert set(other) <= {"Name", "Description", "State", "EventPattern", "ScheduleExpression", "Targets"}, "default bus"
        assert len(json.dumps(other.get("EventPattern", {}))) <= 2048, f"{name}: EventBridge's limit"


def test_one_role_starts_triage_for_the_rules_on_watched_calls_alone():
    (trust,) = properties("CallsRuleRole")["AssumeRolePolicyDocument"]["Statement"]
    rules = [f"arn:aws:events:eu-central-1:111122223333:rule/layerguard-{name}" for name in WATCHERS.values()]
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": "111122223333"}, "ArnEquals": {"aws:SourceArn": rules}}
    (target,) = properties("CallsRule")["Targets"]
    for rule, name in WATCHERS.items():
        assert properties(rule)["Name"] == f"layerguard-{name}"
        assert properties(rule)["Targets"] == [target]
    assert target["RetryPolicy"] == {"MaximumEventAgeInSeconds": 86400, "MaximumRetryAttempts": 185}
    assert target["RoleArn"] == "arn:aws:iam::111122223333:role/layerguard-calls"
    assert [s["Action"] for s in statements(WIDE, "CallsRuleRole")] == ["states:StartExecution"]


def test_what_comes_each_minute_is_let_in_and_not_repeated():
    arn = "arn:aws:events:eu-central-1:111122223333:rule/layerguard-sweep"
    assert {name.lower() for name in SWEPT} == {t["Id"] for t in properties("SweepRule")["Targets"]}
    for function in SWEPT:
        permission = properties(f"{function}MayBeSwept")
        assert (permission["Principal"], permission["SourceAccount"]) == ("events.amazonaws.com", "111122223333")
        assert permission["SourceArn"] == arn
        calls = properties(f"{function}AsyncCalls")
        assert (calls["MaximumRetryAttempts"], calls["MaximumEventAgeInSeconds"]) == (0, 60)


def test_what_dies_outside_every_catch_wakes_the_sweeper():
    assert properties("ExecutionDiedRule")["EventPattern"] == {
        "source": ["aws.states"], "detail-type": ["Step Functions Execution Status Change"],
        "detail": {"status": ["FAILED", "TIMED_OUT", "ABORTED"], "stateMachineArn": [WIDE["Outputs"]["RespondMachineArn"]["Value"]]},
    }
    assert properties("SweepRule")["ScheduleExpression"] == "rate(1 minute)"
    inputs = {t["Id"]: t["Input"] for t in properties("SweepRule")["Targets"]}
    assert inputs == {"decide": '{"task":"sweep"}', "remediate": '{"task":"lift_due"}', "detect": '{"task":"settle_copies"}'}


def test_no_target_loses_an_event():
    queue = WIDE["Outputs"]["FailedEventsQueueArn"]["Value"]
    # A drill that does not start is no event: the alarm on drills that were not seen tells.
    for rule in (rule for name, rule in of_type("AWS::Events::Rule").items() if name != "DrillRule"):
        for target in rule["Targets"]:
            assert target["DeadLetterConfig"] == {"Arn": queue}
            assert target["RetryPolicy"]["MaximumRetryAttempts"] > 0


def test_only_our_rules_may_fill_the_queue():
    allow = statements(WIDE, "FailedEventsPolicy")
    rules = [f"arn:aws:events:eu-central-1:111122223333:rule/layerguard-{n}" for n in (*WATCHERS.values(), "sweep", "execution-died", "reconcile")]
    assert [s["Condition"] for s in allow] == [
        {"StringEquals": {"aws:SourceAccount": "111122223333"}, "ArnEquals": {"aws:SourceArn": rules}}
    ]
    assert len(set(of_type("AWS::Events::Rule")) - {"DrillRule"}) == len(rules)
    queue = properties("FailedEvents")
    assert NARROW["Resources"]["FailedEvents"]["Properties"]["SqsManagedSseEnabled"] is True and queue["MessageRetentionPeriod"] == 1209600
    assert "RedrivePolicy" not in queue and "FifoQueue" not in queue



def test_what_reconciling_misses_is_what_the_rules_would_pass():
    """`crates/core/src/reconcile/rules.toml` says in the records' words what the patterns say in EventBridge's."""
    kinds = {"AwsApiCall": API_CALL, "AwsServiceEvent": SERVICE_EVENT, "AwsConsoleSignIn": SIGN_IN}
    table = tomllib.loads((ROOT / "crates/core/src/reconcile/rules.toml").read_text(encoding="utf-8"))["rule"]
    table = {rule["name"]: rule for rule in table}
    assert next(iter(table)) == "pulls", "the first that fits hears a call"
    assert sorted(table) == sorted(WATCHERS.values())
    silent = expanded(PATH, {"WatchContext": "disabled"})["Resources"]
    for logical, name in WATCHERS.items():
        rule = table[name]
        pattern = properties(logical)["EventPattern"]
        assert pattern["detail-type"] == [kinds[kind] for kind in rule["kinds"]], logical
        assert pattern["detail"]["eventSource"] == rule["services"], logical
        excluded = pattern["detail"].get("userIdentity", {"type": [{"anything-but": []}]})["type"]
        assert excluded == [{"anything-but": rule.get("callers_not", [])}], logical
        assert set(pattern["detail"]) <= {"eventSource", "eventName", "userIdentity"}, "and by nothing else"
        assert rule.get("names", pattern["detail"]["eventName"]) == pattern["detail"]["eventName"], logical
        assert (silent[logical]["Properties"]["State"] == "DISABLED") == rule.get("optional", False), logical
