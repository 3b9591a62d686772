"""Threads that run instances, and the clock that wakes them and looks after them."""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

from .deadlines import TICK_S
from .sandbox_instance import THREAD_STACK_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable

    from .pass_instance import PassInstance

_STUCK_AFTER_S = 0.2
"""Seconds after which a thread that runs an instance no longer counts: another may be started in its place."""
_MAX_THREADS = 64
"""Threads at most, however many are stuck."""


class WorkItem(Protocol):
    """What a thread can be given to do."""

    def work(self) -> None:
        """Do it."""


class WorkSource(Protocol):
    """Where work comes from."""

    @property
    def ended(self) -> bool:
        """Whether nothing will come any more."""

    def wait(self) -> bool:
        """Wait until something has come, or `interrupt` is called. Gives whether something has."""

    def interrupt(self) -> None:
        """Have the thread that waits come back. Any thread may call this."""

    def receive(self) -> None:
        """Give to the threads what has come. One thread at a time is in here."""

    def settle(self) -> None:
        """Say what was kept to be said together: no work is left. Any thread may call this."""


class WorkerThreads:
    """
    Threads. As many work as there are processors; one that is stuck in a call is not waited for.

    Who has nothing to do reads what has come, so work needs no thread that hands it to another: at a few hundred µs
    apiece that would be a good part of it.
    """

    def __init__(self, size: int, source: WorkSource) -> None:
        """Have *size* threads that are not stuck, which do what *source* gives."""
        self._size = size
        self._source = source
        self._todo: deque[WorkItem] = deque()
        self._since: dict[int, float] = {}
        """When each thread that is busy has begun."""
        self._threads = 0
        self._reading = threading.Lock()
        self._waits = False
        """Whether a thread waits for something to come."""
        self.over = threading.Event()
        """Whether nothing will come any more."""
        self.failure: Exception | None = None
        """What went wrong, if that is why."""
        self.on_busy: Callable[[], None] = lambda: None
        """Is called when something begins to run."""

    def start(self) -> None:
        """Begin."""
        threading.stack_size(THREAD_STACK_BYTES)
        for _ in range(self._size):
            self._start()

    def give(self, work: WorkItem) -> None:
        """Have somebody do *work*."""
        self._todo.append(work)
        if self._waits:
            self._source.interrupt()

    @property
    def busy(self) -> bool:
        """Whether anything runs, or is about to."""
        return bool(self._since or self._todo)

    def start_for_stuck(self) -> None:
        """Start a thread where those that there are do not get on."""
        now = time.monotonic()
        stuck = sum(now - since > _STUCK_AFTER_S for since in list(self._since.values()))
        if stuck and self._threads - stuck < self._size and self._threads < _MAX_THREADS:
            self._start()

    def _start(self) -> None:
        self._threads += 1
        threading.Thread(target=self._run, name=f"instances {self._threads}", daemon=True).start()

    def _run(self) -> None:
        me = threading.get_ident()
        try:
            while work := self._next():
                self._since[me] = time.monotonic()
                self.on_busy()
                try:
                    work.work()
                finally:
                    del self._since[me]
        except Exception as error:  # noqa: BLE001 - whatever it is, it ends the process
            self.failure = error
        self.over.set()

    def _next(self) -> WorkItem | None:
        while True:
            with suppress(IndexError):
                return self._todo.popleft()
            self._source.settle()
            with self._reading:
                if self._source.ended:
                    return None
                # First the word, then the look: who gives something does it the other way round.
                self._waits = True
                come = not self._todo and self._source.wait()
                self._waits = False
                if come:
                    self._source.receive()


class Ticker:
    """Timers of pass instances, and the engine's epoch."""

    def __init__(self, tick: Callable[[], None], threads: WorkerThreads) -> None:
        """Start the thread. It calls *tick* every `TICK_S` seconds while *threads* is busy."""
        self._tick = tick
        self._workers = threads
        self._timers: list[tuple[float, int, PassInstance]] = []
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._ticks = False
        threads.on_busy = self._stir
        threading.Thread(target=self._run, name="clock", daemon=True).start()

    def wake_at(self, instance: PassInstance, when: float) -> None:
        """Put a ``turn`` to *instance* at *when*, if nothing has asked for another time since."""
        with self._changed:
            instance.due = when
            heapq.heappush(self._timers, (when, next(self._numbers), instance))
            self._changed.notify()

    def _stir(self) -> None:
        """Something has begun to run. Most often that was so a moment ago, and this looks again anyway."""
        if not self._ticks:
            with self._changed:
                self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait(self._patience())
                due = self._take_due()
            for instance in due:
                instance.put("turn")
            if self._ticks:
                self._tick()
                self._workers.start_for_stuck()

    def _patience(self) -> float | None:
        # First the word, then the look: who begins does it the other way round.
        self._ticks = False
        self._ticks = self._workers.busy
        if self._ticks:
            return TICK_S
        return max(0.0, self._timers[0][0] - time.monotonic()) if self._timers else None

    def _take_due(self) -> list[PassInstance]:
        now = time.monotonic()
        due = []
        while self._timers and self._timers[0][0] <= now:
            when, _, instance = heapq.heappop(self._timers)
            if instance.due == when and not instance.is_over:
                instance.due = None
                due.append(instance)
        return due
