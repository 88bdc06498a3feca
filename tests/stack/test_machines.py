"""State machines and events on the live emulator: each patch shown by its effect."""

import json
import time

import pytest

from conftest import allow

EVERY_CALL = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"


def send(url: str, **more) -> dict:
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage",
        "Parameters": {"QueueUrl": url, "MessageBody.$": "$"},
        "End": True,
        **more,
    }


def invoke(function: str, waits: bool = False, **more) -> dict:
    payload = {"token.$": "$$.Task.Token"} if waits else {"sent": True}
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke" + (".waitForTaskToken" if waits else ""),
        "Parameters": {"FunctionName": function, "Payload": payload},
        "End": True,
        **more,
    }


def rule(world, pattern: dict, target: dict, state: str = EVERY_CALL) -> None:
    events, name = world.client("events"), world.name("rule")
    events.put_rule(Name=name, EventPattern=json.dumps(pattern), State=state)
    events.put_targets(Rule=name, Targets=[{"Id": "only", **target}])


def emit(world, source: str) -> dict:
    entry = {"Source": source, "DetailType": "AWS API Call via CloudTrail", "Detail": json.dumps({"eventName": "Call"})}
    return world.client("events").put_events(Entries=[entry])


def test_an_event_of_an_aws_source_starts_an_express_machine(world):
    url, queue = world.queue()
    machine = world.machine({"Send": send(url)}, allow("sqs:SendMessage", queue), kind="EXPRESS")
    role = world.role("events.amazonaws.com", allow("states:StartExecution", machine))
    rule(world, {"source": ["aws.ecr"]}, {"Arn": machine, "RoleArn": role})

    assert emit(world, "aws.ecr")["FailedEntryCount"] == 0

    assert [message["detail"] for message in world.messages(url)] == [{"eventName": "Call"}]


def test_a_target_role_without_the_permission_starts_nothing(world):
    url, queue = world.queue()
    machine = world.machine({"Send": send(url)}, allow("sqs:SendMessage", queue), kind="EXPRESS")
    rule(world, {"source": ["aws.other"]}, {"Arn": machine, "RoleArn": world.role("events.amazonaws.com")})
    emit(world, "aws.other")
    assert world.messages(url, wait=1.5) == []


def test_a_task_is_refused_without_the_machine_roles_permission(world):
    url, _ = world.queue()
    found = world.finished(world.machine({"Send": send(url)}), {})
    assert (found["status"], found["error"]) == ("FAILED", "SQS.SqsException")
    assert "is not authorized to perform: sqs:SendMessage" in found["cause"]


@pytest.mark.parametrize("waits", [True, False], ids=["callback", "plain"])
def test_a_task_times_out_after_the_seconds_that_its_path_selects(world, waits):
    function = world.function("import time\ndef handle(event):\n    time.sleep(0 if 'token' in event else 5)\n")
    state = invoke(function, waits, TimeoutSecondsPath="$.wait_seconds")
    machine = world.machine({"Ask": state}, allow("lambda:InvokeFunction", function))
    assert world.finished(machine, {"wait_seconds": 1})["error"] == "States.Timeout"


def test_a_timeout_path_that_selects_no_positive_integer_fails_the_task(world):
    function = world.function("def handle(event):\n    return {}\n")
    state = invoke(function, True, TimeoutSecondsPath="$.wait_seconds")
    machine = world.machine({"Ask": state}, allow("lambda:InvokeFunction", function))
    assert world.finished(machine, {"wait_seconds": 0})["error"] == "States.Runtime"


def test_a_function_that_fails_with_a_token_in_hand_fails_the_task(world):
    function = world.function("class Permanent(Exception): pass\ndef handle(event):\n    raise Permanent('no')\n")
    state = invoke(function, True, TimeoutSeconds=60)
    found = world.finished(world.machine({"Ask": state}, allow("lambda:InvokeFunction", function)), {})
    assert (found["status"], found["error"]) == ("FAILED", "Permanent")


def test_only_standard_executions_emit_status_changes(world):
    url, queue = world.queue()
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "events.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Resource": queue,
            }
        ],
    }
    world.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})
    failing = {"No": {"Type": "Fail", "Error": "Selftest", "Cause": "on purpose"}}
    express, standard = world.machine(failing, kind="EXPRESS"), world.machine(failing)
    rule(
        world,
        {
            "source": ["aws.states"],
            "detail-type": ["Step Functions Execution Status Change"],
            "detail": {"status": ["FAILED", "TIMED_OUT", "ABORTED"], "stateMachineArn": [express, standard]},
        },
        {"Arn": queue},
        "ENABLED",
    )
    world.finished(express, {})
    world.finished(standard, {"incident_id": "one"})
    [event] = world.messages(url)
    assert event["detail"]["stateMachineArn"] == standard
    assert (event["detail"]["status"], event["detail"]["error"]) == ("FAILED", "Selftest")
    assert event["detail"]["input"] == '{"incident_id": "one"}'


def test_an_aborted_execution_emits_its_status_change(world):
    url, queue = world.queue()
    waiting = world.machine({"Wait": {"Type": "Wait", "Seconds": 30, "End": True}})
    rule(
        world,
        {"source": ["aws.states"], "detail": {"stateMachineArn": [waiting], "status": ["ABORTED"]}},
        {"Arn": queue},
    )
    states = world.client("stepfunctions")
    arn = states.start_execution(stateMachineArn=waiting, input="{}")["executionArn"]
    states.stop_execution(executionArn=arn)
    assert [event["detail"]["executionArn"] for event in world.messages(url)] == [arn]


def test_an_aborted_execution_stays_aborted_when_its_task_times_out(world):
    function = world.function("def handle(event):\n    return {}\n")
    state = invoke(function, True, TimeoutSeconds=1)
    machine = world.machine({"Ask": state}, allow("lambda:InvokeFunction", function))
    states = world.client("stepfunctions")
    arn = states.start_execution(stateMachineArn=machine, input="{}")["executionArn"]
    time.sleep(0.5)
    states.stop_execution(executionArn=arn)
    time.sleep(1.5)
    assert states.describe_execution(executionArn=arn)["status"] == "ABORTED"


def test_a_second_start_with_the_same_input_finds_the_running_execution(world):
    states = world.client("stepfunctions")
    waiting = world.machine({"Wait": {"Type": "Wait", "Seconds": 30, "End": True}})
    first = states.start_execution(stateMachineArn=waiting, name="incident", input="{}")
    again = states.start_execution(stateMachineArn=waiting, name="incident", input="{}")
    assert again["executionArn"] == first["executionArn"]
    with pytest.raises(states.exceptions.ExecutionAlreadyExists):
        states.start_execution(stateMachineArn=waiting, name="incident", input='{"other":1}')


def test_a_nested_start_of_an_ended_execution_is_caught_by_its_name_on_aws(world):
    states = world.client("stepfunctions")
    inner = world.machine({"Done": {"Type": "Succeed"}})
    states.start_execution(stateMachineArn=inner, name="incident", input="{}")
    start = {
        "Type": "Task",
        "Resource": "arn:aws:states:::states:startExecution",
        "End": True,
        "Parameters": {"StateMachineArn": inner, "Name": "incident", "Input": {"other": 1}},
        "Catch": [{"ErrorEquals": ["StepFunctions.ExecutionAlreadyExistsException"], "Next": "Known"}],
    }
    outer = world.machine({"Start": start, "Known": {"Type": "Succeed"}}, allow("states:StartExecution", inner))
    assert world.finished(outer, {})["status"] == "SUCCEEDED"
