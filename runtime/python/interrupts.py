"""
Interrupts: cutting code that keeps the interpreter to itself.

The pool raises the signal when an interpreter does not answer. It arrives in the frame that runs, whosever that is; the
handler looks at whose it is and leaves the innocent alone.
"""

from __future__ import annotations

import json
import signal
import time
from typing import TYPE_CHECKING, Protocol

from _workflows_bridge.handler_call import HandlerCall, current_call
from _workflows_bridge.origin import AttemptExpired, Origin, origin

if TYPE_CHECKING:
    from types import FrameType


class CpuLimitExceeded(BaseException):
    """Code outside steps has kept the interpreter to itself for too long. Not for ``except Exception`` to swallow."""


class InterruptSource(Protocol):
    """What the host tells of an interrupt."""

    cpu_limit: float

    def read_interrupt(self) -> str:
        """JSON: ``attempts`` (pass, ref, attempt) to cut, and whether ``runCode`` outside steps is meant."""

    def interrupt_raised(self) -> None:
        """Note that the code it is for has been interrupted."""


_GRACE_AFTER_INTERRUPT_S = 0.4
"""Seconds in which what has been cut is not cut again. The pool's own patience is a little longer (`watchdog.js`)."""

importing = False
"""Whether the modules of the deployment are being imported, which no pass is to blame for."""


def install(source: InterruptSource) -> None:
    """Handle the signal."""
    limit = f"{source.cpu_limit / 1000:g} s"
    last: tuple[Origin | HandlerCall | None, float] = (None, 0.0)

    def is_ending(found: Origin | HandlerCall | None) -> bool:
        """Whether it has just been cut: what it does now may be ours, which tells the engine of its end."""
        nonlocal last
        now = time.monotonic()
        if last[0] == found and now - last[1] < _GRACE_AFTER_INTERRUPT_S:
            return True
        last = found, now
        return False

    def is_to_blame(call: HandlerCall) -> bool:
        """Whether *call* has kept the interpreter: one that runs since another was cut has not, yet."""
        since = time.monotonic() - last[1]
        if isinstance(last[0], HandlerCall) and last[0] is not call and since < source.cpu_limit / 1000:
            return False
        return not is_ending(call)

    def on_interrupt(_signum: int, _frame: FrameType | None) -> None:
        targets = json.loads(source.read_interrupt())
        found = origin.get()
        if found is not None and found.ref is not None:
            if [found.session.pass_, found.ref, found.attempt] in targets["attempts"] and not is_ending(found):
                source.interrupt_raised()
                raise AttemptExpired
        elif targets["runCode"] and (found is not None or importing) and not is_ending(found):
            source.interrupt_raised()
            where = "The import of the module" if found is None else "run() outside of steps"
            message = f"{where} has kept the interpreter to itself for more than {limit}. Long work belongs in a step."
            raise CpuLimitExceeded(message)
        elif targets["runCode"] and (call := current_call.get()) is not None and is_to_blame(call):
            source.interrupt_raised()
            message = f"The handler has kept the interpreter to itself for more than {limit}."
            raise CpuLimitExceeded(message)

    signal.signal(signal.SIGINT, on_interrupt)
