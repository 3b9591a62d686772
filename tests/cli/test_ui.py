"""`stepwell ui`: a state and a run file in a browser, read-only."""

from __future__ import annotations

import contextlib
import json
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request

import pytest
from test_runs import ORDER

API = "api/accounts/default"


@contextlib.contextmanager
def shown(place, *arguments):
    """The address of the dashboard, as long as the command runs."""
    command = [sys.executable, "-m", "stepwell", "ui", "--port", "0", *arguments]
    with subprocess.Popen(
        command, cwd=place.folder, env=place.environment, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            yield re.search(r"http://127\.0\.0\.1:\d+/cdn-cgi/stepwell/", line).group()
        finally:
            process.send_signal(signal.SIGTERM)


def ask(url, method="GET", body=None):
    """The result of a request."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"content-type": "application/json"}, method=method)
    with urllib.request.urlopen(request) as response:
        return json.load(response)["result"]


@pytest.fixture
def recorded(place):
    """A state with a finished instance."""
    place.write("order.py", ORDER)
    assert 0 == place.run("run", "order.py", "--id", "a", "--params", '{"items": 3}', "--quiet").code
    return place


def test_state(recorded):
    """A state that nothing runs is shown, and cannot be changed."""
    with shown(recorded) as url:
        session = ask(f"{url}api/session")
        instance = f"{url}{API}/workflows/OrderWorkflow/instances/a"
        detail = ask(f"{instance}/overview")
        with pytest.raises(urllib.error.HTTPError) as refused:
            ask(f"{instance}/status", "PATCH", {"status": "restart"})
        refused.value.close()
        with urllib.request.urlopen(url) as page:
            policy = page.headers["Content-Security-Policy"]

    assert session["is_read_only"]
    assert "complete" == detail["status"]
    assert ["reserve-1", "ship-1"] == [step["name"] for step in detail["steps"]]
    assert 403 == refused.value.code
    assert "unsafe" not in policy


def test_run_file(recorded):
    """A run file is shown where there is neither its state nor its code."""
    assert 0 == recorded.run("runs", "export", "a", "a.run.sqlite").code
    (recorded.folder / "order.py").unlink()
    (recorded.folder / ".stepwell" / "state.sqlite").unlink()

    with shown(recorded, "a.run.sqlite") as url:
        (instance,) = ask(f"{url}{API}/workflows/-/instances")
        detail = ask(f"{url}{API}/workflows/OrderWorkflow/instances/a/overview")

    assert "a" == instance["id"]
    assert {"shipped": 3} == detail["output"]
    assert ["reserving the goods"] == [line["text"] for line in detail["logs"]]


def test_running_state(recorded):
    """Where a process runs the state, its instances are seen through that process."""
    recorded.write("waiting.py", ORDER.replace("return await ship()", 'await step.sleep("nap", "1 hour")'))
    running = recorded.start("run", "waiting.py", "--id", "b", "--state", "other.sqlite")
    running.read_until("nap")

    with shown(recorded, "other.sqlite") as url:
        (instance,) = ask(f"{url}{API}/workflows/-/instances")

    assert ("b", "waiting") == (instance["id"], instance["status"])


@pytest.mark.parametrize(
    ("argument", "words"),
    [(".", "is a folder"), ("missing.sqlite", "There is no file 'missing.sqlite'"), ("order.py", "order.py")],
)
def test_refused(recorded, argument, words):
    """What is no state and no run file is refused with a sentence."""
    done = recorded.run("ui", argument)

    assert 2 == done.code
    assert words in done.err
