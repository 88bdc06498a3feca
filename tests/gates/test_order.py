"""In which order a package's functions and constants stand: `infra/install/order.py` and the linker that asks it."""

import json
import os
import random
import shutil
import subprocess
import zlib
from pathlib import Path

import pytest
from gates import tool
from template import ROOT

INSTALL = ROOT / "infra" / "install"
ASK = "import json, sys, order; print(json.dumps(order.alike([bytes.fromhex(piece) for piece in json.load(sys.stdin)])))"
# Two functions that differ in a number, and between them one that is like neither.
PROGRAM = """
use std::hint::black_box;
#[inline(never)] #[no_mangle] fn first(text: &str) -> usize { text.split(',').filter(|part| part.len() > 3).map(str::len).sum() }
#[inline(never)] #[no_mangle] fn other(number: u64) -> u32 { number.rotate_left(7).wrapping_mul(0x9e37_79b9).leading_zeros() }
#[inline(never)] #[no_mangle] fn second(text: &str) -> usize { text.split(',').filter(|part| part.len() > 4).map(str::len).sum() }
fn main() { println!("{} {} {}", first(black_box("a,abcd,abcde")), other(black_box(1)), second(black_box("a,abcd,abcde"))); }
"""


def ordered(pieces: list[bytes]) -> list[int]:
    command = [tool("gates/bin/python"), "-c", ASK]
    given = json.dumps([piece.hex() for piece in pieces])
    answer = subprocess.run(command, cwd=INSTALL, input=given, capture_output=True, text=True, check=True)
    return json.loads(answer.stdout)


def packed(pieces: list[bytes]) -> int:
    return len(zlib.compress(b"".join(pieces), 9))


def families(seed: int) -> list[bytes]:
    """Pieces of forty kinds, the kinds in turn, so that none is within deflate's sight of its like. Those of one kind differ in a byte."""
    chance = random.Random(seed)
    kinds = [chance.randbytes(1200) for _ in range(40)]
    return [kind[:at] + bytes([chance.randrange(256)]) + kind[at:] for at in range(100, 1000, 150) for kind in kinds]


def test_pieces_that_are_alike_stand_side_by_side_and_pack_smaller():
    pieces = families(1)
    order = ordered(pieces)
    assert sorted(order) == list(range(len(pieces)))
    kinds = [place % 40 for place in order]
    assert sum(one != two for one, two in zip(kinds, kinds[1:])) == 39
    assert packed([pieces[place] for place in order]) < packed(pieces) / 4


def test_what_is_tested_is_what_packages_are_made_with():
    made, tested = (set((folder / "requirements.in").read_text().splitlines()) for folder in (INSTALL, ROOT / "tests" / "gates"))
    pins = {line for line in made if line.startswith(("numpy==", "pyelftools=="))}
    assert len(pins) == 2 and pins <= tested


def test_the_order_depends_on_the_pieces_alone():
    pieces = families(2)
    assert ordered(pieces) == ordered(pieces)


@pytest.mark.parametrize("pieces", [[], [b""], [b"", b"ab", b"", b"ab"], [b"\0" * 40_000, b"\0" * 40_000, b"x"], [bytes(range(256))] * 3])
def test_no_piece_is_lost_or_there_twice(pieces):
    assert sorted(ordered(pieces)) == list(range(len(pieces)))


def linked(folder: Path, *flags: str) -> subprocess.CompletedProcess:
    """The program, linked by what `make package` gives rustc, with this machine's own compiler below it."""
    source = folder / "program.rs"
    source.write_text(PROGRAM)
    given = {
        "PATH": os.pathsep.join([str(Path(tool("gates/bin/python")).parent), os.environ["PATH"]]),
        "LAYERGUARD_LINKER": "OWN_LINKER",
        "OWN_LINKER": shutil.which("cc"),
    }
    command = ["rustc", "--edition", "2021", "-O", "-Ccodegen-units=1", f"-Clinker={INSTALL / 'linker.py'}", *flags, "-o", folder / "program", source]
    return subprocess.run(command, env=os.environ | given, cwd=folder, capture_output=True, text=True)


def test_a_program_is_linked_in_that_order_and_does_what_it_did(tmp_path):
    done = linked(tmp_path)
    assert done.returncode == 0, done.stderr
    script = (tmp_path / "program.order").read_text()
    ours = [line.split('"')[1].removeprefix(".text.") for line in script.splitlines() if line.endswith(('.first")', '.other")', '.second")'))]
    assert ours.index("other") != 1 and sorted(ours) == ["first", "other", "second"]
    assert b".text.alike\0" in (tmp_path / "program").read_bytes()
    run = subprocess.run([tmp_path / "program"], capture_output=True, text=True)
    assert (run.stdout, run.returncode) == ("9 25 5\n", 0)


def test_a_library_that_is_built_on_the_way_is_linked_as_it_is(tmp_path):
    done = linked(tmp_path, "--crate-type", "cdylib")
    assert done.returncode == 0, done.stderr
    assert not list(tmp_path.glob("*.order")) and b".text.alike\0" not in (tmp_path / "program").read_bytes()


def test_an_object_that_cannot_be_read_is_said_and_nothing_is_linked(tmp_path):
    broken = tmp_path / "broken.o"
    broken.write_bytes(b"no object")
    done = linked(tmp_path, f"-Clink-arg={broken}")
    assert done.returncode != 0 and "broken.o" in done.stderr and not (tmp_path / "program").exists()
    assert "Traceback" not in done.stderr


def test_without_a_linker_below_it_says_what_it_is_for():
    environment = {name: value for name, value in os.environ.items() if name != "LAYERGUARD_LINKER"}
    done = subprocess.run([tool("gates/bin/python"), INSTALL / "linker.py", "-o", "x"], env=environment, capture_output=True, text=True)
    assert done.returncode == 2 and "make package" in done.stderr
