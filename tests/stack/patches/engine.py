"""Rewrites lines of the emulator's source as its modules are loaded.

A rewrite names a module, the text that must stand there exactly as often as it says, and the text that takes its
place. A module is checked before it runs: when the emulator has changed, the launcher ends with the version and the
rewrite's name instead of running half patched.
"""

import importlib.abc
import importlib.machinery
import importlib.metadata
import importlib.util
import sys
from dataclasses import dataclass

PACKAGE = "ministack"
PINNED = "1.5.33"


class PatchFailed(Exception):
    """The emulator is not the one that the rewrites were written for."""


@dataclass(frozen=True)
class Rewrite:
    """One change of one module's source: `old` occurs `count` times and each becomes `new`."""

    name: str
    module: str
    old: str
    new: str
    why: str
    count: int = 1

    def apply(self, source: str) -> str:
        found = source.count(self.old)
        if found != self.count:
            raise PatchFailed(
                f"{PACKAGE} {installed_version()} does not fit the patch `{self.name}`: in `{self.module}` the text "
                f"{self.old.strip().splitlines()[0]!r} was found {found} times, not {self.count}; adapt "
                f"tests/stack/patches/catalogue.py, or install {PACKAGE}=={PINNED}"
            )
        return source.replace(self.old, self.new)


def installed_version() -> str:
    """The emulator's version as installed; raises `PatchFailed` when there is none."""
    try:
        return importlib.metadata.version(PACKAGE)
    except importlib.metadata.PackageNotFoundError:
        raise PatchFailed(f"{PACKAGE} is not installed here: run `python3 tests/stack/bootstrap.py`") from None


def check_version() -> None:
    """Refuses every version but the pinned one."""
    found = installed_version()
    if found != PINNED:
        raise PatchFailed(
            f"{PACKAGE} {found} is installed, but the patches are for {PINNED}: run `python3 tests/stack/bootstrap.py`"
        )


class _RewritingLoader(importlib.machinery.SourceFileLoader):
    """Compiles a module from its rewritten source; the byte code cache, which holds the original, is passed by."""

    def __init__(self, name: str, path: str, rewrites: list[Rewrite]):
        super().__init__(name, path)
        self._rewrites = rewrites

    def get_code(self, fullname):
        path = self.get_filename(fullname)
        source = importlib.util.decode_source(self.get_data(path))
        for rewrite in self._rewrites:
            source = rewrite.apply(source)
        return compile(source, path, "exec", dont_inherit=True)


class _RewritingFinder(importlib.abc.MetaPathFinder):
    def __init__(self, rewrites: list[Rewrite]):
        self._by_module: dict[str, list[Rewrite]] = {}
        for rewrite in rewrites:
            self._by_module.setdefault(rewrite.module, []).append(rewrite)

    def find_spec(self, fullname, path=None, target=None):
        rewrites = self._by_module.get(fullname)
        if rewrites is None:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is None or spec.origin is None:
            raise PatchFailed(f"{PACKAGE} {installed_version()} has no module `{fullname}`, which the launcher patches")
        spec.loader = _RewritingLoader(fullname, spec.origin, rewrites)
        return spec


def install(rewrites: list[Rewrite]) -> None:
    """Checks the version, then loads every patched module with its rewrites. Raises `PatchFailed`."""
    check_version()
    modules = list(dict.fromkeys(rewrite.module for rewrite in rewrites))
    loaded = [name for name in modules if name in sys.modules]
    if loaded:
        raise PatchFailed(f"`{loaded[0]}` was loaded before it could be patched")
    sys.meta_path.insert(0, _RewritingFinder(rewrites))
    for name in modules:
        importlib.import_module(name)
