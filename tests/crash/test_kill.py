"""
Processes are killed and stopped at random moments, again and again, and every instance ends as it should.

The whole process group is killed, or the command alone, or the host alone, or all are stopped for a while before. It
may be anywhere: while the host starts, between two commits, in a step, sleep or wait, while an event is sent. What has
begun is noted by a ledger that no stroke reaches.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cluster import can_run, running_cluster
from ledger import Ledger
from places import open_client
from states import DatabaseState, FileState

from stepwell.exceptions import StepwellError
from stepwell.runtimes import FOR_PYTHON
from stepwell.state import read_owner

if TYPE_CHECKING:
    from collections.abc import Callable

    from states import State

FLOWS = Path(__file__).parent / "flows"
RUNTIMES = (*FOR_PYTHON, "javascript")
WRITES_FILES = ("cpython", "javascript")
"""Runtimes whose steps write to the ledger themselves."""
STROKES = ("group", "group", "host", "command", "stop")
# How often everything is killed, by runtime: the engine is the same, the channel to its guests is not.
KILLS = {name: int(os.environ.get("STEPWELL_KILLS", "200" if name == "pyodide" else "50")) for name in RUNTIMES}
KILLS_IN_DATABASE = int(os.environ.get("STEPWELL_KILLS", "30"))
"""The same where the state is in PostgreSQL."""
SIDE_BY_SIDE = 3
"""States that are killed at the same time. Most of a life is waiting."""
LONGEST_LIFE = 1.6
LONGEST_STOP_S = 1.0
PATIENCE = 180
OUTPUTS = {
    "SequenceFlow": "45",
    "SleepFlow": "[1,2,3]",
    "EventFlow": "[1,2]",
    "DagFlow": "220",
    "FanOutFlow": "190",
}
WORKFLOWS = (*OUTPUTS, "OnceFlow")
STEP_SUCCESS = 6


class Round:
    """One state with an instance of each workflow, killed until all of them are done."""

    def __init__(self, name: str, state: State, runtime: str, ledger: Ledger, chance: random.Random) -> None:
        self.runtime = runtime
        self.state = state
        self.ledger = ledger
        self.chance = chance
        self.name = name
        self.finished_in: dict[tuple[str, str], int] = {}
        self.kills = 0

    def instance_id(self, workflow: str) -> str:
        return f"{self.name}-{workflow}"

    def live(self, unfinished: list[str]) -> None:
        """Start one of the unfinished workflows, work for a while, die."""
        self.ledger.begin_life()
        until = time.monotonic() + self.chance.uniform(0, LONGEST_LIFE)
        process = self.start(self.chance.choice(unfinished))
        try:
            while time.monotonic() < until and process.poll() is None:
                with contextlib.suppress(StepwellError):
                    self.create_and_send()
                time.sleep(0.02)  # the driver's own pace; nothing is asserted about it
        finally:
            self.strike(process)
        self.note_finished()

    def strike(self, process: subprocess.Popen[bytes]) -> None:
        """Kill the command, its host, or both, perhaps after both were stopped for a while."""
        self.kills += process.poll() is None
        stroke = self.chance.choice(STROKES)
        host = self.host_pid()
        with contextlib.suppress(ProcessLookupError):
            if stroke == "stop":
                os.killpg(process.pid, signal.SIGSTOP)
                time.sleep(self.chance.uniform(0, LONGEST_STOP_S))  # they are stopped for a while
                os.killpg(process.pid, signal.SIGCONT)
            if stroke == "host" and host is not None:
                os.kill(host, signal.SIGKILL)
                process.communicate(timeout=PATIENCE)
            elif stroke == "command":
                process.kill()
                process.communicate()
        with contextlib.suppress(ProcessLookupError):
            if stroke != "command":
                os.killpg(process.pid, signal.SIGKILL)
        process.communicate()

    def host_pid(self) -> int | None:
        """The process that owns the state, if it is still that process."""
        owner = read_owner(self.state.anchor)
        with contextlib.suppress(OSError):
            if owner is not None and os.fsencode(self.state.anchor) in Path(f"/proc/{owner.pid}/cmdline").read_bytes():
                return owner.pid
        return None

    def start(self, workflow: str) -> subprocess.Popen[bytes]:
        file = FLOWS / ("flows.mjs" if self.runtime == "javascript" else "flows.py")
        command = [sys.executable, "-m", "stepwell", "run", f"{file}:{workflow}", "--state", self.state.given]
        params = json.dumps({"ledger": self.ledger.place})
        command += ["--id", self.instance_id(workflow), "--params", params, "--quiet"]
        command += [] if self.runtime == "javascript" else ["--runtime", self.runtime]
        return subprocess.Popen(
            command, start_new_session=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )

    def create_and_send(self) -> None:
        """Make what does not exist yet, and send the events that are not there yet."""
        client = open_client(self.state.anchor)
        if client is None:
            return
        try:
            for workflow in WORKFLOWS:
                instance = self.instance_id(workflow)
                if instance not in self.statuses() and client.workflows():
                    client.create(workflow, instance, {"ledger": self.ledger.place})
            waiting = self.instance_id("EventFlow")
            sent = self.state.rows(f"SELECT count(*), 0 FROM {self.state.schema}.events")
            for number in range(1 + int(next(iter(sent), 0)), 3):
                client.send_event("EventFlow", waiting, "go", {"number": number})
        finally:
            client.close()

    def statuses(self) -> dict[str, str]:
        """Of each instance, read past the engine."""
        return self.state.rows(f"SELECT id, status FROM {self.state.schema}.instances")

    def note_finished(self) -> None:
        query = (
            f"SELECT i.id || '/' || log.name || '/' || log.count, 0 FROM {self.state.schema}.log AS log "
            f"JOIN {self.state.schema}.instances AS i ON i.number = log.instance WHERE {STEP_SUCCESS} IN (event, next)"
        )
        for key in self.state.rows(query):
            instance, step, count = key.split("/")
            name = f"{step}-{count}" if step in {"mark", "take"} else step
            self.finished_in.setdefault((instance, name), self.ledger.life)

    def finish(self) -> None:
        """Let everything come to its end: one command for each instance, all of them in the process of the first."""
        self.ledger.begin_life()
        deadline = time.monotonic() + PATIENCE
        processes = [self.start(workflow) for workflow in WORKFLOWS]
        try:
            while any(process.poll() is None for process in processes):
                assert time.monotonic() < deadline, self.statuses()
                with contextlib.suppress(StepwellError):
                    self.create_and_send()
                time.sleep(0.02)  # as above
        finally:
            for process in processes:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
            errors = [process.communicate()[1].decode() for process in processes]
        assert [0] * len(processes) == [process.returncode for process in processes], errors

    def unfinished(self) -> list[str]:
        statuses = self.statuses()
        return [workflow for workflow in WORKFLOWS if statuses.get(self.instance_id(workflow)) != "complete"]

    def check(self) -> None:
        """Nothing is lost, nothing is done twice."""
        outputs = self.state.rows(f"SELECT id, output FROM {self.state.schema}.instances")
        expected = {self.instance_id(workflow): output for workflow, output in OUTPUTS.items()}
        once = outputs.pop(self.instance_id("OnceFlow"))
        assert outputs == expected
        starts = [start for start in self.ledger.starts if start.instance.startswith(f"{self.name}-")]
        again = [
            start for start in starts if start.life > self.finished_in.get((start.instance, start.step), start.life)
        ]
        assert again == []
        once_starts = Counter((start.instance, start.step) for start in starts if "once-" in start.step)
        assert [step for step, times in once_starts.items() if times > 1] == []
        assert set(once.strip("[]").split(",")) <= {'"done"', '"WorkflowInternalError"'}


def open_ledger(folder: Path, runtime: str) -> Ledger:
    folder.mkdir(parents=True)
    return Ledger(folder / "ledger", served=runtime not in WRITES_FILES)


def prepare(folder: Path, runtime: str) -> None:
    """Let the runtime compile what it compiles once on a machine, so that no round waits for it."""
    ledger = open_ledger(folder, runtime)
    try:
        state = FileState(folder / "state.sqlite")
        Round(folder.name, state, runtime, ledger, random.Random(0)).start("DagFlow").communicate()
    finally:
        ledger.close()


def kill_often(
    folder: Path, runtime: str, kills: int, seed: str, new_state: Callable[[Path], State]
) -> tuple[int, int]:
    """
    Kill one state after another, until there have been enough *kills*.

    Returns:
        How many kills and how many states there were.
    """
    chance = random.Random(seed)
    ledger = open_ledger(folder, runtime)
    done = rounds = 0
    try:
        while done < kills:
            rounds += 1
            name = f"round{rounds}"
            round_ = Round(name, new_state(folder / name), runtime, ledger, chance)
            for _ in range(12):
                # Read once: a host whose command alone was killed may finish the last instance at any moment.
                unfinished = round_.unfinished()
                if not unfinished:
                    break
                round_.live(unfinished)
            done += round_.kills
            round_.finish()
            round_.check()
    finally:
        ledger.close()
    return done, rounds


def kill_side_by_side(folder: Path, runtime: str, kills: int, new_state: Callable[[Path], State]) -> None:
    """Kill several states at the same time, *kills* times in all."""
    seed = int(os.environ.get("STEPWELL_SEED", random.randrange(2**32)))
    print(f"STEPWELL_SEED={seed}")
    prepare(folder / "prepare", runtime)
    each = -(-kills // SIDE_BY_SIDE)
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        loops = [
            pool.submit(kill_often, folder / str(number), runtime, each, f"{seed}-{number}", new_state)
            for number in range(SIDE_BY_SIDE)
        ]
        done, rounds = map(sum, zip(*(loop.result() for loop in loops), strict=True))
    print(f"{done} kills in {rounds} rounds")
    assert done >= kills


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("runtime", RUNTIMES)
def test_every_instance_survives_kills_at_random_moments(tmp_path: Path, runtime: str) -> None:
    """Many kills: right outputs, no finished step again, no step with retry limit 0 twice."""
    if runtime == "wasmtime":
        pytest.importorskip("wasmtime")
    kill_side_by_side(tmp_path, runtime, KILLS[runtime], lambda place: FileState(place / "state.sqlite"))


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("runtime", ["pyodide", "javascript"])
def test_the_same_in_postgresql(tmp_path: Path, runtime: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next process takes the state over from the one that was killed."""
    if not can_run():
        pytest.skip("PostgreSQL is missing: install Debian's package postgresql.")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "anchors"))
    with running_cluster() as cluster:
        kill_side_by_side(
            tmp_path,
            runtime,
            KILLS_IN_DATABASE,
            lambda place: DatabaseState(cluster, f"state_{place.parent.name}_{place.name}"),
        )
