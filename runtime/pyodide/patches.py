"""Changes to the standard library, so that user code cannot stop the interpreter that it shares with others."""

from __future__ import annotations

import asyncio
import os
import time
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable

_SLEEP_SLICE_S = 0.05


def install(block: Callable[[float], None]) -> None:
    """Make them. *block* blocks the thread for so many ms."""
    os._exit = _exit
    os.abort = _abort
    os.kill = _kill
    time.sleep = _interruptible(block)
    # Pyodide's would switch stacks in the middle of a turn, where V8 can. The standard one says what is wrong.
    asyncio.run = asyncio.runners.run


def _exit(status: int) -> NoReturn:
    raise SystemExit(status)


def _abort() -> NoReturn:
    msg = "os.abort() was called"
    raise SystemExit(msg)


def _kill(pid: int, signal: int, /) -> NoReturn:
    msg = f"os.kill({pid}, {signal}) was called"
    raise SystemExit(msg)


def _interruptible(block: Callable[[float], None]) -> Callable[[Any], None]:
    """``time.sleep`` that gives the processor away. The interpreter sees an interrupt between two slices."""

    def sleep(seconds: float, /) -> None:
        if seconds < 0:
            msg = "sleep length must be non-negative"
            raise ValueError(msg)
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            block(min(left, _SLEEP_SLICE_S) * 1000)

    return sleep
