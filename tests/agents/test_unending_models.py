"""Models that do not end, in the runtimes."""

from __future__ import annotations

import pytest
from syncing import PATIENCE_S

pytestmark = pytest.mark.timeout(2 * PATIENCE_S)
RUNTIMES = {"pyodide": (), "cpython": ("--runtime", "cpython")}


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_cancelled_in_the_middle_of_a_stream(project, runtime):
    """An instance that is terminated while its model streams ends at once, and its stream is closed."""
    place = project(runtime)
    state = ("--state", f"endless-{runtime}.sqlite")
    running = place.start("run", "stream_flow.py:Endless", "--id", "e", *RUNTIMES[runtime], *state)
    running.read_until("the stream has begun")

    ended = place.run("workflows", "instances", "terminate", "Endless", "e", *state)
    done = running.wait()

    assert ended.code == 0, ended.err
    assert done.code == 1
    assert "Endless e: terminated" in done.err
    assert "went on when its run was given up" not in done.err


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_model_that_never_answers(project, runtime):
    """Its attempts time out; the error names the agent and where to set the timeout."""
    place = project(runtime)

    done = place.run("run", "stream_flow.py:Silent", *RUNTIMES[runtime], "--state", f"silent-{runtime}.sqlite")

    assert done.code == 1
    assert "The model of agent 'mute' gave no answer: step 'mute__model.request' failed with" in done.err
    assert "WorkflowsDurability(model_config=...)" in done.err
