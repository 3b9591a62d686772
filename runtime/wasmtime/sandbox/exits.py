"""Ways to end the interpreter: an error of the code that takes them, as everywhere."""

from __future__ import annotations

import os
from typing import NoReturn


def _exit(status: int) -> NoReturn:
    raise SystemExit(status)


def _abort() -> NoReturn:
    raise SystemExit("os.abort() was called")


def forbid_exits() -> None:
    """Make them raise SystemExit."""
    os._exit = _exit
    os.abort = _abort
