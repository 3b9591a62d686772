"""The user's cache: files that can be made again, kept because that takes time."""

from __future__ import annotations

import functools
import os
import sys
import tempfile
from pathlib import Path

PRIVATE_MODE = 0o700


@functools.cache
def cache_folder() -> Path:
    """
    The folder of the cache, which need not exist. The host gets it as `STEPWELL_CACHE`.

    Without a home folder it is a temporary folder of this user, or of this process alone.
    """
    if given := os.environ.get("STEPWELL_CACHE"):
        return Path(given).absolute()
    base = os.environ.get("XDG_CACHE_HOME", "")
    if os.path.isabs(base):  # noqa: PTH117 - a text
        return Path(base, "stepwell")
    home = _home()
    return home / ".cache" / "stepwell" if home is not None else _temporary_folder()


def _home() -> Path | None:
    home = os.environ.get("HOME")
    if home is None:
        try:
            home = str(Path.home())
        except RuntimeError:
            # The user has no entry in the password file, as in many containers.
            return None
    return Path(home) if os.path.isabs(home) and os.access(home, os.X_OK) else None  # noqa: PTH117 - a text


def _temporary_folder() -> Path:
    folder = Path(tempfile.gettempdir(), f"stepwell-cache-{os.geteuid()}")
    try:
        folder.mkdir(mode=PRIVATE_MODE, exist_ok=True)
        found = folder.lstat()
        is_private = found.st_uid == os.geteuid() and not found.st_mode & 0o077
    except OSError:
        is_private = False
    if not is_private or folder.is_symlink():
        folder = Path(tempfile.mkdtemp(prefix="stepwell-cache-"))
    sys.stderr.write(
        f"Warning: this user has no home folder; the cache is in {folder}. Set STEPWELL_CACHE to keep it elsewhere.\n"
    )
    return folder
