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
    assert "Preparing" not in done.err


def test_snapshot_of_another_version(place):
    """After an upgrade of Stepwell a sync installs nothing, and makes what interpreters start from anew."""
    place.environment["STEPWELL_CACHE"] = str(place.folder / "cache")
    shutil.copy(FLOW, place.folder / "flow.py")
    place.run("sync", "flow.py")
    for snapshot in (place.folder / "cache").glob("*.packages.snapshot"):
        snapshot.rename(snapshot.with_name("of another version.packages.snapshot"))

    again = place.run("sync", "flow.py")
    third = place.run("sync", "flow.py")

    up_to_date = "pyodide: up to date (flow.python_modules)"
    assert [f"{up_to_date}; made anew what interpreters start from.\n", f"{up_to_date}.\n"] == [again.out, third.out]
