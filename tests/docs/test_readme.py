"""The first program of the README prints what the README shows."""

import os
import re
import subprocess
import sys
from pathlib import Path

from documents import ROOT, blocks

BIN = Path(sys.executable).parent
PATIENCE_S = 300
"""Ends a test that hangs."""


def without_chance(text):
    """*text* without ids, times and durations."""
    text = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "ID", text)
    return re.sub(r"\d+(-\d+)*([.:]\d+)*", "N", text).strip().splitlines()


def test_the_first_program_prints_what_is_shown(tmp_path):
    found = list(blocks(ROOT / "README.md"))
    program = next(block for block in found if block.language == "python")
    shown = next(block for block in found if block.text.startswith("$ "))
    command, _, output = shown.text.partition("\n")
    (tmp_path / "greeting.py").write_text(program.text, encoding="utf-8")
    environment = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", "NO_COLOR": "1"}
    done = subprocess.run(
        ["bash", "-c", f"{command.removeprefix('$ ')} 2>&1"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )

    assert without_chance(output) == without_chance(done.stdout)
