"""What was not received is found in the trail's files, by the schedule's task and by the command line."""

import gzip
import json
from datetime import datetime, timedelta, timezone

import pytest
from botocore.exceptions import ClientError


BUCKET, PREFIX = "trail-of-ours", "logs"


@pytest.fixture(scope="module")
def trail(world):
    s3 = world.account.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    world.deploy("ask", TrailBucket=BUCKET, TrailPrefix=PREFIX)

    class Trail:
        def __init__(self) -> None:
            # The last hour that is over for half an hour, and a moment in it.
            self.hour = (datetime.now(timezone.utc) - timedelta(minutes=30)).replace(minute=0, second=0, microsecond=0) - timedelta(hours=1)
            self.moment = self.hour + timedelta(minutes=10)

        def key(self, name: str, minutes: int = 15) -> str:
            at, account, region = self.hour + timedelta(minutes=minutes), world.account.number, world.account.region
            folder = f"{PREFIX}/AWSLogs/{account}/CloudTrail/{region}/{at:%Y/%m/%d}"
            return f"{folder}/{account}_CloudTrail_{region}_{at:%Y%m%dT%H%M}Z_{name}.json.gz"

        def deliver(self, name: str, *records: dict) -> None:
            late = [{**record, "eventTime": f"{self.moment:%Y-%m-%dT%H:%M:%SZ}"} for record in records]
            self.put(name, gzip.compress(json.dumps({"Records": late}).encode()))

        def put(self, name: str, content: bytes) -> None:
            s3.put_object(Bucket=BUCKET, Key=self.key(name), Body=content)

        def remove(self, name: str) -> None:
            s3.delete_object(Bucket=BUCKET, Key=self.key(name))

        def records(self) -> list:
            chain = f"reconcile#{world.account.number}#{world.account.region}#{self.hour:%Y-%m-%d}"
            mine = [r for r in world.trail.records(chain) if r.body["hour"] == f"{self.hour:%Y-%m-%dT%H:%M:%SZ}"]
            assert all(r.kind == "reconciliation" for r in mine)
            return mine

    return Trail()


@pytest.fixture(scope="module")
def operator(world, trail):
    policy = f"arn:aws:iam::{world.account.number}:policy/{world.account.stack}-operator"
    return world.account.session(world.account.role("reconciler", managed=(policy,)), "rita")


def test_the_schedule_finds_what_was_never_sent(world, trail):
    intruder = world.intruder()
    trail.deliver("never-sent", world.layer(intruder))
    answer, error = world.invoke("reconcile", {"task": "reconcile"})
    assert error is None, answer
    assert (answer["recovered"], answer["missing"], answer["unreadable"], answer["incomplete"]) == (1, 0, 0, 0), answer
    incident = world.asked(intruder)
    last = trail.records()[-1].body
    assert (last["seen"], last["assessed"], last["recovered"], last["failed"]) == (1, 0, 1, 0), last
    assert set(last["rules"].values()) == {"enabled"} and last["delivered_after"] == {"median": 300, "maximum": 300}
    before = len(trail.records())
    again, error = world.invoke("reconcile", {"task": "reconcile"})
    assert error is None and (again["recovered"], again["completed"]) == (0, 0), again
    assert len(trail.records()) == before
    world.on_call_does("reject", incident, "--comment", "a test")
    world.closed(incident, "rejected")


def test_the_function_does_nothing_but_its_task(world, trail):
    _, error = world.invoke("reconcile", {"task": "reconcile", "since": "2026-11-20T09:00:00Z"})
    assert error == "InvalidInput"


def test_the_command_finds_it_runs_it_and_names_what_it_cannot_read(world, trail, operator):
    intruder = world.intruder()
    trail.deliver("another", world.layer(intruder))
    ask = ("reconcile", "--hours", "2", "--trail", f"s3://{BUCKET}/{PREFIX}")
    printed = world.on_call_does(*ask, "--dry-run", who=operator, status=1)
    assert "1 event of 2 events has no record; nothing was run" in printed, printed
    assert world.rows(intruder.user_id) == []
    printed = world.on_call_does(*ask, who=operator, status=1)
    assert "1 event was not received; it was run now" in printed, printed
    incident = world.asked(intruder)
    printed = world.on_call_does(*ask, who=operator)
    assert "nothing is missing: all 2 events were received" in printed, printed
    trail.put("broken", b"\x1f\x8bno gzip")
    printed = world.on_call_does(*ask, who=operator, status=3)
    assert trail.key("broken") in printed and "not everything could be read" in printed, printed
    trail.remove("broken")
    listed = world.on_call_does("audit", "query", "--kind", "reconciliation", "--account", world.account.number)
    assert "recovered" in listed and "rules on" in listed, listed
    world.on_call_does("reject", incident, "--comment", "a test")
    world.closed(incident, "rejected")


def test_the_record_of_it_verifies_and_nobody_else_writes_it(world, trail, operator):
    printed = world.on_call_does("audit", "verify", "--all")
    assert f"reconcile#{world.account.number}" in printed, printed
    # What operators may insert is what reconciling came to, and no decision or approval of any incident.
    dynamodb = world.account.client("dynamodb", operator)
    table = f"{world.account.stack}-audit"
    for chain in ("0123456789abcdef-1", "call#e-1", "switch"):
        statement = f"INSERT INTO \"{table}\" VALUE {{'incident': ?, 'seq': ?}}"
        with pytest.raises(ClientError, match="AccessDenied"):
            dynamodb.execute_statement(Statement=statement, Parameters=[{"S": chain}, {"N": "0"}])


def test_the_doctor_says_up_to_where_the_trail_is_reconciled(world, trail, operator):
    found = json.loads(world.on_call_does("doctor", "--format", "json", who=operator, status=None).splitlines()[0])
    (check,) = [check for check in found["checks"] if check["check"] == "reconcile"]
    assert check["status"] == "ok" and "reconciled up to" in check["found"], check


def test_a_bucket_that_is_not_there_is_said(world, trail, operator):
    printed = world.on_call_does("reconcile", "--trail", "s3://no-such-bucket-of-ours", who=operator, status=3)
    assert "--trail" in printed or "s3:ListBucket" in printed, printed
    printed = world.on_call_does("reconcile", "--trail", "no-address", who=operator, status=2)
    assert "s3://bucket" in printed, printed
