#!/usr/bin/env python3
"""Measures layerguard against the goals and its peers, and prints one table. `make bench` runs it.

BENCH_QUICK=1     small data and few runs: whether everything works, not how fast it is
BENCH_ROWS="3 4"  these goals alone
BENCH_BIN=FOLDER  binaries that are built already, the functions among them, instead of a build

Times are those of the processor, user and system, of a program and all that it starts; each number is the median of interleaved runs.
Ends with 0 when no goal is missed by more than 15 %, 1 when one is, 2 when something could not be measured at all.
"""

import json
import os
import platform
import sys
from collections.abc import Callable
from pathlib import Path

import lambda_rows
import replay_rows
from measure import Failed, interleaved, run
from runtime_api import RuntimeApi
from setting import HERE, WORK, Setting, build, peers
from table import Row, failed, shown


def assessment(setting: Setting) -> list[Row]:
    """Goals 3 and 7: one record, parsed and assessed, inside one process."""
    folder, _ = setting.mix(60)
    first = sorted(folder.rglob("*.json.gz"))[0]
    rounds = "3" if setting.quick else "20"
    counted: dict[str, int] = {}

    def us(command: list[str], name: str) -> float:
        said = json.loads(run(command).output)
        counted[name] = said["hits"]
        return said["us"]

    peer = setting.program("bench-peer")
    commands = {
        "ours": [peer, "assess", str(folder), rounds, "0"],
        "more": [peer, "assess", str(folder), rounds, "300" if setting.quick else "2973"],
        "single": [peer, "single", str(folder), rounds],
        "cedar": [peer, "cedar", str(folder), rounds],
        "python": [str(setting.python), str(HERE / "python_rule.py"), str(first), rounds],
    }
    programs = {name: lambda name=name: us(commands[name], name) for name in commands}
    median = interleaved(programs, setting.rounds)
    if len(set(counted.values())) != 1:
        raise Failed(f"the hits differ: {counted}")
    ours = median["ours"]
    return [
        Row(3, "parse and assess one record, facts repeat", ours, 1.0, "us", True,
            note=f"one by one, as Detect does: {median['single']:.1f} us"),
        Row(3, "the same, less CPU than plain Cedar for each event (without parsing)", median["cedar"] / ours, 20.0,
            note=f"{median['cedar']:.1f} us"),
        Row(3, "the same, less CPU than a rule in Python", median["python"] / ours, 10.0, note=f"{median['python']:.1f} us"),
        Row(7, "the same with 3,000 rules over the shipped ones", median["more"] / ours, 1.5, "x", True),
    ]  # fmt: skip


def main() -> int:
    """See the module."""
    if "-h" in sys.argv or "--help" in sys.argv:
        print(__doc__)
        return 0
    quick = os.environ.get("BENCH_QUICK", "") not in ("", "0")
    only = set(os.environ.get("BENCH_ROWS", "").split())
    missing: list[str] = []
    built = os.environ.get("BENCH_BIN")
    python = peers(missing)
    folders = (Path(built), Path(built)) if built else build(os.environ.get("CARGO", "cargo"))
    setting = Setting(quick, *folders, python, missing)
    WORK.mkdir(parents=True, exist_ok=True)
    api = RuntimeApi()
    parts: list[tuple[str, Callable[[], list[Row]]]] = [
        ("1", lambda: lambda_rows.cold(setting, api)),
        ("2", lambda: lambda_rows.size(setting)),
        ("2 8", lambda: lambda_rows.warm(setting, api)),
        ("3 7", lambda: assessment(setting)),
        ("4", lambda: replay_rows.speed(setting)),
        ("5", lambda: replay_rows.memory(setting)),
        ("6", lambda: replay_rows.threads(setting)),
    ]
    rows: list[Row] = []
    broken: list[str] = []
    for goals, part in parts:
        if only and not only & set(goals.split()):
            continue
        print(f"measuring goal {goals}", file=sys.stderr, flush=True)
        try:
            rows.extend(part())
        except (Failed, OSError, ValueError) as error:
            broken.append(f"goal {goals}: {error}")
    rows.sort(key=lambda row: row.goal)
    print(f"{platform.machine()}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}" + (", quick: says nothing about speed" if quick else ""))
    print(shown(rows))
    for text in missing:
        print(f"missing peer: {text}")
    for text in broken:
        print(f"could not be measured: {text}")
    if broken:
        return 2
    return 1 if failed(rows) else 0


if __name__ == "__main__":
    sys.exit(main())
