"""Two deployments for all tests: `world` asks a person, `strict` is deployed anew for other inventories.

They are emulators of their own on free ports, or on LAYERGUARD_E2E_PORT and the port after it.
"""

import os
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "stack"), str(TESTS / "demo"), str(Path(__file__).resolve().parent)]

from world import World  # noqa: E402


def _port(offset: int) -> int | None:
    base = os.environ.get("LAYERGUARD_E2E_PORT")
    return int(base) + offset if base else None


@pytest.fixture(scope="session")
def world():
    with World.running("e2e", _port(0)) as running:
        running.deploy("ask")
        yield running


@pytest.fixture(scope="session")
def strict():
    with World.running("strict", _port(1)) as running:
        yield running
