"""`policy pattern`: what the pattern drops is clear for `explain`, and another implementation of event patterns drops the same.

The emulator's matcher is written after EventBridge's own. Records are made by changing one or two members of ordinary ones; the published
corpus is read too where it is there.
"""

import copy
import gzip
import itertools
import json
import os
import subprocess
from pathlib import Path

import pytest
from ministack.services import eventbridge

BINARY = Path(os.environ.get("LAYERGUARD_BIN_DIR", "target/debug")) / "layerguard"
ROLE = "arn:aws:iam::111122223333:role/"
ENDPOINT = "vpce-0123456789abcdef0"
INVENTORY = f"""
[organization]
id = "o-exampleorgid"
accounts = ["111122223333", "444455556666"]

[[network]]
name = "office"
cidrs = ["192.0.2.0/24"]
vpc_endpoints = ["{ENDPOINT}"]

[principals]
image_pullers = ["arn:aws:iam::*:role/eks-node", "{ROLE}ci/*"]
workloads = ["arn:aws:iam::*:role/eks-node"]
"""
OVER_MANY_CALLS = ["ecr_pull_breadth", "new_credential_then_pull"]
NAMES = [
    "BatchCheckLayerAvailability",
    "BatchGetImage",
    "CompleteLayerUpload",
    "GetAuthorizationToken",
    "GetDownloadUrlForLayer",
    "InitiateLayerUpload",
    "UploadLayerPart",
]
GONE = object()
ISSUER = ("userIdentity", "sessionContext", "sessionIssuer", "arn")
CHANGES = [
    (("vpcEndpointId",), GONE),
    (("vpcEndpointId",), "vpce-0ffffffffffffffff"),
    (("sourceIPAddress",), "198.51.100.1"),
    (("sourceIPAddress",), "192.0.2.1"),
    (("errorCode",), "AccessDeniedException"),
    (("eventVersion",), "2.0"),
    (("sharedEventID",), "s-1"),
    (ISSUER, ROLE + "eks-node-2"),
    (ISSUER, ROLE + "ci/build"),
    (ISSUER, ROLE + "layerguard-detect"),
    (ISSUER, GONE),
    (("userIdentity", "type"), "FederatedUser"),
    (("userIdentity", "accountId"), "999988887777"),
    (("userIdentity",), {"type": "AWSService", "invokedBy": "inspector2.amazonaws.com"}),
    (("userIdentity",), {"type": "AWSService", "invokedBy": "codebuild.amazonaws.com"}),
    (("resources",), []),
    (("resources",), [{"ARN": "arn:aws:s3:::bucket"}]),
    (("resources",), [{"ARN": "arn:aws:ecr:eu-central-1:999988887777:repository/a"}]),
    (("eventSource",), "ecr-public.amazonaws.com"),
]


def record(name: str, number: int) -> dict:
    return {
        "eventVersion": "1.11",
        "eventID": f"{number:08d}-0000-4000-8000-000000000000",
        "eventTime": "2026-11-20T09:31:00Z",
        "eventSource": "ecr.amazonaws.com",
        "eventName": name,
        "awsRegion": "eu-central-1",
        "recipientAccountId": "111122223333",
        "sourceIPAddress": "AWS Internal",
        "vpcEndpointId": ENDPOINT,
        "userIdentity": {
            "type": "AssumedRole",
            "principalId": "AROAEXAMPLE:i-0123",
            "arn": "arn:aws:sts::111122223333:assumed-role/eks-node/i-0123",
            "accountId": "111122223333",
            "accessKeyId": "AKIAIOSFODNN7EXAMPLE",
            "sessionContext": {
                "sessionIssuer": {"type": "Role", "arn": ROLE + "eks-node", "accountId": "111122223333", "userName": "eks-node"},
            },
        },
        "requestParameters": {"repositoryName": "team/app", "registryId": "111122223333", "layerDigest": "sha256:00"},
        "resources": [{"accountId": "111122223333", "ARN": "arn:aws:ecr:eu-central-1:111122223333:repository/team/app"}],
    }


def changed(one: dict, changes) -> dict:
    one = copy.deepcopy(one)
    for path, value in changes:
        place = one
        for part in path[:-1]:
            place = place.get(part, {}) if isinstance(place, dict) else {}
        if value is GONE:
            place.pop(path[-1], None)
        elif isinstance(place, dict):
            place[path[-1]] = value
    return one


def made() -> list[dict]:
    numbers = itertools.count()
    changes = [[], *([one] for one in CHANGES), *itertools.combinations(CHANGES, 2)]
    return [changed(record(name, next(numbers)), some) for name in NAMES for some in changes]


def published() -> list[dict]:
    folder = Path(os.environ.get("LAYERGUARD_CORPUS", "../shared/cloudtrail"))
    found = []
    for path in sorted(folder.rglob("*.json*")) if folder.is_dir() else []:
        text = gzip.open(path, "rt").read() if path.suffix == ".gz" else path.read_text(encoding="utf-8")
        try:
            parsed = json.loads(text)
        except ValueError:
            continue
        some = parsed.get("Records", [parsed]) if isinstance(parsed, dict) else parsed
        found += [one for one in some if isinstance(one, dict) and "eventName" in one]
    return found


def layerguard(*arguments: str, statuses=(0,)) -> str:
    done = subprocess.run([BINARY, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode in statuses, done.stderr
    return done.stdout


def passes(pattern: dict, one: dict) -> bool:
    source = "aws." + one.get("eventSource", "").removesuffix(".amazonaws.com")
    event = {"Source": source, "DetailType": "AWS API Call via CloudTrail", "Detail": json.dumps(one)}
    return eventbridge._matches_pattern(json.dumps(pattern), event)


@pytest.fixture
def files(tmp_path):
    (tmp_path / "inventory.toml").write_text(INVENTORY, encoding="utf-8")
    records = [one for one in made() + published() if one.get("eventName") in NAMES]
    (tmp_path / "log.json").write_text(json.dumps({"Records": records}), encoding="utf-8")
    return tmp_path, records


@pytest.mark.parametrize("blind", [[], OVER_MANY_CALLS, [*OVER_MANY_CALLS, "ecr_layer_download_untrusted_network"]])
def test_what_is_dropped_is_clear_and_both_drop_the_same(files, blind):
    folder, records = files
    inventory = str(folder / "inventory.toml")
    flags = [flag for rule in blind for flag in ("--blind", rule)]
    compiled = json.loads(
        layerguard("policy", "pattern", "--inventory", inventory, "--format", "json", *flags, str(folder / "log.json"), statuses=(0, 3))
    )
    assert compiled["length"] == len(json.dumps(compiled["pattern"], separators=(",", ":"))) <= 2048
    eventbridge._compile_pattern(compiled["pattern"])
    dropped = [one for one in records if not passes(compiled["pattern"], one)]
    assert len(dropped) == compiled["traffic"]["dropped"]
    assert 50 < len(dropped) < len(records) - 50
    (folder / "dropped.json").write_text(json.dumps({"Records": dropped}), encoding="utf-8")
    lines = layerguard("explain", "--inventory", inventory, "--format", "json", str(folder / "dropped.json"), statuses=(0, 1))
    answers = [json.loads(line) for line in lines.splitlines()]
    assert len(answers) == len(dropped)
    told = {(answer["assessment"], *(rule["id"] for rule in answer["rules"])) for answer in answers}
    assert told <= {("clear",)} | {("violation", rule) for rule in blind}, told


def test_the_pattern_alone_is_what_the_template_takes(files):
    folder, _ = files
    text = layerguard("policy", "pattern", "--inventory", str(folder / "inventory.toml"), "--format", "pattern")
    assert text.startswith("{") and text.endswith("}\n") and len(text) <= 2049
    assert not passes(json.loads(text), record("UploadLayerPart", 0))
    assert passes(json.loads(text), record("GetDownloadUrlForLayer", 0))


def test_a_rule_that_does_not_exist_is_named(files):
    folder, _ = files
    done = subprocess.run(
        [BINARY, "policy", "pattern", "--inventory", str(folder / "inventory.toml"), "--blind", "ecr_pull_bredth"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2 and "there is no rule `ecr_pull_bredth`" in done.stderr
