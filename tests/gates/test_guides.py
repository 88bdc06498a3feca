"""What guides and forms say is held against what is there."""

import os
import re
import shlex
import subprocess
import tomllib

import yaml
from template import PATH, ROOT

GUIDE = ROOT / "infra" / "guide"
DOCTOR = ROOT / "crates" / "cli" / "src" / "command" / "doctor"
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))


def text(path) -> str:
    return path.read_text(encoding="utf-8")


def test_each_check_of_doctor_stands_in_the_prerequisites_and_no_other():
    checks = set(re.findall(r'const \w+: Check = Check \{\s+name: "(\w+)"', "".join(text(path) for path in DOCTOR.glob("*.rs"))))
    assert {"trail", "alert_topic", "versions"} <= checks
    rows = [line.split("|") for line in text(GUIDE / "prerequisites.md").splitlines() if line.startswith("| ")]
    named = [name for row in rows for name in re.fullmatch(r" `(\w+)` ", row[2]) and re.findall(r"`(\w+)`", row[2]) or []]
    assert len(named) == len(set(named)), "each check stands in one row"
    assert set(named) == checks, set(named) ^ checks


def test_the_variables_of_deploy_are_those_of_the_makefile():
    recipe = text(ROOT / "Makefile").split("\ndeploy:", 1)[1].split("\n\n", 1)[0]
    taken = set(re.findall(r"\$\(if \$\((\w+)\)", recipe))
    named = set(re.findall(r"\b([A-Z]{3,9})=", recipe.split("\n", 1)[0]))
    assert named == taken, named ^ taken
    guide = text(GUIDE / "install.md")
    assert not {name for name in taken if not re.search(rf"\b{name}\b", guide)}, "install.md names them all"
    options = text(ROOT / "infra" / "install" / "deploy.py")
    assert not {o for o in re.findall(r"(--[a-z]+)", recipe) if f'"{o}"' not in options}


def test_deploy_passes_on_what_is_said_and_nothing_else(tmp_path):
    def command(*variables: str) -> list[str]:
        # Not as a part of the make that may run these tests.
        bare = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        words = ["make", "--no-print-directory", f"PYTHON={show}", "deploy", *variables]
        return subprocess.run(words, cwd=ROOT, env=bare, capture_output=True, text=True, check=True).stdout.splitlines()

    show = tmp_path / "show"
    show.write_text("#!/bin/sh\nprintf '%s\\n' \"$@\"\n", encoding="utf-8")
    show.chmod(0o755)
    assert command() == ["infra/install/deploy.py"]
    more = """Drill=enabled DrillSchedule='rate(1 day)' PullsPattern={"a":["b"]}"""
    said = command("STACK=guard", "MODE=ask", f"MORE={more}", "YES=1")
    assert said[1:] == ["--stack", "guard", "--mode", "ask", "--more", more, "--yes"]


def test_parameters_that_the_guides_set_exist():
    template = text(PATH)
    for path in GUIDE.glob("*.md"):
        for words in re.findall(r'MORE="([^"]+)"', text(path)):
            for word in shlex.split(words):
                assert re.search(rf"^  {word.split('=')[0]}:$", template, re.M), f"{path.name}: {word}"


def test_files_that_the_guides_name_exist():
    everywhere = [*GUIDE.glob("*.md"), ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", ROOT / "infra" / "install" / "README.md"]
    for path in everywhere:
        for name in re.findall(r"`([\w./-]+\.(?:md|yaml|toml|rs|py))`", text(path)):
            if name in ("inventory.toml", "policy/inventory.toml", "playbooks.toml"):
                continue
            found = (ROOT / name).exists() or (path.parent / name).exists()
            assert found, f"{path.name} names `{name}`"


def test_workflows_parse_and_hold_little_power():
    assert WORKFLOWS
    for path in WORKFLOWS:
        workflow = yaml.safe_load(text(path))
        # YAML 1.1 reads the key `on` as true.
        assert {"name", True, "permissions", "jobs"} <= set(workflow), path
        assert workflow["permissions"] == {"contents": "read"}, path
        for job in workflow["jobs"].values():
            assert job["timeout-minutes"] <= 120 and "permissions" not in job
            for step in job["steps"]:
                action = step.get("uses")
                assert action is None or re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", action), f"{action} is not pinned to a commit"
                assert "${{ github.event" not in str(step.get("run")), "text of strangers in a shell"


def test_the_workflow_runs_what_people_run_with_the_compiler_that_is_said():
    (workflow,) = [yaml.safe_load(text(path)) for path in WORKFLOWS if path.name == "test.yml"]
    job = workflow["jobs"]["test"]
    assert job["steps"][-1] == {"run": ".ci/run"} and "make test" in text(ROOT / ".ci" / "run")
    least = tomllib.loads(text(ROOT / "Cargo.toml"))["workspace"]["package"]["rust-version"]
    assert job["env"]["RUST_VERSION"].startswith(least)


def test_issue_forms_are_forms():
    kinds = {"markdown", "textarea", "input", "dropdown", "checkboxes"}
    forms = [path for path in FORMS if path.name != "config.yml"]
    assert {path.name for path in forms} == {"bug.yml", "rule.yml", "feature.yml"}
    for path in forms:
        form = yaml.safe_load(text(path))
        assert form["name"] and form["description"] and form["body"], path
        ids = [part["id"] for part in form["body"] if part["type"] != "markdown"]
        assert len(ids) == len(set(ids)), path
        for part in form["body"]:
            assert part["type"] in kinds and part["attributes"].get("label" if part["type"] != "markdown" else "value"), path
            assert part["type"] != "dropdown" or part["attributes"]["options"], path


def test_versions_have_their_section_in_the_changelog():
    version = tomllib.loads(text(ROOT / "Cargo.toml"))["workspace"]["package"]["version"]
    changes = text(ROOT / "CHANGELOG.md")
    assert f"## [{version}]" in changes and "## [Unreleased]" in changes
