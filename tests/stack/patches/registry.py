"""What the emulated ECR lacks of a registry: replication, the registry's policy, its scanning, exclusions from immutability.

As the API has it: one document each per account and Region, replaced whole; a policy that is not there is an error.
"""

import json

_documents = None


def _store():
    """Documents by kind, apart for each account and Region. Made late: the emulator must be loaded first."""
    global _documents
    if _documents is None:
        from ministack.core.responses import AccountRegionScopedDict

        _documents = AccountRegionScopedDict()
    return _documents


def reset() -> None:
    _store().clear()


def handlers() -> dict:
    """The operations by name."""
    return {
        "DescribeRegistry": _describe_registry,
        "PutReplicationConfiguration": _put_replication,
        "GetRegistryPolicy": _get_policy,
        "PutRegistryPolicy": _put_policy,
        "DeleteRegistryPolicy": _delete_policy,
        "GetRegistryScanningConfiguration": _get_scanning,
        "PutRegistryScanningConfiguration": _put_scanning,
    }


def _answer(**members):
    from ministack.core.responses import get_account_id, json_response

    return json_response({"registryId": get_account_id(), **members})


def _refusal(code: str, message: str):
    from ministack.core.responses import error_response_json

    return error_response_json(code, message, 400)


def _describe_registry(data):
    return _answer(replicationConfiguration=_store().get("replication", {"rules": []}))


def _put_replication(data):
    configuration = data.get("replicationConfiguration")
    rules = configuration.get("rules") if isinstance(configuration, dict) else None
    if not isinstance(rules, list) or len(rules) > 25 or not all(isinstance(r, dict) and r.get("destinations") for r in rules):
        return _refusal("InvalidParameterException", "The replication configuration is not valid.")
    _store()["replication"] = configuration
    return _answer(replicationConfiguration=configuration)


def _get_policy(data):
    if "policy" not in _store():
        return _refusal("RegistryPolicyNotFoundException", "Registry policy does not exist in the registry.")
    return _answer(policyText=_store()["policy"])


def _put_policy(data):
    text = data.get("policyText", "")
    try:
        statements = json.loads(text)["Statement"]
    except (ValueError, TypeError, KeyError):
        statements = None
    if not statements or len(text) > 10_240:
        return _refusal("InvalidParameterException", "Invalid parameter at 'PolicyText' failed to satisfy constraint.")
    _store()["policy"] = text
    return _answer(policyText=text)


def _delete_policy(data):
    found = _get_policy(data)
    _store().pop("policy", None)
    return found


def _get_scanning(data):
    return _answer(scanningConfiguration=_store().get("scanning", {"scanType": "BASIC", "rules": []}))


def _put_scanning(data):
    configuration = {"scanType": data.get("scanType", "BASIC"), "rules": data.get("rules", [])}
    _store()["scanning"] = configuration
    from ministack.core.responses import json_response

    return json_response({"registryScanningConfiguration": configuration})


def repository_arn(body: bytes, account: str, region: str) -> str | None:
    """The repository that `DescribeRepositories` is authorised for, where it names exactly one."""
    try:
        names = json.loads(body or b"{}").get("repositoryNames") or []
    except (ValueError, AttributeError):
        return None
    return f"arn:aws:ecr:{region}:{account}:repository/{names[0]}" if len(names) == 1 else None
