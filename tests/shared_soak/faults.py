"""What goes wrong, one thing after the other."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator

    from cluster import Cluster
    from members import Member

KINDS = ("kill", "kill host", "freeze", "freeze", "cut", "cut", "cut", "database")
LONGEST_PAUSE_S = 1.2
MOST_BYTES = 4000
"""After so many bytes to the database, at most, a connection is cut."""


class Faults:
    """
    Does harm to engines and to their database.

    Attributes:
        done: What was done, in order.
    """

    def __init__(self, members: list[Member], cluster: Cluster, chance: random.Random, *, lease_ms: int) -> None:
        self.done: list[str] = []
        self._members = members
        self._cluster = cluster
        self._chance = chance
        self._lease_s = lease_ms / 1000
        self._frozen: list[threading.Thread] = []

    def next(self) -> None:
        """Do one thing, and leave the engines to themselves for a while."""
        kind = self._chance.choice(KINDS)
        member = self._chance.choice(self._members)
        pause = self._chance.uniform(0, LONGEST_PAUSE_S)
        if kind == "kill":
            member.kill()
            time.sleep(self._chance.uniform(0, 1))  # as long as a machine takes to start
            member.start()
        elif kind == "kill host":
            _signal(member.host(), signal.SIGKILL)
        elif kind == "freeze":
            self._freeze(member.host(), self._chance.uniform(0.5, 3) * self._lease_s)
        elif kind == "cut":
            member.proxy.cut_after = self._chance.randrange(MOST_BYTES)
        else:
            self._cluster.stop("immediate")
            time.sleep(pause / 2)  # the database is away for so long
            self._cluster.start()
        self.done.append(kind)
        time.sleep(pause)  # the driver's own pace; nothing is asserted about it
        for each in self._members:
            each.keep_alive()

    def _freeze(self, host: int | None, seconds: float) -> None:
        """Freeze a process, and go on with something else meanwhile."""
        if not _signal(host, signal.SIGSTOP):
            return

        def thaw() -> None:
            time.sleep(seconds)
            _signal(host, signal.SIGCONT)

        self._frozen.append(threading.Thread(target=thaw))
        self._frozen[-1].start()

    @contextlib.contextmanager
    def ending(self) -> Iterator[None]:
        """When the block ends, nothing is frozen any more."""
        try:
            yield
        finally:
            for thread in self._frozen:
                thread.join()
            for member in self._members:
                member.proxy.cut_after = None


def _signal(process: int | None, number: signal.Signals) -> bool:
    if process is None:
        return False
    try:
        os.kill(process, number)
    except ProcessLookupError:
        return False
    return True
