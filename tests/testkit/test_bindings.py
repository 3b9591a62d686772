"""Bindings of Cloudflare's in tests, where they are installed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from stepwell.testing import Workflows

BOUND = Path(__file__).parent / "flows" / "bound"


def are_installed():
    """Whether `stepwell bindings install` has been here."""
    return (
        subprocess.run(
            [sys.executable, "-m", "stepwell", "bindings", "status"], capture_output=True, check=False
        ).returncode
        == 0
    )


def test_data_is_of_the_test():
    """KV and D1 are carried out, keep their data during a test, and have none in the next one."""
    if not are_installed():
        pytest.skip("the bindings are not installed")
    with Workflows(BOUND) as workflows:
        assert [[1, 1], [2, 2]] == [workflows.run("COUNTS"), workflows.run("COUNTS")]

    with Workflows(BOUND) as workflows:
        assert workflows.run("COUNTS") == [1, 1]


SUITE = """
def test_it(workflows):
    workflows.run("COUNTS")
"""


def test_what_is_not_installed(run_suite, monkeypatch, tmp_path):
    """Where they are not installed, the error says what stands in for them, and how they are installed."""
    monkeypatch.setitem(os.environ, "STEPWELL_BINDINGS", str(tmp_path / "nothing"))
    files = {path.name: path.read_text() for path in BOUND.iterdir() if path.is_file()}

    out = run_suite(SUITE, "-q", files=files)

    assert "env.STORE is carried out by workerd, which is not installed. Give an object of the test" in out, out
    assert "stepwell bindings install" in out
