"""The SAM template as the local stack deploys it: the same template, with its local paths replaced by uploads."""

import hashlib
import json
import sys
from pathlib import Path

import yaml

from bootstrap import REPOSITORY
from settings import StackError

sys.path.append(str(REPOSITORY / "infra" / "install"))

from archive import packed  # noqa: E402

# The longest text that CloudFormation takes in the request itself.
INLINE_LIMIT = 51_200


class _Loader(yaml.SafeLoader):
    """YAML as CloudFormation reads it: `!Sub` and its kind become their long forms, dates stay text."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _intrinsic(loader: _Loader, suffix: str, node: yaml.Node):
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _intrinsic)


def load(path: Path) -> dict:
    """Reads a template. Raises `StackError` when it is missing or not YAML."""
    try:
        template = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
    except OSError as error:
        raise StackError(f"could not read the template `{path}`: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise StackError(f"the template `{path}` is not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(template, dict) or not isinstance(template.get("Resources"), dict):
        raise StackError(f"the template `{path}` has no `Resources`")
    return template


def _binary(logical_id: str, resource: dict, directory: Path) -> Path:
    """The built binary of a function: named by the resource's metadata or by the last part of its `CodeUri`."""
    metadata = resource.get("Metadata") or {}
    named = (metadata.get("BuildProperties") or metadata).get("Binary")
    name = named or Path(str(resource["Properties"]["CodeUri"]).rstrip("/")).name.removesuffix(".zip")
    for candidate in (directory / name / "bootstrap", directory / name, directory / f"layerguard-{name}"):
        if candidate.is_file():
            return candidate
    raise StackError(
        f"`{directory}` holds no binary `{name}` for the function `{logical_id}`: build the workspace first, "
        "or pass its target directory with --bin-dir"
    )


def package(binary: Path) -> bytes:
    """A Lambda package, made as the real ones are, but in less time."""
    return packed(binary.read_bytes(), level=1)


def _definition(logical_id: str, path: Path) -> bytes:
    try:
        content = path.read_bytes()
        json.loads(content)
    except OSError as error:
        raise StackError(f"could not read `{path}` of the machine `{logical_id}`: {error.strerror}") from error
    except ValueError as error:
        raise StackError(f"`{path}` of the machine `{logical_id}` is not JSON: {error}") from error
    return content


def with_uploads(template: dict, base: Path, binaries: Path, upload) -> dict:
    """Uploads what the template names by local path and returns the template with the S3 addresses in their place.

    `base` is the template's folder; `upload(key, content)` stores bytes and returns their `s3://` address. Keys hold
    the content's hash, so that a changed file is a changed template. Raises `StackError`.
    """
    for logical_id, resource in template["Resources"].items():
        properties = resource.get("Properties") or {}
        if resource.get("Type") == "AWS::Serverless::Function" and isinstance(properties.get("CodeUri"), str):
            binary = _binary(logical_id, resource, binaries)
            properties["CodeUri"] = upload(_key(logical_id, content := package(binary), "zip"), content)
        if resource.get("Type") == "AWS::Serverless::StateMachine" and isinstance(properties.get("DefinitionUri"), str):
            content = _definition(logical_id, base / properties["DefinitionUri"])
            properties["DefinitionUri"] = upload(_key(logical_id, content, "asl.json"), content)
    return template


def _key(logical_id: str, content: bytes, suffix: str) -> str:
    return f"{logical_id}/{hashlib.sha256(content).hexdigest()[:32]}.{suffix}"
