"""What the machines must hold and neither asl-validator nor the emulator checks."""

import re
from pathlib import Path

import pytest
from expand import expanded, machine

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = expanded(ROOT / "infra" / "template.yaml", {"Drill": "enabled"})["Resources"]
MACHINES = {name: machine(ROOT, TEMPLATE[f"{name.title()}Machine"]) for name in ("triage", "respond", "drill")}
PREFIX = "arn:aws:states:::"
ALLOWED = {
    "triage": {"lambda:invoke", "states:startExecution", "sqs:sendMessage"},
    "respond": {"lambda:invoke", "lambda:invoke.waitForTaskToken", "sns:publish"},
    "drill": {"aws-sdk:ecr:batchGetImage", "aws-sdk:dynamodb:query"},
}
CLASSES = set(re.findall(r'=> "(\w+)"', (ROOT / "crates/core/src/error.rs").read_text(encoding="utf-8")))
KNOWN_TO_AWS = {
    "States.ALL", "States.Timeout", "Lambda.ServiceException", "Lambda.AWSLambdaException", "Lambda.SdkClientException",
    "Lambda.ClientExecutionTimeoutException", "Lambda.TooManyRequestsException",
    # On AWS the optimised integration prefixes the error; the last form is the local stack's.
    "StepFunctions.ExecutionAlreadyExists", "StepFunctions.ExecutionAlreadyExistsException", "ExecutionAlreadyExists",
}
FINAL = ["Permanent", "InvalidInput", "Stuck"]
INCIDENT = "$$.Execution.Input.incident_id"


def states(of: dict) -> dict[str, dict]:
    """All states, those inside maps included."""
    found = dict(of["States"])
    for state in of["States"].values():
        if "ItemProcessor" in state:
            inner = states(state["ItemProcessor"])
            assert not set(inner) & set(found), "state names are unique within a machine"
            found |= inner
    return found


EVERY = [(name, key, state) for name, of in MACHINES.items() for key, state in states(of).items()]
IDS = [f"{name}:{key}" for name, key, _ in EVERY]
TASKS = [(name, key, state) for name, key, state in EVERY if state["Type"] == "Task"]
TASK_IDS = [f"{name}:{key}" for name, key, _ in TASKS]
every_state = pytest.mark.parametrize(("name", "key", "state"), EVERY, ids=IDS)
every_task = pytest.mark.parametrize(("name", "key", "state"), TASKS, ids=TASK_IDS)


def function(state: dict) -> dict | None:
    """The template's function that a task invokes."""
    arn = state["Parameters"].get("FunctionName", "")
    return next((r["Properties"] for r in TEMPLATE.values() if arn and r["Type"] == "AWS::Lambda::Function"
                 and arn.endswith(f":{r['Properties']['FunctionName']}")), None)


def resource(state: dict) -> str:
    return state["Resource"].removeprefix(PREFIX)


def tells(state: dict) -> bool:
    """This state records an escalation, keeps the event or tells a person."""
    if state["Type"] != "Task":
        return False
    payload = state["Parameters"].get("Payload", {})
    return resource(state) in ("sns:publish", "sqs:sendMessage") or payload.get("task") == "escalate"


@pytest.mark.parametrize("name", MACHINES)
def test_no_substitution_is_left_open(name):
    assert "${" not in str(MACHINES[name])


@every_task
def test_a_task_calls_only_what_is_allowed(name, key, state):
    assert state["Resource"].startswith(PREFIX)
    assert resource(state) in ALLOWED[name]


@every_state
def test_a_state_says_what_it_is_for_here_and_in_the_readme(name, key, state):
    assert len(state["Comment"]) > 30
    assert f"`{key}`" in (ROOT / "statemachine" / "README.md").read_text(encoding="utf-8")


@every_state
def test_whatever_fails_is_escalated(name, key, state):
    if state["Type"] not in ("Task", "Map", "Parallel"):
        return
    if name == "drill":
        assert "Catch" not in state, "a drill that fails is a failed execution: the alarm on that tells people"
        return
    last = state["Catch"][-1]
    assert last["ErrorEquals"] == ["States.ALL"]
    everything = states(MACHINES[name])
    target = everything[last["Next"]]
    if state["Type"] == "Task" and resource(state) in ("sns:publish", "sqs:sendMessage"):
        assert target["Type"] == "Fail", "the last word failed too: the execution must show it"
    else:
        assert tells(target)


@every_state
def test_an_answer_that_no_branch_understands_is_escalated(name, key, state):
    if state["Type"] != "Choice":
        return
    everything = states(MACHINES[name])
    if name == "drill":
        assert everything[state["Default"]]["Type"] in ("Fail", "Task"), "nothing found is looked for elsewhere, or fails"
        assert all(choice["And"][0]["IsPresent"] is True for choice in state["Choices"])
        return
    explained = everything[state["Default"]]
    assert explained["Type"] == "Pass" and tells(everything[explained["Next"]])
    for choice in state["Choices"]:
        assert choice["And"][0]["IsPresent"] is True, "a missing field would end the execution outside every Catch"


@every_task
def test_a_task_ends_after_its_function_would(name, key, state):
    called = function(state)
    if resource(state) == "lambda:invoke.waitForTaskToken":
        assert state["TimeoutSecondsPath"] == "$.wait_seconds"
    elif called:
        assert called["Timeout"] < state["TimeoutSeconds"] <= called["Timeout"] + 20
    else:
        assert 0 < state["TimeoutSeconds"] <= 15


@pytest.mark.parametrize("name", MACHINES)
def test_a_machine_has_a_time_limit(name):
    assert MACHINES[name]["TimeoutSeconds"] > 0


def worst(state: dict) -> int:
    """Seconds that a task takes when every attempt times out: the retrier of the longest way counts."""
    ways = [0]
    for retrier in state["Retry"]:
        waits = [min(retrier.get("MaxDelaySeconds", 0), retrier.get("IntervalSeconds", 0) * 2**n) for n in range(retrier["MaxAttempts"])]
        ways.append(sum(waits) + retrier["MaxAttempts"] * state["TimeoutSeconds"])
    return state["TimeoutSeconds"] + sum(ways)


def test_triage_can_keep_the_event_before_its_time_is_up():
    found = states(MACHINES["triage"])
    detect, start, keep = (worst(found[key]) for key in ("Detect", "StartRespond", "KeepFailedEvent"))
    assert detect + start + keep < MACHINES["triage"]["TimeoutSeconds"] <= 300


@every_task
def test_retries_are_spread_and_final_errors_are_not_repeated(name, key, state):
    for retrier in state["Retry"]:
        if retrier["MaxAttempts"]:
            assert retrier["JitterStrategy"] == "FULL"
            assert 0 < retrier["IntervalSeconds"] <= retrier["MaxDelaySeconds"] <= 60
    assert state["Retry"][-1]["ErrorEquals"] == ["States.ALL"]
    if resource(state).startswith("lambda:"):
        assert state["Retry"][0]["ErrorEquals"][:3] == FINAL
        assert state["Retry"][0]["MaxAttempts"] == 0
        assert "Retryable" in state["Retry"][1]["ErrorEquals"]


def test_the_errors_matched_are_our_classes_and_names_of_aws():
    matched = {error for _, _, state in EVERY for rule in state.get("Retry", []) + state.get("Catch", []) for error in rule["ErrorEquals"]}
    assert CLASSES == {"Retryable", *FINAL}
    assert matched == CLASSES | KNOWN_TO_AWS


def test_respond_gets_the_incident_id_and_nothing_else():
    start = MACHINES["triage"]["States"]["StartRespond"]["Parameters"]
    assert start["Input"] == {"incident_id.$": "$.incident_id"}
    assert start["Name.$"] == "$.incident_id"


@every_task
def test_respond_passes_on_only_the_incident_id_and_what_it_made_itself(name, key, state):
    if name != "respond":
        return
    if resource(state) == "sns:publish":
        assert set(re.findall(r"\$[\w.$]+", state["Parameters"]["Message.$"])) == {INCIDENT}
        return
    payload = state["Parameters"]["Payload"]
    given = {field: value for field, value in payload.items() if field.endswith(".$")}
    assert given.pop("incident_id.$") == INCIDENT
    own = {"step.$": "$.step", "error.$": "$.error", "task_token.$": "$$.Task.Token"}
    assert given.items() <= own.items()


@pytest.mark.parametrize("key", ["Contain", "Undo"])
def test_steps_run_one_by_one_and_only_their_number_is_passed_in(key):
    state = MACHINES["respond"]["States"][key]
    assert state["MaxConcurrency"] == 1
    assert state["ItemSelector"] == {"step.$": "$$.Map.Item.Value.step"}
    assert state["ResultPath"] is None


def test_the_callback_carries_no_authority():
    waiting = [s for _, _, s in TASKS if resource(s).endswith(".waitForTaskToken")]
    assert len(waiting) == 1
    assert waiting[0]["ResultPath"] is None and "OutputPath" not in waiting[0] and "ResultSelector" not in waiting[0]
    assert waiting[0]["Next"] == "VerifyApproval"
    assert waiting[0]["Catch"][0] == {"ErrorEquals": ["States.Timeout"], "ResultPath": None, "Next": "VerifyApproval"}
    assert "States.Timeout" in waiting[0]["Retry"][0]["ErrorEquals"]


def test_a_drill_is_a_real_call_of_the_drills_role_and_succeeds_only_when_people_were_told():
    found = states(MACHINES["drill"])
    role = "arn:aws:iam::111122223333:role/layerguard-drill"
    (pull,) = [s for s in found.values() if s["Type"] == "Task" and resource(s) == "aws-sdk:ecr:batchGetImage"]
    assert pull["Credentials"] == {"RoleArn": role} and MACHINES["drill"]["StartAt"] == "Pull"
    assert [key for key, s in found.items() if "Credentials" in s] == ["Pull"], "nothing else is done as the intruder"
    (ways,) = [[c for c in s["Choices"] if c["Next"] == "Arrived"] for s in found.values() if s["Type"] == "Choice" and "Arrived" in str(s)]
    assert [c["And"] for c in ways] == [[{"Variable": "$.told.items[0]", "IsPresent": True}]]
    assert [key for key, s in found.items() if s["Type"] == "Succeed"] == ["Arrived"]
    told = found["LookForMessage"]["Parameters"]
    assert told["ExpressionAttributeValues"][":kind"] == {"S": "notification"} and told["TableName"] == "layerguard-audit"
    for key in ("LookAmongOpen", "LookAmongClosed"):
        values = found[key]["Parameters"]["ExpressionAttributeValues"]
        assert values[":role"] == {"S": f'"{role}"'} and values[":since"] == {"S.$": "$$.Execution.StartTime"}


def test_a_drill_ends_before_its_time_limit_with_a_cause_that_names_what_is_missing():
    found = states(MACHINES["drill"])
    looks = max(c["And"][1]["NumericLessThan"] for s in found.values() if s["Type"] == "Choice" for c in s["Choices"] if len(c["And"]) > 1)
    assert 2 * (looks + 1) * (30 + 5) < MACHINES["drill"]["TimeoutSeconds"]
    assert {key: s["Error"] for key, s in found.items() if s["Type"] == "Fail"} == {"NoIncident": "NoIncident", "NobodyTold": "NobodyTold"}
