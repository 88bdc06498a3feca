"""What a template's conditions compare, beyond what the emulator reads in them."""


def joined(argument: list, resolve) -> str:
    """The text of `Fn::Join`; `resolve` reads a part. A list parameter is one text with commas there."""
    separator, parts = argument
    parts = resolve(parts)
    parts = parts.split(",") if isinstance(parts, str) else [_pseudo(resolve(part)) for part in parts]
    return str(separator).join(parts)


def _pseudo(value) -> str:
    from ministack.core.responses import get_account_id, get_region

    return {"AWS::Partition": "aws", "AWS::Region": get_region(), "AWS::AccountId": get_account_id()}.get(value, str(value))
