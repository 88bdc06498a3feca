#!/usr/bin/env python3
"""Makes the virtual environments and the npm folder below `.local/` from the lock files. System Python only.

    python3 tests/stack/bootstrap.py [stack] [gates] [checkov] [npm] [package]      (default: stack)

Each is made anew when its lock file has changed. A stamp with the lock file's hash is written last, so that an
interrupted run is not taken for a finished one. Ends with status 2 and one line with the remedy when something is
missing on the machine.
"""

import contextlib
import fcntl
import hashlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
LOCAL = REPOSITORY / ".local"
TESTS = REPOSITORY / "tests"
OLDEST_PYTHON = (3, 11)


class Missing(Exception):
    """Something the machine lacks; the text ends with the remedy."""


def _stamp_text(*sources: Path) -> str:
    digest = hashlib.sha256()
    for source in sources:
        digest.update(source.read_bytes())
    return f"{sys.version_info.major}.{sys.version_info.minor} {digest.hexdigest()}\n"


def _is_current(folder: Path, wanted: str) -> bool:
    stamp = folder / ".layerguard-stamp"
    return stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted


@contextlib.contextmanager
def locked(path: Path, waiting: str):
    """One process at a time; a second one says that it waits. Raises `OSError` where the lock cannot be made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(waiting, file=sys.stderr, flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def _alone(name: str):
    """Nobody else makes the same folder meanwhile; a second call waits for the first, and then finds it made. Raises `Missing`."""
    with contextlib.ExitStack() as held:
        try:
            held.enter_context(locked(LOCAL / f".lock-{name}", f"waiting for another run, which installs .local/{name}"))
        except OSError as error:
            raise Missing(f"could not write to `{LOCAL}`: {error.strerror}; make it writable, or take a checkout that is yours") from None
        yield


def _run(command: list[str], doing: str, remedy: str, cwd: Path | None = None) -> None:
    with tempfile.TemporaryFile() as output:
        if subprocess.run(command, cwd=cwd, stdout=output, stderr=subprocess.STDOUT).returncode == 0:
            return
        output.seek(0)
        lines = output.read().decode("utf-8", "replace").strip().splitlines()
    raise Missing(f"could not {doing}: {lines[-1] if lines else 'no output'}; {remedy}")


def _check_python() -> None:
    if sys.version_info < OLDEST_PYTHON:
        found = ".".join(map(str, sys.version_info[:3]))
        raise Missing(f"python3 is {found}, but 3.11 or later is needed: install a newer python3")
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        raise Missing(
            "python3 has no venv module: install it (Debian and Ubuntu: `apt-get install python3-venv`)"
        ) from None


def venv(name: str, lock: Path) -> Path:
    """Makes or reuses `.local/<name>` with exactly what `lock` names; returns its folder. Raises `Missing`."""
    folder = LOCAL / name
    wanted = _stamp_text(lock)
    if _is_current(folder, wanted):
        return folder
    _check_python()
    with _alone(name):
        if not _is_current(folder, wanted):
            _install(name, lock, folder)
            (folder / ".layerguard-stamp").write_text(wanted, encoding="utf-8")
    return folder


def _install(name: str, lock: Path, folder: Path) -> None:
    print(f"installing .local/{name} (once; about a minute)", file=sys.stderr, flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    _run(
        [sys.executable, "-m", "venv", str(folder)],
        f"make the virtual environment `.local/{name}`",
        "install the venv module of python3",
    )
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    _run(
        [*pip, "--require-hashes", "--no-deps", "-r", str(lock)],
        f"install `{lock.relative_to(REPOSITORY)}`",
        "check that the Python package index can be reached and run this again",
    )


def npm_folder() -> Path:
    """Makes or reuses `.local/npm` with the packages of `tests/gates/package-lock.json`. Raises `Missing`."""
    folder = LOCAL / "npm"
    sources = [TESTS / "gates" / "package.json", TESTS / "gates" / "package-lock.json"]
    wanted = _stamp_text(*sources)
    if _is_current(folder, wanted):
        return folder
    for tool in ("node", "npm"):
        if shutil.which(tool) is None:
            raise Missing(
                f"`{tool}` is not installed, which the check of the state machines needs: install Node.js 18 or later"
            )
    with _alone("npm"):
        if not _is_current(folder, wanted):
            _install_npm(sources, folder)
            (folder / ".layerguard-stamp").write_text(wanted, encoding="utf-8")
    return folder


def _install_npm(sources: list[Path], folder: Path) -> None:
    print("installing .local/npm (once)", file=sys.stderr, flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for source in [*sources, TESTS / "gates" / ".npmrc"]:
        shutil.copy(source, folder)
    _run(
        ["npm", "ci", "--ignore-scripts", "--loglevel", "error"],
        "install `tests/gates/package-lock.json`",
        "check that the npm registry can be reached and run this again",
        cwd=folder,
    )


PARTS = {
    "stack": lambda: venv("stack", TESTS / "stack" / "requirements.lock"),
    "gates": lambda: venv("gates", TESTS / "gates" / "requirements.lock"),
    "checkov": lambda: venv("checkov", TESTS / "gates" / "checkov.lock"),
    "npm": npm_folder,
    "package": lambda: venv("package", REPOSITORY / "infra" / "install" / "requirements.lock"),
}


def main(arguments: list[str]) -> int:
    if "-h" in arguments or "--help" in arguments:
        print(__doc__)
        return 0
    unknown = [name for name in arguments if name not in PARTS]
    if unknown:
        print(f"unknown part `{unknown[0]}`: choose from {', '.join(PARTS)}", file=sys.stderr)
        return 2
    try:
        for name in arguments or ["stack"]:
            PARTS[name]()
    except Missing as missing:
        print(f"layerguard: {missing}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
