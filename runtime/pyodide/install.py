"""
What JavaScript calls in a fresh interpreter. Importing this module imports all that a snapshot should hold.

Nothing here or in what it imports may keep a JavaScript object or draw a random number while it is imported.
"""

from __future__ import annotations

import random
import sys
from typing import Any, Protocol

import workers
import workers.workflows  # noqa: F401
from _stepwell_runtime import abandon, interrupts, output
from _stepwell_runtime.guest import Guest
from _stepwell_runtime.guest import Host as GuestHost
from _workflows_bridge.step import install as install_step

from . import patches
from .loop import PyodideLoop


class Host(GuestHost, Protocol):
    """What JavaScript gives."""

    def wake(self) -> None:
        """Call `Guest.turn` soon."""

    def set_timer(self, delay: int) -> None:
        """Call `Guest.turn` in *delay* ms, in place of what was asked before."""

    def sleep(self, delay: float) -> None:
        """Block the thread for *delay* ms."""

    def make_step(self, port: Any, encoded: bool) -> Any:  # noqa: ANN401, FBT001 - positional, as JavaScript has it
        """Make a ``WorkflowStep`` that makes its calls on *port*."""


def install(host: Host) -> Guest:
    """Make the interpreter a guest of *host*."""
    # The snapshot has the state of the generator, and is the same in every interpreter.
    random.seed()
    sys.dont_write_bytecode = True
    written = output.Output(lambda: guest.flush())  # noqa: PLW0108 - there is no guest yet
    guest = Guest(host, written, PyodideLoop(host.wake, host.set_timer))
    output.install(written)
    patches.install(host.sleep)
    interrupts.install(host)
    abandon.install()
    install_step(host.make_step)
    return guest
