"""The process group of an agent's workflow dies by SIGKILL at random moments, again and again."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from ledger import Ledger

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from places import Place

KILLS = int(os.environ.get("STEPWELL_AGENT_KILLS", "8"))
SIDE_BY_SIDE = 2
LONGEST_LIFE_S = 3.0
PATIENCE_S = 120
RUNS, ROUNDS, CALLS = 3, 2, 2
OUTPUT = [str(sum(100 * run + 10 * r + c for r in range(ROUNDS) for c in range(CALLS))) for run in range(RUNS)]


def groups_in_order() -> list[set[str]]:
    """What the agent does, in order; what is in one group is done side by side."""
    order: list[set[str]] = []
    for run in range(RUNS):
        for round_ in range(ROUNDS):
            order += [{f"model-{run}-{round_}"}, {f"work-{run}-{round_}-{call}" for call in range(CALLS)}]
        order.append({f"model-{run}-{ROUNDS}"})
    return order


def check(starts: list[str]) -> None:
    """
    Raise unless nothing was begun again after it had finished.

    What follows a request or a call begins only when that has finished: a start of it later on is one too many.
    """
    place = {what: number for number, group in enumerate(groups_in_order()) for what in group}
    furthest = 0
    for number, what in enumerate(starts):
        assert place[what] >= furthest, f"{what} ran again after it had finished: {starts[: number + 1]}"
        furthest = max(furthest, place[what])
    assert set(starts) == set(place)


def kill_until_done(project: Path, folder: Path, runtime: str, chance: random.Random) -> int:
    """
    Run one instance of *project*, kill it at random moments, let it end, and check what it did.

    Its state is in *folder*. Gives the number of kills.
    """
    ledger = Ledger(folder / "ledger", served=True)
    instance = folder.name
    kills = 0
    command = [sys.executable, "-m", "stepwell", "run", "agent_flow.py", "--state", f"{folder}/state.sqlite", "--quiet"]
    command += [
        "--id",
        instance,
        "--params",
        json.dumps({"ledger": f"{ledger.place}/{instance}"}),
        "--runtime",
        runtime,
    ]
    try:
        while True:
            process = subprocess.Popen(
                command, cwd=project, start_new_session=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
            )
            life = chance.uniform(0, LONGEST_LIFE_S)
            with contextlib.suppress(subprocess.TimeoutExpired):
                # The last of many lives may take as long as it needs.
                out, err = process.communicate(timeout=life if kills < 8 else PATIENCE_S)
                assert process.returncode == 0, err.decode()
                assert json.loads(out) == OUTPUT
                break
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            kills += 1
    finally:
        ledger.close()
    check([start.step for start in ledger.starts])
    return kills


@pytest.mark.timeout(3000)
@pytest.mark.parametrize("runtime", ["pyodide", "cpython"])
def test_agent_survives_kills_at_random_moments(project: Callable[[str], Place], tmp_path: Path, runtime: str) -> None:
    """Every model request and tool call that has finished ran once, and the outputs are right."""
    seed = int(os.environ.get("STEPWELL_SEED", random.randrange(2**32)))
    print(f"STEPWELL_SEED={seed}")
    place = project(runtime)

    def kill_often(number: int) -> int:
        chance = random.Random(f"{seed}-{number}")
        kills = instances = 0
        while kills < -(-KILLS // SIDE_BY_SIDE):
            instances += 1
            folder = tmp_path / f"agent-{number}-{instances}"
            folder.mkdir()
            kills += kill_until_done(place.folder, folder, runtime, chance)
        return kills

    began = time.monotonic()
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        kills = sum(pool.map(kill_often, range(SIDE_BY_SIDE)))
    print(f"{kills} kills in {time.monotonic() - began:.0f} s")
    assert kills >= KILLS
