"""Rows about the functions: cold start, memory, size, a warm call."""

import json
import zipfile

from measure import interleaved
from runtime_api import RuntimeApi
from setting import FUNCTIONS, HERE, REPOSITORY, WORK, Setting
from table import Row

# goal 1: how many times less than Python with boto3.
COLD = {"layerguard-remediate": 80.0, "layerguard-detect": 40.0, "layerguard-decide": 40.0}
# goal 2, in MiB.
MEMORY = {"layerguard-remediate": 10.0, "layerguard-detect": 16.0, "layerguard-decide": 16.0}
# goal 2, in MB, as the goal is written.
MOST_ZIP = 3.5


def _variables(api: RuntimeApi) -> dict[str, str]:
    inventory = (HERE / "inventory.toml").read_text(encoding="utf-8")
    return {
        "LAYERGUARD_STACK": "bench",
        "LAYERGUARD_AUDIT_TABLE": "bench-audit",
        "LAYERGUARD_STATE_TABLE": "bench-state",
        "LAYERGUARD_INVENTORY": inventory,
        "LAYERGUARD_OWN_ROLE_PREFIX": "arn:aws:iam::111122223333:role/bench-",
        "LAYERGUARD_TOPIC_ARN": "arn:aws:sns:eu-central-1:111122223333:bench",
        "LAYERGUARD_BUS": "arn:aws:events:eu-central-1:111122223333:event-bus/bench",
        "LAYERGUARD_RESPOND_ARN": "arn:aws:states:eu-central-1:111122223333:stateMachine:bench-respond",
        "LAYERGUARD_MODE": "ask",
        "LAYERGUARD_INLINE_DENY": "allowed",
    }


def cold(setting: Setting, api: RuntimeApi) -> list[Row]:
    """Goal 1: processor time from the start to the first question for an event, with clients built, and with the policy loaded by Detect.

    Decide and Remediate load it with their first event. An AWS that finds nothing answers: else nobody could say which policy is in
    force, and none would be loaded.
    """
    variables = {**_variables(api), "AWS_ENDPOINT_URL": f"http://{api.address}"}

    def start(command: list[str]) -> float:
        taken = api.start(command, variables)
        api.stop()
        return taken

    programs = {name: lambda name=name: start([setting.program(name)]) for name in FUNCTIONS}
    peer = [str(setting.python), str(HERE / "boto_function.py")]
    if not any(missing.startswith("boto3") for missing in setting.missing):
        programs["boto3"] = lambda: start(peer)
    median = interleaved(programs, setting.rounds)
    rows = []
    for name, wanted in COLD.items():
        measured = median["boto3"] / median[name] if "boto3" in median else None
        note = f"{median[name] * 1000:.1f} ms" + (f" against {median['boto3'] * 1000:.0f} ms" if "boto3" in median else "")
        rows.append(Row(1, f"cold start of {name}, less CPU than Python with boto3", measured, wanted, note=note))
    return rows


def _event() -> dict:
    """A pull by a principal that the inventory lists."""
    text = (HERE.parent / "fixtures" / "explain" / "layer.json").read_text(encoding="utf-8")
    record = json.loads(text.replace("role/ci/builder", "role/ci/build-01"))
    return {"detail-type": "AWS API Call via CloudTrail", "source": "aws.ecr", "detail": record}


def warm(setting: Setting, api: RuntimeApi) -> list[Row]:
    """Goal 2 (memory) and goal 8: many calls, against an AWS on this machine that finds nothing and keeps nothing."""
    count = 100 if setting.quick else 1000
    variables = {**_variables(api), "AWS_ENDPOINT_URL": f"http://{api.address}"}
    rows, taken = [], {}
    events = {
        "layerguard-detect": _event(),
        "layerguard-decide": {"incident": "0011223344556677-1"},
        "layerguard-remediate": {"incident": "0011223344556677-1", "step": 0},
    }
    for name in FUNCTIONS:
        api.start([setting.program(name)], variables)
        kinds = [api.invoke(events[name]) for _ in range(count)]
        answered = sum(kind == "response" for kind, *_ in kinds)
        taken[name] = sorted(cpu for *_, cpu in kinds)[count // 2]
        note = f"{answered} of {count} answered, the others refused"
        rows.append(Row(2, f"{name}, high-water mark after {count} calls", api.stop() / 1024, MEMORY[name], "MiB", True, note))
    empty = setting.program("bench-empty")
    api.start([empty], variables)
    idle = sorted(api.invoke({})[2] for _ in range(count))[count // 2]
    api.stop()
    note = f"{sum(taken.values()) * 1000:.2f} ms of CPU against {3 * idle * 1000:.2f} ms, calls of AWS included"
    rows.append(Row(8, "warm chain over three empty handlers (CPU)", sum(taken.values()) / (3 * idle), 1.5, "x", True, note))
    return rows


def size(setting: Setting) -> list[Row]:
    """Goal 2: what is uploaded. Packages of `make package` where they are, else the programs at hand, packed as any tool packs."""
    packages = sorted((REPOSITORY / "target" / "lambda").glob("*/packages.json"))
    zips = {f"{path.stem} for {at.parent.name}": path for at in packages for path in sorted(at.parent.glob("*.zip"))}
    note = ""
    if not zips:
        zips, note = {name: WORK / f"{name}.zip" for name in FUNCTIONS}, "not as `make package` links and packs it"
        for name, packed in zips.items():
            with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
                archive.write(setting.program(name), "bootstrap")
    return [Row(2, f"{name}, zip", packed.stat().st_size / 1e6, MOST_ZIP, "MB", True, note) for name, packed in zips.items()]
