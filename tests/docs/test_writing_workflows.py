"""The example of *Writing workflows*, saved and tested as the page says."""

import os
import subprocess
import sys

from documents import ROOT, blocks

PATIENCE_S = 600
"""Ends a test that hangs."""


def test_the_example_passes_its_test(tmp_path):
    for block in blocks(ROOT / "docs/writing-workflows.md"):
        if block.title:
            (tmp_path / block.title).write_text(block.text, encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\nstepwell_target = trip.py\n")
    environment = {**os.environ, "PYTEST_ADDOPTS": "-p no:asyncio"}
    command = [sys.executable, "-m", "pytest", "-q"]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )

    assert (0, True) == (done.returncode, "3 passed" in done.stdout), done.stdout
