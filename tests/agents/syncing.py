"""Installing packages from the index, and making the snapshot that has them: it takes long on a busy machine."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from places import Place

PATIENCE_S = 600


def sync(place: Place, file: str, runtime: str = "pyodide") -> None:
    """Runs `stepwell sync` to a good end."""
    done = subprocess.run(
        [sys.executable, "-m", "stepwell", "sync", file, "--runtime", runtime],
        cwd=place.folder,
        env=place.environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
