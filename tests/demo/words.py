"""Audit records in the words of the timeline."""

from trail import Record


def tell(record: Record) -> list[str]:
    """The lines that say what a record records."""
    known = _TELLERS.get(record.kind)
    return known(record.body) if known else [record.kind.replace("_", " ")]


def _finding(body: dict) -> list[str]:
    calls: dict[str, int] = {}
    for event in body["events"]:
        calls[event["call"]] = calls.get(event["call"], 0) + 1
    counted = ", ".join(f"{count} {call}" for call, count in sorted(calls.items()))
    return [f"finding: {_count(len(body['events']), 'event')} in one incident: {counted}"]


def _decision(body: dict) -> list[str]:
    lines = [f"decision: {body['decision']}, severity {body.get('severity') or 'unknown'}"]
    lines += [f"rule {rule}" for rule in body["rules"]]
    for step in body["plan"]["steps"]:
        if step["target"]["kind"] != "on_call":
            lines.append(f"step {step['number']}, {step['mode']}: {step['action']}")
            lines += [f"because {reason}" for reason in step["reasons"]]
    return lines + body["reasons"] + body["errors"]


def _asked(body: dict) -> list[str]:
    word = "reminder" if body["reminder"] else "approval request"
    return [f"{word}: the plan {body['plan_hash'][:12]} waits for a person until {body['deadline'][11:19]}"]


def _accepted(body: dict) -> list[str]:
    return [f"{body['verb']} accepted; STS says who signed it: {body['approver_arn']}"]


def _refused(body: dict) -> list[str]:
    who = (body.get("approver") or {}).get("arn", "nobody whom it knows")
    return [f"{body['verb']} refused, and recorded; STS says who signed it: {who}"]


def _outcome(body: dict) -> list[str]:
    detail = f": {body['detail']}" if body.get("detail") else ""
    return [f"outcome of step {body['step']}: {body['result'].replace('_', ' ')}{detail}"]


_TELLERS = {
    "finding": _finding,
    "decision": _decision,
    "approval_requested": _asked,
    "approval_accepted": _accepted,
    "approval_refused": _refused,
    "approval_expired": lambda body: [f"nobody answered in time: {body['outcome']}"],
    "acknowledged": lambda body: [f"seen by {body['by']['arn']}"],
    "assigned": lambda body: [f"assigned to {body['to']} by {body['by']['arn']}"],
    "intent": lambda body: [f"intent: {body['action']}, with what was there before recorded first"],
    "outcome": _outcome,
    "undo_intent": lambda body: [f"intent: take step {body['step']} back"],
    "undo_outcome": _outcome,
    "notification": lambda body: [f"people are told: {body['kind'].replace('_', ' ')}"],
    "escalation": lambda body: [f"escalated: {body['reason']}"],
    "closing": lambda body: [f"closed as {body['status'].replace('_', ' ')}"],
}


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")
