#!/usr/bin/env python3
"""The linker that rustc is given for a package: the one that cargo-zigbuild made, told in which order functions and constants go.

    linker.py ARGUMENT...      as a C compiler takes them; LAYERGUARD_LINKER names the variable in which cargo-zigbuild left its own

By now the whole program is one object with a section for each function and each constant. What a program does is the same in any order.
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import order
from elftools.common.exceptions import ELFError
from elftools.elf.constants import SH_FLAGS
from elftools.elf.elffile import ELFFile

# Not what is written to before the program starts: the linker protects `.data.rel.ro` by its name, and a section of ours has another.
KINDS = (".text", ".rodata")


class Refused(Exception):
    """What could not be done, and where."""


def sections(path: Path) -> Iterator[tuple[str, bytes]]:
    """The functions and constants of an object: section and content. Not those from which the linker takes out what is there twice."""
    kinds = tuple(f"{kind}." for kind in KINDS)
    try:
        with path.open("rb") as file:
            for section in ELFFile(file).iter_sections():
                merged = section["sh_flags"] & SH_FLAGS.SHF_MERGE
                if section.name.startswith(kinds) and section["sh_size"] and not merged:
                    yield section.name, section.data()
    except (ELFError, OSError) as error:
        raise Refused(f"could not read the object `{path}`: {error}") from None


def script(objects: list[Path]) -> str:
    """What the linker is told. Sections that are not named here go where they always go. Raises `Refused`."""
    named: dict[str, bytes] = {}
    for name, content in (section for path in objects for section in sections(path)):
        named[name] = named.get(name, b"") + content
    lines = []
    for kind in KINDS:
        names = [name for name in named if name.startswith(f"{kind}.")]
        placed = [f'    *("{names[place]}")' for place in order.alike([named[name] for name in names])]
        if placed:
            lines += ["SECTIONS", "{", f"  {kind}.alike :", "  {", *placed, "  }", "}", f"INSERT AFTER {kind};"]
    return "".join(f"{line}\n" for line in lines)


def main(arguments: list[str]) -> int:
    linker = os.environ.get(os.environ.get("LAYERGUARD_LINKER", ""))
    if not linker:
        print("linker.py: this is for rustc, as `make package` calls it: LAYERGUARD_LINKER names no linker", file=sys.stderr)
        return 2
    objects = [Path(argument) for argument in arguments if argument.endswith(".o")]
    try:
        if "-shared" not in arguments and "-o" in arguments:
            told = Path(arguments[arguments.index("-o") + 1] + ".order")
            told.write_text(script(objects), encoding="utf-8")
            arguments = [*arguments, f"-Wl,-T,{told}"]
        os.execv(linker, [linker, *arguments])
    except Refused as error:
        print(f"linker.py: {error}; nothing is linked", file=sys.stderr)
    except OSError as error:
        print(f"linker.py: could not write or run `{error.filename or linker}`: {error.strerror}; nothing is linked", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
