"""Parliament over every policy of the expanded template: roles, trusts, managed policies, queue and table policies.

Run inside the gates' virtual environment:  policies.py EXPANDED.json...   prints one JSON list of findings.
"""

import json
import sys
from pathlib import Path

import parliament
from expand import documents


def _analysed(name: str, document: dict) -> dict:
    """A trust policy has no Resource, which parliament demands: it gets the one that `sts:AssumeRole` knows."""
    if not name.endswith("/trust"):
        return document
    role = "arn:aws:iam::111122223333:role/example"
    return {**document, "Statement": [{**statement, "Resource": role} for statement in document["Statement"]]}


def findings(template: dict) -> list[dict]:
    """What parliament says, as `{policy, issue, detail}`."""
    found = []
    for name, document in documents(template):
        text = json.dumps(_analysed(name, document))
        for finding in parliament.analyze_policy_string(text, include_community_auditors=True).findings:
            found.append({"policy": name, "issue": finding.issue, "detail": str(finding.detail)})
    return found


def main(paths: list[str]) -> int:
    found = [f for path in paths for f in findings(json.loads(Path(path).read_text(encoding="utf-8")))]
    unique = {json.dumps(finding, sort_keys=True): finding for finding in found}
    print(json.dumps(list(unique.values()), indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
