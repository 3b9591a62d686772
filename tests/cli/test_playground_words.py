"""What the playground's editor offers is what the SDK has."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[2] / "js" / "playground" / "sdk.py"


def test_editor_knows_the_sdk():
    """The names, signatures and docstrings in sdk.json are those of the SDK's source."""
    done = subprocess.run([sys.executable, str(SCRIPT), "--check"], capture_output=True, text=True, check=False)

    assert (0, "") == (done.returncode, done.stderr)
