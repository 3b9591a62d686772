"""The scenarios of the conformance suite with their states in PostgreSQL: a crash leaves what the database has."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from stepwell.node import find_node

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("target", ["javascript", "python"])
def test_scenarios(cluster, target):
    """All of them come out as they do with SQLite."""
    command = [os.fspath(find_node().path), "conformance/main.js", "--quiet", "--target", target]
    chosen = ["-k", os.environ.get("STEPWELL_SCENARIOS", "")]

    done = subprocess.run(
        [*command, *chosen, "--ledger", cluster.address()],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert 0 == done.returncode, done.stdout[-5000:] + done.stderr[-5000:]
    assert f"{target}: " in done.stdout
