"""The bill of materials of a function in CycloneDX: which libraries are in its program, under which licence, with which checksum.

Cargo says what it links for the target with the features that this build has; macros and build scripts run on the machine that
builds and are in no program. Nothing in it depends on the time or the place.
"""

import json
import re
import subprocess
import tomllib
import uuid
from collections import defaultdict

from cyclonedx.exception import MissingOptionalDependencyException
from cyclonedx.factory.license import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

from archive import FUNCTIONS, REPOSITORY, Refused, sha256

# One line of `cargo tree`: how deep, name, version, licence; what follows in between is a path or `(*)`.
LINE = re.compile(r"(\d+)([A-Za-z0-9_-]+) v(\S+)[^|]*\|([^|]*)\|")
Crate = tuple[str, str]


def tree(package: str, target: str, cargo: str) -> tuple[Crate, dict[Crate, str], dict[Crate, set[Crate]]]:
    """The function itself, the licences of all that is linked into it, and who needs what."""
    command = [cargo, "tree", "--locked", "--target", target, "--edges", "normal,no-proc-macro", "--prefix", "depth"]
    # Features of libraries are those of all packages that are built together.
    command += [word for name in FUNCTIONS for word in ("-p", f"layerguard-{name}")] + ["--format", "{p}|{l}|"]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True)
    if done.returncode != 0:
        raise Refused(f"cargo could not say what is in `{package}`: {done.stderr.strip()[-300:]}")
    licences: dict[Crate, str] = {}
    needs: dict[Crate, set[Crate]] = defaultdict(set)
    path: list[Crate] = []
    for line in filter(None, done.stdout.splitlines()):
        found = LINE.match(line)
        if not found:
            raise Refused(f"cargo named something in `{package}` that is not understood: `{line}`")
        depth, crate = int(found[1]), (found[2], found[3])
        licences[crate] = found[4]
        del path[depth:]
        if path:
            needs[path[-1]].add(crate)
        path.append(crate)
    root = next(crate for crate in licences if crate[0] == package)
    reached, waiting = set(), [root]
    while waiting:
        crate = waiting.pop()
        if crate not in reached:
            reached.add(crate)
            waiting += needs[crate]
    return root, {crate: licences[crate] for crate in reached}, {crate: needs[crate] for crate in reached}


def _checksums() -> dict[Crate, str]:
    locked = tomllib.loads((REPOSITORY / "Cargo.lock").read_text(encoding="utf-8"))
    return {(p["name"], p["version"]): p["checksum"] for p in locked["package"] if "checksum" in p}


def _component(crate: Crate, licence: str, checksum: str | None) -> Component:
    name, version = crate
    purl = PackageURL("cargo", None, name, version) if checksum else None
    return Component(
        type=ComponentType.LIBRARY,
        name=name,
        version=version,
        bom_ref=f"{name}@{version}",
        purl=purl,
        licenses=[LicenseFactory().make_from_string(licence.replace("/", " OR "))] if licence else [],
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=checksum)] if checksum else [],
    )


def of(package: str, target: str, program: bytes, cargo: str) -> str:
    """The bill of materials of one function, checked against its schema. Raises `Refused`."""
    root, licences, needs = tree(package, target, cargo)
    checksums = _checksums()
    components = {crate: _component(crate, licence, checksums.get(crate)) for crate, licence in licences.items()}
    subject = components.pop(root)
    subject.type = ComponentType.APPLICATION
    subject.hashes = [HashType(alg=HashAlgorithm.SHA_256, content=sha256(program))]
    compiler = subprocess.run(["rustc", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    subject.properties = [Property(name="layerguard:target", value=target), Property(name="layerguard:compiler", value=compiler)]
    bill = Bom(components=list(components.values()), serial_number=uuid.uuid5(uuid.NAMESPACE_OID, sha256(program)))
    bill.metadata.component = subject
    # The library stamps the time; the same program is to have the same bill.
    bill.metadata.timestamp = None
    by_crate = {root: subject, **components}
    for crate, wanted in needs.items():
        bill.register_dependency(by_crate[crate], [by_crate[one] for one in wanted])
    text = JsonV1Dot6(bill).output_as_string(indent=1)
    try:
        wrong = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    except MissingOptionalDependencyException as error:
        raise Refused(f"the bill of materials of `{package}` could not be checked: {error}") from None
    if wrong is not None:
        raise Refused(f"the bill of materials of `{package}` does not fit its schema: {str(wrong)[:300]}")
    return json.dumps(json.loads(text), indent=1, sort_keys=True) + "\n"
