"""One emulator of its own for the self-tests: another port than a stack that may be running, no real function."""

import json
import socket
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

import account
import process
import template
from settings import ACCOUNT, Settings

REGION = "us-east-1"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class World:
    """The running stack and short ways to what the tests need of it."""

    def __init__(self, settings: Settings):
        self.settings = settings
        self._count = 0

    def client(self, service: str):
        return account.client(self.settings, service)

    def name(self, kind: str) -> str:
        self._count += 1
        return f"selftest-{kind}-{self._count}"

    def role(self, service: str, *statements: dict) -> str:
        """A role that `service` (or the account, for an ARN) assumes, with these statements alone; returns its ARN."""
        name = self.name("role")
        principal = {"AWS": service} if service.startswith("arn:") else {"Service": service}
        trust = {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}],
        }
        iam = self.client("iam")
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
        if statements:
            document = {"Version": "2012-10-17", "Statement": list(statements)}
            iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=json.dumps(document))
        return arn

    def session(self, *statements: dict):
        """A way to make clients that act under a fresh role with these statements alone."""
        arn = self.role(f"arn:aws:iam::{ACCOUNT}:root", *statements)
        found = self.client("sts").assume_role(RoleArn=arn, RoleSessionName="selftest")["Credentials"]
        return lambda service: account.client(
            self.settings, service, (found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"])
        )

    def queue(self) -> tuple[str, str]:
        """A queue as `(url, arn)`."""
        name = self.name("queue")
        url = self.client("sqs").create_queue(QueueName=name)["QueueUrl"]
        return url, f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"

    def messages(self, url: str, wait: float = 5.0) -> list[dict]:
        """The JSON bodies that arrive, as soon as there is one or when the time is up."""
        sqs, deadline, found = self.client("sqs"), time.monotonic() + wait, []
        while not found and time.monotonic() < deadline:
            found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
            time.sleep(0.05)
        return [json.loads(message["Body"]) for message in found]

    def function(self, script: str, *statements: dict) -> str:
        """A function whose bootstrap is a Python script that defines `handle(event)`; returns its ARN."""
        name = self.name("function")
        path = process.folder(self.settings) / "tmp" / f"{name}.py"
        path.write_text(_BOOTSTRAP.format(python=sys.executable, script=script), encoding="utf-8")
        found = self.client("lambda").create_function(
            FunctionName=name,
            Runtime="provided.al2023",
            Handler="bootstrap",
            Timeout=20,
            Role=self.role("lambda.amazonaws.com", *statements),
            Code={"ZipFile": template.package(path)},
        )
        return found["FunctionArn"]

    def machine(self, states: dict, *statements: dict, kind: str = "STANDARD") -> str:
        """A machine that starts with the first state, under a role with these statements alone; returns its ARN."""
        definition = {"StartAt": next(iter(states)), "States": states}
        return self.client("stepfunctions").create_state_machine(
            name=self.name("machine"),
            definition=json.dumps(definition),
            type=kind,
            roleArn=self.role("states.amazonaws.com", *statements),
        )["stateMachineArn"]

    def finished(self, machine: str, request: dict, wait: float = 15.0) -> dict:
        """Starts an execution and waits for its end."""
        states = self.client("stepfunctions")
        arn = states.start_execution(stateMachineArn=machine, input=json.dumps(request))["executionArn"]
        deadline = time.monotonic() + wait
        while time.monotonic() < deadline:
            found = states.describe_execution(executionArn=arn)
            if found["status"] != "RUNNING":
                return found
            time.sleep(0.1)
        raise AssertionError(f"{arn} did not end within {wait} s")


_BOOTSTRAP = """#!{python}
import json, os, urllib.request
base = "http://" + os.environ["AWS_LAMBDA_RUNTIME_API"] + "/2018-06-01/runtime/invocation/"
{script}
while True:
    with urllib.request.urlopen(base + "next") as answer:
        request, event = answer.headers["Lambda-Runtime-Aws-Request-Id"], json.load(answer)
    try:
        path, result = "/response", handle(event)
    except Exception as error:
        path, result = "/error", {{"errorType": type(error).__name__, "errorMessage": str(error)}}
    urllib.request.urlopen(urllib.request.Request(base + request + path, json.dumps(result).encode()))
"""


def allow(action: str | list[str], resource: str, condition: dict | None = None) -> dict:
    """An Allow statement."""
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    return {**statement, "Condition": condition} if condition else statement


@pytest.fixture(scope="session")
def world():
    settings = Settings(port=free_port(), region=REGION, name="selftest")
    process.start(settings)
    try:
        account.prepare(settings)
        yield World(settings)
    finally:
        process.stop(settings)
