#!/usr/bin/env python3
"""The local stack: an emulated AWS account on 127.0.0.1 with layerguard deployed in it.

    stack.py up [--trail]              start the emulator; it holds an alert topic, its inbox and a bucket
    stack.py deploy [options]          deploy infra/template.yaml with the built functions
    stack.py status                    say what runs and what is deployed
    stack.py env                       print the variables for a shell: eval "$(stack.py env)"
    stack.py logs [-f] [--emulator]    show what the functions wrote, or the emulator's own log
    stack.py down                      end the emulator and every function; nothing is kept
    stack.py run [options] -- CMD ...  up, deploy, run CMD with those variables; down again unless it ran before

Status: 0 done, 1 it failed, 2 wrong arguments or something missing on the machine, 3 `status` found nothing running;
`run` ends with the status of CMD. LAYERGUARD_STACK_PORT chooses the port (4566), LAYERGUARD_STACK the stack's name.
"""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import bootstrap


def main() -> int:
    """Makes the virtual environment when needed and goes on inside it, where boto3 is."""
    try:
        folder = bootstrap.venv("stack", bootstrap.TESTS / "stack" / "requirements.lock")
    except bootstrap.Missing as missing:
        print(f"layerguard: {missing}", file=sys.stderr)
        return 2
    if Path(sys.prefix).resolve() != folder.resolve():
        python = str(folder / "bin" / "python")
        os.execv(python, [python, str(Path(__file__).resolve()), *sys.argv[1:]])
    import commands

    return commands.main(sys.argv[1:], __doc__)


if __name__ == "__main__":
    sys.exit(main())
