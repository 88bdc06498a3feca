"""The record as an auditor gets it: found, exported, verified elsewhere, and nothing but read."""

import json
import os
import subprocess

import botocore.session
import pytest
from botocore.validate import ParamValidator
from world import binaries


@pytest.fixture(scope="module")
def auditor(world):
    """A session with the auditor's policy alone."""
    policy = f"arn:aws:iam::{world.account.number}:policy/{world.account.stack}-auditor"
    role = world.account.role(world.name("auditor"), managed=(policy,))
    return world.account.session(role, "ada")


@pytest.fixture(scope="module")
def contained(world):
    intruder = world.intruder()
    world.report(world.manifest(intruder), world.layer(intruder, 0), world.layer(intruder, 1))
    incident = world.asked(intruder)
    world.on_call_does("approve", incident, "--comment", "not ours")
    world.closed(incident, "contained")
    return intruder, incident


def lines(printed: str) -> list[dict]:
    return [json.loads(line) for line in printed.splitlines() if line.startswith("{")]


def test_an_auditor_finds_records_by_what_they_are_about(world, auditor, contained):
    intruder, incident = contained

    def query(*words: str) -> list[dict]:
        return lines(world.on_call_does("audit", "query", "--format", "json", *words, who=auditor))

    recorded = world.trail.records(incident)
    mine = query("--principal", intruder.user_id, "--limit", "1000")
    assert [(r["incident"], r["seq"]) for r in mine] == [(incident, n) for n in reversed(range(len(recorded)))]
    assert all(r["verified"] for r in mine)
    assert {r["kind"] for r in query("--kind", "decision", "--account", world.account.number)} == {"decision"}
    assert query("--rule", "ecr_pull_breadth", "--principal", intruder.user_id) == []
    assert [r["seq"] for r in query("--incident", incident)] == list(range(len(recorded)))
    # Page by page the same.
    paged, more = [], []
    while True:
        printed = world.on_call_does(
            "audit", "query", "--format", "json", "--principal", intruder.user_id, "--limit", "3", *more, who=auditor
        )
        paged += lines(printed)
        if "--before " not in printed:
            break
        more = ["--before", printed.split("--before ")[1].split()[0]]
    assert paged == mine


def test_a_bundle_is_verified_on_a_machine_without_an_account(world, auditor, contained):
    _, incident = contained
    bundle = world.scratch("evidence.tar.gz")
    world.on_call_does("audit", "export", incident, "--output", str(bundle), "--force", who=auditor)

    def verified(path) -> subprocess.CompletedProcess:
        command = [str(binaries() / "layerguard"), "audit", "verify", str(path)]
        bare = {"PATH": os.environ["PATH"], "HOME": "/nonexistent"}
        return subprocess.run(command, env=bare, capture_output=True, text=True, timeout=60, check=False)

    good = verified(bundle)
    assert good.returncode == 0, good.stdout + good.stderr
    assert "closed and whole" in good.stdout
    told = lines(world.on_call_does("audit", "query", "--incident", incident, "--format", "json", who=auditor))
    assert told[-1]["hash"] in good.stdout, "the head is the stack's own"
    # Unpacked it is checked by the ordinary tools, and one altered letter is found.
    folder = world.scratch("unpacked")
    folder.mkdir(exist_ok=True)
    subprocess.run(["tar", "-xzf", str(bundle), "-C", str(folder), "--strip-components=1"], check=True)
    subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=folder, check=True)
    records = folder / "records" / "incident.jsonl"
    text = records.read_text(encoding="utf-8")
    records.write_text(text.replace("not ours", "not 0urs"), encoding="utf-8")
    bad = verified(folder)
    assert bad.returncode == 1 and "its content was altered" in bad.stdout, bad.stdout + bad.stderr
    secrets = [value for value in (auditor.secret, auditor.token) if value]
    assert not any(secret in path.read_text(encoding="utf-8") for secret in secrets for path in folder.rglob("*.*"))


def test_findings_are_what_security_hub_takes(world, auditor, contained):
    _, incident = contained
    printed = world.on_call_does("findings", "export", "--format", "asff", "--incident", incident, who=auditor)
    (batch,) = lines(printed)
    model = botocore.session.get_session().get_service_model("securityhub")
    report = ParamValidator().validate(batch, model.operation_model("BatchImportFindings").input_shape)
    assert not report.has_errors(), report.generate_report()
    printed = world.on_call_does("findings", "export", "--format", "ocsf", "--since", "1d", who=auditor)
    assert {finding["class_uid"] for finding in lines(printed)} == {2004}


def test_an_auditor_verifies_everything_and_writes_nothing(world, auditor, contained):
    _, incident = contained
    world.on_call_does("audit", "verify", incident, who=auditor)
    world.on_call_does("audit", "verify", "--all", who=auditor)
    world.on_call_does("incidents", "list", who=auditor)
    state = world.account.client("dynamodb", auditor)
    table = f"{world.account.stack}-state"
    for call, arguments in (
        (state.put_item, {"Item": {"pk": {"S": f"answer#{incident}"}, "sk": {"S": "x"}}}),
        (state.get_item, {"Key": {"pk": {"S": f"approval#{incident}"}, "sk": {"S": "request"}}}),
        (state.scan, {}),
    ):
        with pytest.raises(state.exceptions.ClientError) as refused:
            call(TableName=table, **arguments)
        assert refused.value.response["Error"]["Code"] == "AccessDeniedException"
