"""Events of other accounts and Regions arrive at home, and only those that a forwarder of the organisation sends."""

import dataclasses
import functools
import json
import time

import pytest

import account
import deploy
import template
from conftest import REGION
from settings import ACCOUNT

HOME = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default"
OTHER, FOREIGN = "444455556666", "999988887777"
ELSEWHERE = "eu-west-1"
PULL = {"eventSource": "ecr.amazonaws.com", "eventName": "GetDownloadUrlForLayer", "eventVersion": "1.11"}


@pytest.fixture(scope="module")
def home(world, tmp_path_factory):
    """The template at home, and a queue on its default bus beside the rules of it."""
    binaries = tmp_path_factory.mktemp("bin")
    for function in ("detect", "decide", "remediate", "reconcile"):  # only rules and buses matter here
        (binaries / f"layerguard-{function}").write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    settings = dataclasses.replace(world.settings, name="hub")
    parameters = {"Inventory": '[organization]\nid = "o-exampleorgid"\n', "OrganizationId": "o-exampleorgid"}
    outputs = deploy.deploy(settings, deploy.default_template(), binaries, parameters)
    yield outputs
    world.client("cloudformation").delete_stack(StackName="hub")
    world.client("cloudformation").get_waiter("stack_delete_complete").wait(StackName="hub", WaiterConfig={"Delay": 1})


def elsewhere(world, number: str, region: str):
    """Clients of the root of an account in a Region: a key id of twelve digits is that account's root."""
    key = "test" if number == ACCOUNT else number
    settings = dataclasses.replace(world.settings, region=region)
    return functools.partial(account.client, settings, credentials=(key, "test", None))


def forwards(world, number: str, region: str, home_bus: str, name: str = "forwarder"):
    """Deploys the forwarder there and gives clients of that place."""
    clients = elsewhere(world, number, region)
    text = json.dumps(template.load(deploy.default_template().with_name("forwarder.yaml")))
    given = [{"ParameterKey": "HomeBusArn", "ParameterValue": home_bus}]
    cloudformation = clients("cloudformation")
    cloudformation.create_stack(StackName=name, TemplateBody=text, Parameters=given, Capabilities=deploy.CAPABILITIES)
    cloudformation.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1})
    return clients


def happens(clients, detail: dict, source: str = "aws.ecr") -> None:
    entry = {"Source": source, "DetailType": "AWS API Call via CloudTrail", "Detail": json.dumps(detail)}
    assert clients("events").put_events(Entries=[entry])["FailedEntryCount"] == 0


def judged(world, home: dict, marks: set[str], wait: float = 8.0) -> dict[str, tuple[str, str]]:
    """The (account, region) of the envelopes with these event ids for which triage was started at home, when all came or the time is up."""
    states, deadline, found = world.client("stepfunctions"), time.monotonic() + wait, {}
    while marks - set(found) and time.monotonic() < deadline:
        for execution in states.list_executions(stateMachineArn=home["TriageMachineArn"])["executions"]:
            event = json.loads(states.describe_execution(executionArn=execution["executionArn"])["input"])
            found[event["detail"].get("eventID")] = (event["account"], event["region"])
        time.sleep(0.1)
    return {mark: found[mark] for mark in marks & set(found)}


def test_events_of_another_account_and_of_another_region_are_judged_at_home(world, home):
    member = forwards(world, OTHER, REGION, home["HomeBusArn"])
    abroad = forwards(world, ACCOUNT, ELSEWHERE, home["HomeBusArn"])
    happens(member, {**PULL, "eventID": "of-a-member"})
    happens(abroad, {**PULL, "eventID": "of-another-region"})
    happens(member, {**PULL, "eventName": "DescribeImages", "eventID": "not-watched"})
    found = judged(world, home, {"of-a-member", "of-another-region"})
    assert found == {"of-a-member": (OTHER, REGION), "of-another-region": (ACCOUNT, ELSEWHERE)}
    assert judged(world, home, {"not-watched"}, wait=1.0) == {}, "what no pattern passes is not sent, and not paid for"


def test_a_stranger_and_who_is_no_forwarder_are_not_let_in(world, home):
    stranger = forwards(world, FOREIGN, REGION, home["HomeBusArn"])
    happens(stranger, {**PULL, "eventID": "of-a-stranger"})
    clients = elsewhere(world, OTHER, ELSEWHERE)
    trust = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sts:AssumeRole"}
    may = {"Effect": "Allow", "Action": "events:PutEvents", "Resource": HOME}
    documents = [json.dumps({"Version": "2012-10-17", "Statement": [statement]}) for statement in (trust, may)]
    role = clients("iam").create_role(RoleName="somebody", AssumeRolePolicyDocument=documents[0])["Role"]["Arn"]
    clients("iam").put_role_policy(RoleName="somebody", PolicyName="own", PolicyDocument=documents[1])
    clients("events").put_rule(Name="own", EventPattern=json.dumps({"source": ["aws.ecr"]}))
    clients("events").put_targets(Rule="own", Targets=[{"Id": "home", "Arn": HOME, "RoleArn": role}])
    happens(clients, {**PULL, "eventID": "of-nobody"})
    assert judged(world, home, {"of-a-stranger", "of-nobody"}, wait=2.0) == {}


def test_at_home_nothing_is_forwarded(world, home):
    clients = forwards(world, ACCOUNT, REGION, home["HomeBusArn"], name="at-home")
    made = clients("cloudformation").describe_stack_resources(StackName="at-home")["StackResources"]
    assert [resource["LogicalResourceId"] for resource in made] == ["Deployed"]
