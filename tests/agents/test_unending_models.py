"""Models that do not end, in the runtimes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from places import Place
from syncing import PATIENCE_S, sync

pytestmark = pytest.mark.timeout(2 * PATIENCE_S)
FLOW = Path(__file__).parent / "flows" / "stream_flow.py"
RUNTIMES = {"pyodide": (), "cpython": ("--runtime", "cpython")}


@pytest.fixture(scope="module")
def flow(tmp_path_factory):
    """A folder with the workflows and their packages."""
    place = Place(tmp_path_factory.mktemp("streams"))
    shutil.copy(FLOW, place.folder / "flow.py")
    for runtime in ("pyodide", "cpython"):
        sync(place, "flow.py", runtime)
    yield place
    place.dispose()


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_cancelled_in_the_middle_of_a_stream(flow, runtime):
    """An instance that is terminated while its model streams ends at once, and its stream is closed."""
    state = ("--state", f"endless-{runtime}.sqlite")
    running = flow.start("run", "flow.py:Endless", "--id", "e", *RUNTIMES[runtime], *state)
    running.read_until("the stream has begun")

    ended = flow.run("workflows", "instances", "terminate", "Endless", "e", *state)
    done = running.wait()

    assert ended.code == 0, ended.err
    assert done.code == 1
    assert "Endless e: terminated" in done.err
    assert "went on when its run was given up" not in done.err


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_model_that_never_answers(flow, runtime):
    """Its attempts time out; the error names the agent and where to set the timeout."""
    done = flow.run("run", "flow.py:Silent", *RUNTIMES[runtime], "--state", f"silent-{runtime}.sqlite")

    assert done.code == 1
    assert "The model of agent 'mute' gave no answer: step 'mute__model.request' failed with" in done.err
    assert "WorkflowsDurability(model_config=...)" in done.err
