"""Scenarios after Pydantic AI's own tests of durable execution: after a crash at each step, and in each runtime."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest
from fake_workflow import FakeWorkflow
from scripted_agents import workflow_of
from syncing import PATIENCE_S

sys.path.append(str(Path(__file__).parent / "flows"))

from scenarios_flow import RAN, SCENARIOS


def run(workflow, scenario):
    RAN.clear()

    async def body(_step):
        return await scenario()

    return asyncio.run(workflow.run_through_crashes(workflow_of(body))), dict(RAN)


@pytest.mark.parametrize("name", SCENARIOS)
def test_scenario(name):
    """It gives what it should, and the same after crashes, with no request and no call done twice."""
    scenario, expected = SCENARIOS[name]
    smooth, crashing = FakeWorkflow(), FakeWorkflow()

    found, done = run(smooth, scenario)
    crashing.crash_after = set(smooth.steps)
    again, done_again = run(crashing, scenario)

    assert found == expected
    assert again == expected
    assert done_again == done
    # What a tool emits is lost where the process dies between the tool's step and the handler's.
    assert set(crashing.steps) <= set(smooth.steps)


RUNTIMES = {"pyodide": (), "upstream": ("--sdk", "upstream"), "cpython": ("--runtime", "cpython")}


@pytest.mark.timeout(2 * PATIENCE_S)
@pytest.mark.parametrize("runtime", RUNTIMES)
def test_runtime(project, runtime):
    """One instance runs all scenarios in the engine, in this runtime and with this SDK."""
    place = project("cpython" if runtime == "cpython" else "pyodide")

    done = place.run("run", "scenarios_flow.py", *RUNTIMES[runtime], "--state", f"scenarios-{runtime}.sqlite")

    assert done.code == 0, done.err
    assert done.json == {name: expected for name, (_, expected) in SCENARIOS.items()}
