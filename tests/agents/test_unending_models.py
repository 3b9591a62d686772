"""Models that do not end, in the runtimes."""

from __future__ import annotations

import contextlib
import json
import re
import urllib.request

import pytest
from places import open_client
from syncing import PATIENCE_S

pytestmark = pytest.mark.timeout(2 * PATIENCE_S)
RUNTIMES = {"pyodide": (), "cpython": ("--runtime", "cpython")}


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_cancelled_in_the_middle_of_a_stream(project, runtime):
    """An instance that is terminated while its model streams ends, and so do those who read its progress."""
    place = project(runtime)
    state = place.folder / f"endless-{runtime}.sqlite"
    serving = place.start("serve", "stream_flow.py", *RUNTIMES[runtime], "--state", str(state), "--port", "0")
    server = re.search(r"http://[\d.]+:\d+", serving.read_until("Ready on"))[0]
    subscription = f"{server}/client/v4/accounts/any/workflows/Endless/instances/e/subscribe?progress=0"

    events = []
    with contextlib.closing(open_client(state)) as client:
        client.create("Endless", "e", {})
        with urllib.request.urlopen(subscription) as reader:
            for line in reader:
                if line.startswith(b"data: "):
                    events.append(json.loads(line.removeprefix(b"data: "))["type"])
                    if events.count("step_progress") == 20 and events[-1] == "step_progress":
                        client.change_status("Endless", "e", {"status": "terminate"})
        instance = client.instance("Endless", "e")
    serving.interrupt()

    assert instance.status == "terminated"
    assert events[-1] == "workflow_terminated"
    assert "went on when its run was given up" not in serving.wait().err


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_model_that_never_answers(project, runtime):
    """Its attempts time out; the error names the agent and where to set the timeout."""
    place = project(runtime)

    done = place.run("run", "stream_flow.py:Silent", *RUNTIMES[runtime], "--state", f"silent-{runtime}.sqlite")

    assert done.code == 1
    assert "The model of agent 'mute' gave no answer: step 'mute__model.request' failed with" in done.err
    assert "WorkflowsDurability(model_config=...)" in done.err
