"""A cell: one pass of one instance, in an interpreter of its own that is gone when the pass is."""

from __future__ import annotations

import json
import threading
import time
import traceback
from collections import deque
from typing import TYPE_CHECKING, Any, Protocol

import wasmtime

from .limits import LimitReached, Limits, Meter

if TYPE_CHECKING:
    from .deployment import Deployment
    from .sealing import Sealed, Sealing

_PATIENCE = 0.2
"""
Seconds that an attempt which has timed out may run before it gives the interpreter back.

Longer than a turn of the guest (`SLICE_S` in its loop): what waits, and runs for a moment now and then, is not cut, for
all that runs beside it would be lost.
"""

Call = tuple[str, tuple[str | int, ...]]
"""An export, and its arguments."""


class Owner(Protocol):
    """Who has cells."""

    def batches(self, cell: Cell, texts: list[str]) -> None:
        """Hand on batches, with what the steps have used so far."""

    def lost(self, cell: Cell, reason: str, limit: LimitReached | None) -> None:
        """Its interpreter is gone. *limit* is why, if it has used too much."""

    def request(self, cell: Cell, number: int, text: str) -> None:
        """Perform a fetch, and put ``answer`` to the cell."""

    def wake(self, cell: Cell) -> None:
        """See to it that `Cell.work` is called."""

    def wake_at(self, cell: Cell, when: float) -> None:
        """See to it that the cell is put a ``turn`` at *when*."""


class Cell:
    """See the module. Any thread may put something to it; one at a time works on it."""

    def __init__(self, number: int, deployment: Deployment, sealing: Sealing, limits: Limits, owner: Owner) -> None:
        """Prepare one for the pass *number*; the interpreter is made by the thread that first works."""
        self.number = number
        self.meter = Meter(limits)
        self.told: dict[tuple[int, int], float] = {}
        """What the engine has been told of what steps have used."""
        self.fetching = 0
        """How many fetches are under way. The owner's own."""
        self.due: float | None = None
        """When a turn is wanted. The timers' own."""
        self._deployment = deployment
        self._sealing = sealing
        self._owner = owner
        self._sealed: Sealed | None = None
        self._lock = threading.Lock()
        self._inbox: deque[Call] = deque()
        self._outbox: list[str] = []
        """Batches of the turn that is under way. They leave together when it ends, or is found to take long."""
        self._working = False
        self._over = False
        self._expired: dict[tuple[int, int], float] = {}
        self.broken: LimitReached | None = None
        """The limit that has ended it."""

    # Any thread -------------------------------------------------------------------------------------------------------

    def put(self, name: str, *arguments: str | int) -> None:
        """Have an export called, after all that was put before."""
        with self._lock:
            if self._over:
                return
            self._inbox.append((name, arguments))
            if self._working:
                return
            self._working = True
        self._owner.wake(self)

    def expire(self, ref: int, attempt: int) -> None:
        """An attempt has timed out. If it keeps the interpreter to itself, that is cut."""
        self._expired[ref, attempt] = time.monotonic()

    def drop(self) -> None:
        """The pass is over for the engine: let everything go."""
        with self._lock:
            self._over = True
            self._inbox.clear()
            idle = not self._working
        if idle:
            self._close()

    @property
    def is_over(self) -> bool:
        """Whether nothing will come of it any more."""
        return self._over

    # The thread that works --------------------------------------------------------------------------------------------

    def work(self) -> None:
        """Call what has been put, until there is nothing more."""
        while call := self._take():
            try:
                self._perform(*call)
            except wasmtime.WasmtimeError as error:
                self._lose(self.reason_of(error))
                return
            except Exception as error:  # noqa: BLE001 - a mistake of ours, which must not stop the others
                traceback.print_exc()
                self._lose(f"The wasmtime runtime has failed: {error!r}.")
                return
        if self._over:
            self._close()

    def _take(self) -> Call | None:
        with self._lock:
            if self._inbox and not self._over:
                return self._inbox.popleft()
            self._working = False
            return None

    def _perform(self, name: str, arguments: tuple[str | int, ...]) -> None:
        if self._sealed is None:
            self._sealed, loaded = self._deployment.open(self, self._sealing)
            if error := loaded.get("error"):
                self._fail(error)
                return
        timer, _, batch = self._sealed.call(name, *arguments).partition("\n")
        if batch:
            self._outbox.append(batch)
        self._send()
        if timer:
            self._owner.wake_at(self, time.monotonic() + int(timer) / 1000)

    def _fail(self, error: dict[str, Any]) -> None:
        """The deployment could be loaded once, and now it cannot."""
        self._owner.batches(self, [json.dumps([{"type": "fail", "pass": self.number, "error": error}])])
        self.drop()

    def _lose(self, reason: str) -> None:
        with self._lock:
            told = self._over
            self._over = True
            self._working = False
        self._close()
        if not told:
            self._send()
            self._owner.lost(self, reason, self.broken)

    def _check_wanted(self) -> None:
        if self._over:
            raise LimitReached("Dropped", "The pass is over.")
        expired = self._expired.get(self.meter.running)
        if expired is not None and time.monotonic() - max(expired, self.meter.since) > _PATIENCE:
            raise LimitReached("Expired", "The step went on after its timeout.")

    def reason_of(self, error: wasmtime.WasmtimeError) -> str:
        """Why the interpreter has ended, for people."""
        if self.broken is not None:
            return self.broken.message
        if isinstance(error, wasmtime.ExitTrap):
            return f"The interpreter ended by itself, with exit code {error.code}."
        text = str(error)
        cause = text.rpartition("Caused by:")[2].strip() or text
        said = "" if self._sealed is None else self._sealed.stderr.decode(errors="replace").strip()
        return f"The interpreter ended: {cause}" + (f"\nIt wrote:\n{said}" if said else "")

    def _close(self) -> None:
        sealed, self._sealed = self._sealed, None
        if sealed is not None:
            sealed.close()

    # Called by the instance -------------------------------------------------------------------------------------------

    def posted(self, text: str) -> None:
        """A batch in the middle of a turn. It leaves with the turn's end, or sooner if that is long in coming."""
        self._outbox.append(text)

    def _send(self) -> None:
        if self._outbox:
            self._owner.batches(self, self._outbox)
            self._outbox = []

    def requested(self, number: int, text: str) -> None:
        """A fetch is wanted."""
        # Until now nobody else can have noticed that the attempt has begun.
        self.meter.switch(self.meter.running)
        self._send()
        self._owner.request(self, number, text)

    def keep(self, path: str, code: str) -> None:
        """Code of a module, from the cell that loads the deployment."""
        self._deployment.keep(self, path, code)

    def look(self) -> None:
        """
        Look whether the code that runs may go on. The thread that runs it calls this, every few ms.

        Raises:
            LimitReached: It may not.
        """
        try:
            self.meter.switch(self.meter.running)
            self._send()
            self.meter.check()
            self._check_wanted()
        except LimitReached as error:
            self.broken = error
            raise
