"""What an instance may use, and what it has used."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_NS_PER_MS = 1_000_000


class LimitReached(Exception):  # noqa: N818 - what it says
    """An instance has used more than it may."""

    def __init__(self, name: str, message: str) -> None:
        """*name* is what the error is called that its attempt fails with."""
        super().__init__(message)
        self.name = name
        self.message = message


@dataclass(frozen=True)
class Limits:
    """Of one instance while it is in memory. Times in ms; None is no limit."""

    memory: int
    """Bytes of its linear memory."""
    step_cpu: float | None
    """Processor time of one attempt of a step."""
    run_cpu: float | None
    """Processor time of code outside steps."""
    pass_cpu: float | None
    """Processor time of all of a pass."""
    pass_wall: float | None
    """Time from the start of a pass to its end."""

    @classmethod
    def of(cls, boot: dict[str, Any]) -> Limits:
        """What a ``boot`` message says."""
        limits = boot["limits"]
        return cls(limits["memory"], limits["stepCpu"], limits["runCpu"], limits["passCpu"], limits["passWall"])


Running = tuple[int, int]
"""Ref and attempt of the step that runs; ref 0 is code outside steps."""

OUTSIDE: Running = (0, 0)
STARTING: Running = (0, -1)
"""Nobody yet: the interpreter begins, and imports the workflow. What that uses is not taken from what ``run()`` may."""


_faults: Callable[[], int] | None = None
"""How many pages of memory the kernel has given this thread so far, where it says so."""

with suppress(ImportError, AttributeError):
    import resource

    _thread, _usage = resource.RUSAGE_THREAD, resource.getrusage
    _page = resource.getpagesize()

    def _faults() -> int:
        return _usage(_thread).ru_minflt


@dataclass
class Meter:
    """Processor time of one instance, by who has used it, in ns; and memory, by who was the first to write to it."""

    limits: Limits
    running: Running = OUTSIDE
    began: float = field(default_factory=time.monotonic)
    since: float = 0.0
    """When what runs now has begun to, without a break."""
    total: int = 0
    pages_taken: int = 0
    """All that the kernel has given the instance, in pages."""
    used: dict[Running, int] = field(default_factory=dict)
    pages: dict[Running, int] = field(default_factory=dict)
    _mark: int = 0
    _pages_mark: int = 0
    _ran: set[Running] = field(default_factory=set)

    def enter(self, running: Running) -> None:
        """The thread that calls this begins to run the instance, and *running* in it."""
        self.running = running
        self.since = time.monotonic()
        if _faults is not None:
            self._pages_mark = _faults()
        self._mark = time.thread_time_ns()

    def switch(self, running: Running) -> None:
        """From here on *running* runs, until `leave` says otherwise."""
        now = time.thread_time_ns()
        spent = now - self._mark
        self._mark = now
        self.total += spent
        before = self.running
        self._ran.add(before)
        self.used[before] = self.used.get(before, 0) + spent
        if _faults is not None:
            pages = _faults()
            self.pages[before] = self.pages.get(before, 0) + pages - self._pages_mark
            self.pages_taken += pages - self._pages_mark
            self._pages_mark = pages
        if running != before:
            self.running = running
            self.since = time.monotonic()

    def close_accounts(self, ended: Iterable[Running]) -> None:
        """Forget what attempts that have *ended* have used. Call it after `take_used` has given it."""
        for who in ended:
            self._ran.discard(who)
            self.used.pop(who, None)
            self.pages.pop(who, None)

    def leave(self) -> None:
        """The thread no longer runs the instance. Who was running is still known, for blame."""
        self.switch(self.running)

    def take_used(self) -> list[tuple[int, int, float, int | None]]:
        """Ref, attempt, and ms and bytes so far, of the attempts that have run since the last time."""
        ran, self._ran = self._ran, set()
        return [
            (*who, round(self.used[who] / _NS_PER_MS, 3), None if _faults is None else self.pages[who] * _page)
            for who in ran
            if who[0]
        ]

    def budget_ms(self, running: Running) -> float | None:
        """The processor time that a call which begins as *running* may use at most, in ms; None is no limit."""
        limits = self.limits
        step, run, whole = limits.step_cpu, limits.run_cpu, limits.pass_cpu
        # A call runs code outside steps and one step to its limit at most: it gives way after a few ms of others.
        own = run if running == STARTING else None if step is None or run is None else step + run
        left = None if whole is None else max(0.0, whole - self.total / _NS_PER_MS)
        return min((each for each in (own, left) if each is not None), default=None)

    def check(self) -> None:
        """
        Look whether too much has been used. The thread that runs the instance calls this.

        Raises:
            LimitReached: It has.
        """
        self.switch(self.running)
        limits = self.limits
        ref, _attempt = self.running
        used = self.used[self.running] / _NS_PER_MS
        if ref and limits.step_cpu is not None and used > limits.step_cpu:
            raise _too_much("The step", "processor time", limits.step_cpu, "CpuLimitExceeded")
        if not ref and limits.run_cpu is not None and used > limits.run_cpu:
            text = "The import of the workflow" if self.running == STARTING else "Code outside of steps"
            raise _too_much(text, "processor time", limits.run_cpu, "CpuLimitExceeded", " Long work belongs in a step.")
        if limits.pass_cpu is not None and self.total / _NS_PER_MS > limits.pass_cpu:
            raise _too_much("This run of the workflow", "processor time", limits.pass_cpu, "CpuLimitExceeded")
        self.check_wall()

    def check_wall(self) -> None:
        """
        Look whether it has taken too long. Any thread may call this.

        Raises:
            LimitReached: It has.
        """
        wall = self.limits.pass_wall
        if wall is not None and (time.monotonic() - self.began) * 1000 > wall:
            raise _too_much("This run of the workflow", "time", wall, "WallLimitExceeded")


def _too_much(who: str, what: str, limit: float, name: str, remedy: str = "") -> LimitReached:
    return LimitReached(name, f"{who} has used more than {limit / 1000:g} s of {what}, which is its limit.{remedy}")
