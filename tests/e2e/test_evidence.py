"""Which events become an incident, and how many events are one."""

import events
from trail import wait


def test_thirty_layers_are_one_incident_one_execution_one_alert(world):
    intruder = world.intruder()
    records = [world.layer(intruder, number) for number in range(30)]
    world.at_once(records)
    incident = world.asked(intruder)
    wait("thirty events to join", 60, lambda: world.trail.incident(incident)["evidence"] == 30)
    world.calm()
    assert [row["id"] for row in world.rows(intruder.user_id)] == [incident]
    assert world.executions(incident) == [incident]
    assert len(world.alerts(incident)) == 1

    # Each event once more: delivery is at least once.
    seen = world.trail.records(incident)
    world.at_once(records)
    world.calm()
    assert world.trail.incident(incident)["evidence"] == 30
    assert world.trail.records(incident) == seen
    assert all(len(world.trail.records(f"call#{record['eventID']}")) == 1 for record in records)

    world.on_call_does("reject", incident, "--comment", "enough")
    world.closed(incident, "rejected")
    found = [
        event["event_id"] for record in world.trail.of_kind(incident, "finding") for event in record.body["events"]
    ]
    assert sorted(found) == sorted(record["eventID"] for record in records)
    assert [row["id"] for row in world.rows(intruder.user_id)] == [incident]
    assert world.executions(incident) == [incident]


def assessment(world, record: dict) -> dict:
    chain = f"call#{record['eventID']}"
    return wait(f"the assessment of {chain}", 40, lambda: world.trail.records(chain))[0].body["assessment"]


def test_a_denied_call_is_an_attempt_without_an_incident(world):
    intruder = world.intruder()
    record = events.denied(world.layer(intruder))
    world.report(record)
    assert assessment(world, record)["verdict"] == "clear"
    world.calm()
    assert world.rows(intruder.user_id) == []


def test_a_listed_principal_pulls_without_an_incident(world):
    puller = world.intruder("puller")
    records = [world.manifest(puller), world.layer(puller)]
    world.report(*records)
    assert [assessment(world, record)["verdict"] for record in records] == ["clear", "clear"]
    world.calm()
    assert world.rows(puller.user_id) == []


def test_an_event_that_joins_after_the_decision_is_counted_before_the_end(world):
    intruder = world.intruder()
    first, second = world.manifest(intruder), world.layer(intruder)
    world.report(first)
    incident = world.asked(intruder)
    assert world.trail.of_kind(incident, "decision")[0].body["severity"] == "medium"
    world.report(second)
    wait("the second event to join", 40, lambda: world.trail.incident(incident)["evidence"] == 2)
    world.on_call_does("approve", incident)
    world.closed(incident, "contained")
    found = [
        event["event_id"] for record in world.trail.of_kind(incident, "finding") for event in record.body["events"]
    ]
    assert sorted(found) == sorted([first["eventID"], second["eventID"]])
    report = world.alerts(incident)[-1]
    assert "2 events of evidence" in report.text, report.text
    assert "high" in report.subject, report.subject


def test_an_event_after_the_end_opens_the_next_generation(world):
    intruder = world.intruder()
    world.report(world.layer(intruder, 0))
    incident = world.asked(intruder)
    world.on_call_does("approve", incident)
    world.closed(incident, "contained")
    world.report(world.layer(intruder, 1))
    again = world.incident(intruder, generation=2)
    assert again != incident
    # The measure of the first still stands and had no time to spread: nothing more is done, and people are told.
    world.closed(again, "observed")
    assert world.alerts(again)
    assert len(world.account.inline_policies(intruder.role)) == 2
