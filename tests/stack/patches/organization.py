"""The organisation of the emulated accounts: all are members of one, but for the one that plays a stranger."""

OURS = "o-exampleorgid"
FOREIGN = "999988887777"


def of(account: str | None) -> str | None:
    """The organisation's id; `None` for the stranger's account, which has none."""
    return OURS if account and account != FOREIGN else None
