"""What is to be deployed: every parameter, checked; and how that differs from what is there."""

import argparse
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from account import Place, require_topic
from archive import REPOSITORY, TARGETS, Packages, Refused, folder_of, packages

MODES = ("observe", "ask", "act")
INLINE = ("forbidden", "allowed")
# As the template has it: the inventory travels in the functions' environment.
MOST_INVENTORY = 2800


@dataclass(frozen=True)
class Plan:
    """What will be deployed where, and from what."""

    place: Place
    packages: Packages
    parameters: dict[str, str]  # those that are given; the others stay as they are
    command: Path  # the command line, for `doctor`
    inventory: Path | None
    bucket: str | None

    def shown(self) -> str:
        """For a person who has to say yes."""
        here, before = self.place, self.place.deployed
        lines = [
            f"{'change' if before is not None else 'make'} the stack `{here.stack}` in account {here.account} {here.region}",
            f"  as              {here.caller}",
            f"  packages        layerguard {self.packages.build} for {self.packages.architecture}, {self.packages.folder}",
        ]
        for name, value in self.parameters.items():
            old = (before or {}).get(name)
            change = "" if before is None else " (as it is)" if old == value else f" (is: {_short(old)})"
            lines.append(f"  {name:15} {_short(value)}{change}")
        kept = len(set(before or {}) - set(self.parameters))
        lines.append(f"  {kept} other parameters stay as they are" if before is not None else "  other parameters have the template's defaults")
        if before is None:
            lines.append("It makes roles and managed policies named after the stack, four functions, two machines, two tables, rules and alarms.")
        else:
            lines.append("Incidents that wait for an answer go on waiting: what was shown to people is what runs.")
        if self.parameters.get("Mode", (before or {}).get("Mode", "observe")) == "observe":
            lines.append("Mode observe: it tells, and changes nothing in any account.")
        return "\n".join(lines)


def _short(value: str | None) -> str:
    if value is None:
        return "not set"
    lines = value.strip().splitlines()
    return f"{len(value)} characters, {len(lines)} lines" if len(lines) > 1 else value or "empty"


def of(arguments: argparse.Namespace, place: Place, guided: bool) -> Plan:
    """Reads what was given, asks for the rest at a terminal, and checks all of it. Raises `Refused` with the first thing that is wrong."""
    before = place.deployed or {}
    found = packages_for(arguments, before)
    if guided and not (arguments.topic or arguments.inventory or arguments.mode):
        ask(arguments, before)
    command = command_line()
    parameters = {"Architecture": found.architecture}
    if topic := arguments.topic:
        require_topic(place, topic)
        parameters["AlertTopicArn"] = topic
    if arguments.inventory:
        parameters["Inventory"] = inventory(arguments.inventory, command)
    for name, value in others(arguments).items():
        parameters[name] = value
    if (mode := arguments.mode) is not None:
        parameters["Mode"] = one_of("MODE", mode, MODES)
    if place.deployed is None:
        for name, word in (("AlertTopicArn", "TOPIC=arn:aws:sns:..."), ("Inventory", "INVENTORY=inventory.toml")):
            if name not in parameters:
                raise Refused(f"a new stack needs {word}")
    return Plan(place, found, parameters, command, arguments.inventory, arguments.bucket)


def packages_for(arguments: argparse.Namespace, before: dict[str, str]) -> Packages:
    """The packages of the wanted processor: as given, as deployed, else arm64."""
    architecture = arguments.arch or before.get("Architecture") or "arm64"
    if architecture not in TARGETS:
        raise Refused(f"`{architecture}` is no processor of Lambda: say ARCH=arm64 or ARCH=x86_64")
    return packages((arguments.packages or folder_of(architecture)).resolve(), architecture)


def one_of(name: str, value: str, choices: tuple[str, ...]) -> str:
    if value not in choices:
        raise Refused(f"{name} is `{value}`, but must be one of: {', '.join(choices)}")
    return value


def others(arguments: argparse.Namespace) -> dict[str, str]:
    """`NAME=VALUE` for the template's other parameters."""
    found = {}
    for text in arguments.parameter:
        name, equals, value = text.partition("=")
        if not equals or not name.isalnum():
            raise Refused(f"`{text}` is no parameter: write NAME=VALUE, such as Drill=enabled")
        if name in ("AlertTopicArn", "Inventory", "Mode", "Architecture"):
            raise Refused(f"`{name}` has an option of its own: TOPIC, INVENTORY, MODE or ARCH")
        found[name] = one_of(name, value, INLINE) if name == "InlineDeny" else value
    return found


def inventory(path: Path, command: Path) -> str:
    """The text of the inventory, after `layerguard policy check` found no error in it. Raises `Refused` with what is wrong."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise Refused(f"could not read the inventory `{path}`: {reason}") from None
    checked = subprocess.run([str(command), "policy", "check", "--inventory", str(path), "--color", "never"], capture_output=True, text=True)
    if checked.returncode != 0:
        said = (checked.stdout + checked.stderr).strip()
        raise Refused(f"the inventory `{path}` cannot be deployed:\n{said}\n`layerguard policy check --inventory {path}` says this again")
    print(f"inventory `{path}`:\n{checked.stdout.strip()}\n", flush=True)
    if len(text) > MOST_INVENTORY:
        raise Refused(
            f"the inventory `{path}` has {len(text)} characters, and a parameter has room for {MOST_INVENTORY}: deploy a smaller one that names who "
            "is on call, then `layerguard policy publish FOLDER` puts the whole one in force"
        )
    return text


def command_line() -> Path:
    """The command `layerguard`: what LAYERGUARD names, what was built here, or what is on the PATH."""
    built = Path(os.environ.get("CARGO_TARGET_DIR") or REPOSITORY / "target")
    for candidate in (os.environ.get("LAYERGUARD"), built / "release" / "layerguard", built / "debug" / "layerguard", shutil.which("layerguard")):
        if candidate and Path(candidate).is_file():
            return Path(candidate).resolve()
    raise Refused("the command `layerguard` is not built, which checks the inventory and the deployment: `make build` builds it")


def ask(arguments: argparse.Namespace, before: dict[str, str]) -> None:
    """Asks for what a deployment needs; what is there already, or the template's default, is what an empty answer means."""

    def question(text: str, default: str, again: str = "") -> str:
        return input(f"{text} [{default or again}]: ").strip() or default

    arguments.topic = question("ARN of the alert topic", before.get("AlertTopicArn", "")) or None
    there = "Inventory" in before
    path = question("inventory", "" if there else "inventory.toml", "as it is")
    arguments.inventory = Path(path) if path else None
    arguments.mode = question("mode: observe, ask or act", before.get("Mode", "observe"))
    texts = {
        "InlineDeny": ("may one session be cut off by an inline policy: forbidden or allowed", "forbidden"),
        "OrganizationId": ("id of the organisation whose other accounts may be changed", ""),
        "TrailBucket": ("bucket of the trail, to find what was not received", ""),
    }
    given = {text.partition("=")[0] for text in arguments.parameter}
    for name, (text, default) in texts.items():
        if name not in given and (value := question(text, before.get(name, default), "none")) != before.get(name, default):
            arguments.parameter.append(f"{name}={value}")
