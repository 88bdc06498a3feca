"""IAM actions and ARNs of the calls on a layer version and on its policy."""

_OF_POLICY = {
    "GET": "GetLayerVersionPolicy",
    "POST": "AddLayerVersionPermission",
    "DELETE": "RemoveLayerVersionPermission",
}


def _after_versions(parts: list[str]) -> list[str]:
    return parts[parts.index("versions") + 1 :] if "versions" in parts else []


def action(method: str, parts: list[str]) -> str | None:
    """The action of a path below `layers`; `None` where the emulator's own answer is right."""
    rest = _after_versions(parts)
    if len(rest) >= 2 and rest[1] == "policy":
        return _OF_POLICY.get(method)
    if len(rest) == 1:
        return {"GET": "GetLayerVersion", "DELETE": "DeleteLayerVersion"}.get(method)
    return None


def arn(layer: str, parts: list[str]) -> str:
    """The ARN of the layer, with the version where the path names one."""
    rest = _after_versions(parts)
    return f"{layer}:{rest[0]}" if rest else layer
