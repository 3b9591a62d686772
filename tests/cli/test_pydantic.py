"""A package with native code in Pyodide, from the index that this machine is configured for."""

import json
import shutil
from pathlib import Path

FLOW = Path(__file__).parents[1] / "browser" / "flows" / "native.py"


def test_pydantic(place):
    """pydantic, whose core is a wheel for Pyodide's platform, validates inside a step."""
    shutil.copy(FLOW, place.folder / "flow.py")

    synced = place.run("sync", "flow.py")
    done = place.run("run", "flow.py", "--quiet", "--params", json.dumps({"order": '{"id": 7, "items": ["tea"]}'}))

    assert 0 == synced.code, synced.err
    assert (0, [{"id": 7, "items": ["tea"]}, 1]) == (done.code, done.json), done.err
