"""Measures programs: processor time of a child and its children, the highest memory it held, medians of interleaved runs."""

import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass


class Failed(Exception):
    """A program that is measured ended badly; the text says which and how."""


@dataclass
class Run:
    """What one run of a program took."""

    cpu: float  # seconds of the processor, user and system, with those of all that it started and waited for
    wall: float  # seconds
    output: str
    peak: int = 0  # KiB of its high-water mark, where it was asked for


def run(command: list[str], *, accept: tuple[int, ...] = (0,), peak: bool = False, env: dict[str, str] | None = None) -> Run:
    """Runs a program and waits for it. Raises `Failed` when it ends with a status that is not accepted."""
    begin = time.monotonic()
    # Files, not pipes: nobody reads while the memory is watched, and a report may be larger than a pipe.
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        child = subprocess.Popen(command, stdout=out, stderr=err, env=env)
        highest = _watch(child.pid) if peak else 0
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        taken = time.monotonic() - begin
        out.seek(0)
        err.seek(0)
        output, errors = out.read(), err.read()
    if child.returncode not in accept:
        last = errors.strip().splitlines()[-1:] or ["nothing on standard error"]
        raise Failed(f"`{' '.join(command)[:120]}` ended with status {child.returncode}: {last[0]}")
    return Run(usage.ru_utime + usage.ru_stime, taken, output, highest)


def _watch(pid: int) -> int:
    """Reads the high-water mark until the child has ended. `ru_maxrss` would begin with this process's own."""
    highest = 0
    while True:
        seen = high_water(pid)
        if seen is None:
            return highest
        highest = max(highest, seen)
        time.sleep(0.004)


def high_water(pid: int) -> int | None:
    """`VmHWM` of a process in KiB; `None` when it has ended."""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii") as status:
            for line in status:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1])
    except OSError:
        pass
    return None


def cpu_of(pid: int) -> float:
    """Seconds of the processor that a living process has taken, all threads, by the scheduler's clock in nanoseconds."""
    total = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/schedstat", encoding="ascii") as numbers:
            total += int(numbers.read().split()[0])
    return total / 1e9


def interleaved(programs: dict[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """Runs each program in turn, `rounds` times; answers the median of each. So a slow minute of the machine slows all alike."""
    taken: dict[str, list[float]] = {name: [] for name in programs}
    for _ in range(rounds):
        for name, program in programs.items():
            taken[name].append(program())
    return {name: statistics.median(values) for name, values in taken.items()}
