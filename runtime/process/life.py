"""A guest process does not outlive its host: a step that went on alone would run beside its own next attempt."""

from __future__ import annotations

import os
import select
import signal
import sys
import threading

_PR_SET_PDEATHSIG = 1


def die_with_host(connection: int) -> None:
    """
    End this process when the one that has started it is gone, whatever runs here.

    Args:
        connection: The file descriptor of the socket to it.
    """
    if sys.platform == "linux" and _ask_kernel():
        return
    threading.Thread(target=_watch, args=[connection], name="stepwell host watch", daemon=True).start()


def _ask_kernel() -> bool:
    try:
        import ctypes  # noqa: PLC0415 - a Python may have been built without it

        return bool(ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) == 0)
    except (ImportError, OSError, AttributeError):
        return False


def _watch(connection: int) -> None:
    poll = select.poll()
    poll.register(connection, 0)  # nothing but its end
    poll.poll()
    os.kill(os.getpid(), signal.SIGKILL)
