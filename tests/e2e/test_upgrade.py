"""A new version comes while somebody is being asked, and tables of a form that the deployed version does not know."""

import json
import shutil
from pathlib import Path

import deploy
from trail import wait
from world import INVENTORY, binaries


def _next_release(world, folder: Path) -> Path:
    """The template with a respond machine that does one more thing: it passes a state `Upgraded` first."""
    root = deploy.default_template().parents[1]
    shutil.copytree(root / "statemachine", folder / "statemachine")
    (folder / "infra").mkdir()
    shutil.copy(deploy.default_template(), folder / "infra" / "template.yaml")
    path = folder / "statemachine" / "respond.asl.json"
    machine = json.loads(path.read_text(encoding="utf-8"))
    machine["States"]["Upgraded"] = {"Type": "Pass", "Next": machine["StartAt"]}
    machine["StartAt"] = "Upgraded"
    path.write_text(json.dumps(machine), encoding="utf-8")
    return folder / "infra" / "template.yaml"


def _passed(world, incident: str) -> set[str]:
    """The states that the execution of an incident entered so far."""
    arn = world.machine("respond").replace(":stateMachine:", ":execution:") + f":{incident}"
    pages = world.account.client("stepfunctions").get_paginator("get_execution_history").paginate(executionArn=arn)
    return {e["stateEnteredEventDetails"]["name"] for page in pages for e in page["events"] if "stateEnteredEventDetails" in e}


def _live(world) -> str:
    alias = world.account.client("stepfunctions").describe_state_machine_alias(stateMachineAliasArn=f"{world.machine('respond')}:live")
    return alias["routingConfiguration"][0]["stateMachineVersionArn"]


def test_a_request_that_waits_survives_an_upgrade_and_the_next_one_runs_the_new_version(strict, tmp_path):
    strict.deploy("ask")
    before = _live(strict)
    first = strict.intruder()
    strict.report(strict.layer(first))
    incident = strict.asked(first)
    text = INVENTORY.format(mode="ask", timeout="31m", reminder="20m")  # functions that were changed start anew
    parameters = {"Mode": "ask", "InlineDeny": "allowed", "Inventory": text}
    deploy.deploy(strict.settings, _next_release(strict, tmp_path), binaries(), parameters)
    assert _live(strict) != before

    strict.on_call_does("approve", incident)
    strict.closed(incident, "contained")
    assert strict.refused(first) == "AccessDeniedException"
    assert "Upgraded" not in _passed(strict, incident), "it goes on with the version that it began with"

    second = strict.intruder()
    strict.report(strict.layer(second))
    later = strict.asked(second)
    assert "Upgraded" in _passed(strict, later)
    states = strict.account.client("stepfunctions")
    alias = f"{strict.machine('respond')}:live"
    states.update_state_machine_alias(stateMachineAliasArn=alias, routingConfiguration=[{"stateMachineVersionArn": before, "weight": 100}])
    third = strict.intruder()
    strict.report(strict.layer(third))
    assert "Upgraded" not in _passed(strict, strict.asked(third)), "and the one before is there to go back to"
    for asked in (later, strict.incident(third)):
        strict.on_call_does("reject", asked, "--comment", "only an upgrade")
        strict.closed(asked, "rejected")


def _mark(world, form: int) -> None:
    row = {"pk": {"S": "schema#version"}, "sk": {"S": "row"}, "form": {"N": str(form)}}
    world.account.client("dynamodb").put_item(TableName=f"{world.account.stack}-state", Item=row)


def _waiting(world) -> int:
    sqs = world.account.client("sqs")
    url = sqs.get_queue_url(QueueName=f"{world.account.stack}-failed-events")["QueueUrl"]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
    return int(found["Attributes"]["ApproximateNumberOfMessages"])


def test_tables_of_a_newer_form_are_refused_and_the_events_wait(strict):
    strict.deploy("ask")
    assert strict.invoke("decide", {"task": "sweep"})[1] is None
    assert strict.trail.item("schema#version", "row")["form"] == 2, "Decide marks what it writes"

    _mark(strict, 3)
    strict.deploy("ask", timeout="32m")  # as if an older version were deployed: each function starts anew
    intruder, waiting = strict.intruder(), _waiting(strict)
    for function in ("detect", "decide", "remediate"):
        answer, error = strict.invoke(function, {"task": "sweep"})
        assert error == "Permanent", (function, answer)
        assert "form 3" in answer["errorMessage"] and "deploy the version again that wrote them" in answer["errorMessage"]
    strict.report(strict.layer(intruder))
    wait("the event in the failed-events queue", 40, lambda: _waiting(strict) > waiting)
    assert strict.rows(intruder.user_id) == [], "nothing was written for it"
    assert "form 3" in strict.on_call_does("incidents", "list", status=3)

    _mark(strict, 2)  # the right version is there again
    assert strict.invoke("decide", {"task": "sweep"})[1] is None
    strict.report(strict.layer(intruder))
    strict.on_call_does("reject", strict.asked(intruder), "--comment", "only an upgrade")
