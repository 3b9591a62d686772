"""Fetches that wait for a thread: each instance has its share, so that one with slow fetches delays no other's."""

from __future__ import annotations

import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

MAX_THREADS = 64
SHARE_OF_INSTANCE = 4
"""Fetches of one instance that are performed at a time."""


class FetchQueue:
    """See the module. Any thread may call it."""

    def __init__(self, threads: int = MAX_THREADS, share: int = SHARE_OF_INSTANCE) -> None:
        """Perform up to *threads* fetches at a time, and up to *share* of one instance."""
        self._free = threads
        self._share = share
        self._threads = ThreadPoolExecutor(threads, "fetch")
        self._lock = threading.Lock()
        self._running: dict[Hashable, int] = {}
        self._waiting: dict[Hashable, deque[Callable[[], None]]] = {}
        """In the order in which the instances take turns."""

    def submit(self, owner: Hashable, perform: Callable[[], None]) -> None:
        """Have *perform* called when a thread, and a place in the share of *owner*, is free."""
        with self._lock:
            self._waiting.setdefault(owner, deque()).append(perform)
        self._start()

    def _start(self) -> None:
        while (taken := self._take()) is not None:
            owner, perform = taken
            self._threads.submit(self._perform, owner, perform)

    def _take(self) -> tuple[Hashable, Callable[[], None]] | None:
        with self._lock:
            if not self._free:
                return None
            for owner, waiting in self._waiting.items():
                if self._running.get(owner, 0) >= self._share:
                    continue
                perform = waiting.popleft()
                del self._waiting[owner]
                if waiting:
                    self._waiting[owner] = waiting  # behind the others
                self._free -= 1
                self._running[owner] = self._running.get(owner, 0) + 1
                return owner, perform
            return None

    def _perform(self, owner: Hashable, perform: Callable[[], None]) -> None:
        try:
            perform()
        finally:
            with self._lock:
                self._free += 1
                self._running[owner] -= 1
                if not self._running[owner]:
                    del self._running[owner]
            self._start()
