"""The user's cache: what can be made again, and is kept because that takes time."""

from __future__ import annotations

import os
from pathlib import Path


def cache_folder() -> Path:
    """As `cacheFolder` in `runtime/pyodide/snapshot.js`; it need not exist."""
    if given := os.environ.get("STEPWELL_CACHE"):
        return Path(given)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "stepwell"
