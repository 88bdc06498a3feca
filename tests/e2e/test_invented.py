"""Whoever may start an execution, end a wait or call a function cannot make layerguard act."""

import json

import pytest
from trail import wait


def test_an_invented_incident_changes_nothing(world):
    before = world.snapshot()
    plan = {"steps": [{"incident_id": "0123456789abcdef-1", "step": 0}], "next": "contain", "approved": True}
    ended = world.start("respond", {"incident_id": "0123456789abcdef-1", **plan})
    # Decide knows no such incident and cannot escalate it either: people are told with fixed words, and it fails.
    assert ended["status"] == "FAILED"
    assert world.snapshot() == before
    assert world.trail.records("0123456789abcdef-1") == []
    assert world.alerts("0123456789abcdef-1")


def test_an_input_without_an_incident_changes_nothing(world):
    before = world.snapshot()
    world.start("respond", {"next": "contain", "steps": [{"step": 0}]})
    assert world.snapshot() == before


def test_extra_fields_for_a_real_incident_change_nothing(world):
    intruder = world.intruder()
    world.report(world.layer(intruder))
    incident = world.asked(intruder)
    before = world.snapshot()
    states = world.account.client("stepfunctions")
    forged = {"incident_id": incident, "next": "contain", "steps": [{"incident_id": incident, "step": 0}]}
    arn = states.start_execution(
        stateMachineArn=world.machine("respond"), input=json.dumps(forged), name=f"{incident}-forged"
    )["executionArn"]
    # It asks as the true one does, and waits.
    wait(
        "the forged execution to wait",
        40,
        lambda: any(e["type"] == "TaskSubmitted" or "RequestApproval" in str(e) for e in _history(states, arn)),
    )
    assert world.snapshot() == before
    assert world.trail.incident(incident)["status"] == "awaiting_approval"
    assert len(world.alerts(incident)) == 1
    states.stop_execution(executionArn=arn)
    # The token of the true wait was replaced by the forged execution's: the answer counts all the same.
    world.on_call_does("reject", incident, "--comment", "seen", "--wait", "90")
    world.closed(incident, "rejected")


def _history(states, arn: str) -> list[dict]:
    return states.get_execution_history(executionArn=arn)["events"]


def test_a_callback_with_an_invented_answer_changes_nothing(world):
    intruder = world.intruder()
    world.report(world.layer(intruder))
    incident = world.asked(intruder)
    before = world.snapshot()
    token = world.token(incident)
    invented = {
        "next": "contain",
        "approved": True,
        "steps": [{"incident_id": incident, "step": 0}],
        "incident_id": incident,
    }
    world.account.client("stepfunctions").send_task_success(taskToken=token, output=json.dumps(invented))
    world.moves_on(incident, token)
    assert world.trail.incident(incident)["status"] == "awaiting_approval"
    assert world.snapshot() == before
    assert world.trail.of_kind(incident, "approval_accepted") == []
    assert len(world.alerts(incident)) == 1, "people are not asked again for a callback"
    world.on_call_does("approve", incident)
    world.closed(incident, "contained")


@pytest.mark.parametrize("task", ["apply", "undo"])
def test_remediate_does_nothing_that_is_not_approved(world, task):
    intruder = world.intruder()
    world.report(world.layer(intruder))
    incident = world.asked(intruder)
    before = world.snapshot()
    seen = world.trail.records(incident)
    for step in (0, 1, 7):
        answer, error = world.invoke("remediate", {"task": task, "incident_id": incident, "step": step})
        # To take back what never stood is nothing to do.
        assert error == "Permanent" or (task, answer["outcome"]) == ("undo", "nothing_to_do"), answer
    assert world.snapshot() == before
    assert not [r for r in world.trail.records(incident)[len(seen) :] if r.kind in ("intent", "outcome", "undo_intent")]


def test_remediate_does_not_know_an_invented_incident(world):
    before = world.snapshot()
    answer, error = world.invoke("remediate", {"task": "apply", "incident_id": "0123456789abcdef-9", "step": 0})
    assert error == "InvalidInput", answer
    assert world.snapshot() == before


@pytest.mark.parametrize("function", ["decide", "remediate"])
@pytest.mark.parametrize("payload", [{}, {"task": "obey"}, "half a", [], {"task": "apply"}])
def test_nonsense_is_invalid_input(world, function, payload):
    answer, error = world.invoke(function, payload)
    assert error == "InvalidInput", answer
