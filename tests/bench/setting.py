"""What a run of the bench works with: sizes, programs, data. Everything it makes lies below `.local/bench`."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
LOCAL = REPOSITORY / ".local"
WORK = LOCAL / "bench-data"
HERE = Path(__file__).resolve().parent

FUNCTIONS = ("layerguard-detect", "layerguard-decide", "layerguard-remediate")
# Each as it is shipped: the functions are built for size.
PROFILES = {"release": ("layerguard-cli", "layerguard-bench"), "lambda": FUNCTIONS}


@dataclass
class Setting:
    """Sizes and tools."""

    quick: bool
    bin: Path  # where the binaries are
    functions: Path  # where the functions are
    python: Path  # of the virtual environment with the peers
    missing: list[str] = field(default_factory=list)  # peers that could not be installed, in words

    @property
    def rounds(self) -> int:
        """How often each program runs."""
        return 3 if self.quick else 7

    def program(self, name: str) -> str:
        """The path of a binary of ours."""
        return str((self.functions if name in FUNCTIONS else self.bin) / name)

    def logs(self, name: str, *arguments: str) -> tuple[Path, dict]:
        """Logs of this name, made if they are not there yet, and what every reader must count."""
        folder, said = WORK / name, WORK / f"{name}.json"
        wanted = json.dumps(arguments)
        if said.is_file() and json.loads(said.read_text(encoding="utf-8"))["arguments"] == wanted:
            return folder, json.loads(said.read_text(encoding="utf-8"))
        shutil.rmtree(folder, ignore_errors=True)
        print(f"making the logs `{name}`", file=sys.stderr, flush=True)
        made = subprocess.run(
            [self.program("bench-data"), str(folder), *arguments], check=True, capture_output=True, text=True
        )
        counts = {**json.loads(made.stdout), "arguments": wanted}
        said.write_text(json.dumps(counts), encoding="utf-8")
        return folder, counts

    def mix(self, pulls: int) -> tuple[Path, dict]:
        """The logs with so many percent of pulls."""
        records = 40_000 if self.quick else 400_000
        return self.logs(f"mix-{pulls}-{records}", "--records", str(records), "--pulls", str(pulls), "--seed", "1")


def build(cargo: str) -> tuple[Path, Path]:
    """Builds what is measured. Answers where the programs lie, and where the functions."""
    print("building what is shipped (many minutes, the first time)", file=sys.stderr, flush=True)
    for profile, names in PROFILES.items():
        packages = [argument for name in names for argument in ("-p", name)]
        subprocess.run([cargo, "build", "--profile", profile, "--locked", *packages], cwd=REPOSITORY, check=True)
    target = Path(os.environ.get("CARGO_TARGET_DIR") or REPOSITORY / "target")
    return target / "release", target / "lambda"


def peers(missing: list[str]) -> Path:
    """The virtual environment with the peers; this Python where it cannot be made, and `missing` says so."""
    sys.path.insert(0, str(REPOSITORY / "tests" / "stack"))
    import bootstrap

    try:
        return bootstrap.venv("bench", HERE / "requirements.lock") / "bin" / "python"
    except bootstrap.Missing as error:
        missing.append(f"boto3, DuckDB and polars: {error}")
        return Path(sys.executable)
