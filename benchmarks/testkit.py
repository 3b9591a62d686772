"""
The test kit in figures, beside the cold start of `stepwell run`, which nothing can go below.

    python benchmarks/testkit.py [--only warm,crashes] [--rounds 5] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import run_state_machine_as_test

from stepwell.testing import Workflows, check_all_crashes, workflow_machine
from stepwell.testing.replays import replay_files

if TYPE_CHECKING:
    from collections.abc import Callable

RUNS = 1000
EXAMPLES = 200

SOURCE = """\
from workers import WorkflowEntrypoint
from workers.workflows import WorkflowTimeoutError


def numbered(step, number):
    @step.do(f"step {number}")
    async def one():
        return number

    return one


class Steps(WorkflowEntrypoint):
    async def run(self, event, step):
        total = 0
        for number in range(event["payload"]):

            total += await numbered(step, number)()
        return total


class Year(WorkflowEntrypoint):
    async def run(self, event, step):
        await step.sleep("a year", "365 days")

        @step.do("flaky", config={"retries": {"limit": 3, "delay": "1 hour", "backoff": "constant"}})
        async def flaky(ctx):
            if ctx["attempt"] <= 3:
                raise ValueError("not yet")

        await flaky()
        try:
            await step.wait_for_event("news", "news", timeout="24 hours")
        except WorkflowTimeoutError:
            return "no news"


class Order(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do("reserve")
        async def reserve():
            return 1

        await reserve()
        paid = await step.wait_for_event("payment", "paid", timeout="1 day")

        @step.do("ship")
        async def ship():
            return paid["payload"]

        return await ship()
"""


def seconds(run: Callable[[], object]) -> float:
    """How long *run* takes."""
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


class Figures:
    """Each method measures one thing once. Gives seconds."""

    def __init__(self, folder: Path) -> None:
        """Write the workflows into *folder*, and start the host."""
        self.folder = folder
        self.flow = folder / "flow.py"
        self.flow.write_text(SOURCE, encoding="utf-8")
        self.warm()

    def floor(self) -> float:
        """A cold `stepwell run`."""
        command = [sys.executable, "-m", "stepwell", "run", self.flow, "--workflow", "Steps", "--params", "1"]
        state = ["--state", str(self.folder / f"{time.monotonic_ns()}.sqlite")]
        return seconds(lambda: subprocess.run([*command, *state], check=True, capture_output=True))

    def first(self) -> float:
        """A process until its first test, of the same workflow, has passed: the interpreter is started for it."""
        code = (
            "import sys; from stepwell.testing import Workflows\n"
            "with Workflows(sys.argv[1]) as workflows: workflows.run('Steps', 1)\n"
            "print('passed', flush=True)"
        )
        began = time.perf_counter()
        with subprocess.Popen([sys.executable, "-c", code, self.flow], stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            if process.stdout.readline() != "passed\n":
                raise RuntimeError("The first test has failed.")
            return time.perf_counter() - began

    def warm(self) -> float:
        """The fixture `workflows` and its project, when an interpreter has started."""

        def run() -> None:
            with Workflows(self.flow) as workflows:
                workflows.worker()

        return seconds(run)

    def year(self) -> float:
        """A sleep of a year, three retries of an hour and a wait of a day."""
        with Workflows(self.flow) as workflows:
            workflows.worker()
            return seconds(lambda: workflows.run("Year"))

    def crashes(self, steps: int) -> float:
        """All crashes of so many steps."""
        with Workflows(self.flow) as workflows:
            return seconds(lambda: check_all_crashes("Steps", steps, workflows=workflows))

    def crashes_of_4(self) -> float:
        """All crashes of 4 steps."""
        return self.crashes(4)

    def crashes_of_20(self) -> float:
        """All crashes of 20 steps."""
        return self.crashes(20)

    def replays(self) -> float:
        """Replays of a thousand stored runs of ten steps."""
        runs = self.folder / "runs"
        with Workflows(self.flow) as workflows:
            if not runs.exists():
                runs.mkdir()
                for number in range(RUNS):
                    instance = workflows.start("Steps", 10)
                    instance.wait_for_status("complete")
                    instance.export(runs / f"{number}.run.sqlite")
                    instance.dispose()
            return seconds(lambda: replay_files(workflows.worker(), [runs / "*.run.sqlite"]))

    def machine(self) -> float:
        """Examples of hypothesis's state machine."""
        machine = workflow_machine("Order", 1, {"paid": st.integers(0, 9)}, target=self.flow)
        chosen = settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        return seconds(lambda: run_state_machine_as_test(machine, settings=chosen))

    def plugin(self) -> float:
        """The import of the plugin by a suite without workflows."""
        code = (
            "import pytest, time; began = time.perf_counter(); import stepwell.testing.plugin; "
            "print(time.perf_counter() - began)"
        )
        done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
        return float(done.stdout)


GOALS = {
    "floor": None,
    "first": None,
    "plugin": 0.010,
    "warm": 0.005,
    "year": 0.050,
    "crashes_of_4": 2.0,
    "crashes_of_20": 15.0,
    "replays": 10.0,
    "machine": 30.0,
}
"""What each is to take at most, in seconds. `first` is to take at most what `floor` takes."""
OFTEN = {"plugin", "warm", "year"}
"""What is over so soon that it is measured ten times as often."""


def main() -> None:
    """Measure, in turns."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default=",".join(GOALS), help="Names of figures.")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    names = options.only.split(",")
    found: dict[str, list[float]] = {name: [] for name in names}
    with tempfile.TemporaryDirectory() as folder:
        figures = Figures(Path(folder))
        for _ in range(options.rounds):
            for name in names:
                times = 10 if name in OFTEN else 1
                found[name] += [getattr(figures, name)() for _ in range(times)]
    print("| figure | median | best | goal |\n| --- | --- | --- | --- |")
    for name, taken in found.items():
        goal = GOALS[name]
        bound = "" if goal is None else f"{goal * 1000:,.0f} ms"
        print(f"| {name} | {statistics.median(taken) * 1000:,.1f} ms | {min(taken) * 1000:,.1f} ms | {bound} |")
    if options.json:
        report: dict[str, Any] = {"seconds": found, "goals": GOALS}
        options.json.write_text(json.dumps(report, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
