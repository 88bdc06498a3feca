#!/usr/bin/env python3
"""The demo: a layer leaves, the session is cut off, and the record proves it. Runs on the local stack, which

    python3 tests/stack/stack.py run -q -p Mode=ask -p InlineDeny=allowed -p Inventory=@tests/demo/inventory.toml -- \\
        python tests/demo/demo.py

brings up, deploys into and takes down. Without options nothing has to be typed.
"""

import argparse
import json
import os
import shlex
import sys
import time
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from people import Account
from screen import Screen
from story import Story
from trail import Stalled

REPOSITORY = Path(__file__).resolve().parents[2]
# The records of the latest demo, for `explain`.
RECORDS = REPOSITORY / ".local" / "demo-records.json"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    built = Path(os.environ.get("CARGO_TARGET_DIR") or REPOSITORY / "target") / "debug"
    parser.add_argument("--bin-dir", type=Path, default=built, metavar="DIR", help="where the built `layerguard` is")
    parser.add_argument(
        "--wait", action="store_true", help="wait for your own `layerguard approve` from another terminal"
    )
    parser.add_argument("--wait-seconds", type=float, default=1500, metavar="N", help="how long (1500)")
    return parser.parse_args()


def _logs() -> str:
    port = os.environ["LAYERGUARD_STACK_PORT"]
    return f".local/run/{port}/emulator.log; with the stack up: python3 tests/stack/stack.py logs"


def main() -> int:
    arguments = _arguments()
    if "LAYERGUARD_ALERT_QUEUE_URL" not in os.environ:
        print("the demo runs on the local stack: start it with `make demo`", file=sys.stderr)
        return 2
    binary = arguments.bin_dir.resolve() / "layerguard"
    if not binary.is_file():
        print(f"`{binary}` is not there: build the workspace first (cargo build)", file=sys.stderr)
        return 2
    credentials = REPOSITORY / ".local" / "run" / os.environ["LAYERGUARD_STACK_PORT"] / "on-call.env"
    os.environ["LAYERGUARD_DEMO_CREDENTIALS"] = str(credentials)
    screen, began = Screen(), time.monotonic()
    screen.title(
        "layerguard: a layer leaves, the session is cut off, and the record proves it",
        f"An emulated AWS account at {os.environ['AWS_ENDPOINT_URL']}; real functions, state machines and IAM. Times are UTC.",
    )
    story = Story(Account(os.environ), screen, binary)
    try:
        story.run(arguments.wait_seconds if arguments.wait else 0)
    except KeyboardInterrupt:
        screen.blank()
        print("interrupted: the stack is taken down", file=sys.stderr)
        return 130
    except (Stalled, BotoCoreError, ClientError, OSError, KeyError) as problem:
        screen.blank()
        kind = "" if isinstance(problem, Stalled) else f"{type(problem).__name__}: "
        print(f'the demo failed in the step "{story.step}": {kind}{problem}', file=sys.stderr)
        print(f"logs: {_logs()}", file=sys.stderr)
        return 1
    finally:
        credentials.unlink(missing_ok=True)
    RECORDS.write_text(json.dumps({"Records": story.records}, indent=1), encoding="utf-8")
    screen.plain(f"All of it took {time.monotonic() - began:.0f} seconds.")
    screen.blank()
    screen.plain("What you may try next:")
    explain = ["explain", "--inventory", "tests/demo/inventory.toml", os.path.relpath(RECORDS)]
    screen.commands(
        [
            ("make demo WAIT=1", "answer yourself, from another terminal"),
            (
                shlex.join([os.path.relpath(binary), *explain]),
                "why these calls were found; works offline, on your own CloudTrail files too",
            ),
            ("make stack-up", "the account of the demo, to play in: tests/stack/README.md"),
        ]
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
