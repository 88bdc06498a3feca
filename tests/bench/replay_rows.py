"""Rows about replay: how fast beside its peers, how much memory, how it scales."""

import json
import os
import shutil

from measure import Failed, Run, interleaved, run
from readers import JQ
from setting import HERE, Setting
from table import Row

# goal 4: name of the peer, how many times its processor time of a replay must be.
RATIOS = {"zcat | jq": 30.0, "DuckDB": 50.0, "polars": 8.0, "zcat": 1.0}
# goal 4: percent of the records that are pulls, and the share of libdeflate's rate.
SHARES = {60: 0.60, 2: 0.75}
RULE = "ecr_layer_download_unlisted_principal"
# Exit status 0: everything was read. A replay that finds something ends so too.
MOST_KIB = 32 * 1024


def replay(setting: Setting, folder: object, *more: str, peak: bool = False) -> Run:
    """One replay of a folder of logs."""
    command = [setting.program("layerguard"), "replay", "--inventory", f"{folder}/inventory.toml", "--format", "json"]
    return run([*command, *(more or ("--jobs", "1")), str(folder)], peak=peak)


def hits(output: str) -> int:
    """Layers that unlisted principals downloaded, as the report counts them."""
    rules = json.loads(output)["rules"]
    return sum(rule["calls"] for rule in rules if rule["id"] == RULE)


def _peers(setting: Setting, folder: object) -> dict[str, list[str]]:
    files = f"find {folder} -name '*.gz' -print0 | xargs -0 zcat"
    known = {"zcat": ["sh", "-c", f"{files} > /dev/null"]}
    if shutil.which("jq"):
        known["zcat | jq"] = ["sh", "-c", f"{files} | jq -n '{JQ}'"]
    for name in ("DuckDB", "polars"):
        known[name] = [str(setting.python), str(HERE / "readers.py"), name.lower(), str(folder)]
    return known


def speed(setting: Setting) -> list[Row]:
    """Goal 4, both mixes."""
    rows = []
    for pulls, share in SHARES.items():
        folder, made = setting.mix(pulls)
        peers = _peers(setting, folder) if pulls == 60 else {}
        env = {**os.environ, "POLARS_MAX_THREADS": "1"}

        def ours() -> float:
            done = replay(setting, folder)
            if hits(done.output) != made["hits"]:
                raise Failed(f"replay counted {hits(done.output)} hits, not {made['hits']}")
            return done.cpu

        def theirs(name: str) -> float:
            done = run(peers[name], env=env)
            if name != "zcat" and int(done.output) != made["hits"]:
                raise Failed(f"{name} counted {done.output.strip()} hits, not {made['hits']}")
            return done.cpu

        def inflate() -> float:
            return run([setting.program("bench-peer"), "inflate", str(folder)]).cpu

        programs = {"replay": ours, "libdeflate": inflate}
        for name in list(peers):
            try:
                theirs(name)
                programs[name] = lambda name=name: theirs(name)
            except (Failed, ValueError) as error:
                setting.missing.append(f"{name}: {error}")
        # The slow peers need no more than three runs.
        median = interleaved(programs, 3 if pulls == 60 else setting.rounds)
        rate = made["records"] / median["replay"]
        if pulls == 60:
            for name, wanted in RATIOS.items():
                measured = median[name] / median["replay"] if name in median else None
                rows.append(Row(4, f"replay, {pulls} % pulls, less CPU than {name}", measured, wanted))
        what = f"replay, {pulls} % pulls, share of libdeflate's rate"
        rows.append(Row(4, what, median["libdeflate"] / median["replay"], share, note=f"{rate:,.0f} records/s"))
    return rows


def memory(setting: Setting) -> list[Row]:
    """Goal 5: one large file, and very many small ones."""
    records = 60_000 if setting.quick else 760_000
    count = 2_000 if setting.quick else 100_000
    large = setting.logs(f"large-{records}", "--records", str(records), "--each", str(records), "--plain")
    small = setting.logs(f"small-{count}", "--records", str(4 * count), "--each", "4")
    rows = []
    for what, (folder, made) in (("one file", large), (f"{count:,} files", small)):
        done = replay(setting, folder, "--jobs", "2", peak=True)
        if hits(done.output) != made["hits"]:
            raise Failed(f"replay counted {hits(done.output)} hits, not {made['hits']}")
        size = sum(path.stat().st_size for path in folder.rglob("*.json*")) / (1 << 20)
        rows.append(Row(5, f"replay, high-water mark, {what} of {size:,.0f} MiB", done.peak / 1024, MOST_KIB / 1024, "MiB", True))
    return rows


def threads(setting: Setting) -> list[Row]:
    """Goal 6. Time on the wall, for once: that is what a second thread is for. Busy machines have no second one to give."""
    folder, _ = setting.mix(60)
    programs = {jobs: lambda jobs=jobs: replay(setting, folder, "--jobs", jobs).wall for jobs in ("1", "2")}
    median = interleaved(programs, setting.rounds)
    return [Row(6, "replay, two threads over one (wall)", median["1"] / median["2"], 1.8)]
