"""Builds the fuzz targets and runs each for a while. Called by `make fuzz`; needs nothing but Python and cargo.

FUZZ_SECONDS    CPU seconds for each target (600)
FUZZ_JOBS       how many targets run at a time (1)
FUZZ_TARGETS    which targets, separated by spaces (all)

Everything that it writes lies below .local/fuzz: the tool, the build, the growing corpus, logs, inputs that crashed.
Exit status: 0 nothing found, 1 a target found something, 2 it could not be built or run.
"""

import concurrent.futures
import dataclasses
import os
import pathlib
import re
import shutil
import subprocess
import sys
import threading
import time

CARGO_FUZZ = "0.13.2"
ROOT = pathlib.Path(__file__).resolve().parent.parent
FUZZ = ROOT / "fuzz"
LOCAL = ROOT / ".local" / "fuzz"
# Records are a few thousand bytes, policies less. What is longer is slower and finds nothing else.
LONGEST = {"fast": 8192, "record": 8192}
USUAL_LONGEST = 4096
# Seconds. An input that takes so long could hold up the detection: that is a finding too.
SLOWEST = 10
MOST_MEGABYTES = 1024
# How libFuzzer ends on Ctrl-C.
INTERRUPTED = 72
stopped = threading.Event()


@dataclasses.dataclass
class Result:
    target: str
    cpu: float = 0.0
    runs: int = 0
    status: int = 0
    found: list[pathlib.Path] = dataclasses.field(default_factory=list)


def fail(message: str) -> None:
    print(message, file=sys.stderr)
    sys.exit(2)


def whole(name: str, default: int) -> int:
    text = os.environ.get(name) or str(default)
    if not text.isdigit() or int(text) < 1:
        fail(f"{name} is {text!r}, not a whole number from 1 up")
    return int(text)


def environment() -> dict[str, str]:
    """The build of the fuzz targets shares no folder and no flags with the one of the workspace."""
    return {key: value for key, value in os.environ.items() if key not in ("CARGO_TARGET_DIR", "RUSTFLAGS")}


def cargo() -> str:
    return os.environ.get("CARGO") or "cargo"


def install() -> pathlib.Path:
    program = LOCAL / "bin" / "cargo-fuzz"
    if program.exists():
        said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
        if said.split()[-1:] == [CARGO_FUZZ]:
            return program
    print(f"installing cargo-fuzz {CARGO_FUZZ} into {LOCAL.relative_to(ROOT)}", flush=True)
    made = LOCAL / "install"
    command = [cargo(), "install", "--quiet", "--locked", "--force", "--root", LOCAL, "--target-dir", made]
    done = subprocess.run([*command, "--version", CARGO_FUZZ, "cargo-fuzz"], env=environment(), check=False)
    shutil.rmtree(made, ignore_errors=True)
    if done.returncode != 0:
        fail("cargo-fuzz could not be installed")
    return program


def targets(program: pathlib.Path) -> list[str]:
    listed = subprocess.run([program, "fuzz", "list"], cwd=ROOT, capture_output=True, text=True, check=False)
    known = listed.stdout.split()
    if listed.returncode != 0 or not known:
        fail(f"there are no fuzz targets: {listed.stderr.strip()}")
    asked = (os.environ.get("FUZZ_TARGETS") or "").split() or known
    for target in asked:
        if target not in known:
            fail(f"there is no fuzz target {target!r}; there are {', '.join(known)}")
    return asked


def build(program: pathlib.Path) -> pathlib.Path:
    """The folder with the built targets.

    Without a sanitizer: those need an unstable compiler, and look for what the workspace rules out by forbidding
    unsafe code. What is looked for here are panics, overflows, slow inputs and broken promises.
    """
    print("building the fuzz targets; the first time takes some minutes", flush=True)
    made = LOCAL / "target"
    # In one unit, the default, the largest library keeps one core busy while the others wait.
    command = [program, "fuzz", "build", "--sanitizer", "none", "--codegen-units", "16", "--target-dir", made]
    log = LOCAL / "build.log"
    with log.open("w") as out:
        done = subprocess.run(command, cwd=ROOT, env=environment(), stdout=out, stderr=out, check=False)
    if done.returncode != 0:
        print(log.read_text()[-4000:], file=sys.stderr)
        fail("the fuzz targets could not be built")
    built = sorted(made.glob("*/release"), key=lambda folder: folder.stat().st_mtime)
    if not built:
        fail(f"cargo-fuzz left no targets below {made}")
    return built[-1]


def run(binary: pathlib.Path, seconds: int) -> Result:
    """Runs a target until it has used so many CPU seconds, however busy the machine is, or has found something."""
    target = binary.name
    result = Result(target)
    corpus, found = LOCAL / "corpus" / target, LOCAL / "found" / target
    for folder in (corpus, found, LOCAL / "logs"):
        folder.mkdir(parents=True, exist_ok=True)
    began = time.time()
    with (LOCAL / "logs" / f"{target}.log").open("w") as log:
        while result.status == 0 and seconds - result.cpu >= 1 and not stopped.is_set():
            rest = round(seconds - result.cpu)
            command = [binary, *flags(target, found), f"-max_total_time={rest}", *inputs(target)]
            used, result.status = measured(command, log)
            # A run that uses no time must not go on for ever.
            result.cpu += max(used, 0.5)
            if result.status == INTERRUPTED:
                stopped.set()
            if stopped.is_set():
                raise KeyboardInterrupt
    result.found = sorted(path for path in found.iterdir() if path.stat().st_mtime >= began - 1)
    text = (LOCAL / "logs" / f"{target}.log").read_text(errors="replace")
    result.runs = sum(int(number) for number in re.findall(r"number_of_executed_units: (\d+)", text))
    if result.status == 0 and not stopped.is_set():
        minimise(binary)
    return result


def flags(target: str, found: pathlib.Path) -> list[str]:
    given = [
        f"-artifact_prefix={found}/",
        f"-max_len={LONGEST.get(target, USUAL_LONGEST)}",
        f"-timeout={SLOWEST}",
        f"-rss_limit_mb={MOST_MEGABYTES}",
        "-print_final_stats=1",
        "-verbosity=1",
    ]
    words = FUZZ / "dictionaries" / f"{target}.dict"
    return [*given, f"-dict={words}"] if words.exists() else given


def inputs(target: str) -> list[pathlib.Path]:
    """What is found goes into the first folder; the seeds are only read."""
    return [LOCAL / "corpus" / target, FUZZ / "seeds" / target]


def measured(command: list, log) -> tuple[float, int]:
    """CPU seconds and exit status of a command."""
    process = subprocess.Popen(command, stdout=log, stderr=log, cwd=ROOT)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_utime + usage.ru_stime, process.returncode


def minimise(binary: pathlib.Path) -> None:
    """Keeps of the corpus only what reaches something that nothing else reaches."""
    corpus, fresh = LOCAL / "corpus" / binary.name, LOCAL / "corpus" / f"{binary.name}.new"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    command = [binary, "-merge=1", f"-rss_limit_mb={MOST_MEGABYTES}", fresh, corpus]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    if done.returncode == 0 and any(fresh.iterdir()):
        shutil.rmtree(corpus)
        fresh.rename(corpus)
    else:
        shutil.rmtree(fresh, ignore_errors=True)


def tell(result: Result, binary: pathlib.Path) -> None:
    log = LOCAL / "logs" / f"{result.target}.log"
    if result.status == 0:
        kept = len(list((LOCAL / "corpus" / result.target).iterdir()))
        told = f"{result.runs} runs in {result.cpu:.0f} CPU seconds, corpus of {kept}"
        print(f"  {result.target:<16} nothing found: {told}", flush=True)
        return
    lines = log.read_text(errors="replace").splitlines()
    # The message of a panic stands on the line after its place.
    marks = ("panicked at", "ERROR: libFuzzer", "left:", "right:")
    telling = [any(mark in line for mark in marks) for line in lines]
    after_panic = [False, *("panicked at" in line for line in lines)]
    chosen = [line for line, tells, after in zip(lines, telling, after_panic) if tells or after]
    shown = [f"    {line.strip()[:300]}" for line in chosen[:8]]
    inputs_found = [f"    input: {path.relative_to(ROOT)}" for path in result.found]
    again = [f"    again: {binary.relative_to(ROOT)} {path.relative_to(ROOT)}" for path in result.found[:1]]
    print(f"  {result.target:<16} FOUND something after {result.cpu:.0f} CPU seconds (exit status {result.status})")
    print("\n".join([*shown, *inputs_found, *again, f"    log:   {log.relative_to(ROOT)}"]), flush=True)


def main() -> None:
    seconds, jobs = whole("FUZZ_SECONDS", 600), whole("FUZZ_JOBS", 1)
    LOCAL.mkdir(parents=True, exist_ok=True)
    program = install()
    chosen = targets(program)
    folder = build(program)
    print(f"running {', '.join(chosen)}: {seconds} CPU seconds each", flush=True)
    failed = False
    pool = concurrent.futures.ThreadPoolExecutor(jobs)
    try:
        for result in pool.map(lambda target: run(folder / target, seconds), chosen):
            tell(result, folder / result.target)
            failed |= result.status != 0
    except KeyboardInterrupt:
        # The running targets were told by the terminal too, and keep their corpus.
        stopped.set()
        pool.shutdown(cancel_futures=True)
        print("interrupted; what was found so far is kept", file=sys.stderr)
        sys.exit(130)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
