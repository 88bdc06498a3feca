"""Starts, finds and ends the emulator's process. State and logs stand under `.local/run/<port>/`."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from bootstrap import REPOSITORY
from settings import ACCOUNT, HERE, ROOT_KEY, ROOT_SECRET, RUN, Settings, StackError, without_aws

START_SECONDS = 30
STOP_SECONDS = 10


def folder(settings: Settings) -> Path:
    return RUN / str(settings.port)


def log_file(settings: Settings) -> Path:
    return folder(settings) / "emulator.log"


def _state_file(settings: Settings) -> Path:
    return folder(settings) / "state.json"


def _started_at(pid: int) -> str | None:
    """When the process began, in the kernel's ticks: a process id alone may have been given to another since."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
    except OSError:
        return _started_at_by_ps(pid)
    return None if fields[0] == "Z" else fields[19]


def _started_at_by_ps(pid: int) -> str | None:
    if Path("/proc/self/stat").exists():
        return None
    found = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True)
    return found.stdout.strip() or None


def pid_of(settings: Settings) -> int | None:
    """The process id of the emulator that this repository started on the port, if it still runs."""
    try:
        state = json.loads(_state_file(settings).read_text(encoding="utf-8"))
        pid, began = int(state["pid"]), str(state["began"])
    except (OSError, ValueError, KeyError):
        return None
    return pid if _started_at(pid) == began else None


def healthy(settings: Settings) -> bool:
    """Whether something that calls itself healthy answers on the port."""
    try:
        with urllib.request.urlopen(f"{settings.endpoint}/_ministack/health", timeout=2) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError, ValueError):
        return False


def tell_calls(settings: Settings, on: bool = True) -> None:
    """From now on calls of ECR come to the event bus by themselves, or no longer. Raises `StackError`."""
    wanted = json.dumps({"cloudtrail._recording_enabled": str(on).lower()}).encode()
    try:
        with urllib.request.urlopen(f"{settings.endpoint}/_ministack/config", data=wanted, timeout=5) as answer:
            applied = json.load(answer)["applied"]
    except (urllib.error.URLError, OSError, ValueError, KeyError) as error:
        raise StackError(f"the emulator's CloudTrail could not be switched: {error}") from error
    if applied.get("cloudtrail._recording_enabled") is not on:
        raise StackError("the emulator's CloudTrail could not be switched: it did not take the setting")


def _port_taken(settings: Settings) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", settings.port)) == 0


def _environment(settings: Settings, temporary: Path) -> dict[str, str]:
    own = {
        "AUTH": "true",
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(settings.port),
        # Handed on to the functions: without it they would call the real AWS.
        "AWS_ENDPOINT_URL": settings.endpoint,
        "AWS_ACCESS_KEY_ID": ROOT_KEY,
        "AWS_SECRET_ACCESS_KEY": ROOT_SECRET,
        "AWS_DEFAULT_REGION": settings.region,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "MINISTACK_HOST": "127.0.0.1",
        "MINISTACK_REGION": settings.region,
        "MINISTACK_WORKER_THREADS": "64",
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "LAMBDA_EXECUTOR": "local",
        "PYTHONUNBUFFERED": "1",
        "TMPDIR": str(temporary),
    }
    kept = {
        name: os.environ[name] for name in ("PATH", "HOME", "LANG", "LOG_LEVEL", "SFN_WAIT_SCALE") if name in os.environ
    }
    return {**without_aws(kept), **own}


def start(settings: Settings) -> bool:
    """Starts the emulator and waits until it answers; False when it ran already. Raises `StackError`."""
    if pid_of(settings) is not None and healthy(settings):
        return False
    stop(settings)
    if _port_taken(settings):
        raise StackError(
            f"port {settings.port} on 127.0.0.1 is taken by another program: end it, or choose another port with "
            f"LAYERGUARD_STACK_PORT={settings.port + 1}"
        )
    temporary = folder(settings) / "tmp"
    temporary.mkdir(parents=True, exist_ok=True)
    with log_file(settings).open("wb") as log:
        child = subprocess.Popen(
            [sys.executable, str(HERE / "launcher.py")],
            cwd=folder(settings),
            env=_environment(settings, temporary),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    state = {"pid": child.pid, "began": _started_at(child.pid), "endpoint": settings.endpoint}
    _state_file(settings).write_text(json.dumps(state), encoding="utf-8")
    _wait(settings, child)
    return True


def _wait(settings: Settings, child: subprocess.Popen) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if child.poll() is not None:
            lines = log_file(settings).read_text(encoding="utf-8", errors="replace").strip().splitlines()
            reason = lines[-1] if lines else f"status {child.returncode}"
            stop(settings)
            raise StackError(f"the emulator did not start: {reason}")
        if healthy(settings):
            return
        time.sleep(0.1)
    stop(settings)
    raise StackError(
        f"the emulator did not answer within {START_SECONDS} s: see `{log_file(settings).relative_to(REPOSITORY)}`"
    )


def _members(group: int) -> list[int]:
    """The processes of the emulator's process group: itself and the functions' processes."""
    found = subprocess.run(["ps", "-ww", "-eo", "pid=,pgid=,stat="], capture_output=True, text=True)
    rows = [line.split() for line in found.stdout.splitlines()]
    return [int(row[0]) for row in rows if len(row) == 3 and row[1] == str(group) and not row[2].startswith("Z")]


def _strays(settings: Settings) -> list[int]:
    """Processes that run a function's binary out of this stack's temporary folder, whoever their parent is now."""
    temporary = str(folder(settings) / "tmp") + os.sep
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if os.readlink(entry / "exe").startswith(temporary):
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def _leftovers(settings: Settings) -> list[int]:
    try:
        state = json.loads(_state_file(settings).read_text(encoding="utf-8"))
        group = int(state["pid"])
    except (OSError, ValueError, KeyError):
        return _strays(settings)
    # A group id stays in use as long as one member lives, so another program cannot have it meanwhile; when the
    # leader is gone and its id was given away, the members are not ours.
    leader = _started_at(group)
    own = _members(group) if leader in (None, state.get("began")) else []
    return sorted({*own, *_strays(settings)})


def _signal(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue


def stop(settings: Settings) -> bool:
    """Ends the emulator and every function process, also after a crash; False when nothing ran. Raises `StackError`."""
    pids = _leftovers(settings)
    ran = bool(pids)
    _signal(pids, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while pids and time.monotonic() < deadline:
        time.sleep(0.1)
        pids = _leftovers(settings)
    _signal(pids, signal.SIGKILL)
    time.sleep(0.2 if pids else 0)
    if left := _leftovers(settings):
        raise StackError(f"processes {left} of the local stack do not end: end them by hand")
    _state_file(settings).unlink(missing_ok=True)
    shutil.rmtree(folder(settings) / "tmp", ignore_errors=True)
    return ran
