"""Answers that do not count are recorded as refused, and the wait goes on."""

import hashlib
import json
from datetime import datetime, timedelta, timezone

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

BODY = "Action=GetCallerIdentity&Version=2011-06-15"


@pytest.fixture
def waiting(world):
    """An incident that waits for an answer: `(incident, plan hash, the intruder's session)`."""
    intruder = world.intruder(managed=(world.account.on_call_policy(),))
    world.report(world.layer(intruder))
    incident = world.asked(intruder)
    return incident, world.trail.of_kind(incident, "decision")[-1].body["plan_hash"], intruder


def signed(world, who, incident, plan, verb="approve", secret=None, ago=timedelta()) -> dict:
    """An answer as the command line stores it, signed by `who`."""
    headers = {
        "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
        "Host": world.account.endpoint.removeprefix("http://"),
        "X-Layerguard-Incident": incident,
        "X-Layerguard-Plan": plan,
        "X-Layerguard-Answer": verb,
        "X-Layerguard-Comment-Sha256": hashlib.sha256(b"").hexdigest(),
    }
    request = AWSRequest("POST", f"{world.account.endpoint}/", data=BODY, headers=headers)
    now = datetime.now(timezone.utc) - ago

    class Then(SigV4Auth):
        def add_auth(self, request):
            request.context["timestamp"] = now.strftime("%Y%m%dT%H%M%SZ")
            self._modify_request_before_signing(request)
            canonical = self.canonical_request(request)
            self._inject_signature_to_request(request, self.signature(self.string_to_sign(request, canonical), request))

    Then(Credentials(who.key, secret or who.secret, who.token), "sts", world.account.region).add_auth(request)
    return {
        "incident": incident,
        "verb": verb,
        "plan_hash": plan,
        "comment": None,
        "given_at": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "request": {
            "endpoint": world.account.endpoint,
            "headers": {name.lower(): str(value) for name, value in request.headers.items()},
        },
    }


def give(world, incident: str, answer: dict, sort: str) -> None:
    """Stores an answer as somebody with the on-call permissions could, ends the wait, and waits for the next one."""
    token = world.token(incident)
    item = {"pk": {"S": f"answer#{incident}"}, "sk": {"S": sort}, "doc": {"S": json.dumps(answer)}}
    world.account.client("dynamodb", world.on_call).put_item(TableName=f"{world.account.stack}-state", Item=item)
    world.account.client("stepfunctions", world.on_call).send_task_success(taskToken=token, output="{}")
    world.moves_on(incident, token)


def refused(world, incident: str, number: int, word: str) -> None:
    record = world.recorded(incident, "approval_refused", number)[-1]
    assert word in record.body["reason"], record.body
    assert world.trail.of_kind(incident, "approval_accepted") == []
    assert world.trail.incident(incident)["status"] == "awaiting_approval"


def test_answers_that_do_not_count(world, waiting):
    incident, plan, intruder = waiting
    before = world.snapshot()
    forged = signed(world, world.on_call, incident, plan, secret="another secret")
    give(world, incident, forged, "forged")
    refused(world, incident, 1, "STS does not accept")
    altered = signed(world, world.on_call, incident, plan, verb="reject") | {"verb": "approve"}
    give(world, incident, altered, "altered")
    refused(world, incident, 2, "another answer")
    elsewhere = signed(world, world.on_call, "0123456789abcdef-1", plan) | {"incident": incident}
    give(world, incident, elsewhere, "elsewhere")
    refused(world, incident, 3, "another incident")
    give(world, incident, signed(world, world.on_call, incident, "0" * 64), "old plan")
    refused(world, incident, 4, "another plan")
    give(world, incident, signed(world, world.on_call, incident, plan, ago=timedelta(minutes=20)), "stale")
    refused(world, incident, 5, "15 minutes")
    give(world, incident, signed(world, intruder, incident, plan), "accused")
    refused(world, incident, 6, "accused")
    colleague = world.account.session(intruder.role, "colleague")
    give(world, incident, signed(world, colleague, incident, plan), "same lineage")
    refused(world, incident, 7, "same lineage")
    assert world.snapshot() == before

    # Nonsense beside them does no harm, and a true answer still counts.
    item = {"pk": {"S": f"answer#{incident}"}, "sk": {"S": "nonsense"}, "doc": {"S": "{"}}
    world.account.client("dynamodb", world.on_call).put_item(TableName=f"{world.account.stack}-state", Item=item)
    world.on_call_does("approve", incident)
    world.closed(incident, "contained")


def test_an_answer_counts_once(world, waiting):
    incident, plan, intruder = waiting
    first = signed(world, world.on_call, incident, plan, verb="reject")
    give(world, incident, first, "first")
    world.closed(incident, "rejected")
    # More of the same within the hour belongs to the rejected incident: recorded, and nobody is asked again.
    world.report(world.layer(intruder, 1))
    assert len(world.rows(intruder.user_id)) == 1
    # The next incident of the same session, and a copy of the answer to the former one.
    later = (datetime.now(timezone.utc) + timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M:%SZ")
    world.report(world.layer(intruder, 1) | {"eventTime": later})
    again = world.asked(intruder, generation=2)
    give(world, again, first | {"incident": again}, "copied")
    refused(world, again, 1, "another incident")
    again_plan = world.trail.of_kind(again, "decision")[-1].body["plan_hash"]
    assert again_plan != plan
    world.on_call_does("reject", again, "--comment", "seen")
    world.closed(again, "rejected")


def test_the_accused_is_refused_through_the_command_line(world, waiting):
    incident, _, intruder = waiting
    printed = world.on_call_does("approve", incident, who=intruder, status=1)
    assert "accused" in printed, printed
    assert world.refused(intruder) is None
    printed = world.on_call_does("reject", incident, "--comment", "it is me", who=intruder, status=1)
    assert "accused" in printed, printed
    world.on_call_does("approve", incident)
    world.closed(incident, "contained")


def test_a_bystander_is_refused(world, waiting):
    incident, _, _ = waiting
    bystander = world.intruder("bystander", managed=(world.account.on_call_policy(),))
    printed = world.on_call_does("approve", incident, who=bystander, status=1)
    assert "on call" in printed, printed
    world.on_call_does("reject", incident, "--comment", "seen")
    world.closed(incident, "rejected")
