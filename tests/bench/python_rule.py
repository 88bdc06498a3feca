"""The peer of an assessment: the rule about unlisted principals as a function in Python, over records that are read already.

    python_rule.py FILE.json.gz ROUNDS      prints records, hits and microseconds of a record, parsing included
"""

import gzip
import json
import re
import sys
import time

LISTED = [re.compile(pattern) for pattern in (
    r"arn:aws:iam::111122223333:role/eks-node-[^/]*", r"arn:aws:iam::111122223333:role/ci/build-[^/]*",
    r"arn:aws:iam::111122223333:role/task-[^/]*",
)]  # fmt: skip


def rule(event: dict) -> bool:
    """A layer's URL was handed out to a principal that is not listed."""
    if event.get("eventSource") != "ecr.amazonaws.com" or event.get("eventName") != "GetDownloadUrlForLayer":
        return False
    if event.get("errorCode"):
        return False
    issuer = event.get("userIdentity", {}).get("sessionContext", {}).get("sessionIssuer", {})
    arn = issuer.get("arn", "")
    return not any(pattern.fullmatch(arn) for pattern in LISTED)


def main() -> None:
    """See the module."""
    with gzip.open(sys.argv[1]) as file:
        records = [json.dumps(record) for record in json.load(file)["Records"]]
    records = [record for record in records if "GetDownloadUrlForLayer" in record]
    rounds = int(sys.argv[2])
    begin, hits = time.process_time(), 0
    for _ in range(rounds):
        hits = sum(rule(json.loads(record)) for record in records)
    taken = (time.process_time() - begin) * 1e6 / (rounds * len(records))
    print(json.dumps({"records": len(records), "hits": hits, "us": taken}))


main()
