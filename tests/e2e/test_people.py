"""Two people approve, one of them takes notes, and a measure is lifted before its time: with real signatures and enforced IAM."""

from world import INVENTORY


def test_two_people_approve_and_one_lifts(strict):
    two = '[approval]\nsecond_approver_for = ["high", "critical"]'
    inventory = INVENTORY.format(mode="ask", timeout="30m", reminder="20m").replace("[approval]", two)
    strict.deploy("ask", inventory=inventory)
    intruder = strict.intruder()
    before = strict.snapshot()
    strict.report(strict.layer(intruder))
    incident = strict.asked(intruder)

    printed = strict.on_call_does("approve", incident)
    assert "accepted; a second approver is needed before" in printed, printed
    printed = strict.on_call_does("approve", incident, status=1)
    assert "a second person must approve" in printed, printed
    assert strict.snapshot() == before and strict.refused(intruder) is None

    bob = strict.account.session(strict.on_call.role, "bob")
    assert "recorded: acknowledged by" in strict.on_call_does("ack", incident, who=bob)
    assert "recorded: assigned to build team" in strict.on_call_does("assign", incident, "--to", "build team", who=bob)
    assert strict.trail.incident(incident)["status"] == "awaiting_approval"
    printed = strict.on_call_does("approve", incident, who=bob)
    assert "closed: contained" in printed, printed
    assert strict.refused(intruder)
    told = [record.body["kind"] for record in strict.trail.of_kind(incident, "notification")]
    assert told.count("second_approver") == 1, told

    none = strict.on_call_does("undo", incident, "--step", "7", status=1)
    assert "nothing of step 7 stands" in none, none
    printed = strict.on_call_does("lift", incident, who=bob)
    assert "lift asked for by" in printed and "closed: undone" in printed, printed
    assert strict.refused(intruder) is None
    assert "recorded: acknowledged by" in strict.on_call_does("ack", incident)
    strict.on_call_does("audit", "verify", incident)
