"""ARNs of roles and users with their path, as IAM authorises them."""


def role(account_id: str, name: str) -> str:
    """The role's ARN; a role that does not exist has the one that it would get without a path."""
    from ministack.services import iam

    return _arn(iam._roles.get_scoped(account_id, None, name), f"arn:aws:iam::{account_id}:role/{name}")


def user(account_id: str, name: str) -> str:
    """The user's ARN, likewise."""
    from ministack.services import iam

    return _arn(iam._users.get_scoped(account_id, None, name), f"arn:aws:iam::{account_id}:user/{name}")


def _arn(record: dict | None, otherwise: str) -> str:
    return (record or {}).get("Arn") or otherwise
