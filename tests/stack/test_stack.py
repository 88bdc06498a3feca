"""The stack's own life: patches that no longer fit, deployment and its refusals, start, crash, end."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

import account
import deploy
import process
from conftest import REGION, allow, free_port
from patches import engine
from settings import HERE, Settings, StackError

TEMPLATE = """
AWSTemplateFormatVersion: 2010-09-09
Transform: AWS::Serverless-2016-10-31
Parameters:
  AlertTopicArn: {Type: String}
  Greeting: {Type: String, Default: none}
Resources:
  Echo:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: !Sub ${AWS::StackName}-echo
      Runtime: provided.al2023
      Handler: bootstrap
      CodeUri: ../target/lambda/echo/
      Environment: {Variables: {GREETING: !Ref Greeting, TOPIC: !Ref AlertTopicArn}}
  Ask:
    Type: AWS::Serverless::StateMachine
    Properties:
      Name: !Sub ${AWS::StackName}-ask
      DefinitionUri: ask.asl.json
      DefinitionSubstitutions: {EchoArn: !GetAtt Echo.Arn}
      Policies: [{LambdaInvokePolicy: {FunctionName: !Ref Echo}}]
Outputs:
  EchoArn: {Value: !GetAtt Echo.Arn}
"""
ECHO = """#!{python}
import json, os, urllib.request
base = "http://" + os.environ["AWS_LAMBDA_RUNTIME_API"] + "/2018-06-01/runtime/invocation/"
while True:
    with urllib.request.urlopen(base + "next") as answer:
        request = answer.headers["Lambda-Runtime-Aws-Request-Id"]
    print("{word} was called", flush=True)
    found = {{name: os.environ.get(name) for name in ("GREETING", "TOPIC", "AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID")}}
    body = json.dumps({{**found, "word": "{word}"}}).encode()
    urllib.request.urlopen(urllib.request.Request(base + request + "/response", body))
"""


@pytest.fixture
def project(tmp_path):
    """A small project with the layout of this one: a template, a machine and a built function."""
    (tmp_path / "infra").mkdir()
    (tmp_path / "bin").mkdir()
    (tmp_path / "infra" / "template.yaml").write_text(TEMPLATE, encoding="utf-8")
    write_machine(tmp_path, "${EchoArn}")
    write_function(tmp_path, "first")
    return tmp_path


def write_machine(project: Path, resource: str) -> None:
    state = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "End": True,
        "Parameters": {"FunctionName": resource},
    }
    definition = {"StartAt": "Call", "States": {"Call": state}}
    (project / "infra" / "ask.asl.json").write_text(json.dumps(definition), encoding="utf-8")


def write_function(project: Path, word: str) -> None:
    (project / "bin" / "layerguard-echo").write_text(ECHO.format(python=sys.executable, word=word), encoding="utf-8")


def deployed(settings: Settings, project: Path, **parameters) -> dict:
    return deploy.deploy(settings, project / "infra" / "template.yaml", project / "bin", parameters)


def call(settings: Settings, arn: str) -> dict:
    return json.load(account.client(settings, "lambda").invoke(FunctionName=arn)["Payload"])


def test_a_patch_that_no_longer_fits_names_the_version_and_itself():
    rewrite = engine.Rewrite("sample", "ministack.app", old="def gone():", new="", why="")
    with pytest.raises(engine.PatchFailed, match=r"ministack 1\.5\.33 does not fit the patch `sample`.*found 0 times"):
        rewrite.apply("def other():\n")


def test_another_version_of_the_emulator_is_refused(monkeypatch):
    monkeypatch.setattr(engine, "PINNED", "9.9.9")
    with pytest.raises(engine.PatchFailed, match=r"1\.5\.33 is installed, but the patches are for 9\.9\.9"):
        engine.check_version()


def test_a_deployment_runs_the_built_function_and_a_second_one_replaces_it(world, project):
    settings = world.settings
    arn = deployed(settings, project, Greeting="hello")["EchoArn"]
    first = call(settings, arn)
    assert (first["word"], first["GREETING"], first["TOPIC"]) == ("first", "hello", settings.topic_arn)
    assert first["AWS_ENDPOINT_URL"] == settings.endpoint
    assert first["AWS_ACCESS_KEY_ID"].startswith("ASIA"), "the function runs under its own role"

    write_function(project, "second")
    deployed(settings, project, Greeting="bye")
    deployed(settings, project, Greeting="bye")
    second = call(settings, arn)
    assert (second["word"], second["GREETING"]) == ("second", "bye")
    assert (
        world.finished(f"arn:aws:states:{REGION}:111122223333:stateMachine:selftest-ask", {})["status"] == "SUCCEEDED"
    )


def test_an_open_substitution_is_refused_with_its_name(world, project):
    write_machine(project, "${Nobody}")
    with pytest.raises(StackError, match=r"`\$\{Nobody\}` in the definition of `selftest-ask` has no substitution"):
        deployed(world.settings, project)


def test_a_definition_that_is_no_json_is_refused(world, project):
    (project / "infra" / "ask.asl.json").write_text("{", encoding="utf-8")
    with pytest.raises(StackError, match="of the machine `Ask` is not JSON"):
        deployed(world.settings, project)


def test_a_function_that_was_not_built_is_refused(world, project):
    (project / "bin" / "layerguard-echo").unlink()
    with pytest.raises(StackError, match="holds no binary `echo` for the function `Echo`: build the workspace"):
        deployed(world.settings, project)


def test_an_unknown_parameter_is_refused(world, project):
    with pytest.raises(StackError, match="no parameter `Colour`: it has AlertTopicArn, Greeting"):
        deployed(world.settings, project, Colour="red")


def test_an_alert_arrives_in_the_inbox(world):
    world.client("sns").publish(TopicArn=world.settings.topic_arn, Subject="one", Message="a finding")
    [message] = world.messages(world.client("sqs").get_queue_url(QueueName=world.settings.queue)["QueueUrl"])
    assert (message["Subject"], message["Message"]) == ("one", "a finding")


def running(folder: Path) -> list[str]:
    found = subprocess.run(["ps", "-ww", "-eo", "pid=,args="], capture_output=True, text=True).stdout.splitlines()
    return [line for line in found if str(folder) in line]


def test_a_killed_emulator_leaves_nothing_behind(project):
    settings = Settings(port=free_port(), region=REGION, name="selftest")
    try:
        assert process.start(settings) and not process.start(settings), "a second start uses the first"
        call(settings, deployed(settings, project)["EchoArn"])
        assert running(process.folder(settings)), "the function's process is kept warm"

        os.kill(process.pid_of(settings), signal.SIGKILL)
        deadline = time.monotonic() + 5
        while process.pid_of(settings) is not None and time.monotonic() < deadline:
            time.sleep(0.05)
    finally:
        process.stop(settings)

    assert process.pid_of(settings) is None and not process.healthy(settings)
    assert running(process.folder(settings)) == []


def test_a_taken_port_is_said_with_the_remedy():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        settings = Settings(port=other.getsockname()[1], region=REGION, name="selftest")
        with pytest.raises(StackError, match=f"port {settings.port} .* is taken .* LAYERGUARD_STACK_PORT="):
            process.start(settings)


@pytest.mark.parametrize(
    "command, code, said", [("status", 3, "stopped"), ("down", 0, "nothing ran"), ("deploy", 1, "does not run")]
)
def test_a_stopped_stack_is_said_plainly(command, code, said):
    environment = {**os.environ, "LAYERGUARD_STACK_PORT": str(free_port())}
    done = subprocess.run([sys.executable, HERE / "stack.py", command], env=environment, capture_output=True, text=True)
    assert (done.returncode, said in done.stdout + done.stderr) == (code, True), done


def test_a_parameter_that_only_adds_a_resource_is_a_change(world):
    """As AWS SAM deploys: by a change set, which fails where nothing changes."""
    queue = {"Type": "AWS::SQS::Queue", "Condition": "Wanted", "Properties": {"QueueName": world.name("queue")}}
    topic = {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": world.name("topic")}}
    document = {
        "Parameters": {"Extra": {"Type": "String"}},
        "Conditions": {"Wanted": {"Fn::Equals": [{"Ref": "Extra"}, "enabled"]}},
        "Resources": {"Queue": queue, "Topic": topic},
    }
    formation, stack = world.client("cloudformation"), world.name("stack")
    given = lambda word: {"StackName": stack, "TemplateBody": json.dumps(document), "Parameters": [{"ParameterKey": "Extra", "ParameterValue": word}]}  # noqa: E731
    formation.create_stack(**given("disabled"))
    formation.get_waiter("stack_create_complete").wait(StackName=stack, WaiterConfig={"Delay": 1, "MaxAttempts": 20})
    found = {}
    for word in ("disabled", "enabled"):
        formation.create_change_set(**given(word), ChangeSetName=word)
        found[word] = formation.describe_change_set(StackName=stack, ChangeSetName=word)
    assert found["disabled"]["Status"] == "FAILED", found["disabled"]
    (change,) = found["enabled"]["Changes"]
    assert (change["ResourceChange"]["Action"], change["ResourceChange"]["LogicalResourceId"]) == ("Add", "Queue")


def test_calls_of_a_registry_come_to_the_bus_once_that_is_wanted(world):
    ecr = world.session(allow("ecr:GetAuthorizationToken", "*"))("ecr")
    queue, arn = world.queue()
    events, rule = world.client("events"), world.name("rule")
    events.put_rule(Name=rule, EventPattern='{"source": ["aws.ecr"]}')
    events.put_targets(Rule=rule, Targets=[{"Id": "queue", "Arn": arn}])
    ecr.get_authorization_token()
    assert world.messages(queue, wait=1) == [], "tests put the records of calls there themselves"
    process.tell_calls(world.settings)
    try:
        ecr.get_authorization_token()
        [event] = world.messages(queue)
    finally:
        process.tell_calls(world.settings, on=False)
        events.remove_targets(Rule=rule, Ids=["queue"])
        events.delete_rule(Name=rule)
    call = event["detail"]
    assert (event["detail-type"], call["eventName"]) == ("AWS API Call via CloudTrail", "GetAuthorizationToken")
    issuer = call["userIdentity"]["sessionContext"]["sessionIssuer"]["arn"]
    assert issuer.startswith("arn:aws:iam::111122223333:role/selftest-role-") and call["userIdentity"]["arn"].endswith("/selftest")
