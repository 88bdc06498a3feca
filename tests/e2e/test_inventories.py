"""Other inventories: nobody answers, act without a person, observe only, an inventory that cannot be read."""

import json

import events
from trail import wait
from world import REPOSITORY


def test_nobody_answers(strict):
    # The last call comes a third of the timeout before its end.
    strict.deploy("ask", timeout="12s", reminder="3s")
    intruder = strict.intruder()
    before = strict.snapshot()
    strict.report(strict.layer(intruder))
    incident = strict.incident(intruder)
    strict.closed(incident, "expired")
    assert strict.snapshot() == before
    assert [r.body["outcome"] for r in strict.trail.of_kind(incident, "approval_expired")] == ["escalate"]
    told = [r.body["kind"] for r in strict.trail.of_kind(incident, "notification")]
    assert told[0] == "approval_request" and "reminder" in told and told[-1] in ("report", "escalation"), told
    assert told.count("last_call") == 1, told
    last = strict.alerts(incident)[-1]
    assert "nobody answered" in last.subject, last.subject
    printed = strict.on_call_does("approve", incident, status=1)
    assert "already decided" in printed or "nothing to answer" in printed, printed
    assert strict.snapshot() == before


def test_graver_evidence_acts_without_waiting_for_the_answer(strict):
    strict.deploy("act")
    intruder = strict.intruder()
    strict.report(strict.manifest(intruder))
    incident = strict.asked(intruder)
    assert strict.refused(intruder) is None
    strict.report(strict.layer(intruder))
    wait("the layer to join", 40, lambda: strict.trail.incident(incident)["evidence"] == 2)
    # The wait would look again within half a minute; ending it by hand saves the time.
    strict.account.client("stepfunctions").send_task_success(taskToken=strict.token(incident), output="{}")
    strict.closed(incident, "contained")
    assert [r.body["decision"] for r in strict.trail.of_kind(incident, "decision")] == ["ask", "act"]
    assert strict.trail.of_kind(incident, "approval_accepted") == []
    assert strict.refused(intruder)


def test_thirty_layers_at_once_are_one_measure_where_no_person_is_asked(strict):
    strict.deploy("act")
    intruder = strict.intruder()
    strict.at_once([strict.layer(intruder, number) for number in range(30)])
    incident = strict.incident(intruder)
    strict.closed(incident, "contained")
    strict.calm()
    rows = strict.rows(intruder.user_id)
    for row in rows:
        strict.closed(row["id"], "contained" if row["id"] == incident else "observed")
    assert sum(row["evidence"] for row in strict.rows(intruder.user_id)) == 30
    assert set(strict.account.inline_policies(intruder.role)) == {"work", f"layerguard-{incident}"}
    assert strict.refused(intruder)


def test_observing_only_tells(strict):
    strict.deploy("observe")
    intruder = strict.intruder()
    before = strict.snapshot()
    strict.report(strict.layer(intruder))
    incident = strict.incident(intruder)
    strict.closed(incident, "observed")
    assert strict.snapshot() == before
    assert len(strict.alerts(incident)) == 1
    assert strict.refused(intruder) is None


def test_an_inventory_that_cannot_be_read_is_one_undecided_incident(strict):
    strict.deploy("act", inventory="[organisation]\nid = 7\n")
    intruders = [strict.intruder() for _ in range(3)]
    before = strict.snapshot()
    records = [strict.layer(intruder, number) for intruder in intruders for number in range(4)]
    strict.at_once(records)
    strict.calm()

    def rows() -> list[dict]:
        listed = strict.trail.incidents("open") + strict.trail.incidents("closed")
        return [row for row in listed if row["key"]["family"] == "undecided"]

    wait("all events to join", 60, lambda: sum(row["evidence"] for row in rows()) == len(records))
    for row in rows():
        ended = strict.ended(row["id"])
        assert ended["status"] in ("undecided", "escalated"), strict.told_story(row["id"])
        assert strict.told(row["id"], "escalation")
    # One key: those that came while it was open are one incident, those after it the next generation.
    assert len({json.dumps(row["key"]) for row in rows()}) == 1
    assert len(rows()) <= 3, "one broken inventory must not be an incident for each event"
    assert strict.snapshot() == before
    for record in records:
        assessed = strict.trail.records(f"call#{record['eventID']}")[0].body["assessment"]
        assert assessed["verdict"] == "undecided"


def test_a_repository_opened_to_everybody_is_told_where_nothing_can_be_contained(strict):
    strict.deploy("observe")
    owner = strict.intruder("owner")
    before = strict.snapshot()
    pull = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    statement = {"Sid": "anybody", "Effect": "Allow", "Principal": "*", "Action": pull}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    strict.report(events.repository_policy(strict.account, owner, REPOSITORY, policy))
    incident = strict.incident(owner)
    strict.closed(incident, "observed")
    decided = strict.trail.of_kind(incident, "decision")
    assert [record.body["decision"] for record in decided] == ["observe"]
    assert any(rule.startswith("ecr_repository_policy_public") for rule in decided[0].body["rules"]), decided[0].body
    found = [event["call"] for record in strict.trail.of_kind(incident, "finding") for event in record.body["events"]]
    assert found == ["ecr:SetRepositoryPolicy"]
    (alert,) = strict.alerts(incident)
    assert REPOSITORY in alert.text
    assert strict.trail.of_kind(incident, "intent") == []
    assert strict.snapshot() == before
