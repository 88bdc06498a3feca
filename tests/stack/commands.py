"""The sub-commands of `stack.py`."""

import argparse
import contextlib
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

import account
import deploy
import process
from bootstrap import REPOSITORY
from settings import Settings, StackError, from_environment, without_aws


def _parser(text: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="stack.py", description=text, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name in ("status", "env", "down"):
        commands.add_parser(name)
    begin = commands.add_parser("up")
    begin.add_argument("--trail", action="store_true", help="calls of ECR come to the event bus by themselves, as CloudTrail tells them")
    logs = commands.add_parser("logs")
    logs.add_argument("-f", "--follow", action="store_true", help="go on until interrupted")
    logs.add_argument("--emulator", action="store_true", help="the emulator's own log, also of a stack that is down")
    logs.add_argument("--lines", type=int, default=200, help="how many of the last lines (200)")
    for name in ("deploy", "run"):
        sub = commands.add_parser(name)
        sub.add_argument("--bin-dir", type=Path, default=deploy.default_binaries(), help="the built functions")
        sub.add_argument("--template", type=Path, default=deploy.default_template(), help="infra/template.yaml")
        sub.add_argument(
            "-p",
            "--parameter",
            action="append",
            default=[],
            metavar="NAME=VALUE|NAME=@FILE",
            help="a parameter of the template; may be repeated",
        )
        if name == "run":
            sub.add_argument("--keep", action="store_true", help="leave the stack running afterwards")
            sub.add_argument("-q", "--quiet", action="store_true", help="say nothing but what goes wrong")
            sub.add_argument("words", nargs=argparse.REMAINDER, metavar="-- CMD ...")
    return parser


def up(settings: Settings, arguments) -> int:
    fresh = process.start(settings)
    account.prepare(settings)
    if getattr(arguments, "trail", False):
        process.tell_calls(settings)
    note = "runs" if fresh else "ran already and is used as it is"
    print(f"the local stack {note}: {settings.endpoint}")
    return 0


def _require_running(settings: Settings) -> None:
    if process.pid_of(settings) is None or not process.healthy(settings):
        raise StackError(
            f"the local stack does not run on port {settings.port}: start it with `python3 tests/stack/stack.py up`"
        )


def deploy_command(settings: Settings, arguments) -> int:
    _require_running(settings)
    began = time.monotonic()
    found = deploy.deploy(
        settings,
        arguments.template.resolve(),
        arguments.bin_dir.resolve(),
        deploy.parameters_from(arguments.parameter),
    )
    print(f"`{settings.name}` is deployed ({time.monotonic() - began:.1f} s)")
    if arguments.command == "run":
        return 0
    for name, value in sorted(found.items()):
        print(f"  {name} = {value}")
    return 0


def status(settings: Settings, _arguments) -> int:
    pid = process.pid_of(settings)
    if pid is None:
        print(
            f"stopped: nothing of this repository runs on port {settings.port}; "
            "start it with `python3 tests/stack/stack.py up`"
        )
        return 3
    if not process.healthy(settings):
        print(
            f"broken: process {pid} runs, but {settings.endpoint} does not answer; "
            "end it with `python3 tests/stack/stack.py down`"
        )
        return 1
    print(f"running: {settings.endpoint} (process {pid})")
    stack = deploy.describe(settings)
    print(f"  {settings.name}: {stack['StackStatus']}" if stack else f"  {settings.name}: not deployed")
    for name, value in sorted(deploy.outputs(settings).items()):
        print(f"  {name} = {value}")
    return 0


def env(settings: Settings, _arguments) -> int:
    print("unset AWS_PROFILE AWS_DEFAULT_PROFILE AWS_SESSION_TOKEN AWS_SECURITY_TOKEN")
    for name, value in settings.client_environment().items():
        print(f"export {name}={shlex.quote(value)}")
    return 0


def logs(settings: Settings, arguments) -> int:
    if not arguments.emulator:
        _require_running(settings)
        return _function_logs(settings, arguments)
    path = process.log_file(settings)
    if not path.is_file():
        raise StackError(f"there is no log for port {settings.port}: the stack was never started there")
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    print("\n".join(lines[-arguments.lines :]), flush=True)
    if arguments.follow:
        with path.open(encoding="utf-8", errors="replace") as log:
            log.seek(0, os.SEEK_END)
            while process.pid_of(settings) is not None:
                print(log.read(), end="", flush=True)
                time.sleep(0.3)
    return 0


def _function_logs(settings: Settings, arguments) -> int:
    """What the functions wrote, from CloudWatch Logs: `time group text` in order of time."""
    client, shown = account.client(settings, "logs"), 0
    while True:
        lines = _log_lines(client, shown)
        for moment, group, text in lines if shown else lines[-arguments.lines :]:
            when = time.strftime("%H:%M:%S", time.localtime(moment / 1000))
            print(f"{when} {group.rsplit('/', 1)[-1]}  {text.rstrip()}", flush=True)
        shown = max([shown, *(moment for moment, _, _ in lines)])
        if not arguments.follow or process.pid_of(settings) is None:
            return 0
        time.sleep(0.5)


def _log_lines(client, after: int) -> list[tuple[int, str, str]]:
    found = []
    for page in client.get_paginator("describe_log_groups").paginate():
        for group in page["logGroups"]:
            events = client.get_paginator("filter_log_events").paginate(
                logGroupName=group["logGroupName"], startTime=after + 1
            )
            found += [(e["timestamp"], group["logGroupName"], e["message"]) for p in events for e in p["events"]]
    return sorted(found, key=lambda line: line[0])


def down(settings: Settings, _arguments) -> int:
    ran = process.stop(settings)
    print("the local stack is down" if ran else f"nothing ran on port {settings.port}")
    return 0


def run(settings: Settings, arguments) -> int:
    words = arguments.words[1:] if arguments.words[:1] == ["--"] else arguments.words
    if not words:
        raise StackError("`run` needs a command: stack.py run -- CMD ...")
    # An interrupt reaches the command as well; the stack is taken down once that has ended.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    own = process.pid_of(settings) is None
    try:
        # Standard output belongs to the command alone.
        with contextlib.redirect_stdout(None if arguments.quiet else sys.stderr):
            up(settings, arguments)
            deploy_command(settings, arguments)
        environment = {**without_aws(dict(os.environ)), **settings.client_environment()}
        environment["PATH"] = os.pathsep.join([str(Path(sys.prefix) / "bin"), environment.get("PATH", os.defpath)])
        try:
            return subprocess.run(words, env=environment).returncode
        except FileNotFoundError:
            raise StackError(f"`{words[0]}` was not found") from None
    finally:
        if own and not arguments.keep:
            process.stop(settings)


COMMANDS = {"up": up, "deploy": deploy_command, "status": status, "env": env, "logs": logs, "down": down, "run": run}


def main(arguments: list[str], text: str) -> int:
    """Runs one sub-command; says in one line on stderr what could not be done."""
    parsed = _parser(text).parse_args(arguments)
    try:
        settings = from_environment()
        return COMMANDS[parsed.command](settings, parsed)
    except StackError as error:
        print(f"layerguard stack: {error}", file=sys.stderr)
    except (BotoCoreError, ClientError) as error:
        print(
            f"layerguard stack: the emulator refused a call: {error}; see "
            f"`{process.log_file(from_environment()).relative_to(REPOSITORY)}`",
            file=sys.stderr,
        )
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    return 1
