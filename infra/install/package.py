#!/usr/bin/env python3
"""Builds the four functions for Lambda and packs them: `make package [ARCH=arm64|x86_64]`.

    package.py [--arch arm64|x86_64] [--bin-dir DIR --out DIR]

Below target/lambda/<arch>/: one zip and one CycloneDX bill of materials for each function, SHA256SUMS, and packages.json, which
`make deploy` reads. Below target/lambda/<function>/ the same programs unpacked, which `sam deploy` takes with the plain template.
No folder and no time of the machine is part of a package. With --bin-dir nothing is built: what is in
that folder is packed as it is, without bills of materials, for the local stack alone.

Status: 0 done, 1 it could not be built, 2 something is missing on the machine.
"""

import argparse
import contextlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parents[1] / "tests" / "stack"))

import bootstrap  # noqa: E402
from archive import FUNCTIONS, REPOSITORY, TARGETS, Refused, architecture_of, folder_of, git, packed, sha256, without_unwinding  # noqa: E402
from listing import Build, write  # noqa: E402

PROFILE = "lambda"
# The C library of `provided.al2023`, the runtime of the functions: Amazon Linux 2023 has this version for its whole life.
GLIBC = (2, 34)
# Both make the package smaller and leave what the program does as it is; infra/install/README.md says by how much. Parts that functions
# have in common are not taken out of them: deflate finds them anyway, where `linker.py` has put them, and the calls would be longer.
FLAGS = [f"-Clinker={HERE / 'linker.py'}", "-Cllvm-args=-enable-machine-outliner=never"]
PACKAGES = [f"layerguard-{name}" for name in FUNCTIONS]
CARGO = os.environ.get("CARGO") or "cargo"


def asked(*command: str) -> str:
    """What a tool prints. Raises `Refused` when it is not there or fails."""
    try:
        return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout.strip()
    except FileNotFoundError:
        raise Refused(f"`{command[0]}` is missing: install Rust 1.95 or newer, then run this again") from None
    except subprocess.CalledProcessError as error:
        raise Refused(f"`{' '.join(command)}` failed: {(error.stderr or error.stdout).strip()[-300:]}") from None


def require_target(architecture: str) -> None:
    """The compiler needs its standard library in a build for the target. Raises `Refused` with what to type."""
    target = TARGETS[architecture]
    if Path(asked("rustc", "--print", "target-libdir", "--target", target)).is_dir():
        return
    other = next(name for name in TARGETS if name != architecture)
    compiler = asked("rustc", "--version")
    raise Refused(
        f"{compiler} has no standard library for {target}, which ARCH={architecture} needs: type `rustup target add {target}`, "
        f"or build for the other processor: `make package ARCH={other}`, then `make deploy ARCH={other}`"
    )


def commit() -> str | None:
    """The commit that is built, or None when what is built is no commit: then the packages name none."""
    if given := os.environ.get("LAYERGUARD_COMMIT"):
        return given
    found = git("rev-parse", "HEAD")
    if found.returncode != 0:
        print("layerguard: this is no git checkout, so the packages name no commit", file=sys.stderr)
        return None
    if git("status", "--porcelain", "--untracked-files=no").stdout:
        print("layerguard: there are changes that are not committed, so the packages name no commit", file=sys.stderr)
        return None
    return found.stdout.strip()


def target_folder() -> Path:
    """Where cargo builds."""
    return Path(os.environ.get("CARGO_TARGET_DIR") or REPOSITORY / "target").resolve()


def environment(architecture: str, revision: str | None) -> dict[str, str]:
    """The variables of the build. No folder of this machine may be part of a program, or it would differ from machine to machine."""
    home = Path(os.environ.get("CARGO_HOME") or Path.home() / ".cargo").resolve()
    folders = [(REPOSITORY, "/layerguard"), (home, "/cargo"), (target_folder(), "/build")]
    sources = Path(asked("rustc", "--print", "sysroot")) / "lib" / "rustlib" / "src" / "rust"
    if sources.is_dir():
        folders.append((sources, "/rust"))
    remapped = [f"--remap-path-prefix={folder}={name}" for folder, name in folders]
    # Cryptography is C, and could name its source files. What zig adds to debug builds of C has no place in a release, and debug
    # information, which is stripped, would name the folder of zig's own headers, below `.local`.
    c_flags = [f"-ffile-prefix-map={folder}={name}" for folder, name in folders[:3]] + ["-fno-sanitize=undefined", "-g0"]
    kept = {name: value for name, value in os.environ.items() if name not in ("RUSTFLAGS", "CFLAGS", "LAYERGUARD_COMMIT")}
    tools, target = bootstrap.LOCAL / "package" / "bin", TARGETS[architecture].replace("-", "_")
    return kept | {
        "PATH": os.pathsep.join([str(tools), os.environ.get("PATH", os.defpath)]),
        "CARGO_ENCODED_RUSTFLAGS": "\x1f".join(remapped + FLAGS),
        f"CFLAGS_{target}": " ".join(c_flags),
        "LAYERGUARD_LINKER": f"CARGO_TARGET_{target.upper()}_LINKER",
        **({"LAYERGUARD_COMMIT": revision} if revision else {}),
    }


def built(architecture: str, revision: str | None) -> dict[str, bytes]:
    """Builds the functions; answers with their programs. Raises `Refused`."""
    target = TARGETS[architecture]
    command = [str(bootstrap.LOCAL / "package" / "bin" / "cargo-zigbuild"), "zigbuild", "--locked", "--profile", PROFILE]
    command += ["--target", f"{target}.{GLIBC[0]}.{GLIBC[1]}", "--bins"]
    command += [word for name in PACKAGES for word in ("-p", name)]
    print(f"building {', '.join(FUNCTIONS)} for {architecture} (many minutes, the first time)", file=sys.stderr, flush=True)
    if subprocess.run(command, cwd=REPOSITORY, env=environment(architecture, revision)).returncode != 0:
        raise Refused("the functions could not be built; cargo said why")
    folder = target_folder() / target / PROFILE
    return {name: without_unwinding((folder / f"layerguard-{name}").read_bytes()) for name in FUNCTIONS}


def check(name: str, program: bytes, architecture: str) -> None:
    """The program runs on this processor with Lambda's C library, and names no folder of this machine. Raises `Refused`."""
    if (found := architecture_of(program)) != architecture:
        raise Refused(f"`{name}` is for {found or 'no processor of Lambda'}, not for {architecture}")
    newest = max(glibc_needed(program), default=(0, 0))
    if newest > GLIBC:
        raise Refused(f"`{name}` needs glibc {newest[0]}.{newest[1]}, and Lambda's runtime has {GLIBC[0]}.{GLIBC[1]}")
    for folder in (REPOSITORY, Path.home(), target_folder()):
        if str(folder).encode() in program:
            raise Refused(f"`{name}` names the folder `{folder}`: built elsewhere it would be another program")


def glibc_needed(program: bytes) -> set[tuple[int, ...]]:
    """The versions of glibc whose symbols a program asks for."""
    import io

    from elftools.elf.elffile import ELFFile
    from elftools.elf.gnuversions import GNUVerNeedSection

    found = set()
    for section in ELFFile(io.BytesIO(program)).iter_sections():
        if isinstance(section, GNUVerNeedSection):
            names = [entry.name for _, entries in section.iter_versions() for entry in entries]
            found |= {tuple(map(int, m[1].split("."))) for name in names if (m := re.fullmatch(r"GLIBC_([\d.]+)", name))}
    return found


def tightly(program: bytes) -> bytes:
    """A raw deflate stream by zopfli: some 4 % shorter than zlib's best, in half a minute, and the same whichever Python packs."""
    import zopfli.zlib

    # Any number of blocks: fifteen, as it would make, are few for a program. Two bytes of zlib's form before the stream, four after it.
    return zopfli.zlib.compress(program, numiterations=5, blocksplittingmax=0)[2:-4]


def unpack(programs: dict[str, bytes]) -> None:
    """Puts the programs where the plain template looks for them."""
    for name, program in programs.items():
        folder = REPOSITORY / "target" / "lambda" / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        (folder / "bootstrap").write_bytes(program)
        (folder / "bootstrap").chmod(0o755)


def alone() -> contextlib.AbstractContextManager:
    """One run at a time: both would fill the same folders. A second one waits, and builds nothing that is built by then."""
    waiting = "layerguard: another run builds packages in this target folder; waiting for it"
    return bootstrap.locked(target_folder() / ".packaging", waiting)


def make(arguments: argparse.Namespace) -> None:
    """Builds, checks, packs, writes down. Raises `Refused`."""
    architecture, bills, revision = arguments.arch, {}, None
    out = (arguments.out or folder_of(architecture)).resolve()
    if arguments.bin_dir:
        programs = {name: (arguments.bin_dir / f"layerguard-{name}").read_bytes() for name in FUNCTIONS}
    else:
        require_target(architecture)
        import sbom

        revision = commit()
        programs = built(architecture, revision)
        for name, program in programs.items():
            check(name, program, architecture)
        bills = {name: sbom.of(f"layerguard-{name}", TARGETS[architecture], programs[name], CARGO) for name in FUNCTIONS}
        unpack(programs)
    version = asked(CARGO, "pkgid", "-p", PACKAGES[0]).rsplit("#", 1)[1].rsplit("@", 1)[-1]
    build = Build(version, revision, architecture, asked("rustc", "--version"), ".".join(map(str, GLIBC)))
    zips = {name: packed(program, 1, None if arguments.bin_dir else tightly) for name, program in programs.items()}
    sizes = write(out, build, programs, zips, bills)
    for name, size in sizes.items():
        print(f"  {name:10} {size / 1e6:5.2f} MB  {sha256((out / f'{name}.zip').read_bytes())}")
    print(f"layerguard {build.name} for {architecture}: {out}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--arch", default="arm64", help="arm64 or x86_64 (arm64)")
    parser.add_argument("--bin-dir", type=Path, help="pack what is built there already; for the local stack")
    parser.add_argument("--out", type=Path, help="where the packages go; with --bin-dir")
    arguments = parser.parse_args()
    if arguments.arch not in TARGETS:
        print(f"layerguard: `{arguments.arch}` is no processor of Lambda: say ARCH=arm64 or ARCH=x86_64", file=sys.stderr)
        return 2
    if (arguments.out is None) != (arguments.bin_dir is None):
        parser.error("--bin-dir and --out belong together: packages that were not built here are no packages to deploy by default")
    try:
        folder = None if arguments.bin_dir else bootstrap.venv("package", HERE / "requirements.lock")
        if folder and Path(sys.prefix).resolve() != folder.resolve():
            python = str(folder / "bin" / "python")
            os.execv(python, [python, str(Path(__file__).resolve()), *sys.argv[1:]])
        with contextlib.nullcontext() if arguments.bin_dir else alone():
            make(arguments)
    except KeyboardInterrupt:
        print("\nlayerguard: interrupted; what was compiled is kept, and the next run goes on from there", file=sys.stderr)
        return 130
    except OSError as error:
        where = error.filename or arguments.out or REPOSITORY / "target"
        print(f"layerguard: could not write `{where}`: {error.strerror}; the packages are not there", file=sys.stderr)
        return 1
    except (bootstrap.Missing, Refused) as error:
        print(f"layerguard: {error}", file=sys.stderr)
        return 2 if isinstance(error, bootstrap.Missing) or "type `rustup" in str(error) else 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
