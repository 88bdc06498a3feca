"""With `stack.py up --trail`: what is asked of ECR comes to the event bus, as CloudTrail tells it, under whoever asked."""

import json
import logging
import time

_LOG = logging.getLogger("layerguard.stack")


def tell(call: dict) -> None:
    """Puts an answered call of ECR on the default bus; `call` is the emulator's own record of it, which knows the access key alone."""
    if call["eventSource"] != "ecr.amazonaws.com":
        return
    from ministack.core.responses import get_account_id, get_region
    from ministack.services import eventbridge as events

    identity = _identity(call["userIdentity"].get("accessKeyId", ""), get_account_id())
    if identity is None:
        _LOG.error("CloudTrail did not tell of %s: nobody holds its access key", call["eventName"])
        return
    record = {**call, "userIdentity": identity, "readOnly": call["readOnly"] == "true", "eventCategory": "Management", "managementEvent": True}
    if repository := (call["requestParameters"] or {}).get("repositoryName"):
        arn = f"arn:aws:ecr:{get_region()}:{get_account_id()}:repository/{repository}"
        record["resources"] = [{"ARN": arn, "accountId": get_account_id()}]
    entry = {"Source": "aws.ecr", "DetailType": "AWS API Call via CloudTrail", "Detail": json.dumps(record)}
    events._put_events({"Entries": [entry]})


def _identity(key: str, account: str) -> dict | None:
    """Who holds the key, in CloudTrail's form."""
    from ministack.core.iam_evaluator import CredentialResolutionError, resolve_credential
    from ministack.services import iam, sts

    found = resolve_credential(key, account)
    if isinstance(found, CredentialResolutionError):
        return None
    who = {"principalId": found.principal_id, "arn": found.principal_arn, "accountId": found.account_id, "accessKeyId": key}
    if found.principal_type != "AssumedRole":
        kind = {"User": "IAMUser"}.get(found.principal_type, found.principal_type)
        return {"type": kind, **who, **({"userName": found.principal_name} if found.principal_name else {})}
    name = found.principal_arn.split("/")[1]
    role = iam._roles.get(name)
    if role is None:
        return None
    issuer = {"type": "Role", "principalId": role["RoleId"], "arn": role["Arn"], "accountId": found.account_id, "userName": name}
    began = sts._sessions[key].get("IssuedAt")
    created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(began))
    context = {"sessionIssuer": issuer, "attributes": {"creationDate": created, "mfaAuthenticated": "false"}}
    return {"type": "AssumedRole", **who, "sessionContext": context}

