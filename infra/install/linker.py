#!/usr/bin/env python3
"""The linker that rustc is given for a package: the one that cargo-zigbuild made, told in which order functions and constants go.

    linker.py ARGUMENT...      as a C compiler takes them; LAYERGUARD_LINKER names the variable in which cargo-zigbuild left its own

By now the whole program is one object with a section for each function and each constant. What a program does is the same in any order.
"""

import os
import sys
from pathlib import Path

import order
from elftools.elf.constants import SH_FLAGS
from elftools.elf.elffile import ELFFile

# Not what is written to before the program starts: the linker protects `.data.rel.ro` by its name, and a section of ours has another.
KINDS = (".text", ".rodata")


def sections(objects: list[Path], kind: str) -> dict[str, bytes]:
    """The sections of this kind in these objects: name and content. Not those from which the linker takes out what is there twice."""
    found: dict[str, bytes] = {}
    for path in objects:
        with path.open("rb") as file:
            for section in ELFFile(file).iter_sections():
                merged = section["sh_flags"] & SH_FLAGS.SHF_MERGE
                if section.name.startswith(f"{kind}.") and section["sh_size"] and not merged:
                    found[section.name] = found.get(section.name, b"") + section.data()
    return found


def script(objects: list[Path]) -> str:
    """What the linker is told. Sections that are not named here go where they always go."""
    lines = []
    for kind in KINDS:
        named = sections(objects, kind)
        names = list(named)
        placed = [f'    *("{names[place]}")' for place in order.alike(list(named.values()))]
        if placed:
            lines += ["SECTIONS", "{", f"  {kind}.alike :", "  {", *placed, "  }", "}", f"INSERT AFTER {kind};"]
    return "".join(f"{line}\n" for line in lines)


def main(arguments: list[str]) -> None:
    linker = os.environ[os.environ["LAYERGUARD_LINKER"]]
    objects = [Path(argument) for argument in arguments if argument.endswith(".o")]
    if "-shared" not in arguments and "-o" in arguments:
        output = Path(arguments[arguments.index("-o") + 1] + ".order")
        output.write_text(script(objects), encoding="utf-8")
        arguments = [*arguments, f"-Wl,-T,{output}"]
    os.execv(linker, [linker, *arguments])


if __name__ == "__main__":
    main(sys.argv[1:])
