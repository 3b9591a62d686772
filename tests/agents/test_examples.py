"""The examples, as their docstrings say to run them: with packages from the index, in each runtime."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from places import Place
from syncing import PATIENCE_S, sync

pytestmark = pytest.mark.timeout(2 * PATIENCE_S)
EXAMPLES = Path(__file__).parents[2] / "examples" / "agents"


@pytest.fixture(scope="module")
def examples(tmp_path_factory):
    """A folder with the examples, whose packages are installed once."""
    place = Place(tmp_path_factory.mktemp("examples"))
    shutil.copytree(EXAMPLES, place.folder, dirs_exist_ok=True)
    yield place
    place.dispose()


RUNTIMES = {"pyodide": (), "cpython": ("--runtime", "cpython"), "upstream": ("--sdk", "upstream")}


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_shop_agent(examples, runtime):
    """The agent asks, waits for the approval, pays and reports; each request and call is a step."""
    sync(examples, "shop_agent.py", "cpython" if runtime == "cpython" else "pyodide")
    state = ("--state", f"{runtime}.sqlite")
    agent = examples.start("run", "shop_agent.py", "--id", "shopping", *RUNTIMES[runtime], *state)
    said = agent.read_until("waiting for event 'approval-1'")

    sent = examples.run(
        *("workflows", "instances", "send-event", "ShopAgent", "shopping", "--type", "approval-1"),
        *("--payload", '{"approved": true}', *state),
    )
    done = agent.wait()

    assert sent.code == 0, sent.err
    assert done.code == 0, done.err
    assert done.json == {"bought": ["tea", "milk"], "report": "Done: paid 5.70.", "requests": 3}
    assert 'Approve pay({"total":5.7})? Send an event of type approval-1.' in said
    assert "shopper__function_toolset__<agent>.call_tool:find_price (2): complete" in said


def test_wasmtime_has_no_wheel(examples):
    """pydantic-core is native code: the refusal says which runtimes can run the agent."""
    synced = examples.run("sync", "shop_agent.py", "--runtime", "wasmtime")

    assert synced.code == 2
    assert "has no wheel for runtime wasmtime. It can be installed for: pyodide, cpython." in synced.err


def test_langgraph_flow(examples):
    """A node runs once, a person's remark resumes the graph, and its checkpoints are in the file."""
    sync(examples, "langgraph_flow.py", "cpython")
    draft = examples.start("run", "langgraph_flow.py", "--runtime", "cpython", "--id", "draft", "--state", "lg.sqlite")
    draft.read_until("waiting for event 'review'")
    draft.kill_group()
    again = examples.start("run", "langgraph_flow.py", "--runtime", "cpython", "--id", "draft", "--state", "lg.sqlite")
    again.read_until("waiting for event 'review'")

    sent = examples.run(
        *("workflows", "instances", "send-event", "DraftFlow", "draft", "--type", "review", "--payload", '"shorter"'),
        *("--state", "lg.sqlite"),
    )
    done = again.wait()

    assert sent.code == 0, sent.err
    assert done.json == {"draft": "A long text about tea. (shorter)", "checkpoints": 5}, done.err
    assert "writing about" not in done.err


def test_openai_flow(examples):
    """The request and the tool are steps, and the session is in its file."""
    sync(examples, "openai_flow.py", "cpython")

    done = examples.run("run", "openai_flow.py", "--runtime", "cpython", "--state", "openai.sqlite")

    assert done.json == {"answer": "It is sunny in Oslo.", "items": 4}, done.err
    assert "tool weather: complete" in done.err
