"""A drill: the command makes the real call; the test only reports it, because the emulator's CloudTrail does not."""

import json
import os
import re
import subprocess
import time
from datetime import datetime, timezone

import events
import pytest
from people import Role, Session, refusal
from world import REPOSITORY, binaries


class Ground:
    def __init__(self, world):
        self.world, self.account = world, world.account
        stack, number = self.account.stack, self.account.number
        policies = tuple(f"arn:aws:iam::{number}:policy/{stack}-{name}" for name in ("operator", "driller"))
        self.driller = self.account.session(self.account.role("driller", managed=policies), "dora")
        self.repository = f"{stack}-drill"

    def start(self, *words: str) -> subprocess.Popen:
        keep = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        return subprocess.Popen(
            [str(binaries() / "layerguard"), "drill", *words, "--stack", self.account.stack],
            env=keep | self.account.variables(self.driller),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def session_of(self, drill: subprocess.Popen) -> Session:
        """The session that the drill says it made; reported as CloudTrail would."""
        line = drill.stderr.readline()
        (name,) = re.findall(r"layerguard-drill-\d+", line) or [pytest.fail(line + drill.stderr.read())]
        found = self.account.client("iam").get_role(RoleName=self.repository)["Role"]
        role = Role(found["RoleName"], found["Arn"], found["RoleId"])
        arn = f"arn:aws:sts::{self.account.number}:assumed-role/{role.name}/{name}"
        now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        return Session(role, name, arn, "ASIAIOSFODNN7EXAMPLE", "", "", now)

    def images(self) -> list:
        return self.account.client("ecr").list_images(repositoryName=self.repository)["imageIds"]


@pytest.fixture(scope="module")
def ground(strict):
    strict.deploy("ask", Drill="enabled")
    return Ground(strict)


def pulled(ground, who: Session) -> dict:
    return events.layer(ground.account, who, ground.repository, "sha256:" + "0" * 64)


def test_each_stretch_of_the_way_is_measured_up_to_the_refusal(ground):
    world = ground.world
    drill = ground.start("--contain", "--timeout", "2m", "--format", "json")
    session = ground.session_of(drill)
    assert ground.images() == [], "the image is gone as soon as it was pulled"
    world.report(pulled(ground, session))
    incident = world.asked(session)
    assert session.name in world.alerts(incident)[0].subject + world.alerts(incident)[0].text, "people see that it is a drill"
    world.on_call_does("approve", incident)
    out, err = drill.communicate(timeout=120)
    assert drill.returncode == 0, out + err
    drilled = json.loads(out)
    assert [hop["hop"] for hop in drilled["hops"]] == ["assessed", "incident", "decided", "told", "contained"]
    assert all(0 <= hop["after_ms"] < 120_000 for hop in drilled["hops"]) and drilled["incident"] == incident
    world.on_call_does("undo", incident)
    world.closed(incident, "undone")


def test_what_does_not_arrive_is_named_with_where_to_look(ground):
    drill = ground.start("--timeout", "1m")
    ground.session_of(drill)
    out, err = drill.communicate(timeout=100)
    assert drill.returncode == 1 and "did not arrive" in out, out + err
    assert "no incident came of it" in err and "layerguard doctor" in err and "dlq list" in err, err
    assert ground.images() == []


def test_a_drill_without_its_ground_or_permission_says_what_is_missing(ground):
    printed = ground.world.on_call_does("drill", status=3)
    assert "Drill=enabled" in printed and "-driller" in printed, printed


def test_the_drills_role_can_do_nothing_else(ground):
    account = ground.account
    ecr = account.client("ecr", account.session(Role(ground.repository, f"arn:aws:iam::{account.number}:role/{ground.repository}", ""), "try"))
    assert refusal(ecr.get_download_url_for_layer, repositoryName=REPOSITORY, layerDigest=ground.world.layers[0]) == "AccessDeniedException"
    assert refusal(ecr.describe_repositories) == "AccessDeniedException"


# ------------------------------------------------------------------ by schedule


class Schedule:
    """The drill machine: the emulator runs it, and the test reports its call, because the emulator's CloudTrail does not."""

    def __init__(self, ground):
        self.world, self.account, self.states = ground.world, ground.account, ground.account.client("stepfunctions")
        self.machine = f"arn:aws:states:{ground.account.region}:{ground.account.number}:stateMachine:{ground.account.stack}-drill"
        self.repository = ground.repository
        role = ground.account.client("iam").get_role(RoleName=ground.repository)["Role"]
        self.role = Role(role["RoleName"], role["Arn"], role["RoleId"])

    def start(self) -> str:
        return self.states.start_execution(stateMachineArn=self.machine, input="{}")["executionArn"]

    def ended(self, execution: str, within: float) -> dict:
        end = time.monotonic() + within
        while time.monotonic() < end:
            found = self.states.describe_execution(executionArn=execution)
            if found["status"] != "RUNNING":
                return found
            time.sleep(1)
        pytest.fail(f"the drill still runs: {found}")


def test_a_drill_by_schedule_succeeds_once_people_were_told_and_says_that_it_is_one(ground):
    schedule = Schedule(ground)
    execution = schedule.start()
    now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    name = "not-called-a-drill"
    arn = f"arn:aws:sts::{ground.account.number}:assumed-role/{schedule.role.name}/{name}"
    session = Session(schedule.role, name, arn, "ASIAIOSFODNN7EXAMPLE", "", "", now)
    ground.world.report(events.manifest(ground.account, session, schedule.repository, "drill"))
    incident = ground.world.asked(session)
    (alert, *_) = ground.world.alerts(incident)
    assert "DRILL" in alert.subject and "DRILL" in alert.text, alert
    assert "DRILL" in ground.world.on_call_does("incidents", "show", incident)
    assert "DRILL" in ground.world.on_call_does("incidents", "list")
    found = schedule.ended(execution, 120)
    assert found["status"] == "SUCCEEDED", found.get("cause")


def test_a_drill_by_schedule_of_which_nothing_comes_fails_and_says_where_to_look(ground):
    schedule = Schedule(ground)
    described = schedule.states.describe_state_machine(stateMachineArn=schedule.machine)
    impatient = json.loads(described["definition"])
    # The chain is broken by reporting nothing; forty looks of half a minute are too long for a test.
    impatient["States"]["WaitForIncident"]["Seconds"] = 1
    for choice in impatient["States"]["Closed?"]["Choices"]:
        for rule in choice["And"]:
            if "NumericLessThan" in rule:
                rule["NumericLessThan"] = 2
    short = schedule.states.create_state_machine(name=f"{ground.account.stack}-drill-short", definition=json.dumps(impatient), roleArn=described["roleArn"])
    execution = schedule.states.start_execution(stateMachineArn=short["stateMachineArn"], input="{}")["executionArn"]
    found = schedule.ended(execution, 60)
    assert (found["status"], found.get("error")) == ("FAILED", "NoIncident") and "layerguard doctor" in found["cause"], found
