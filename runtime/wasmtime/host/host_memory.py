"""How much memory this process may take, with all of its instances: beyond that the largest one ends."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from .limits import LimitReached

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .pass_instance import PassInstance

_STATUS = Path("/proc/self/status")
_GROUP_LIMIT = Path("/sys/fs/cgroup/memory.max")
_INTERVAL_S = 0.1
_SHARE_OF_MACHINE = 0.75
_MIB = 1 << 20


def anonymous_bytes() -> int | None:
    """Memory that this process has to itself: without the pages of the heap image that instances share. Linux only."""
    with suppress(OSError, ValueError):
        for line in _STATUS.read_text(encoding="ascii").splitlines():
            if line.startswith("RssAnon:"):
                return int(line.split()[1]) * 1024
    return None


def default_limit() -> int | None:
    """Three quarters of what the machine, or the container, has. None where that is unknown."""
    found = []
    with suppress(OSError, ValueError):
        found.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    with suppress(OSError, ValueError):
        found.append(int(_GROUP_LIMIT.read_text(encoding="ascii")))
    return int(min(found) * _SHARE_OF_MACHINE) if found else None


class HostMemory:
    """The bound of one process."""

    def __init__(self, limit: int | None, measure: Callable[[], int | None] = anonymous_bytes) -> None:
        """*limit* in bytes; None: none. *measure* gives what is in use."""
        self._limit = limit
        self._measure = measure
        self._measured_at = float("-inf")

    def check(self, instances: Iterable[PassInstance]) -> None:
        """Have the largest of *instances* end where there is too much. Called at every tick; measures now and then."""
        now = time.monotonic()
        if self._limit is None or now - self._measured_at < _INTERVAL_S:
            return
        self._measured_at = now
        used = self._measure()
        if used is None or used <= self._limit:
            return
        largest = max(instances, key=lambda each: each.meter.pages_taken, default=None)
        if largest is not None and largest.meter.pages_taken:
            largest.condemn(
                LimitReached(
                    "MemoryError",
                    f"The host of sandboxed interpreters uses more than {self._limit // _MIB:,} MiB, its limit. "
                    "This instance uses the most.",
                )
            )
