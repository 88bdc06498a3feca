"""Events that could not be judged: listed without being taken, run through the very chain again, kept where they fail again."""

import json

import pytest
from trail import wait


@pytest.fixture
def operator(world):
    policy = f"arn:aws:iam::{world.account.number}:policy/{world.account.stack}-operator"
    return world.account.session(world.account.role("operator", managed=(policy,)), "oscar")


@pytest.fixture
def queue(world):
    sqs = world.account.client("sqs")
    url = sqs.get_queue_url(QueueName=f"{world.account.stack}-failed-events")["QueueUrl"]

    class Queue:
        def put(self, body: object, **attributes: str) -> None:
            text = body if isinstance(body, str) else json.dumps(body)
            given = {name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()}
            sqs.send_message(QueueUrl=url, MessageBody=text, MessageAttributes=given)

        def depth(self) -> int:
            name = "ApproximateNumberOfMessages"
            return int(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"][name])

        def empty(self) -> None:
            sqs.purge_queue(QueueUrl=url)

    queue = Queue()
    queue.empty()
    yield queue
    queue.empty()


def envelope(record: dict) -> dict:
    return {"source": "aws.ecr", "detail-type": "AWS API Call via CloudTrail", "detail": record}


def test_an_event_that_was_not_delivered_becomes_its_incident(world, operator, queue):
    intruder = world.intruder()
    record = world.layer(intruder)
    rule = f"arn:aws:events:{world.account.region}:{world.account.number}:rule/{world.account.stack}-calls"
    queue.put(envelope(record), RULE_ARN=rule, ERROR_CODE="NO_PERMISSIONS", RETRY_ATTEMPTS="0")
    listed = json.loads(world.on_call_does("dlq", "list", "--format", "json", who=operator))
    assert (listed["event_id"], listed["reason"]) == (record["eventID"], "NO_PERMISSIONS")
    assert listed["from"] == f"rule {world.account.stack}-calls" and "layerDigest" not in json.dumps(listed)
    assert queue.depth() == 1, "listing takes nothing"
    assert "1 would be run" in world.on_call_does("dlq", "redrive", "--dry-run", who=operator)
    assert queue.depth() == 1 and world.rows(intruder.user_id) == []

    assert "judged" in world.on_call_does("dlq", "redrive", who=operator)
    assert queue.depth() == 0
    incident = world.asked(intruder)
    # Once more, as after a crash before the message was deleted: one call, one incident.
    queue.put(envelope(record))
    world.on_call_does("dlq", "redrive", who=operator)
    world.calm()
    assert len(world.rows(intruder.user_id)) == 1
    assert len(world.trail.of_kind(f"call#{record['eventID']}", "assessment")) == 1
    world.on_call_does("reject", incident, "--comment", "a test")
    world.closed(incident, "rejected")


def test_what_triage_kept_is_named_and_stays(world, operator, queue):
    world.report({"eventSource": "ecr.amazonaws.com", "eventName": "PutImage"})
    wait("the kept event", 30, lambda: queue.depth() == 1)
    queue.put("no event at all")
    queue.put({"task": "sweep"})
    printed = world.on_call_does("dlq", "redrive", who=operator, status=1)
    assert "2 stay" in printed and "obsolete" in printed, printed
    listed = [json.loads(line) for line in world.on_call_does("dlq", "list", "--format", "json", who=operator).splitlines()]
    assert sorted((one["content"], one["from"]) for one in listed if one["from"]) == [("unreadable", "triage")]
    assert len(listed) == 2 and all(one["problem"] for one in listed)


def test_people_on_call_may_not_report_calls_that_never_were(world, queue):
    printed = world.on_call_does("dlq", "redrive", status=3)
    assert f"{world.account.stack}-operator" in printed, printed
    refused = world.account.client("stepfunctions", world.on_call)
    with pytest.raises(refused.exceptions.ClientError, match="AccessDenied"):
        refused.start_execution(stateMachineArn=world.machine("triage"), input="{}")
