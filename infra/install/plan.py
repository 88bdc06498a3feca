"""What is to be deployed: every parameter, checked; and how that differs from what is there."""

import argparse
import functools
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import parameters
from account import Place, require_topic
from archive import REPOSITORY, TARGETS, Packages, Refused, folder_of, packages


@dataclass(frozen=True)
class Plan:
    """What will be deployed where, and from what."""

    place: Place
    packages: Packages
    parameters: dict[str, str]  # those that are given; the others stay as they are
    command: Path  # the command line, for `doctor`
    inventory: Path | None
    bucket: str | None
    tags: dict[str, str] = field(default_factory=dict)  # all that the stack is to have
    lost: list[str] = field(default_factory=list)  # names of tags that it has and that AWS SAM cannot be given

    def shown(self) -> str:
        """For a person who has to say yes."""
        here, before = self.place, self.place.deployed
        lines = [
            f"{'change' if before is not None else 'make'} the stack `{here.stack}` in account {here.account} {here.region}",
            f"  as              {here.caller}",
            f"  packages        layerguard {self.packages.build}{'' if self.packages.commit else ', of no commit,'} for {self.packages.architecture}, {self.packages.folder}",
        ]
        for name, value in self.parameters.items():
            old = (before or {}).get(name)
            change = "" if before is None else " (as it is)" if old == value else f" (is: {_short(old)})"
            lines.append(f"  {name:15} {_short(value)}{change}")
        if self.tags:
            lines.append(f"  {'tags':15} {' '.join(f'{name}={value}' for name, value in sorted(self.tags.items()))}")
        if self.lost:
            lines.append(f"  {'tags lost':15} {' '.join(self.lost)}: AWS SAM takes neither their letters nor empty ones; put them back afterwards, or name others in TAGS")
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
    """Reads what was given, asks for the rest at a terminal, and checks all of it: what costs nothing first, then what has to be built.

    Raises `Refused` with the first thing that is wrong.
    """
    before, known = place.deployed or {}, parameters.declared()
    found = packages_for(arguments, before)
    if guided and not (arguments.topic or arguments.inventory or arguments.mode):
        ask(arguments, place, known)
    there, lost = parameters.passable(place.tags)
    chosen, tags = {"Architecture": found.architecture}, there | parameters.tags(arguments.tags)
    if arguments.topic:
        chosen["AlertTopicArn"] = arguments.topic
    chosen |= parameters.given([*arguments.parameter, *parameters.words(arguments.more)], known)
    if arguments.mode is not None:
        chosen["Mode"] = parameters.allowed("Mode", arguments.mode, known["Mode"])
    if arguments.topic:
        require_topic(place, arguments.topic)
    text = readable(arguments.inventory, known["Inventory"]) if arguments.inventory else ""
    if place.deployed is None:
        lacking = [name for name, value in (("TOPIC=arn:aws:sns:...", arguments.topic), ("INVENTORY=inventory.toml", arguments.inventory)) if not value]
        if lacking:
            raise Refused(f"a new stack needs {' and '.join(lacking)}: `infra/guide/install.md` says how to come by them")
    if arguments.inventory:
        require_sound(arguments.inventory, command_line())
        chosen["Inventory"] = text
    return Plan(place, found, chosen, command_line(), arguments.inventory, arguments.bucket, tags, [name for name in lost if name not in tags])


def packages_for(arguments: argparse.Namespace, before: dict[str, str]) -> Packages:
    """The packages of the wanted processor: as given, as deployed, else arm64."""
    architecture = arguments.arch or before.get("Architecture") or "arm64"
    if architecture not in TARGETS:
        raise Refused(f"`{architecture}` is no processor of Lambda: say ARCH=arm64 or ARCH=x86_64")
    return packages((arguments.packages or folder_of(architecture)).resolve(), architecture)


def readable(path: Path, parameter: dict) -> str:
    """The text of the inventory, which has room in the parameter. Raises `Refused`."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror.lower() if isinstance(error, OSError) else "it is not UTF-8"
        raise Refused(f"could not read the inventory `{path}`: {reason}; `layerguard policy init ./policy` makes one") from None
    if len(text) > (most := int(parameter["MaxLength"])):
        raise Refused(
            f"the inventory `{path}` has {len(text)} characters, and a parameter has room for {most}: deploy a smaller one that names who "
            "is on call, then `layerguard policy publish FOLDER` puts the whole one in force"
        )
    return text


def require_sound(path: Path, command: Path) -> None:
    """`layerguard policy check` finds no error in the inventory; what it warns of is shown. Raises `Refused` with what is wrong."""
    checked = subprocess.run([str(command), "policy", "check", "--inventory", str(path), "--color", "never"], capture_output=True, text=True)
    if checked.returncode != 0:
        said = (checked.stdout + checked.stderr).strip()
        raise Refused(f"the inventory `{path}` cannot be deployed:\n{said}\n`layerguard policy check --inventory {path}` says this again")
    print(f"inventory `{path}`:\n{checked.stdout.strip()}\n", flush=True)


@functools.cache
def command_line() -> Path:
    """The command `layerguard` of this checkout, built if need be; what LAYERGUARD names instead; without cargo what is on the PATH.

    Raises `Refused`.
    """
    if named := os.environ.get("LAYERGUARD"):
        if Path(named).is_file():
            return Path(named).resolve()
        raise Refused(f"LAYERGUARD names `{named}`, which is no file: name the command `layerguard`, or leave it out")
    cargo = os.environ.get("CARGO") or "cargo"
    if shutil.which(cargo) is None:
        if found := shutil.which("layerguard"):
            return Path(found).resolve()
        raise Refused("the command `layerguard`, which checks the inventory and the deployment, is not there: install Rust 1.95 or newer, which builds it")
    built = Path(os.environ.get("CARGO_TARGET_DIR") or REPOSITORY / "target") / "debug" / "layerguard"
    if not built.is_file():
        print("building the command `layerguard` (minutes, the first time)", file=sys.stderr, flush=True)
    if subprocess.run([cargo, "build", "--quiet", "--workspace", "--locked", "--bin", "layerguard"], cwd=REPOSITORY).returncode != 0:
        raise Refused("the command `layerguard`, which checks the inventory and the deployment, could not be built; cargo said why")
    return built.resolve()


def ask(arguments: argparse.Namespace, place: Place, known: dict[str, dict]) -> None:
    """Asks for what a deployment needs, and again where an answer cannot be.

    What is there already, or the template's default, is what an empty answer means.
    """
    before = place.deployed or {}
    arguments.topic = question("ARN of the alert topic", before.get("AlertTopicArn", ""), lambda arn: require_topic(place, arn))
    there = "Inventory" in before
    path = question("inventory", "" if there else "inventory.toml", lambda path: readable(Path(path), known["Inventory"]) if path else None, "as it is")
    arguments.inventory = Path(path) if path else None
    arguments.mode = question("mode: observe, ask or act", before.get("Mode", "observe"), lambda mode: parameters.allowed("Mode", mode, known["Mode"]))
    texts = {
        "InlineDeny": ("may one session be cut off by an inline policy: forbidden or allowed", "forbidden"),
        "OrganizationId": ("id of the organisation whose other accounts may be changed", ""),
        "TrailBucket": ("bucket of the trail, to find what was not received", ""),
    }
    given = {text.partition("=")[0] for text in [*arguments.parameter, *parameters.words(arguments.more)]}
    for name, (text, default) in texts.items():
        if name in given:
            continue
        value = question(text, before.get(name, default), lambda value, name=name: parameters.allowed(name, value, known[name]), "none")
        if value != before.get(name, default):
            arguments.parameter.append(f"{name}={value}")


def question(text: str, default: str, check: Callable[[str], object], nothing: str = "") -> str:
    """What a person answers, once it can be."""
    while True:
        answer = input(f"{text} [{default or nothing}]: ").strip() or default
        try:
            check(answer)
            return answer
        except Refused as refused:
            print(f"  {refused}", flush=True)
