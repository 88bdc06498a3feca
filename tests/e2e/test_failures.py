"""What fails in between: functions that die, rows that nobody took up, roles that are gone, events that cannot be read."""

import contextlib
import json
from datetime import datetime, timedelta, timezone

import deploy
import events
import killer
import pytest
import template
from trail import wait
from world import binaries


def test_an_incident_that_detect_left_behind_is_taken_up_by_the_sweeper(world):
    intruder = world.intruder()
    record = world.layer(intruder)
    # Detect alone: as if triage had died before it started respond.
    answer, error = world.invoke("detect", {"source": "aws.ecr", "detail-type": "x", "detail": record})
    assert error is None and answer["start"] is True, answer
    incident = answer["incident_id"]
    assert world.executions(incident) == []
    assert world.invoke("decide", {"task": "sweep"})[1] is None
    assert world.executions(incident) == [], "triage is given a minute to start it"
    _age(world, incident)
    swept, error = world.invoke("decide", {"task": "sweep"})
    assert error is None and swept["started"] >= 1, swept
    assert world.executions(incident) == [incident]
    world.asked(intruder)
    world.on_call_does("approve", incident)
    world.closed(incident, "contained")


def _age(world, incident: str) -> None:
    """Makes the row two minutes older, by hand."""
    row = world.trail.item(f"incident#{incident}", "row")
    doc = json.loads(row["doc"])
    doc["opened_at"] = (datetime.now(timezone.utc) - timedelta(minutes=2)).strftime("%Y-%m-%dT%H:%M:%SZ")
    world.account.client("dynamodb").update_item(
        TableName=f"{world.account.stack}-state",
        Key={"pk": {"S": f"incident#{incident}"}, "sk": {"S": "row"}},
        UpdateExpression="SET doc = :doc",
        ExpressionAttributeValues={":doc": {"S": json.dumps(doc)}},
    )


def test_an_execution_that_somebody_stops_is_started_again(world):
    intruder = world.intruder()
    world.report(world.layer(intruder))
    incident = world.asked(intruder)
    _age(world, incident)
    arn = world.machine("respond").replace(":stateMachine:", ":execution:") + f":{incident}"
    world.account.client("stepfunctions").stop_execution(executionArn=arn)
    wait("a new execution", 40, lambda: f"{incident}-r1" in world.executions(incident))
    world.on_call_does("approve", incident, "--wait", "90")
    world.closed(incident, "contained")


@contextlib.contextmanager
def killed_once(world, action: str, passes: bool):
    """Remediate dies at its first call of `action`: before the call reaches IAM, or after it took effect."""
    functions, name = world.account.client("lambda"), f"{world.account.stack}-remediate"
    binary = binaries() / "layerguard-remediate"
    marker = world.scratch(world.name("killed"))
    functions.update_function_code(FunctionName=name, ZipFile=killer.package(binary, action, passes, marker))
    try:
        yield marker
    finally:
        functions.update_function_code(FunctionName=name, ZipFile=template.package(binary))


@pytest.mark.parametrize("passes", [True, False], ids=["after it took effect", "before it was sent"])
def test_remediate_killed_at_its_change_leads_to_one_measure_and_a_correct_undo(world, passes):
    intruder = world.intruder()
    before = world.snapshot()
    world.report(world.layer(intruder))
    incident = world.asked(intruder)
    with killed_once(world, "PutRolePolicy", passes) as marker:
        world.on_call_does("approve", incident, "--wait", "120")
        world.closed(incident, "contained")
        assert marker.read_text() == ("200" if passes else "not sent")
    kinds = [record.kind for record in world.trail.records(incident)]
    assert kinds.count("intent") == 1 and kinds.count("outcome") == 1
    assert set(world.account.inline_policies(intruder.role)) == {"work", f"layerguard-{incident}"}
    assert world.refused(intruder)
    world.on_call_does("undo", incident)
    world.closed(incident, "undone")
    assert world.snapshot() == before
    world.on_call_does("audit", "verify", incident)


def test_remediate_killed_at_its_undo_leads_to_one_undo(world):
    intruder = world.intruder()
    before = world.snapshot()
    world.report(world.layer(intruder))
    incident = world.asked(intruder)
    world.on_call_does("approve", incident)
    world.closed(incident, "contained")
    with killed_once(world, "DeleteRolePolicy", passes=True) as marker:
        world.on_call_does("undo", incident, "--wait", "120", status=None)
        world.closed(incident, "undone")
        assert marker.read_text() == "200"
    assert world.snapshot() == before
    assert [r.kind for r in world.trail.records(incident)].count("undo_outcome") == 1


OUTSIDER = "arn:aws:iam::999988887777:root"


def _opened(world) -> tuple[str, dict, dict]:
    """A repository of its own whose policy lets a role of ours and an outsider in; the policy, and what of it is in order."""
    name, ecr = world.name("opened"), world.account.client("ecr")
    ecr.create_repository(repositoryName=name)

    def policy(*principals: str) -> dict:
        pull = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
        statements = [
            {"Sid": f"s{number}", "Effect": "Allow", "Principal": {"AWS": who}, "Action": pull}
            for number, who in enumerate(principals)
        ]
        return {"Version": "2012-10-17", "Statement": statements}

    ours = f"arn:aws:iam::{world.account.number}:root"
    ecr.set_repository_policy(repositoryName=name, policyText=json.dumps(policy(ours, OUTSIDER)))
    return name, policy(ours, OUTSIDER), policy(ours)


def _stands(world, repository: str) -> dict:
    return json.loads(world.account.client("ecr").get_repository_policy(repositoryName=repository)["policyText"])


@pytest.mark.parametrize("passes", [True, False], ids=["after it took effect", "before it was sent"])
def test_remediate_killed_at_its_repair_leads_to_one_repair_and_a_correct_undo(world, passes):
    owner = world.intruder("owner")
    repository, opened, mended = _opened(world)
    before = world.snapshot()
    world.report(events.repository_policy(world.account, owner, repository, opened))
    incident = world.asked(owner)
    with killed_once(world, "SetRepositoryPolicy", passes) as marker:
        world.on_call_does("approve", incident, "--wait", "120")
        world.closed(incident, "contained")
        assert marker.read_text() == ("200" if passes else "not sent")
    kinds = [record.kind for record in world.trail.records(incident)]
    assert kinds.count("intent") == kinds.count("outcome") == 1, world.told_story(incident)
    assert _stands(world, repository) == mended
    with killed_once(world, "SetRepositoryPolicy", passes) as marker:
        world.on_call_does("undo", incident, "--wait", "120", status=None)
        world.closed(incident, "undone")
        assert marker.read_text() == ("200" if passes else "not sent")
    assert _stands(world, repository) == opened
    assert [record.kind for record in world.trail.records(incident)].count("undo_outcome") == 1
    assert world.snapshot() == before
    world.on_call_does("audit", "verify", incident)


def test_a_role_that_is_gone_is_a_recorded_failure_and_told(world):
    intruder = world.intruder()
    world.report(world.layer(intruder))
    incident = world.asked(intruder)
    iam, name = world.account.client("iam"), intruder.role.name
    iam.delete_role_policy(RoleName=name, PolicyName="work")
    iam.delete_role(RoleName=name)
    world.on_call_does("approve", incident, status=None)
    row = world.ended(incident)
    assert row["status"] in ("escalated", "partly_contained"), world.told_story(incident)
    outcomes = world.trail.of_kind(incident, "outcome")
    assert [record.body["result"] for record in outcomes] == ["failed"], world.told_story(incident)
    assert "exist" in outcomes[0].body["detail"]
    assert any("exist" in alert.text for alert in world.alerts(incident)), world.alerts(incident)[-1].text


@pytest.mark.parametrize(
    "payload",
    ["half a record {", {"detail": {"eventSource": "s3.amazonaws.com"}}, {"note": "no event"}, [], {"detail": "text"}],
    ids=["text", "no event name", "foreign", "list", "detail is text"],
)
def test_what_is_no_event_is_kept_in_the_queue(world, payload):
    states, sqs = world.account.client("stepfunctions"), world.account.client("sqs")
    url = deploy.outputs(world.settings)["FailedEventsQueueUrl"]
    states.start_execution(stateMachineArn=world.machine("triage"), input=json.dumps(payload))

    def kept():
        for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            if (
                message["Body"] == payload
                or message["Body"].startswith(("{", "["))
                and json.loads(message["Body"]) == payload
            ):
                return True
        return False

    wait("the event in the queue", 40, kept)


def test_an_event_of_another_service_never_reaches_layerguard(world):
    intruder = world.intruder()
    record = world.layer(intruder) | {"eventSource": "s3.amazonaws.com", "eventName": "GetObject"}
    world.report(record)
    world.calm()
    assert world.trail.records(f"call#{record['eventID']}") == []
    assert world.rows(intruder.user_id) == []


def test_a_record_without_an_identity_is_undecided_and_told(world):
    record = world.layer(world.intruder())
    del record["userIdentity"]
    world.report(record)
    chain = f"call#{record['eventID']}"
    assessed = wait("its assessment", 40, lambda: world.trail.records(chain))[0].body["assessment"]
    assert assessed["verdict"] == "undecided"

    def told():
        rows = [row for row in world.trail.incidents("closed") if row["verdict"] == "undecided"]
        return rows and [alert for row in rows for alert in world.alerts(row["id"])]

    wait("an escalation", 60, told)
