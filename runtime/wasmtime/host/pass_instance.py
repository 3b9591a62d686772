"""A pass instance: one pass of one instance, in an interpreter of its own that is gone when the pass is."""

from __future__ import annotations

import json
import threading
import time
import traceback
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol

import wasmtime

from .attempts import RunningAttempts
from .deadlines import IS_CHECKED, TIME_PER_CPU
from .limits import OUTSIDE, LimitReached, Limits, Meter

if TYPE_CHECKING:
    from .deployment_copy import DeploymentCopy
    from .limits import Running
    from .sandbox_instance import InstanceFactory, SandboxInstance

_TIMEOUT_GRACE_S = 0.2
"""
Seconds that an attempt which has timed out may run before it gives the interpreter back.

Longer than a turn of the guest (`SLICE_S` in its loop): what waits, and runs for a moment now and then, is not cut, for
all that runs beside it would be lost.
"""

_MAX_BATCH_BYTES = 60 << 20
"""In UTF-8. A frame of the socket may have little more."""
_BATCH_TOO_LARGE = f"The workflow has sent more than {_MAX_BATCH_BYTES >> 20} MiB at once."
_INTERRUPTED = "wasm trap: interrupt"
_OVERTIME = (
    f"The interpreter ran without a break for more than {TIME_PER_CPU} times the limit of processor time. "
    "The package wasmtime that is installed cannot say how much of that it has used."
)

Call = tuple[str, tuple[str | int, ...]]
"""An export, and its arguments."""
_NOTHING: Call = ("", ())


class PassInstanceOwner(Protocol):
    """Who has pass instances."""

    def batches(self, instance: PassInstance, texts: list[str]) -> None:
        """Hand on batches, with what the steps have used so far."""

    def lost(self, instance: PassInstance, reason: str, limit: LimitReached | None) -> None:
        """Its interpreter is gone. *limit* is why, if it has used too much."""

    def request(self, instance: PassInstance, number: int, text: str) -> None:
        """Perform a fetch, and put ``answer`` to the pass instance."""

    def wake(self, instance: PassInstance) -> None:
        """See to it that `PassInstance.work` is called."""

    def wake_in(self, instance: PassInstance, seconds: float) -> None:
        """See to it that the pass instance is put a ``turn`` in so many *seconds*."""

    def block(self, seconds: float) -> None:
        """Code blocks for *seconds* of virtual time."""


class PassInstance:
    """See the module. Any thread may put something to it; one at a time works on it."""

    def __init__(
        self,
        number: int,
        deployment: DeploymentCopy,
        factory: InstanceFactory,
        limits: Limits,
        owner: PassInstanceOwner,
    ) -> None:
        """Prepare one for the pass *number*; the interpreter is made by the thread that first works."""
        self.number = number
        self.meter = Meter(limits)
        self.fetching = 0
        """How many fetches are under way. The owner's own."""
        self.due: float | None = None
        """When a turn is wanted. The timers' own."""
        self._deployment = deployment
        self._factory = factory
        self._owner = owner
        self._sandbox: SandboxInstance | None = None
        self._lock = threading.Lock()
        self._inbox: deque[Call] = deque()
        self._outbox: list[str] = []
        """Batches of the turn that is under way. They leave together when it ends, or is found to take long."""
        self._working = False
        self._over = False
        self._expired: dict[tuple[int, int], float] = {}
        self._condemned: LimitReached | None = None
        self._attempts = RunningAttempts()
        self._ended: list[Running] = []
        """Attempts whose outcome is in the outbox."""
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

    def condemn(self, limit: LimitReached) -> None:
        """End it through *limit*: where it stands if it runs, at once if it waits."""
        with self._lock:
            if self._over or self._condemned is not None:
                return
            self._condemned = limit
            if self._working:
                return
            self._working = True
        # The store is closed by a thread that works, as always.
        self._owner.wake(self)

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

    @property
    def is_working(self) -> bool:
        """Whether a thread works on it, or is about to."""
        return self._working and not self._over

    # The thread that works --------------------------------------------------------------------------------------------

    def work(self) -> None:
        """Call what has been put, until there is nothing more."""
        while call := self._take():
            if self._condemned is not None:
                self.broken = self._condemned
                self._lose(self.broken.message)
                return
            try:
                self._perform(*call)
            except (wasmtime.WasmtimeError, LimitReached) as error:
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
            if self._condemned is not None and not self._over:
                return _NOTHING
            if self._inbox and not self._over:
                return self._inbox.popleft()
            self._working = False
            return None

    def _perform(self, name: str, arguments: tuple[str | int, ...]) -> None:
        if self._sandbox is None:
            self._sandbox, loaded = self._deployment.open(self, self._factory)
            if error := loaded.get("error"):
                self._fail(error)
                return
        if name == "deliver":
            self.note_delivered(str(arguments[0]))
        timer, _, batch = self._sandbox.call(name, *arguments).partition("\n")
        if batch:
            self._take_batch(batch)
        self._send()
        if timer:
            self._owner.wake_in(self, int(timer) / 1000)

    def note_delivered(self, batch: str) -> None:
        """Read a batch of the engine before the guest gets it."""
        self._attempts.note_delivered(batch)

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
        if self._condemned is not None:
            raise self._condemned
        expired = self._expired.get(self.meter.running)
        if expired is not None and time.monotonic() - max(expired, self.meter.since) > _TIMEOUT_GRACE_S:
            raise LimitReached("Expired", "The step went on after its timeout.")

    def reason_of(self, error: wasmtime.WasmtimeError | LimitReached) -> str:
        """Why the interpreter has ended, for people. What ends beyond a limit has ended through that."""
        with suppress(LimitReached):
            self.check_used()
        if self.broken is None and not IS_CHECKED and _INTERRUPTED in str(error):
            self.broken = LimitReached("WallLimitExceeded", _OVERTIME)
        if self.broken is not None:
            return self.broken.message
        if isinstance(error, wasmtime.ExitTrap):
            return f"The interpreter ended by itself, with exit code {error.code}."
        text = str(error)
        cause = text.rpartition("Caused by:")[2].strip() or text
        said = "" if self._sandbox is None else self._sandbox.stderr.decode(errors="replace").strip()
        return f"The interpreter ended: {cause}" + (f"\nIt wrote:\n{said}" if said else "")

    def _close(self) -> None:
        sandbox, self._sandbox = self._sandbox, None
        if sandbox is not None:
            sandbox.close()

    # Called by the instance -------------------------------------------------------------------------------------------

    # Each looks first whether too much has been used: what an attempt says beyond its limit does not count, and on a
    # busy machine seconds may pass between two ticks of the clock.

    def entered(self, ref: int, attempt: int) -> None:
        """From here on this attempt runs, or code outside steps if there is no such attempt."""
        self.check_used()
        self.meter.switch((ref, attempt) if (ref, attempt) in self._attempts else OUTSIDE)

    def posted(self, text: str) -> None:
        """A batch in the middle of a turn. It leaves with the turn's end, or sooner if that is long in coming."""
        self.check_used()
        self._take_batch(text)

    def _take_batch(self, text: str) -> None:
        if len(text) > _MAX_BATCH_BYTES // 4 and len(text.encode(errors="surrogatepass")) > _MAX_BATCH_BYTES:
            # The engine's host would take no more from any instance.
            self.broken = LimitReached("MessageLimitExceeded", _BATCH_TOO_LARGE)
            raise self.broken
        ended = self._attempts.note_posted(text)
        self._ended += ended
        if self.meter.running in ended:
            self.meter.switch(OUTSIDE)
        self._outbox.append(text)

    def _send(self) -> None:
        if self._outbox:
            self._owner.batches(self, self._outbox)
            self._outbox = []
            self.meter.close_accounts(self._ended)
            self._ended.clear()

    def requested(self, number: int, text: str) -> None:
        """A fetch is wanted."""
        self.check_used()
        # Until now nobody else can have noticed that the attempt has begun.
        self._send()
        self._owner.request(self, number, text)

    def blocked(self, milliseconds: int) -> None:
        """Code blocks, in virtual time."""
        self.check_used()
        self._owner.block(milliseconds / 1000)

    def keep(self, path: str, code: str) -> None:
        """Code of a module, from the pass instance that loads the deployment."""
        self._deployment.keep(self, path, code)

    def check_running(self) -> None:
        """
        Look whether the code that runs may go on. The thread that runs it calls this, every few ms.

        Raises:
            LimitReached: It may not.
        """
        self.check_used()
        self._send()
        try:
            self._check_wanted()
        except LimitReached as error:
            self.broken = error
            raise

    def check_used(self) -> None:
        """
        Look whether too much has been used. The thread that runs it, or has just run it, calls this.

        Raises:
            LimitReached: It has.
        """
        if self.broken is not None:
            raise self.broken
        try:
            self.meter.check()
        except LimitReached as error:
            self.broken = error
            raise
