"""Threads that run instances, and the clock that wakes them and looks after them."""

from __future__ import annotations

import heapq
import itertools
import queue
import threading
import time
from typing import TYPE_CHECKING, Protocol

from .sealing import THREAD_STACK, TICK

if TYPE_CHECKING:
    from collections.abc import Callable

    import wasmtime

    from .cell import Cell

_STUCK = 0.2
"""Seconds after which a thread that runs an instance no longer counts: another may be started in its place."""
_MOST = 64
"""Threads at most, however many are stuck."""


class Work(Protocol):
    """What a thread can be given to do."""

    def work(self) -> None:
        """Do it."""


class Crew:
    """Threads. As many work as there are processors; one that is stuck in a call is not waited for."""

    def __init__(self, size: int) -> None:
        """Have *size* threads that are not stuck."""
        self._size = size
        self._queue: queue.SimpleQueue[Work] = queue.SimpleQueue()
        self._since: dict[int, float] = {}
        """When each thread that is busy has begun."""
        self._threads = 0
        self._given = 0
        """How much is to be done or being done."""
        self._counting = threading.Lock()
        threading.stack_size(THREAD_STACK)
        for _ in range(size):
            self._start()

    def give(self, work: Work) -> None:
        """Have somebody do *work*. From now on this crew is busy."""
        self._count(1)
        self._queue.put(work)

    @property
    def busy(self) -> bool:
        """Whether anything runs, or is about to."""
        return self._given > 0

    def _count(self, change: int) -> None:
        with self._counting:
            self._given += change

    def look(self) -> None:
        """Start a thread where those that there are do not get on."""
        if self._queue.empty() or self._threads >= _MOST:
            return
        now = time.monotonic()
        stuck = sum(now - since > _STUCK for since in list(self._since.values()))
        if self._threads - stuck < self._size:
            self._start()

    def _start(self) -> None:
        self._threads += 1
        threading.Thread(target=self._run, name=f"instances {self._threads}", daemon=True).start()

    def _run(self) -> None:
        me = threading.get_ident()
        while True:
            work = self._queue.get()
            self._since[me] = time.monotonic()
            try:
                work.work()
            finally:
                del self._since[me]
                self._count(-1)


class Clock:
    """Timers of cells, and the engine's epoch."""

    def __init__(self, engine: wasmtime.Engine, crew: Crew) -> None:
        """Start the thread."""
        self._engine = engine
        self._crew = crew
        self._timers: list[tuple[float, int, Cell]] = []
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        threading.Thread(target=self._run, name="clock", daemon=True).start()

    def wake_at(self, cell: Cell, when: float) -> None:
        """Put a ``turn`` to *cell* at *when*, if nothing has asked for another time since."""
        with self._changed:
            cell.due = when
            heapq.heappush(self._timers, (when, next(self._numbers), cell))
            self._changed.notify()

    def stir(self) -> None:
        """Something has begun to run."""
        with self._changed:
            self._changed.notify()

    def _run(self) -> None:
        tick: Callable[[], None] = self._engine.increment_epoch
        while True:
            with self._changed:
                self._changed.wait(self._patience())
                due = self._take_due()
            for cell in due:
                cell.put("turn")
            if self._crew.busy:
                tick()
                self._crew.look()

    def _patience(self) -> float | None:
        if self._crew.busy:
            return TICK
        return max(0.0, self._timers[0][0] - time.monotonic()) if self._timers else None

    def _take_due(self) -> list[Cell]:
        now = time.monotonic()
        due = []
        while self._timers and self._timers[0][0] <= now:
            when, _, cell = heapq.heappop(self._timers)
            if cell.due == when and not cell.is_over:
                cell.due = None
                due.append(cell)
        return due
