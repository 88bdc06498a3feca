"""Other tools hear of an incident's life on the bus of the stack, through a rule of their own, and layerguard's own rules do not."""

import json
from pathlib import Path

from jsonschema import Draft202012Validator
from trail import wait

SCHEMA = json.loads((Path(__file__).resolve().parents[2] / "infra/announcement.schema.json").read_text(encoding="utf-8"))


def listen(world) -> str:
    """A queue to which a rule on the bus brings every announcement, as a ticket system would have one."""
    name = world.name("tickets")
    sqs, bus = world.account.client("sqs"), world.account.client("events")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = f"arn:aws:sqs:{world.settings.region}:{world.account.number}:{name}"
    pattern = json.dumps({"source": ["layerguard"]})
    rule = bus.put_rule(Name=name, EventBusName=world.account.stack, EventPattern=pattern)["RuleArn"]
    policy = {"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": rule}},
    }]}
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})
    bus.put_targets(Rule=name, EventBusName=world.account.stack, Targets=[{"Id": "queue", "Arn": arn}])
    return url


def test_a_ticket_system_hears_of_an_incident_from_its_opening_to_the_undo(world):
    url, heard = listen(world), {}
    sqs = world.account.client("sqs")

    def kinds(incident: str) -> list[str]:
        for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1).get("Messages", []):
            event = json.loads(message["Body"])
            assert event["source"] == "layerguard"
            assert [error.message for error in Draft202012Validator(SCHEMA).iter_errors(event["detail"])] == []
            heard[event["detail"]["id"]] = event
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        own = [event for event in heard.values() if event["detail"]["incident_id"] == incident]
        return [event["detail-type"] for event in sorted(own, key=lambda event: event["detail"]["sequence"])]

    intruder = world.intruder()
    world.report(world.layer(intruder))
    incident = world.asked(intruder)
    world.on_call_does("approve", incident)
    world.closed(incident, "contained")
    life = [
        "Incident Opened", "Incident Decided", "Approval Requested", "Approval Answered", "Incident Contained", "Incident Closed",
    ]
    wait(f"the announcements of {incident} up to its closing", 40, lambda: kinds(incident) == life)
    world.on_call_does("undo", incident)
    world.closed(incident, "undone")
    life += ["Approval Answered", "Measure Undone", "Incident Closed"]
    wait(f"the announcements of {incident} up to the undo", 40, lambda: kinds(incident) == life)
