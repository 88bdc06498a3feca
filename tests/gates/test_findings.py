"""Findings are valid by the published schemas: ASFF by the service model of Security Hub, OCSF by the schema of its version.

The findings are those that `crates/core/tests/finding.rs` keeps, in every status, for every kind of principal, and hostile ones.
"""

import copy
import json
import re

import botocore.session
import pytest
from botocore.validate import ParamValidator
from jsonschema import Draft202012Validator
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema
from test_template import ROOT

KEPT = ROOT / "tests" / "fixtures" / "findings"
KINDS = ["contained", "undecided", "every_kind", "hostile"]
HUB = botocore.session.get_session().get_service_model("securityhub")
BATCH = HUB.operation_model("BatchImportFindings").input_shape
# The limits that the service keeps and its model does not tell: characters of texts, bytes of a finding.
MOST = {"Title": 256, "Description": 1024, "Id": 512, "GeneratorId": 512}


def kept(form: str, kind: str) -> list[dict]:
    """The findings of a snapshot; its head ends at the second line of dashes."""
    text = (KEPT / f"{form}_{kind}.snap").read_text(encoding="utf-8").split("---\n", 2)[2]
    return [json.loads(line) for line in text.splitlines() if line]


def faults_of_asff(findings: list[dict]) -> list[str]:
    """What the service model holds against them: members that are required, unknown or of another type, values and patterns."""
    report = ParamValidator().validate({"Findings": findings}, BATCH)
    found = [report.generate_report()] if report.has_errors() else []

    def walk(shape, value, where):
        # botocore's validator looks at types and required members; enums and patterns stand in the model.
        if shape.type_name == "structure":
            for name, inner in value.items():
                walk(shape.members[name], inner, f"{where}.{name}") if name in shape.members else found.append(f"{where}.{name}: unknown")
        elif shape.type_name == "list":
            for number, inner in enumerate(value):
                walk(shape.member, inner, f"{where}[{number}]")
        elif shape.type_name == "map":
            for key, inner in value.items():
                walk(shape.key, key, where), walk(shape.value, inner, f"{where}.{key}")
        elif shape.type_name == "string":
            if getattr(shape, "enum", None) and value not in shape.enum:
                found.append(f"{where}: `{value}` is none of {shape.enum}")
            if (pattern := shape.metadata.get("pattern")) and not re.search(pattern, value):
                found.append(f"{where}: `{value}` does not match `{pattern}`")

    for number, finding in enumerate(findings):
        walk(HUB.shape_for("AwsSecurityFinding"), finding, f"[{number}]")
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_findings_for_security_hub_are_valid(kind):
    findings = kept("asff", kind)
    assert 1 <= len(findings) <= 100
    assert faults_of_asff(findings) == []
    for finding in findings:
        assert len(json.dumps(finding).encode()) < 240 * 1024
        assert all(len(finding[name]) <= most for name, most in MOST.items())
        assert 1 <= len(finding["Resources"]) <= 32
        assert len(finding["Remediation"]["Recommendation"]["Text"]) <= 512
        assert finding["ProductArn"].split(":")[4] == finding["AwsAccountId"], "Security Hub takes findings of one's own account"
        namespaces = {"Software and Configuration Checks", "TTPs", "Effects", "Unusual Behaviors", "Sensitive Data Identifications"}
        assert {kind.split("/")[0] for kind in finding["FindingProviderFields"]["Types"]} <= namespaces
        assert len(finding["ProductFields"]) <= 50
        for name in ("CreatedAt", "UpdatedAt"):
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", finding[name])


def test_the_check_of_asff_can_fail():
    (good,) = kept("asff", "contained")
    for change in (
        lambda f: f.pop("Resources"), lambda f: f.update(RecordState="OPEN"), lambda f: f.update(Title=" "),
        lambda f: f.update(Confidential="x"), lambda f: f["FindingProviderFields"]["Severity"].update(Label="SEVERE"),
    ):
        bad = copy.deepcopy(good)
        change(bad)
        assert faults_of_asff([bad])


@pytest.fixture(scope="module")
def detection_finding():
    """A validator of the class with the cloud profile, in the version that our findings name."""
    (finding,) = kept("ocsf", "contained")
    schema = OcsfJsonSchemaEmbedded(get_ocsf_schema(finding["metadata"]["version"]))
    assert schema.lookup_class_name_from_uid(finding["class_uid"]) == "detection_finding"
    return Draft202012Validator(schema.get_class_schema("detection_finding", profiles=["cloud"]))


@pytest.mark.parametrize("kind", KINDS)
def test_findings_in_ocsf_are_valid(detection_finding, kind):
    for number, finding in enumerate(kept("ocsf", kind)):
        errors = [f"{number} {error.json_path}: {error.message[:200]}" for error in detection_finding.iter_errors(finding)]
        assert errors == []
        assert finding["type_uid"] == finding["class_uid"] * 100 + finding["activity_id"]


def test_the_check_of_ocsf_can_fail(detection_finding):
    (good,) = kept("ocsf", "contained")
    for change in (
        lambda f: f.pop("metadata"), lambda f: f.pop("cloud"), lambda f: f.update(severity_id=77), lambda f: f.update(time="now"),
        lambda f: f["finding_info"].pop("uid"), lambda f: f.update(confidential="x"), lambda f: f["evidences"][0].update(actor={}),
    ):
        bad = copy.deepcopy(good)
        change(bad)
        assert list(detection_finding.iter_errors(bad)), change
