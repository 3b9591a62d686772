"""Workloads D and G as a user has them: `stepwell run` as a whole process."""

from __future__ import annotations

import json
import shutil
import statistics
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from hosts import open_client
from killed import Ledger, kill_half_way, recovered
from processes import PATIENCE, Figures, Program, ProgramError

from stepwell.exceptions import HostLostError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stepwell.client import Client

FLOWS = Path(__file__).parent / "flows"
PAGE = 100
INSTALLED = {"PYTHONDONTWRITEBYTECODE": ""}
"""An installation has its modules compiled, and so has a checkout from its second start on, if Python may keep that."""


def stepwell(*words: object) -> list[str]:
    """The command line of this checkout."""
    return [sys.executable, "-m", "stepwell", *map(str, words)]


def cold_start(folder: Path, runs: int) -> Figures:
    """`stepwell run` of three steps: with an empty cache, and the median of *runs* later ones with its phases."""
    cache = {**INSTALLED, "STEPWELL_CACHE": str(folder / "cache")}
    first = _run_once(folder, cache)
    later = [_run_once(folder, cache) for _ in range(runs)]
    return {
        "first_ms": first["whole"],
        "ms": statistics.median(run["whole"] for run in later),
        **{f"{phase}_ms": statistics.median(run[phase] for run in later) for phase in ("start", "steps", "leave")},
    }


def _run_once(folder: Path, env: dict[str, str]) -> Figures:
    own = folder / str(time.time_ns())
    own.mkdir()
    began = time.time()
    command = stepwell("run", FLOWS / "three_steps.py", "--state", own / "state.sqlite", "--json")
    with Program(command, own, env=env) as program:
        ended = program.ended()
        detail = json.loads(program.wait())
    created, finished = (datetime.fromisoformat(detail[key]).timestamp() for key in ("queued", "end"))
    times = {"start": created - began, "steps": finished - created, "leave": ended - finished, "whole": ended - began}
    return {phase: seconds * 1000 for phase, seconds in times.items()}


def empty_processes(folder: Path, node: str, runs: int = 5) -> float:
    """What an empty Python and an empty Node take in ms, one after the other: nothing we start can be faster."""
    taken = []
    for _ in range(runs):
        began = time.time()
        for command in ([sys.executable, "-c", ""], [node, "-e", ""]):
            with Program(command, folder) as program:
                ended = program.ended()
        taken.append((ended - began) * 1000)
    return statistics.median(taken)


def killed(folder: Path, instances: int) -> Figures:
    """Instances that are killed half-way, and a host that is started again."""
    shutil.copy(FLOWS / "killed.py", folder)
    state, ledger = folder / "state.sqlite", Ledger(folder / "ledger")
    command = stepwell("run", folder / "killed.py", "--workflow", "Keeper", "--id", "keeper", "--state", state, "-q")
    with Program(command, folder, env=INSTALLED) as program:
        client = _connect(program, state)
        # They set out together, when all of them are there.
        params = {"ledger": str(ledger.path), "start": round(time.time() * 1000) + 3000}
        for number in range(instances):
            client.create("Noted", f"noted-{number}", params)
        client.close()
        killed_at = kill_half_way(program, ledger, instances)

    def resume() -> Figures:
        began = time.time()
        with Program(command, folder, env=INSTALLED) as program:
            client = _connect(program, state)
            deadline = time.monotonic() + PATIENCE
            while _complete(client) < instances:
                if time.monotonic() > deadline:
                    counts = client.workflow("Noted").instances
                    raise ProgramError(f"not all of {instances} instances are complete: {counts}")
                time.sleep(0.02)
            ends = list(_ends(client))
            client.close()
        return {"ms": (max(ends) - began) * 1000}

    return recovered(ledger, killed_at, instances, resume)


def _complete(client: Client) -> int:
    return client.workflow("Noted").instances.get("complete", 0)


def _ends(client: Client) -> Iterator[float]:
    for number in range(1, 1 + -(-_complete(client) // PAGE)):
        for instance in client.instances("Noted", page=number, per_page=PAGE).instances:
            assert instance.ended_on
            yield instance.ended_on.timestamp()


def _connect(program: Program, state: Path) -> Client:
    """A connection to the host, as soon as it knows the workflows."""
    deadline = time.monotonic() + PATIENCE
    while program.process.poll() is None and time.monotonic() < deadline:
        client = open_client(state)
        try:
            if client and any(workflow.name == "Noted" for workflow in client.workflows()):
                return client
        except HostLostError:
            pass  # the owner that was killed
        time.sleep(0.01)
    program.wait(patience=0)
    raise ProgramError("stepwell run ended before its time")
