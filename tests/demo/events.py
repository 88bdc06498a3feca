"""CloudTrail records of ECR calls as AWS writes them, and their way onto the event bus.

The emulator answers the calls but does not report them: its CloudTrail does not feed EventBridge. So the records are made
here, with the true identity of the session that called.
"""

import json
import uuid
from datetime import datetime, timezone

from people import Account, Session, User

# What CloudTrail shows for a pull by docker through the registry: neither address nor client.
MASK = "AWS Internal"


def login(account: Account, who: Session | User, address: str) -> dict:
    """`GetAuthorizationToken`: the one call of a docker pull that shows where the caller really is."""
    return _record(account, who, "GetAuthorizationToken", {}, address=address, agent="docker/27.3.1")


def manifest(account: Account, who: Session | User, repository: str, tag: str) -> dict:
    """`BatchGetImage`: the beginning of a pull."""
    wanted = {"imageIds": [{"imageTag": tag}]}
    return _record(account, who, "BatchGetImage", wanted, repository=repository)


def layer(account: Account, who: Session | User, repository: str, digest: str) -> dict:
    """`GetDownloadUrlForLayer`: a layer is handed out."""
    return _record(account, who, "GetDownloadUrlForLayer", {"layerDigest": digest}, repository=repository)


def repository_policy(account: Account, who: Session | User, repository: str, policy: dict) -> dict:
    """`SetRepositoryPolicy`: a repository's policy is replaced. No registry stands between: the caller's address shows."""
    wanted = {"policyText": json.dumps(policy), "force": False}
    seen = {"address": "192.0.2.10", "agent": "aws-cli/2"}
    made = _record(account, who, "SetRepositoryPolicy", wanted, repository=repository, **seen)
    return {**made, "readOnly": False, "responseElements": made["requestParameters"]}


def denied(record: dict) -> dict:
    """The same call, refused by IAM."""
    return {
        **record,
        "eventID": str(uuid.uuid4()),
        "errorCode": "AccessDenied",
        "errorMessage": "User is not authorized",
    }


def _record(
    account: Account,
    who: Session | User,
    name: str,
    parameters: dict,
    repository: str | None = None,
    address: str = MASK,
    agent: str = MASK,
) -> dict:
    place = {"registryId": account.number, "repositoryName": repository} if repository else {}
    arn = f"arn:aws:ecr:{account.region}:{account.number}:repository/{repository}"
    return {
        "eventVersion": "1.11",
        "userIdentity": _identity(account, who),
        "eventTime": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "eventSource": "ecr.amazonaws.com",
        "eventName": name,
        "awsRegion": account.region,
        "sourceIPAddress": address,
        "userAgent": agent,
        "requestParameters": {**place, **parameters},
        "responseElements": None,
        "requestID": str(uuid.uuid4()),
        "eventID": str(uuid.uuid4()),
        "readOnly": True,
        "resources": [{"ARN": arn, "accountId": account.number}] if repository else None,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": account.number,
        "eventCategory": "Management",
    }


def _identity(account: Account, who: Session | User) -> dict:
    if isinstance(who, User):
        return {
            "type": "IAMUser",
            "principalId": who.id,
            "arn": who.arn,
            "accountId": account.number,
            "accessKeyId": who.key,
            "userName": who.name,
        }
    return {
        "type": "AssumedRole",
        "principalId": who.user_id,
        "arn": who.arn,
        "accountId": account.number,
        "accessKeyId": who.key,
        "sessionContext": {
            "sessionIssuer": {
                "type": "Role",
                "principalId": who.role.id,
                "arn": who.role.arn,
                "accountId": account.number,
                "userName": who.role.name,
            },
            "attributes": {"creationDate": who.created, "mfaAuthenticated": "false"},
        },
    }


def put(account: Account, records: list[dict]) -> None:
    """Puts the records on the default bus, in order, as CloudTrail would."""
    bus = account.client("events")
    entries = [
        {"Source": "aws.ecr", "DetailType": "AWS API Call via CloudTrail", "Detail": json.dumps(record)}
        for record in records
    ]
    for start in range(0, len(entries), 10):
        answer = bus.put_events(Entries=entries[start : start + 10])
        if answer["FailedEntryCount"]:
            raise RuntimeError(f"the bus refused {answer['FailedEntryCount']} events: {answer['Entries']}")
