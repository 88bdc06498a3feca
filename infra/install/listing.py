"""Writes down a set of packages: the zips, their checksums, their bills of materials, and what they are."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from archive import LISTED, SUMS, sha256

# As layerguard shows a commit: crates/core/src/release.rs.
SHOWN = 12


@dataclass(frozen=True)
class Build:
    """What was built."""

    version: str
    commit: str | None
    architecture: str
    compiler: str
    glibc: str

    @property
    def name(self) -> str:
        """As `layerguard --version` and `doctor` name a build."""
        return f"{self.version} ({self.commit[:SHOWN]})" if self.commit else self.version


def write(out: Path, build: Build, programs: dict[str, bytes], zips: dict[str, bytes], bills: dict[str, str]) -> dict[str, int]:
    """Fills the folder anew; answers with the size of each zip in bytes. What says that all is there is written last."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    files = {f"{name}.zip": content for name, content in zips.items()}
    files |= {f"{name}.cdx.json": text.encode() for name, text in bills.items()}
    for name, content in files.items():
        (out / name).write_bytes(content)
    sums = "".join(f"{sha256(content)}  {name}\n" for name, content in sorted(files.items()))
    (out / SUMS).write_text(sums, encoding="utf-8")
    functions = {
        name: {
            "sha256": sha256(zips[name]),
            "bytes": len(zips[name]),
            "bootstrap_sha256": sha256(program),
            "bootstrap_bytes": len(program),
        }
        for name, program in programs.items()
    }
    listed = {
        "build": build.name,
        "version": build.version,
        "commit": build.commit,
        "architecture": build.architecture,
        "compiler": build.compiler,
        "glibc": build.glibc,
        "functions": functions,
    }
    (out / LISTED).write_text(json.dumps(listed, indent=2) + "\n", encoding="utf-8")
    return {name: len(content) for name, content in zips.items()}
