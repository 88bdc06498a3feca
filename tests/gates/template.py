"""The template as the gates look at it: in its narrowest form and in its widest."""

from pathlib import Path

from expand import documents, expanded

ROOT = Path(__file__).resolve().parents[2]
PATH = ROOT / "infra" / "template.yaml"
NARROW = expanded(PATH)
TRAIL_KEY = "arn:aws:kms:eu-central-1:111122223333:key/11111111-2222-4333-8444-555555555555"
TRAIL = {"TrailBucket": "trail-of-ours", "TrailPrefix": "logs", "TrailKeyArn": TRAIL_KEY}
KEY, TOPIC_KEY = (f"arn:aws:kms:eu-central-1:111122223333:key/{n * 8}-2222-4333-8444-555555555555" for n in ("2", "3"))
BOUNDARY = "arn:aws:iam::111122223333:policy/of-everybody"
OWN = {"KmsKeyArn": KEY, "AlertTopicKeyArn": TOPIC_KEY, "PermissionsBoundaryArn": BOUNDARY}
CHOICES = {"InlineDeny": "allowed", "Mode": "act", "NeverTouchArns": "arn:aws:iam::111122223333:user/admin,x", "OrganizationId": "o-exampleorgid", "Drill": "enabled", **TRAIL, **OWN}
WIDE = expanded(PATH, CHOICES)
RESOURCES = WIDE["Resources"]
FUNCTIONS = ("Detect", "Decide", "Remediate", "Reconcile")
SWEPT = FUNCTIONS[:3]
READS = {"dynamodb:GetItem", "dynamodb:Query"}
PUT = {"dynamodb:PutItem"}
AUDIT, STATE = (f"arn:aws:dynamodb:eu-central-1:111122223333:table/layerguard-{name}" for name in ("audit", "state"))
BY_LISTING = f"{STATE}/index/by_listing"
BY_DAY = f"{AUDIT}/index/by_day"


def properties(name: str) -> dict:
    return RESOURCES[name]["Properties"]


def of_type(kind: str) -> dict[str, dict]:
    return {name: r["Properties"] for name, r in RESOURCES.items() if r["Type"] == kind}


def as_list(value) -> list:
    return value if isinstance(value, list) else [value]


def statements(template: dict, name: str, effect: str = "Allow") -> list[dict]:
    """The statements of all documents of a role or policy, without its trust."""
    return [s for where, document in documents(template) if where.split("/")[0] == name and not where.endswith("/trust")
            for s in document["Statement"] if s["Effect"] == effect]


def granted(template: dict, name: str, resource: str) -> set[str]:
    return {a for s in statements(template, name) if resource in as_list(s["Resource"]) for a in as_list(s["Action"])}
