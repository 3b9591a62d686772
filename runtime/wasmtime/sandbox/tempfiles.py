"""Temporary files: there is no folder for them, and `tempfile` says so."""

from __future__ import annotations

import errno
import tempfile
from typing import NoReturn

_TEXT = (
    "The wasmtime runtime has no folder that can be written to. Keep data in memory (io.BytesIO, "
    "tempfile.SpooledTemporaryFile), or give it as the result of a step"
)


def _find_folder() -> NoReturn:
    raise FileNotFoundError(errno.ENOENT, _TEXT)


def explain() -> None:
    """Have `tempfile` say what to do, where it would list the folders that it has tried."""
    tempfile._get_default_tempdir = _find_folder  # type: ignore[attr-defined]  # noqa: SLF001
