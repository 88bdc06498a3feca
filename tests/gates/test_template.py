"""What the template must hold and the emulator ignores or accepts wrongly."""

import json
import re

import pytest
from expand import documents, expanded, source
from template import (
    as_list,
    AUDIT,
    BY_DAY,
    BY_LISTING,
    CHOICES,
    FUNCTIONS,
    granted,
    NARROW,
    of_type,
    PATH,
    properties,
    PUT,
    READS,
    RESOURCES,
    ROOT,
    STATE,
    statements,
    TRAIL_KEY,
    WIDE,
)
from test_rules import matches


# ------------------------------------------------------------------ tables


def test_the_record_outlives_mistakes():
    for name in ("AuditTable", "StateTable"):
        assert RESOURCES[name]["DeletionPolicy"] == RESOURCES[name]["UpdateReplacePolicy"] == "Retain"
        assert properties(name)["DeletionProtectionEnabled"] is True
        assert properties(name)["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
        assert NARROW["Resources"][name]["Properties"]["SSESpecification"] == {"SSEEnabled": True}
        assert RESOURCES[name]["DependsOn"] == "OnlyHome", "a second stack fails before it makes what would outlive it"
    assert "TimeToLiveSpecification" not in properties("AuditTable")
    assert properties("StateTable")["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}


def test_nobody_changes_the_record():
    (deny,) = statements(WIDE, "AuditTable", "Deny")
    assert deny["Principal"] == "*" and deny["Resource"] == AUDIT and "Condition" not in deny
    verbs = ("PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "PartiQLUpdate", "PartiQLDelete", "UpdateTimeToLive")
    assert set(deny["Action"]) == {f"dynamodb:{verb}" for verb in verbs}
    assert statements(WIDE, "AuditTable") == []


@pytest.mark.parametrize("function", FUNCTIONS)
def test_writers_of_the_record_only_insert(function):
    more = {"dynamodb:BatchGetItem"} if function == "Reconcile" else set()
    assert granted(WIDE, f"{function}Role", AUDIT) == {"dynamodb:PartiQLInsert", *READS, *more}


def test_reconciling_is_recorded_in_chains_of_its_own_alone():
    for name in ("ReconcileRole", "OperatorPolicy"):
        (inserts,) = [s for s in statements(WIDE, name) if "dynamodb:PartiQLInsert" in as_list(s["Action"])]
        assert (inserts["Action"], inserts["Resource"]) == ("dynamodb:PartiQLInsert", AUDIT)
        assert inserts["Condition"] == {
            "ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["reconcile#*"]}, "Null": {"dynamodb:LeadingKeys": "false"},
        }


def test_the_trail_is_read_below_its_prefix_and_only_where_it_is_named():
    plain = expanded(PATH, {"TrailBucket": "trail-of-ours"})
    for template, below in ((WIDE, "logs/AWSLogs"), (plain, "AWSLogs")):
        for name in ("ReconcileRole", "OperatorPolicy"):
            by_sid = {s["Sid"]: s for s in statements(template, name)}
            assert by_sid["ReadTheTrailsFiles"]["Resource"] == f"arn:aws:s3:::trail-of-ours/{below}/*"
            assert by_sid["ReadTheTrailsFiles"]["Action"] == "s3:GetObject"
            assert (by_sid["ListTheTrailsFiles"]["Action"], by_sid["ListTheTrailsFiles"]["Resource"]) == ("s3:ListBucket", "arn:aws:s3:::trail-of-ours")
            assert ("DecryptTheTrailsFiles" in by_sid) == (template is WIDE)
    assert [s["Resource"] for s in statements(WIDE, "ReconcileRole") if s["Action"] == "kms:Decrypt" and "Condition" not in s] == [TRAIL_KEY]
    parts = [name for name in RESOURCES if name.startswith(("Reconcile", "EventsRecovered", "HoursIncomplete"))]
    assert len(parts) == 11 and not set(parts) & set(NARROW["Resources"]), "without a bucket nothing of it is made"
    for name in ("Boundary", "OperatorPolicy"):
        assert not [s for s in statements(NARROW, name) if str(s["Action"]).count("s3:")], name


def test_reconcile_is_called_each_hour_and_not_repeated():
    rule = properties("ReconcileRule")
    (target,) = rule["Targets"]
    assert (rule["ScheduleExpression"], rule["State"], target["Input"]) == ("rate(1 hour)", "ENABLED", '{"task":"reconcile"}')
    assert target["Arn"] == WIDE["Outputs"]["ReconcileFunctionArn"]["Value"]
    assert properties("ReconcileMayBeCalled")["SourceArn"] == "arn:aws:events:eu-central-1:111122223333:rule/layerguard-reconcile"
    assert properties("ReconcileFunction")["Timeout"] == 900, "the longest there is"
    assert properties("ReconcileAsyncCalls")["MaximumRetryAttempts"] == 0, "the next hour repeats it"


def test_people_hear_what_reconciling_finds_and_when_it_stops():
    recovered, stopped = properties("EventsRecoveredAlarm"), properties("ReconcileStoppedAlarm")
    assert (recovered["Threshold"], recovered["EvaluationPeriods"]) == (0, 1)
    assert (stopped["MetricName"], stopped["TreatMissingData"]) == ("HoursCompleted", "breaching")


def reach(name: str) -> set[tuple[str, str, str]]:
    """(action, leading key, resource) that a role or policy may use on the state table, each held by both conditions."""
    found = set()
    for statement in statements(WIDE, name):
        for resource in as_list(statement["Resource"]):
            if resource not in (STATE, BY_LISTING):
                continue
            condition = dict(statement["Condition"])
            assert condition.pop("Null") == {"dynamodb:LeadingKeys": "false"}, "ForAllValues holds when there is no key at all"
            ((operator, keys),) = condition.items()
            assert operator in ("ForAllValues:StringLike", "ForAllValues:StringEquals")
            found |= {(a, k, resource) for a in as_list(statement["Action"]) for k in keys["dynamodb:LeadingKeys"]}
    return found


def rights(actions: set[str], *keys: str, at: str = STATE) -> set[tuple[str, str, str]]:
    return {(action, key, at) for action in actions for key in keys}


def policy_of(function: str) -> set[tuple[str, str, str]]:
    """Looks which policy is in force and whose the tables are, and says under its own name alone which policy it runs."""
    return rights({"dynamodb:GetItem"}, "policy#in_force", "schema#version") | rights({"dynamodb:PutItem"}, f"loaded#{function}")


def test_each_function_reaches_only_its_own_keys():
    assert reach("DetectRole") == (
        rights(READS | PUT | {"dynamodb:UpdateItem"}, "key#*", "incident#*", "activity#*")
        | rights({"dynamodb:DeleteItem"}, "activity#waiting") | policy_of("detect")
    )
    assert reach("DecideRole") == (
        rights(READS | PUT, "incident#*", "approval#*", "used#*", "lineage#*", "switch#*", "breaker#told*", "announced#*")
        | rights(READS, "answer#*", "breaker#*", "measure#*", "key#*", "activity#*")
        | rights({"dynamodb:DeleteItem"}, "switch#*")
        | rights({"dynamodb:Query"}, "open", "announce", at=BY_LISTING)
        | policy_of("decide") | rights({"dynamodb:PutItem"}, "policy#in_force", "schema#version")  # it alone puts one in force and marks the tables
    )
    assert reach("RemediateRole") == (
        rights(READS, "incident#*", "switch#*") | rights(READS | PUT, "measure#*", "breaker#*", "holder#*", "announced#*", "reach#accounts")
        | rights({"dynamodb:PutItem"}, "activity#intended#*") | rights({"dynamodb:DeleteItem"}, "measure#*", "holder#*")
        | rights({"dynamodb:Query"}, "measure", "open", at=BY_LISTING) | policy_of("remediate")
    )
    assert reach("ReconcileRole") == rights({"dynamodb:Query"} | PUT, "reconcile#*") | policy_of("reconcile")


def test_people_on_call_write_answers_and_the_pause_and_nothing_else():
    by_sid = {s["Sid"]: s for s in statements(WIDE, "OnCallPolicy")}
    reading = by_sid.pop("ReadTheRecord")
    assert (set(reading["Action"]), set(reading["Resource"])) == (READS, {AUDIT, BY_DAY})
    every = by_sid.pop("FindEveryChain")
    assert (every["Action"], every["Resource"]) == ("dynamodb:Scan", BY_DAY), "no scan of a table"
    assert reach("OnCallPolicy") == (
        rights(READS, "incident#*", "approval#*", "activity#*", "switch#pause", "policy#in_force", "schema#version") | rights({"dynamodb:Query"}, "open", "closed", at=BY_LISTING)
        | rights(PUT, "answer#*", "switch#pause")
    )
    for sid in ("ReadIncidentsRequestsTracesAndThePause", "ListIncidents", "ReadAndWriteWithTheKey"):
        by_sid.pop(sid)
    answers = by_sid.pop("GiveAnswersAndPause")
    assert (answers["Action"], answers["Resource"]) == ("dynamodb:PutItem", STATE)
    assert answers["Condition"] == {
        "ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["answer#*", "switch#pause"]}, "Null": {"dynamodb:LeadingKeys": "false"},
    }
    looks = {"ecr:DescribeImages", "iam:GetRole"}  # for `incidents show`: descriptions, no manifest and no layer
    assert {s["Action"] for s in by_sid.values()} == {"states:SendTaskSuccess", "states:StartExecution"} | looks


# ------------------------------------------------------------------ announcements

OWN_BUS, OTHER_BUS = (f"arn:aws:events:eu-central-1:111122223333:event-bus/{name}" for name in ("layerguard", "tickets"))


def test_incidents_are_announced_on_one_bus_and_by_decide_alone():
    given = expanded(PATH, {**CHOICES, "EventBusArn": OTHER_BUS})
    for template, bus in ((WIDE, OWN_BUS), (given, OTHER_BUS)):
        assert template["Resources"]["DecideFunction"]["Properties"]["Environment"]["Variables"]["LAYERGUARD_BUS"] == bus
        assert template["Outputs"]["EventBusArn"]["Value"] == bus
        may = {(where.split("/")[0], json.dumps(s["Resource"])) for where, document in documents(template) for s in document["Statement"]
               if "events:PutEvents" in as_list(s["Action"])}
        assert may == {("DecideRole", json.dumps(bus)), ("Boundary", json.dumps(bus))}
    assert "AnnouncementBus" in RESOURCES and "AnnouncementBus" not in given["Resources"]


def test_no_rule_of_ours_hears_an_announcement_and_none_is_told_on_the_default_bus():
    announced = {"source": "layerguard", "detail-type": "Incident Opened", "detail": {"status": "deciding", "eventSource": "ecr.amazonaws.com"}}
    for name, rule in of_type("AWS::Events::Rule").items():
        assert "EventPattern" not in rule or not matches(rule["EventPattern"], announced), name
        assert "EventBusName" not in rule, "all of ours listen on the default bus"
    allowed = source(PATH)["Parameters"]["EventBusArn"]["AllowedPattern"]
    assert re.fullmatch(allowed, OWN_BUS) and re.fullmatch(allowed, "")
    for wrong in ("default", OWN_BUS.replace("/layerguard", "/default"), OWN_BUS.replace(":events:", ":sns:"), f"{OWN_BUS} "):
        assert not re.fullmatch(allowed, wrong), wrong


def test_the_example_rule_of_the_documentation_matches_what_is_announced():
    text = (ROOT / "infra/README.md").read_text(encoding="utf-8")
    (pattern,) = re.findall(r"--event-pattern '(\{.*?\})'", text, re.DOTALL)
    (transformer,) = re.findall(r"<!-- transformer -->\s*```json\n(.*?)```", text, re.DOTALL)
    schema = json.loads((ROOT / "infra/announcement.schema.json").read_text(encoding="utf-8"))
    pattern, transformer = json.loads(pattern), json.loads(transformer)
    assert pattern["source"] == ["layerguard"]
    assert set(pattern["detail"]["severity"]) <= set(schema["properties"]["severity"]["enum"])
    for path in transformer["InputPathsMap"].values():
        field = path.removeprefix("$.detail.").removesuffix("[0]")
        assert path == "$.detail-type" or field in schema["required"], path
    names = set(re.findall(r"<([a-z_]+)>", transformer["InputTemplate"]))
    assert names == set(transformer["InputPathsMap"])


def test_auditors_read_the_record_and_incidents_and_write_nothing():
    assert {a for s in statements(WIDE, "AuditorPolicy") for a in as_list(s["Action"])} == READS | {"dynamodb:Scan", "kms:Decrypt"}
    assert granted(WIDE, "AuditorPolicy", AUDIT) == READS
    assert granted(WIDE, "AuditorPolicy", BY_DAY) == {"dynamodb:Query", "dynamodb:Scan"}, "no scan of the table: it has every call"
    assert reach("AuditorPolicy") == rights(READS, "incident#*", "policy#in_force", "schema#version") | rights({"dynamodb:Query"}, "open", "closed", at=BY_LISTING)


def test_the_index_over_the_record_is_sparse_and_small():
    (index,) = properties("AuditTable")["GlobalSecondaryIndexes"]
    assert [key["AttributeName"] for key in index["KeySchema"]] == ["day", "at"]
    assert index["Projection"]["ProjectionType"] == "INCLUDE" and "body" not in index["Projection"]["NonKeyAttributes"]
    # Every attribute that the index holds is written by the one who inserts, and each is read back.
    source = (ROOT / "crates/aws/src/audit_index.rs").read_text(encoding="utf-8")
    for name in {"day", "at", *index["Projection"]["NonKeyAttributes"]} - {"kind"}:
        assert f'"{name}"' in source, name
    # No function needs it: they find what is due by the state table.
    for function in FUNCTIONS:
        assert granted(WIDE, f"{function}Role", BY_DAY) == set()


# ------------------------------------------------------------------ permissions


def test_no_wildcard_action_and_no_wildcard_resource_that_aws_does_not_force():
    forced = {
        ("TriageRole", "DeliverLogs"), ("RespondRole", "DeliverLogs"), ("DrillRunRole", "DeliverLogs"), ("OnCallPolicy", "EndAWait"),
        ("RemediateRole", "RepairTheRegistry"), ("Boundary", "RepairTheRegistry"), ("OperatorPolicy", "LookAtTheAccount"),
    }
    wide = set()
    for where, document in documents(WIDE):
        if where == "Quarantine/policy":  # it denies everything
            continue
        for statement in document["Statement"]:
            assert statement["Sid"] and "NotAction" not in statement and "NotResource" not in statement
            assert not any("*" in action for action in as_list(statement["Action"]))
            if "*" in as_list(statement.get("Resource")):
                wide.add((where.split("/")[0], statement["Sid"]))
    assert wide == forced


# ------------------------------------------------------------------ functions, machines, logs, parameters

ALL_FUNCTIONS = {"STACK", "AUDIT_TABLE", "STATE_TABLE", "INVENTORY", "OWN_ROLE_PREFIX"}
ENVIRONMENT = {
    "Detect": ALL_FUNCTIONS | {"DRILL_ROLE"},
    "Decide": ALL_FUNCTIONS | {"TOPIC_ARN", "BUS", "RESPOND_ARN", "MODE", "INLINE_DENY"},
    "Remediate": ALL_FUNCTIONS | {"TOPIC_ARN", "MODE"},
    "Reconcile": ALL_FUNCTIONS | {"TRIAGE_ARN", "TRAIL_BUCKET", "TRAIL_PREFIX"},
}


def test_the_functions_know_the_roles_of_the_stack_by_name():
    code = (ROOT / "crates/core/src/facts/own.rs").read_text(encoding="utf-8")
    (listed,) = re.findall(r"const OWN_ROLES: \[&str; \d+\] = \[([^\]]*)\];", code)
    own = re.findall(r'"([^"]+)"', listed)
    # The drill's role plays the intruder: it has to be cut off like one. Those that make drills are not always there, and a name that
    # anybody could still give to a role of theirs must not protect it.
    names = [role["RoleName"] for name, role in of_type("AWS::IAM::Role").items() if not name.startswith("Drill")]
    assert sorted(names) == sorted(f"layerguard-{name}" for name in own)
    assert all("Path" not in role for role in of_type("AWS::IAM::Role").values()), "the prefix has no path"
    for function in FUNCTIONS:
        prefix = properties(f"{function}Function")["Environment"]["Variables"]["LAYERGUARD_OWN_ROLE_PREFIX"]
        assert prefix == "arn:aws:iam::111122223333:role/layerguard-"


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_gets_what_it_needs_and_the_longest_inventory_fits(function):
    found = properties(f"{function}Function")
    variables = found["Environment"]["Variables"]
    assert set(variables) == {f"LAYERGUARD_{name}" for name in ENVIRONMENT[function]}
    assert (found["Runtime"], found["Handler"]) == ("provided.al2023", "bootstrap")
    longest = source(PATH)["Parameters"]["Inventory"]["MaxLength"]
    assert longest == 2800
    rest = sum(len(name) + len(value) for name, value in variables.items() if name != "LAYERGUARD_INVENTORY")
    assert rest + longest < 4096, "Lambda's limit for all variables together"


def test_everything_logs_into_a_group_that_forgets():
    groups = {p["LogGroupName"] for p in of_type("AWS::Logs::LogGroup").values()}
    assert groups == {
        *(f"/aws/lambda/layerguard-{f.lower()}" for f in FUNCTIONS), *(f"/aws/vendedlogs/states/layerguard-{m}" for m in ("triage", "respond", "drill")),
    }
    assert all(p["RetentionInDays"] for p in of_type("AWS::Logs::LogGroup").values())
    for machine in of_type("AWS::StepFunctions::StateMachine").values():
        assert (machine["LoggingConfiguration"]["Level"], machine["LoggingConfiguration"]["IncludeExecutionData"]) == ("ERROR", False)


def test_the_machines_have_their_kinds_and_the_defaults_are_careful():
    kinds = {m["StateMachineName"]: m["StateMachineType"] for m in of_type("AWS::StepFunctions::StateMachine").values()}
    assert kinds == {"layerguard-triage": "EXPRESS", "layerguard-respond": "STANDARD", "layerguard-drill": "STANDARD"}
    parameters = source(PATH)["Parameters"]
    assert (parameters["Mode"]["Default"], parameters["InlineDeny"]["Default"]) == ("observe", "forbidden")
    assert "Default" not in parameters["AlertTopicArn"] and "Default" not in parameters["Inventory"]


def test_the_template_is_neutral_as_to_region_and_partition():
    text = PATH.read_text(encoding="utf-8")
    assert not re.search(r"(!Sub|Resource:|Arn:) .*arn:aws:", text)
    assert not re.search(r"\b(eu|us|ap)-[a-z]+-\d\b", re.sub(r"(?m)^.*ConstraintDescription.*$", "", text))


def test_drills_are_made_by_schedule_and_their_absence_is_told():
    rule = properties("DrillRule")
    assert rule["ScheduleExpression"] == "rate(7 days)" and rule["State"] == "ENABLED"
    (target,) = rule["Targets"]
    machine = "arn:aws:states:eu-central-1:111122223333:stateMachine:layerguard-drill"
    assert (target["Arn"], target["RoleArn"]) == (machine, "arn:aws:iam::111122223333:role/layerguard-drill-schedule")
    failed, unseen = properties("DrillFailedAlarm"), properties("DrillNotSeenAlarm")
    assert (failed["MetricName"], failed["TreatMissingData"], failed["Threshold"]) == ("ExecutionsFailed", "notBreaching", 0)
    assert (unseen["MetricName"], unseen["TreatMissingData"], unseen["ComparisonOperator"]) == ("ExecutionsSucceeded", "breaching", "LessThanThreshold")
    assert unseen["Period"] * unseen["EvaluationPeriods"] == 7 * 86400 and unseen["DatapointsToAlarm"] == 7, "AWS allows no longer"
    assert all(alarm["Dimensions"] == [{"Name": "StateMachineArn", "Value": machine}] for alarm in (failed, unseen))
    unscheduled = expanded(PATH, CHOICES | {"DrillSchedule": ""})["Resources"]
    made = {name for name in unscheduled if name.startswith("Drill")}
    assert made == {"DrillRole", "DrillRepository", "DrillerPolicy"}
    pattern = re.compile(source(PATH)["Parameters"]["DrillSchedule"]["AllowedPattern"])
    for good in ("", "rate(1 day)", "rate(7 days)", "rate(12 hours)", "rate(168 hours)", "cron(0 9 ? * MON *)"):
        assert pattern.fullmatch(good), good
    for bad in ("rate(8 days)", "rate(1 days)", "rate(5 minutes)", "rate(169 hours)", "cron()", "daily"):
        assert not pattern.fullmatch(bad), bad
    assert properties("DetectFunction")["Environment"]["Variables"]["LAYERGUARD_DRILL_ROLE"] == "arn:aws:iam::111122223333:role/layerguard-drill"
    assert NARROW["Resources"]["DetectFunction"]["Properties"]["Environment"]["Variables"]["LAYERGUARD_DRILL_ROLE"] == "", "nobody's role is a drill"
