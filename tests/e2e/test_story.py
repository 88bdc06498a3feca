"""The promise as a whole: a layer leaves, the session is cut off, the record proves it, and all of it can be taken back."""

from people import BUILD


def test_the_session_is_cut_off_and_nobody_else(world):
    intruder = world.intruder(path="/team/")
    role = intruder.role
    colleague = world.account.session(role, "colleague")
    before = world.snapshot()
    world.report(world.manifest(intruder), world.layer(intruder, 0), world.layer(intruder, 1))
    incident = world.asked(intruder)
    assert world.refused(intruder) is None, "nothing may happen before a person has answered"
    assert world.snapshot() == before

    world.on_call_does("approve", incident, "--comment", "not ours")
    world.closed(incident, "contained")
    assert world.refused(intruder) == "AccessDeniedException"
    assert world.refused(colleague) is None
    assert world.refused(world.account.session(role, "newcomer")) is None
    changed = {arn for arn, held in world.snapshot().items() if held != before[arn]}
    assert changed == {role.arn}

    world.on_call_does("audit", "verify", incident)
    world.on_call_does("undo", incident)
    world.closed(incident, "undone")
    assert world.snapshot() == before
    assert world.refused(intruder) is None
    world.on_call_does("audit", "verify", incident)
    assert [r.kind for r in world.trail.records(incident)].count("intent") == 1


def test_what_was_there_is_recorded_before_it_is_changed(world):
    intruder = world.intruder()
    world.report(world.layer(intruder))
    incident = world.asked(intruder)
    world.on_call_does("approve", incident)
    world.closed(incident, "contained")
    kinds = [record.kind for record in world.trail.records(incident)]
    order = ["finding", "decision", "approval_requested", "approval_accepted", "intent", "outcome", "closing"]
    assert [kind for kind in kinds if kind in order] == order


def test_a_rejection_changes_nothing(world):
    intruder = world.intruder()
    before = world.snapshot()
    world.report(world.layer(intruder))
    incident = world.asked(intruder)
    world.on_call_does("reject", incident, "--comment", "planned migration")
    world.closed(incident, "rejected")
    assert world.snapshot() == before
    assert world.refused(intruder) is None


def test_a_protected_role_is_never_touched_but_people_are_told(world):
    intruder = world.intruder("break-glass")
    before = world.snapshot()
    world.report(world.layer(intruder))
    incident = world.incident(intruder)
    row = world.ended(incident)
    assert row["status"] in ("observed", "escalated"), world.told_story(incident)
    assert world.snapshot() == before
    assert world.alerts(incident)
    assert not world.trail.of_kind(incident, "approval_requested")


def test_a_user_loses_key_and_access_and_gets_back_both(world):
    user = world.account.user(world.name("user"), BUILD)
    assert world.refused(user) is None
    before = world.snapshot()
    world.report(world.layer(user))
    incident = world.asked(user)
    world.on_call_does("approve", incident)
    world.closed(incident, "contained")
    assert world.refused(user)
    held = world.snapshot()[user.arn]
    assert held["keys"] == [(user.key, "Inactive")]
    assert set(held["inline"]) == {"work", f"layerguard-{incident}"}
    world.on_call_does("undo", incident)
    world.closed(incident, "undone")
    assert world.snapshot() == before
    assert world.refused(user) is None
