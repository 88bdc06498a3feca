#!/usr/bin/env python3
"""Runs every offline gate over the machines, the template and its policies; one line per gate, status 1 on any finding.

    python3 tests/gates/gates.py

The tools stand below `.local/` (or the folder in LAYERGUARD_LOCAL), where `tests/stack/bootstrap.py gates checkov npm`
puts them. Status 2 when one is missing. Exceptions stand in exceptions.toml; one that matches nothing is a finding.
"""

import json
import os
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
LOCAL = Path(os.environ.get("LAYERGUARD_LOCAL") or ROOT / ".local")
TEMPLATE, MEMBER, FORWARDER = (ROOT / "infra" / name for name in ("template.yaml", "member.yaml", "forwarder.yaml"))
MACHINES = {"triage": "TriageMachine", "respond": "RespondMachine", "drill": "DrillMachine"}
# The policies differ by parameter, so each is looked at in its widest and its narrowest form.
TRAIL = ("TrailBucket=trail-of-ours", "TrailPrefix=logs", "TrailKeyArn=arn:aws:kms:eu-central-1:111122223333:key/11111111-2222-4333-8444-555555555555")
KEY = "arn:aws:kms:eu-central-1:111122223333:key/99999999-2222-4333-8444-555555555555"
OWN = (f"KmsKeyArn={KEY}", f"AlertTopicKeyArn={KEY}")
BOUNDARY = "PermissionsBoundaryArn=arn:aws:iam::111122223333:policy/of-everybody"
DECIDE = "DecideRoleArn=arn:aws:iam::111122223333:role/layerguard-decide"
NEVER_TOUCH = "NeverTouchArns=arn:aws:iam::111122223333:role/break-glass"
FORMS = {
    "narrow": (TEMPLATE, "InlineDeny=forbidden", "Mode=observe"),
    "wide": (
        TEMPLATE, "InlineDeny=allowed", "Mode=act", "OrganizationId=o-exampleorgid", "Drill=enabled", "Tracing=enabled", NEVER_TOUCH, *TRAIL, *OWN, BOUNDARY,
    ),
    "member-narrow": (MEMBER, "InlineDeny=forbidden"),
    "member-wide": (MEMBER, "InlineDeny=allowed", NEVER_TOUCH, DECIDE, BOUNDARY),
    "forwarder-narrow": (FORWARDER, "WatchContext=disabled"),
    "forwarder-wide": (FORWARDER, "AlertTopicArn=arn:aws:sns:eu-central-1:111122223333:security", BOUNDARY),
}
# Nothing here may use a person's own AWS settings or reach AWS.
QUIET = {
    "AWS_DEFAULT_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none",
    "AWS_EC2_METADATA_DISABLED": "true", "SAM_CLI_TELEMETRY": "0", "LOG_LEVEL": "ERROR",
}


class Missing(Exception):
    """A tool is not installed."""


class Broken(Exception):
    """A tool could not do its work."""


def tool(path: str) -> str:
    found = LOCAL / path
    if not found.exists():
        raise Missing(f"`{found}` is missing: run `python3 tests/stack/bootstrap.py gates checkov npm`")
    return str(found)


def run(*command: str) -> subprocess.CompletedProcess:
    return subprocess.run(command, cwd=ROOT, env=os.environ | QUIET, capture_output=True, text=True)


def said(result: subprocess.CompletedProcess) -> list[str]:
    """A failed tool's own words as findings; nothing when it was content."""
    if result.returncode == 0:
        return []
    lines = [line for line in (result.stdout + result.stderr).splitlines() if line.strip()]
    return lines or [f"ended with status {result.returncode} and said nothing"]


def parsed(result: subprocess.CompletedProcess, name: str):
    try:
        return json.loads(result.stdout)
    except ValueError:
        raise Broken(f"{name} gave no report: {' '.join(said(result))[-500:]}") from None


def expand(work: Path) -> dict[str, Path]:
    files = {form: work / f"{form}.json" for form in FORMS}
    for form, file in files.items():
        template, *parameters = FORMS[form]
        result = run(tool("gates/bin/python"), str(HERE / "expand.py"), str(template), str(file), *parameters)
        if result.returncode:
            raise Broken(f"could not expand `{template.name}`: {' '.join(said(result))[-500:]}")
    return files


def gate_machines(work: Path, forms: dict[str, Path]) -> list[str]:
    """asl-validator on each definition as it is deployed, after the substitutions."""
    resources = json.loads(forms["wide"].read_text(encoding="utf-8"))["Resources"]
    found = []
    for name, logical in MACHINES.items():
        text = (ROOT / "statemachine" / f"{name}.asl.json").read_text(encoding="utf-8")
        for key, value in resources[logical]["Properties"]["DefinitionSubstitutions"].items():
            text = text.replace("${" + key + "}", value)
        (work / f"{name}.asl.json").write_text(text, encoding="utf-8")
        validator = tool("npm/node_modules/.bin/asl-validator")
        found += said(run(validator, "--json-path", str(work / f"{name}.asl.json")))
    return found


def gate_cfn_lint(work: Path, forms: dict[str, Path]) -> list[str]:
    linter = tool("gates/bin/cfn-lint")
    return [line for path in (TEMPLATE, MEMBER, FORWARDER, *forms.values()) for line in said(run(linter, "-t", str(path)))]


def gate_sam(work: Path, forms: dict[str, Path]) -> list[str]:
    return said(run(tool("gates/bin/sam"), "validate", "--lint", "--template", str(TEMPLATE)))


def gate_parliament(work: Path, forms: dict[str, Path]) -> list[str]:
    command = [tool("gates/bin/python"), str(HERE / "policies.py"), *map(str, forms.values())]
    findings = parsed(run(*command), "parliament")
    return excepted("parliament", "issue", "policies", [(f["issue"], f["policy"], f["detail"]) for f in findings])


def gate_checkov(work: Path, forms: dict[str, Path]) -> list[str]:
    found = set()
    for path in forms.values():
        command = [tool("checkov/bin/checkov"), "--file", str(path), "--framework", "cloudformation", "--skip-download"]
        report = parsed(run(*command, "--output", "json", "--quiet", "--compact"), "checkov")
        if report.get("summary", {}).get("parsing_errors", 1):
            raise Broken(f"checkov could not read the template in its form `{path.stem}`")
        for check in report["results"]["failed_checks"]:
            found.add((check["check_id"], check["resource"].rsplit(".", 1)[-1], check["check_name"]))
    return excepted("checkov", "check", "resources", sorted(found))


def excepted(gate: str, kind: str, places: str, found: list[tuple[str, str, str]]) -> list[str]:
    """What is left of (what, where, detail) after the exceptions of this gate, and the exceptions that nothing needs."""
    entries = tomllib.loads((HERE / "exceptions.toml").read_text(encoding="utf-8"))[gate]
    allowed = {(entry[kind], place) for entry in entries for place in entry[places] if entry["reason"].strip()}
    left = [f"{what} in {where} {detail}".strip() for what, where, detail in found if (what, where) not in allowed]
    unused = sorted(allowed - {(what, where) for what, where, _ in found})
    return left + [f"the exception {what} in {where} is not needed any more" for what, where in unused]


GATES: dict[str, Callable[[Path, dict[str, Path]], list[str]]] = {
    "asl-validator": gate_machines, "cfn-lint": gate_cfn_lint, "sam validate --lint": gate_sam,
    "parliament": gate_parliament, "checkov": gate_checkov,
}


def main() -> int:
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        try:
            forms = expand(Path(folder))
            for name, gate in GATES.items():
                findings = gate(Path(folder), forms)
                failed = failed or bool(findings)
                print(f"{'FAIL' if findings else 'ok':4}  {name}", flush=True)
                for line in findings:
                    print(f"        {line}")
        except (Missing, Broken) as error:
            print(f"gates: {error}", file=sys.stderr)
            return 2
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
