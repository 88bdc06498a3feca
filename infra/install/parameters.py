"""The template's parameters: what is given for them is held against their constraints before AWS sees it."""

import difflib
import json
import re
import shlex
from pathlib import Path

from samtranslator.yaml_helper import yaml_parse

from archive import REPOSITORY, Refused

TEMPLATE = REPOSITORY / "infra" / "template.yaml"
# What AWS takes, without `=` and other alphabets, at which AWS SAM stumbles.
TAG, TAGGED = re.compile(r"[A-Za-z0-9_.:/+@-]{1,128}"), re.compile(r"[A-Za-z0-9_.:/+@ -]{1,256}")
# Those with a variable of their own, by which a person knows them.
OWN = {"AlertTopicArn": "TOPIC", "Inventory": "INVENTORY", "Mode": "MODE", "Architecture": "ARCH"}


def declared(template: Path = TEMPLATE) -> dict[str, dict]:
    """The parameters as the template declares them."""
    return yaml_parse(template.read_text(encoding="utf-8"))["Parameters"]


def words(text: str, name: str = "MORE", example: str = "Drill=enabled DrillSchedule='rate(1 day)'") -> list[str]:
    """The words of a variable; quotes keep a value with spaces together. Raises `Refused`."""
    try:
        return shlex.split(text)
    except ValueError as error:
        raise Refused(f"{name} cannot be read: {str(error).lower()}; write {name}=\"{example}\"") from None


def tags(text: str) -> dict[str, str]:
    """The stack's tags, `team=security cost=42`. Raises `Refused` for what AWS SAM would take for something else."""
    found = {}
    for word in words(text, "TAGS", "team=security cost=42"):
        name, equals, value = word.partition("=")
        if not equals or not TAG.fullmatch(name) or not TAGGED.fullmatch(value) or name.startswith("aws:"):
            raise Refused(f"`{word}` is no tag: write NAME=VALUE, of letters, digits and `_.:/+@-`, not beginning with `aws:`")
        found[name] = value
    return found


def passable(there: dict[str, str]) -> tuple[dict[str, str], list[str]]:
    """The tags of a stack that AWS SAM can be given again, and the names of those that it cannot; AWS keeps its own by itself."""
    own = {name: value for name, value in there.items() if not name.startswith("aws:")}
    kept = {name: value for name, value in own.items() if TAG.fullmatch(name) and TAGGED.fullmatch(value)}
    return kept, sorted(own.keys() - kept.keys())


def given(texts: list[str], known: dict[str, dict]) -> dict[str, str]:
    """`NAME=VALUE`, or `NAME=@FILE` for what a file holds, for parameters that have no variable of their own. Raises `Refused`."""
    found = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.isalnum():
            raise Refused(f"`{text}` is no parameter: write NAME=VALUE, such as Drill=enabled, or NAME=@FILE")
        if name in OWN:
            raise Refused(f"`{name}` has a variable of its own: {OWN[name]}=")
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = f"did you mean `{near[0]}`?" if near else "`infra/README.md` lists them"
            raise Refused(f"the template has no parameter `{name}`: {hint}")
        found[name] = allowed(name, _content(name, value), known[name])
        if found[name].startswith("{") and not _is_json(found[name]):
            raise Refused(f"`{name}` is no JSON as it arrives here; a shell and MORE take quotes away, so write it into a file: {name}=@FILE")
    return found


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _content(name: str, value: str) -> str:
    if not value.startswith("@"):
        return value
    try:
        return Path(value[1:]).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise Refused(f"could not read `{value[1:]}` for the parameter `{name}`: {reason}") from None


def allowed(name: str, value: str, parameter: dict) -> str:
    """The value, if the template takes it. Raises `Refused` with what it takes."""
    shown = OWN.get(name, name)
    said = value if len(value) <= 60 else value[:60] + "..."
    choices = [str(choice) for choice in parameter.get("AllowedValues", [])]
    if choices and value not in choices:
        raise Refused(f"{shown} is `{said}`, but must be one of: {', '.join(choices)}")
    if "AllowedPattern" in parameter and not re.fullmatch(parameter["AllowedPattern"], value):
        raise Refused(f"{shown} is `{said}`, but {parameter['ConstraintDescription']}")
    if len(value) > (most := int(parameter.get("MaxLength", 4096))):
        raise Refused(f"{shown} has {len(value)} characters, and the template has room for {most}")
    return value
