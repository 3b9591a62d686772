"""The notices and the list of parts say what the wheel carries."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def components():
    if not (ROOT / "node_modules").is_dir():
        pytest.skip("npm's packages are not installed here")
    return json.loads((ROOT / "sbom.cdx.json").read_text(encoding="utf-8"))["components"]


def test_up_to_date(components):
    """Both files are what the script writes for the lock file and the parts."""
    done = subprocess.run(
        [sys.executable, ROOT / "notices" / "make.py", "--check"], capture_output=True, text=True, check=False
    )

    assert (0, "") == (done.returncode, done.stdout + done.stderr)


def test_every_part_has_its_licence(components):
    """Each component has a licence, and the notices name it with a text."""
    notices = (ROOT / "THIRD_PARTY_NOTICES.txt").read_text(encoding="utf-8")

    assert [] == [each["name"] for each in components if not each["licenses"][0]["expression"]]
    assert [] == [each["name"] for each in components if f"\n{each['name']} " not in notices]


def test_interpreters(components):
    """The versions of the interpreters are those that are carried."""
    lock = json.loads((ROOT / "node_modules/pyodide/pyodide-lock.json").read_text(encoding="utf-8"))["info"]
    settings = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    versions = {(each["name"], each.get("description", "")): each.get("version") for each in components}

    assert lock["python"] == versions["CPython", "in Pyodide"]
    assert lock["platform"].removeprefix("emscripten_").replace("_", ".") == versions["Emscripten", "in Pyodide"]
    assert f"componentize-py=={versions['componentize-py', 'in the sandboxed interpreter']}" in settings
