"""Packages and what is looked at before they are deployed; what needs no account."""

import hashlib
import io
import json
import shutil
import subprocess
import sys
import zipfile
import zlib
from argparse import Namespace
from dataclasses import replace
from pathlib import Path

import pytest
from template import PATH, ROOT

sys.path.append(str(ROOT / "infra" / "install"))

import account  # noqa: E402
import archive  # noqa: E402
import listing  # noqa: E402
import parameters  # noqa: E402
import plan  # noqa: E402
from account import Place  # noqa: E402
from release import escaped  # noqa: E402

BUILD = listing.Build("0.1.0", "59807616e1fa2540724bfbac14d7976d7e4a3860", "arm64", "rustc 1.95.0", "2.34")


def program(machine: int, rest: bytes = b"") -> bytes:
    """As much of an ELF file as is looked at."""
    return b"\x7fELF\x02\x01".ljust(18, b"\0") + machine.to_bytes(2, "little") + rest


def made(folder, machine: int = 183, commit: str | None = None):
    programs = {name: program(machine, name.encode()) for name in archive.FUNCTIONS}
    listing.write(folder, replace(BUILD, commit=commit), programs, {name: archive.packed(content) for name, content in programs.items()}, {"detect": "{}\n"})
    return folder


def test_a_package_is_an_executable_bootstrap_and_the_same_bytes_each_time():
    packed = archive.packed(program(62, b"x" * 1000))
    assert packed == archive.packed(program(62, b"x" * 1000))
    (entry,) = zipfile.ZipFile(io.BytesIO(packed)).infolist()
    assert (entry.filename, entry.date_time[0], entry.external_attr >> 16) == ("bootstrap", 1980, 0o100755)


def test_what_another_deflate_packs_is_the_same_program():
    content = program(62, bytes(range(256)) * 400 + b"PK\x01\x02 in the middle of it")
    packed = archive.packed(content, deflate=lambda data: zlib.compress(data, 9, wbits=-zlib.MAX_WBITS))
    with zipfile.ZipFile(io.BytesIO(packed)) as opened:
        (entry,) = opened.infolist()
        assert opened.testzip() is None and opened.read("bootstrap") == content
    (usual,) = zipfile.ZipFile(io.BytesIO(archive.packed(content))).infolist()
    told = ("filename", "compress_type", "CRC", "file_size", "external_attr", "create_system", "date_time")
    assert [getattr(entry, name) for name in told] == [getattr(usual, name) for name in told]
    assert entry.compress_size < len(content) and len(packed) < entry.compress_size + 200


def test_a_program_runs_without_its_tables_for_unwinding_and_packs_smaller(tmp_path):
    whole = Path(shutil.which("true")).resolve().read_bytes()
    lean = archive.without_unwinding(whole)
    assert len(lean) == len(whole) and len(archive.packed(lean)) < len(archive.packed(whole))
    assert archive.without_unwinding(lean) == lean
    path = tmp_path / "lean"
    path.write_bytes(lean)
    path.chmod(0o755)
    assert subprocess.run([path]).returncode == 0
    with pytest.raises(archive.Refused):
        archive.without_unwinding(b"#!/bin/sh\n")


def test_the_processor_is_read_from_the_program():
    assert [archive.architecture_of(program(machine)) for machine in (183, 62, 3)] == ["arm64", "x86_64", None]
    assert archive.architecture_of(b"#!/bin/sh\n") is None


def test_what_is_written_down_is_what_is_there(tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "REPOSITORY", tmp_path)  # a release that was unpacked, no checkout
    folder = made(tmp_path / "arm64", commit=BUILD.commit)
    for line in (folder / archive.SUMS).read_text(encoding="utf-8").splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
    listed = json.loads((folder / archive.LISTED).read_text(encoding="utf-8"))
    assert listed["build"] == "0.1.0 (59807616e1fa)" and set(listed["functions"]) == set(archive.FUNCTIONS)
    found = archive.packages(folder, "arm64")
    assert (found.build, found.architecture) == ("0.1.0 (59807616e1fa)", "arm64")


def test_packages_that_are_missing_altered_or_for_another_processor_are_refused(tmp_path):
    with pytest.raises(archive.Refused, match="make package ARCH=arm64"):
        archive.packages(tmp_path / "none", "arm64")
    with pytest.raises(archive.Refused, match="is for x86_64, not for arm64"):
        archive.packages(made(tmp_path / "other", machine=62), "arm64")
    folder = made(tmp_path / "altered")
    (folder / "decide.zip").write_bytes((folder / "detect.zip").read_bytes())
    with pytest.raises(archive.Refused, match="checksum"):
        archive.packages(folder, "arm64")
    (folder / "decide.zip").unlink()
    with pytest.raises(archive.Refused, match="is missing"):
        archive.packages(folder, "arm64")


def test_what_keeps_packages_from_being_made_is_said(tmp_path):
    def said(*words: str) -> tuple[int, str]:
        done = subprocess.run([sys.executable, str(ROOT / "infra/install/package.py"), *words], capture_output=True, text=True)
        assert "Traceback" not in done.stderr, done.stderr
        return done.returncode, done.stderr

    assert said("--arch", "sparc") == (2, "layerguard: `sparc` is no processor of Lambda: say ARCH=arm64 or ARCH=x86_64\n")
    for name in archive.FUNCTIONS:
        (tmp_path / f"layerguard-{name}").write_bytes(program(62))
    (tmp_path / "file").touch()
    status, text = said("--arch", "x86_64", "--bin-dir", str(tmp_path), "--out", str(tmp_path / "file" / "out"))
    assert status == 1 and "could not write" in text and "the packages are not there" in text, text


def test_the_template_is_deployed_as_it_is_but_for_the_paths(tmp_path):
    found = archive.packages(made(tmp_path / "arm64"), "arm64")
    text, source = found.template(PATH), PATH.read_text(encoding="utf-8")
    assert "../target/lambda" not in text and "../statemachine" not in text
    changed = [old for old, new in zip(source.splitlines(), text.splitlines(), strict=True) if old != new]
    assert changed and all("CodeUri" in line or "DefinitionUri" in line for line in changed), changed
    (tmp_path / "odd.yaml").write_text("Resources: {}\n", encoding="utf-8")
    with pytest.raises(archive.Refused, match="do not fit each other"):
        found.template(tmp_path / "odd.yaml")


def test_a_question_offers_what_is_deployed_and_is_asked_again_where_the_answer_cannot_be(monkeypatch, tmp_path, capsys):
    topic = "arn:aws:sns:eu-central-1:111122223333:security"
    answers = iter(["security", "", str(tmp_path / "none.toml"), "", "Ask", "ask", "allowed", "example", "o-exampleorgid", ""])
    asked = []
    monkeypatch.setattr("builtins.input", lambda text: (asked.append(text), next(answers))[1])
    monkeypatch.setattr(plan, "require_topic", lambda here, arn: account.require_topic(here, arn) if arn != topic else None)
    given = Namespace(topic=None, inventory=None, mode=None, parameter=[], more="")
    here = Nowhere("layerguard", "eu-central-1", "111122223333", "arn:aws:iam::111122223333:user/ada",
                   {"AlertTopicArn": topic, "Inventory": "x", "Mode": "observe", "TrailBucket": "ours"})
    plan.ask(given, here, parameters.declared())
    assert f"{topic}]" in asked[0] and asked[1] == asked[0] and "as it is" in asked[2] and len(asked) == 10
    assert (given.topic, given.inventory, given.mode) == (topic, None, "ask")
    assert given.parameter == ["InlineDeny=allowed", "OrganizationId=o-exampleorgid"]
    said = capsys.readouterr().out
    for reason in ("no ARN of a topic", "could not read the inventory", "one of: observe, ask, act", "id of an organisation"):
        assert reason in said, said


def test_other_parameters_are_those_of_the_template_and_what_it_takes(tmp_path):
    known = parameters.declared()
    pattern = tmp_path / "pulls.json"
    pattern.write_text('{"source": ["aws.ecr"]}\n', encoding="utf-8")
    more = parameters.words(f"Drill=enabled DrillSchedule='rate(1 day)' PullsPattern=@{pattern}")
    assert parameters.given(more, known) == {"Drill": "enabled", "DrillSchedule": "rate(1 day)", "PullsPattern": '{"source": ["aws.ecr"]}'}
    assert parameters.given(["NeverTouchArns=a,b", "LogRetentionDays=30", "TrailBucket="], known)["TrailBucket"] == ""
    for text, said in (
        ("Drill", "NAME=VALUE"), ("Mode=act", "variable of its own: MODE="), ("Dril=enabled", "did you mean `Drill`"),
        ("Colour=red", "infra/README.md"), ("InlineDeny=yes", "forbidden, allowed"), ("LogRetentionDays=7", "one of: 30, 60"),
        ("OrganizationId=example", "must be the id of an organisation"), ("TrailBucket=s3://ours", "must be the name of a bucket"),
        ("PullsPattern={" + "x" * 2048 + "}", "room for 2048"), ("PullsPattern=@none.json", "could not read `none.json`"),
    ):
        with pytest.raises(archive.Refused, match=said):
            parameters.given([text], known)
    assert parameters.tags("team='cloud security' cost-center:a=42/b") == {"team": "cloud security", "cost-center:a": "42/b"}
    for text in ("team", "team=a=b", "aws:x=y", "=x", "a="):
        with pytest.raises(archive.Refused, match="is no tag"):
            parameters.tags(text)
    with pytest.raises(archive.Refused, match="no JSON.*PullsPattern=@FILE"):
        parameters.given(parameters.words('PullsPattern={"source":["aws.ecr"]}'), parameters.declared())
    found, lost = parameters.passable({"team": "security", "Owner": "Müller", "aws:servicecatalog:x": "y", "empty": ""})
    assert (found, lost) == ({"team": "security"}, ["Owner", "empty"])
    with pytest.raises(archive.Refused, match="MORE cannot be read"):
        parameters.words("DrillSchedule='rate(1 day)")


def test_packages_of_another_commit_than_the_template_are_refused(tmp_path, monkeypatch):
    def git(*words: str) -> str:
        who = ["-c", "user.name=ada", "-c", "user.email=ada@example.com"]
        return subprocess.run(["git", *who, *words], cwd=project, check=True, capture_output=True, text=True).stdout.strip()

    def commit(name: str, text: str) -> str:
        (project / name).write_text(text, encoding="utf-8")
        git("add", ".")
        git("commit", "--quiet", "--message", name)
        return git("rev-parse", "HEAD")

    project = tmp_path / "project"
    project.mkdir()
    git("init", "--quiet")
    first = commit("Cargo.toml", "one")
    monkeypatch.setattr(archive, "REPOSITORY", project)
    folder = made(tmp_path / "arm64", commit=first)
    commit("README.md", "what the packages do not hold")
    assert archive.packages(folder, "arm64").commit == first
    (project / "Cargo.toml").write_text("not yet", encoding="utf-8")
    with pytest.raises(archive.Refused, match="has changes that are in no commit"):
        archive.packages(folder, "arm64")
    commit("Cargo.toml", "two")
    with pytest.raises(archive.Refused, match=f"of commit {first[:12]}, and the template .*make package"):
        archive.packages(folder, "arm64")
    with pytest.raises(archive.Refused, match="not in this checkout"):
        archive.packages(made(tmp_path / "else", commit="0" * 40), "arm64")
    assert archive.packages(made(tmp_path / "none", commit=None), "arm64").commit is None
    monkeypatch.setenv("PATH", str(tmp_path))  # without git nothing is known
    assert archive.packages(folder, "arm64").commit == first


def deployment(tmp_path, **given) -> Namespace:
    """What is given for a new stack whose packages are there."""
    folder = tmp_path / "arm64"
    found = folder if folder.exists() else made(folder)
    nothing = {"topic": None, "inventory": None, "mode": None, "arch": None, "parameter": [], "more": "", "tags": "", "bucket": None}
    return Namespace(**nothing | {"packages": found} | given)


class Nowhere(Place):
    """An account in which nothing may be asked."""

    def client(self, service):
        raise AssertionError(f"{service} was asked before everything else was looked at")


@pytest.mark.parametrize(("given", "said"), [
    ({"topic": "security"}, "no ARN of a topic"),
    ({"topic": "arn:aws:sns:eu-west-1:111122223333:security"}, "is in eu-west-1"),
    ({"topic": "arn:aws:sns:eu-central-1:111122223333:security.fifo"}, "FIFO"),
    ({"mode": "watch"}, "observe, ask, act"),
    ({"arch": "x86_64"}, "not for x86_64"),
    ({"arch": "sparc"}, "ARCH=arm64"),
    ({"inventory": ROOT / "none.toml"}, "could not read the inventory"),
    ({"inventory": ROOT / "crates/core/policy/inventory.example.toml"}, "policy publish"),
    ({"parameter": ["InlineDeny=yes"]}, "forbidden, allowed"),
    ({"parameter": ["Dril=enabled"]}, "did you mean"),
    ({"more": "Drill=on"}, "enabled, disabled"),
    ({}, "TOPIC=arn.* and INVENTORY="),
])
def test_what_cannot_be_deployed_is_refused_with_the_reason(tmp_path, monkeypatch, given, said):
    # The command that checks inventories is built elsewhere; this one has nothing against any.
    monkeypatch.setenv("LAYERGUARD", "/bin/true")
    here = Nowhere("layerguard", "eu-central-1", "111122223333", "arn:aws:iam::111122223333:user/ada")
    with pytest.raises(archive.Refused, match=said):
        plan.of(deployment(tmp_path, **given), here, guided=False)


@pytest.mark.parametrize("name", ["1st", "a_b", "x" * 41, "-a"])
def test_a_name_that_no_stack_can_have_is_refused(name):
    with pytest.raises(archive.Refused, match="cannot be the stack's name"):
        account.place(name, "eu-central-1", guided=False)


def test_the_plan_says_what_changes(tmp_path):
    found = archive.packages(made(tmp_path / "arm64"), "arm64")
    here = Place("layerguard", "eu-central-1", "111122223333", "arn:aws:iam::111122223333:user/ada", {"Mode": "observe", "Drill": "disabled"})
    shown = plan.Plan(here, found, {"Mode": "ask", "Architecture": "arm64"}, PATH, None, None).shown()
    assert "change the stack `layerguard` in account 111122223333 eu-central-1" in shown
    assert "ask (is: observe)" in shown and "1 other parameters stay" in shown and "go on waiting" in shown
    assert "changes nothing in any account" not in shown


def test_what_sam_would_change_in_a_value_is_escaped():
    def as_sam_reads(value: str) -> str:
        return value.replace("\\ ", " ").replace('\\"', '"')

    for value in ('a "b" c', 'reason = "the \\"old\\" one"', "a \\ b", 'x = "C:\\\\dir"', "no"):
        assert as_sam_reads(escaped(value)) == value
