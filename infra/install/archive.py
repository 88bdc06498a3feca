"""A function's package as Lambda takes it, and what is written down about a set of packages. Standard library only."""

import hashlib
import io
import json
import struct
import subprocess
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
FUNCTIONS = ("detect", "decide", "remediate", "reconcile")
# As Lambda and the template call the processors, and the Rust target for each.
TARGETS = {"arm64": "aarch64-unknown-linux-gnu", "x86_64": "x86_64-unknown-linux-gnu"}
# `e_machine` of an ELF file, by which a program for another processor is told.
MACHINES = {183: "arm64", 62: "x86_64"}
# `p_type` of the program header that says where the tables for unwinding are.
_PT_GNU_EH_FRAME = 0x6474E550
LISTED, SUMS = "packages.json", "SHA256SUMS"
# What packages and template have to agree about.
DEPLOYED = ("Cargo.lock", "Cargo.toml", "crates", "infra/template.yaml", "statemachine")


class Refused(Exception):
    """What stands against it and, where a person can do something about it, the remedy."""


def packed(program: bytes, level: int = 9, deflate=None) -> bytes:
    """The program as an executable `bootstrap` in a zip. The same program gives the same bytes: no time, no owner, no folder is kept.

    `deflate` compresses in place of this Python's zlib: it answers with a raw deflate stream of what it is given.
    """
    entry = zipfile.ZipInfo("bootstrap", date_time=(1980, 1, 1, 0, 0, 0))
    entry.external_attr = 0o100755 << 16
    entry.create_system = 3
    output = io.BytesIO()
    if deflate is None:
        entry.compress_type = zipfile.ZIP_DEFLATED
        with zipfile.ZipFile(output, "w", compresslevel=level) as archive:
            archive.writestr(entry, program, compresslevel=level)
        return output.getvalue()
    stream = deflate(program)
    with zipfile.ZipFile(output, "w") as archive:
        # Written as it is; then both headers are told what it is: the method, the checksum and the length of the program.
        archive.writestr(entry, stream)
    content = bytearray(output.getvalue())
    told = struct.pack("<H", zipfile.ZIP_DEFLATED), struct.pack("<III", zlib.crc32(program), len(stream), len(program))
    for header, method in ((0, 8), (content.rindex(b"PK\x01\x02"), 10)):
        content[header + method : header + method + 2] = told[0]
        content[header + method + 6 : header + method + 18] = told[1]
    return bytes(content)


def without_unwinding(program: bytes) -> bytes:
    """The program with zeros in place of its tables for unwinding, which pack to nothing.

    A panic ends the process at once (`panic = "abort"`), so nothing reads them but a backtrace, which a program without symbols could not
    tell anyway. Where they are in memory is taken out of the program headers, so that nobody takes the zeros for tables. Raises `Refused`
    where the program is of another form than that of the functions.
    """
    if architecture_of(program) is None:
        raise Refused("what was built is no program for a processor of Lambda")
    content = bytearray(program)
    headers, sections = struct.unpack_from("<QQ", content, 32)
    header_size, header_count, section_size, section_count, names = struct.unpack_from("<5H", content, 54)
    for at in range(headers, headers + header_size * header_count, header_size):
        if struct.unpack_from("<I", content, at)[0] == _PT_GNU_EH_FRAME:
            struct.pack_into("<I", content, at, 0)
    (text,) = struct.unpack_from("<Q", content, sections + names * section_size + 24)
    for at in range(sections, sections + section_size * section_count, section_size):
        start = text + struct.unpack_from("<I", content, at)[0]
        if bytes(content[start : content.index(0, start)]) in (b".eh_frame", b".eh_frame_hdr", b".gcc_except_table"):
            offset, size = struct.unpack_from("<QQ", content, at + 24)
            content[offset : offset + size] = bytes(size)
    return bytes(content)


def architecture_of(program: bytes) -> str | None:
    """The processor that a program is for, as Lambda names it; None when it is no program for Linux on either."""
    if program[:6] != b"\x7fELF\x02\x01":
        return None
    return MACHINES.get(int.from_bytes(program[18:20], "little"))


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def folder_of(architecture: str) -> Path:
    """Where `make package` puts the packages for a processor."""
    return REPOSITORY / "target" / "lambda" / architecture


@dataclass(frozen=True)
class Packages:
    """Packages whose checksums and processor were looked at."""

    folder: Path
    build: str  # the version, and the commit where one was named
    architecture: str
    commit: str | None = None

    def template(self, source: Path) -> str:
        """The text of the template with the packages in place of the folders that hold the programs unpacked. Nothing else differs.

        Raises `Refused` where the template names no such folder: it would be deployed with something else than the packages.
        """
        text = source.read_text(encoding="utf-8")
        for name in FUNCTIONS:
            text = _replaced(text, f"CodeUri: ../target/lambda/{name}/", f"CodeUri: {json.dumps(str(self.folder / f'{name}.zip'))}", 1)
        machines = (REPOSITORY / "statemachine").as_posix()
        return _replaced(text, "DefinitionUri: ../statemachine/", f"DefinitionUri: {machines}/", None)


def _replaced(text: str, old: str, new: str, times: int | None) -> str:
    found = text.count(old)
    if found == 0 or (times is not None and found != times):
        raise Refused(f"the template holds `{old}` {found} times: this script and infra/template.yaml do not fit each other")
    return text.replace(old, new)


def packages(folder: Path, architecture: str) -> Packages:
    """Looks at the packages in a folder. Raises `Refused` when one is missing, is not what was written down, or is for another processor."""
    build = f"`make package ARCH={architecture}`"
    try:
        listed = json.loads((folder / LISTED).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise Refused(f"there are no packages for {architecture} in `{folder}`: {build} makes them") from None
    for name in FUNCTIONS:
        path = folder / f"{name}.zip"
        if not path.is_file():
            raise Refused(f"the package `{path}` is missing: {build} makes it")
        content = path.read_bytes()
        if sha256(content) != listed["functions"][name]["sha256"]:
            raise Refused(f"the package `{path}` is not the one that was built: its checksum differs from `{LISTED}`; {build} makes it again")
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            found = architecture_of(archive.open("bootstrap").read(20))
        if found != architecture:
            raise Refused(f"the package `{path}` is for {found or 'no processor of Lambda'}, not for {architecture}: {build} makes it, or say ARCH={found}")
    _require_this_version(listed["commit"], build)
    return Packages(folder, listed["build"], architecture, listed["commit"])


def _require_this_version(commit: str | None, build: str) -> None:
    """The packages are of what is checked out: template and functions of two versions are no version. Nothing is known where a side is no commit.

    Raises `Refused`.
    """
    head = git("rev-parse", "HEAD")
    if commit is None or head.returncode != 0:
        return
    compared = git("diff", "--quiet", commit, "--", *DEPLOYED)
    if compared.returncode != 0:
        here = head.stdout.strip()
        known = "" if compared.returncode == 1 else ", which is not in this checkout"
        changed = git("diff", "--quiet", "HEAD", "--", *DEPLOYED).returncode == 1
        beside = "has changes that are in no commit" if changed else f"is of {here[:12]}"
        raise Refused(
            f"the packages are of commit {commit[:12]}{known}, and the template beside them {beside}: {build} makes those of the template, "
            f"or check {commit[:12]} out first"
        )


def git(*words: str) -> subprocess.CompletedProcess:
    """What git says of this checkout; without git the same as without a checkout: a status that is not 0."""
    command = ["git", "-C", str(REPOSITORY), *words]
    try:
        return subprocess.run(command, capture_output=True, text=True)
    except FileNotFoundError:
        return subprocess.CompletedProcess(command, 127, "", "git is not installed")
