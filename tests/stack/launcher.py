"""Runs the pinned emulator with the patches of `patches/catalogue.py`, in the foreground.

Everything else (port, account, enforcement) comes from the environment: see `process.py`. Ends with status 3 and one
line when the emulator is not the one that the patches fit.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from patches import catalogue, engine


def main() -> int:
    try:
        engine.install(catalogue.REWRITES)
    except engine.PatchFailed as error:
        print(f"layerguard stack: {error}", file=sys.stderr)
        return 3
    from ministack.app import main as serve

    sys.argv = ["ministack"]
    serve()
    return 0


if __name__ == "__main__":
    sys.exit(main())
