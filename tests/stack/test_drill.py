"""The drill machine on the live emulator: it makes its call, finds what arrived, and fails with a cause where nothing did."""

import json
import time
from pathlib import Path

import pytest

from conftest import ACCOUNT, REGION, allow

ASL = Path(__file__).resolve().parents[2] / "statemachine" / "drill.asl.json"
INCIDENT = "0011223344556677-1"


class Drill:
    """The machine over tables of its own, its waits cut short: forty looks of half a minute are too long for a test."""

    def __init__(self, world, may_become: bool = True):
        self.world, self.dynamodb = world, world.client("dynamodb")
        self.role = world.role(f"arn:aws:iam::{ACCOUNT}:root", allow("ecr:BatchGetImage", "*"))
        self.state, self.audit, repository = (world.name(name) for name in ("state", "audit", "drill"))
        keys = lambda *names: [{"AttributeName": n, "KeyType": kind} for n, kind in zip(names, ("HASH", "RANGE"))]
        typed = lambda **names: [{"AttributeName": n, "AttributeType": kind} for n, kind in names.items()]
        self.dynamodb.create_table(
            TableName=self.state, BillingMode="PAY_PER_REQUEST", KeySchema=keys("pk", "sk"),
            AttributeDefinitions=typed(pk="S", sk="S", listing="S", listed_at="S"),
            GlobalSecondaryIndexes=[{"IndexName": "by_listing", "KeySchema": keys("listing", "listed_at"), "Projection": {"ProjectionType": "ALL"}}],
        )
        self.dynamodb.create_table(
            TableName=self.audit, BillingMode="PAY_PER_REQUEST", KeySchema=keys("incident", "seq"), AttributeDefinitions=typed(incident="S", seq="N")
        )
        world.client("ecr").create_repository(repositoryName=repository)
        text = ASL.read_text(encoding="utf-8")
        for name, value in {"Partition": "aws", "DrillRoleArn": self.role, "DrillRepository": repository, "StateTable": self.state, "AuditTable": self.audit}.items():
            text = text.replace("${" + name + "}", value)
        states = json.loads(text)["States"]
        for state in states.values():
            if state["Type"] == "Wait":
                state["Seconds"] = 1
            for choice in state.get("Choices", []):
                for rule in choice["And"]:
                    if "NumericLessThan" in rule:
                        rule["NumericLessThan"] = 2
        become = [allow("sts:AssumeRole", self.role)] if may_become else []
        self.machine = world.machine(states, allow("dynamodb:Query", "*"), *become)

    def incident(self, listing: str, role: str, opened: float) -> None:
        at = time.strftime("%Y-%m-%dT%H:%M:%S.000000000Z", time.gmtime(opened))
        row = {"pk": f"incident#{INCIDENT}", "sk": "row", "listing": listing, "listed_at": at, "doc": json.dumps({"principal": {"arn": role}})}
        self.dynamodb.put_item(TableName=self.state, Item={name: {"S": value} for name, value in row.items()})

    def record(self, kind: str) -> None:
        self.dynamodb.put_item(TableName=self.audit, Item={"incident": {"S": INCIDENT}, "seq": {"N": "3"}, "kind": {"S": kind}})

    def ends(self) -> tuple[str, str]:
        found = self.world.finished(self.machine, {}, wait=40)
        return found["status"], found.get("error", "")


@pytest.fixture
def drill(world):
    return Drill(world)


@pytest.mark.parametrize("listing", ["open", "closed"])
def test_a_drill_succeeds_once_there_is_an_incident_and_people_were_told(drill, listing):
    drill.incident(listing, drill.role, time.time() + 3600)
    drill.record("notification")
    assert drill.ends() == ("SUCCEEDED", "")


def test_an_incident_of_which_nobody_was_told_fails_the_drill(drill):
    drill.incident("open", drill.role, time.time() + 3600)
    drill.record("decision")
    assert drill.ends() == ("FAILED", "NobodyTold")


def test_no_incident_one_of_somebody_else_and_an_old_one_fail_the_drill(drill):
    assert drill.ends() == ("FAILED", "NoIncident")
    drill.record("notification")
    drill.incident("open", drill.role + "-like", time.time() + 3600)
    assert drill.ends() == ("FAILED", "NoIncident")
    drill.incident("open", drill.role, time.time() - 3600)
    assert drill.ends() == ("FAILED", "NoIncident")


def test_a_machine_that_may_not_become_the_drills_role_fails_at_its_call(world):
    assert Drill(world, may_become=False).ends() == ("FAILED", "Ecr.AccessDeniedException")
