"""
Measure how long an agent's workflow takes to its first step, beside the same workflow without the framework.

    python benchmarks/agents.py [--repetitions 5]

Cold is from the start of `stepwell run` with a new state to the line that says that the step has started. Warm is the
whole life of a further instance of one step in a host that runs. The packages are installed and the snapshot is made
before.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from hosts import open_client

if TYPE_CHECKING:
    from stepwell.client import Client

FLOOR = """\
from workers import WorkflowEntrypoint


class Flow(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do("first")
        async def first():
            return 1

        return await first()
"""
AGENT = """\
# /// script
# dependencies = ["stepwell[pydantic-ai]"]
# ///
from pydantic_ai import Agent
from pydantic_ai.models.test import TestModel
from workers import WorkflowEntrypoint
from workers_pydantic_ai import WorkflowsDurability, durable_agents

agent = Agent(TestModel(), name="first", capabilities=[WorkflowsDurability()])


class Flow(WorkflowEntrypoint):
    @durable_agents
    async def run(self, event, step):
        return (await agent.run("hi")).output
"""
STEPWELL = [sys.executable, "-m", "stepwell"]
FURTHER = 20


def cold(folder: Path, name: str, runtime: str, number: int) -> float:
    """The time from nothing to the first step, in s."""
    command = [
        *STEPWELL,
        "run",
        f"{name}.py",
        "--runtime",
        runtime,
        "--state",
        f"cold-{name}-{runtime}-{number}.sqlite",
    ]
    began = time.perf_counter()
    with subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as process:
        assert process.stderr
        said = []
        for line in process.stderr:
            said.append(line)
            if ": started" in line:
                took = time.perf_counter() - began
                break
        else:
            raise SystemExit("".join(said))
        process.stderr.read()
    return took


def warm(folder: Path, name: str, runtime: str) -> list[float]:
    """The lives of further instances, in s."""
    state = folder / f"warm-{name}-{runtime}.sqlite"
    command = [*STEPWELL, "serve", f"{name}.py", "--runtime", runtime, "--state", str(state)]
    with subprocess.Popen(command, cwd=folder, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as process:
        try:
            while (client := open_client(state)) is None:
                time.sleep(0.05)
            while not client.workflows():
                time.sleep(0.05)
            lives = [life(client, f"i{number}") for number in range(FURTHER)]
            client.close()
        finally:
            process.terminate()
    return lives[3:]


def life(client: Client, instance: str) -> float:
    """How long one instance takes from its creation to its end, in s."""
    began = time.perf_counter()
    client.create("Flow", instance, {})
    while client.status_of("Flow", instance).status != "complete":
        time.sleep(0.001)
    return time.perf_counter() - began


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=5)
    repetitions = parser.parse_args().repetitions
    print("| runtime | | cold, median (s) | cold, best (s) | warm, median (s) |\n| --- | --- | ---: | ---: | ---: |")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as temporary:
        folder = Path(temporary)
        (folder / "floor.py").write_text(FLOOR)
        (folder / "agent.py").write_text(AGENT)
        for runtime in ("pyodide", "cpython"):
            sync = [*STEPWELL, "sync", "agent.py", "--runtime", runtime]
            subprocess.run(sync, cwd=folder, check=True, stdout=subprocess.DEVNULL)
            # In turns, so that a machine that gets slower does so for both.
            took: dict[str, list[float]] = {"floor": [], "agent": []}
            for number in range(repetitions + 1):
                for name, times in took.items():
                    times.append(cold(folder, name, runtime, number))
            for name, times in took.items():
                median, best = statistics.median(times[1:]), min(times[1:])
                further = statistics.median(warm(folder, name, runtime))
                print(f"| {runtime} | {name} | {median:.2f} | {best:.2f} | {further:.3f} |", flush=True)


if __name__ == "__main__":
    main()
