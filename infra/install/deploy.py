#!/usr/bin/env python3
"""Deploys layerguard into the account whose credentials the shell holds: `make deploy`.

    deploy.py [--stack NAME] [--region REGION] [--topic ARN] [--inventory FILE] [--mode observe|ask|act]
              [--arch arm64|x86_64] [--parameter NAME=VALUE ...] [--more "NAME=VALUE ..."] [--tags "NAME=VALUE ..."] [--bucket NAME] [--plan] [--yes]

First it checks: credentials, packages, parameters, topic, inventory, and that nothing of another installation is in the way. For the
inventory it builds the command `layerguard`; LAYERGUARD names one that is built already. Then it shows what will be done, deploys with AWS SAM, calls each function once, and runs `layerguard doctor`. At a terminal, without --topic,
--inventory and --mode, it asks for what it needs. A parameter that is not given keeps what is deployed, or the template's default.
AWS_ENDPOINT_URL is respected: the local stack is deployed to like an account.

Status: 0 deployed, and `doctor` found nothing broken; 1 the deployment failed; 2 refused before anything was done;
3 deployed, but `doctor` found something.
"""

import argparse
import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parents[1] / "tests" / "stack"))

import bootstrap  # noqa: E402
from archive import Refused  # noqa: E402

DONE, FAILED, REFUSED, UNWELL = 0, 1, 2, 3


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stack", help="the stack's name (layerguard)")
    parser.add_argument("--region", help="where (the shell's or the profile's Region)")
    parser.add_argument("--topic", metavar="ARN", help="the SNS topic for findings, questions and alarms")
    parser.add_argument("--inventory", type=Path, metavar="FILE", help="inventory.toml")
    parser.add_argument("--mode", help="observe, ask or act (observe)")
    parser.add_argument("--arch", help="the packages to deploy (those deployed, or arm64)")
    parser.add_argument("--parameter", action="append", default=[], metavar="NAME=VALUE", help="any other parameter of the template; NAME=@FILE takes what the file holds")
    parser.add_argument("--more", default="", metavar="WORDS", help="several of them in one text, as `make deploy` has them")
    parser.add_argument("--tags", default="", metavar="WORDS", help="tags of the stack, which reach all that can have tags; those that it has stay")
    parser.add_argument("--packages", type=Path, metavar="DIR", help="packages that are elsewhere than `make package` puts them")
    parser.add_argument("--bucket", help="where the packages are uploaded to (one that AWS SAM makes)")
    parser.add_argument("--plan", action="store_true", help="check and show, change nothing")
    parser.add_argument("--yes", action="store_true", help="ask nothing, also at a terminal")
    return parser


def deploy(arguments: argparse.Namespace) -> int:
    """Checks, shows, deploys, examines."""
    import account
    import plan
    import release

    guided = sys.stdin.isatty() and not arguments.yes
    place = account.place(arguments.stack, arguments.region, guided)
    wanted = plan.of(arguments, place, guided)
    print(wanted.shown(), flush=True)
    if arguments.plan:
        print("\nnothing was changed: this was the plan")
        return DONE
    if guided and input("\ndeploy this? [y/N] ").strip().lower() not in ("y", "yes"):
        raise Refused("nothing was changed: you did not say yes")
    if not release.put(wanted):
        return FAILED
    release.call_each(wanted)
    return DONE if release.doctor(wanted) else UNWELL


def main() -> int:
    arguments = parser().parse_args()
    try:
        folder = bootstrap.venv("gates", bootstrap.TESTS / "gates" / "requirements.lock")
        if Path(sys.prefix).resolve() != folder.resolve():
            python = str(folder / "bin" / "python")
            os.execv(python, [python, str(Path(__file__).resolve()), *sys.argv[1:]])
        return deploy(arguments)
    except (bootstrap.Missing, Refused) as error:
        print(f"layerguard: {error}", file=sys.stderr)
        return REFUSED
    except OSError as error:
        print(f"layerguard: `{error.filename or bootstrap.LOCAL}`: {error.strerror}", file=sys.stderr)
        return FAILED
    except (KeyboardInterrupt, EOFError):
        print("\nlayerguard: interrupted; see with `aws cloudformation describe-stacks` whether anything was begun", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
