"""
Virtual time: the clock of sandboxed interpreters, and their timers, where the engine's host moves the clock.

An interpreter asks for the time by WASI. Here two of WASI's functions are replaced, so that every clock of Python in it
is the engine's; what an interpreter blocks for moves that clock.
"""

from __future__ import annotations

import heapq
import itertools
import threading
from typing import TYPE_CHECKING

import wasmtime
from wasmtime import component as components

if TYPE_CHECKING:
    from collections.abc import Callable

    from _stepwell_process.clock import FileClock

    from .pass_instance import PassInstance

_NS_PER_S = 1_000_000_000
_CLOCK_STEP_S = 0.001
_WALL = "wasi:clocks/wall-clock"
_STEADY = "wasi:clocks/monotonic-clock"
_MINOR = "0.2"
_PATCHES = 100
UNKNOWN_WASI = (
    "The package wasmtime is another than this version of Stepwell was written for: "
    "code in sandboxed interpreters has real time in tests."
)


class VirtualTimers:
    """The turns that interpreters want, in virtual time. Any thread may call."""

    def __init__(self, clock: FileClock) -> None:
        """Read *clock*."""
        self._clock = clock
        self._timers: list[tuple[float, int, PassInstance]] = []
        self._numbers = itertools.count()
        self._lock = threading.Lock()

    def block(self, seconds: float) -> None:
        """Code of an interpreter blocks for *seconds*: the clock moves."""
        with self._lock:
            self._clock.block(seconds)

    def wake_in(self, instance: PassInstance, seconds: float) -> None:
        """Put a ``turn`` to *instance* in *seconds*, if nothing has asked for another time since."""
        with self._lock:
            when = self._clock.steady() + seconds
            instance.due = when
            heapq.heappush(self._timers, (when, next(self._numbers), instance))
        self.ring()

    def ring(self) -> None:
        """Put a ``turn`` to each interpreter that is due."""
        due = []
        with self._lock:
            until = self._clock.steady() + _CLOCK_STEP_S
            while self._timers and self._timers[0][0] <= until:
                when, _, instance = heapq.heappop(self._timers)
                if _is_wanted(instance, when):
                    instance.due = None
                    due.append(instance)
        for instance in due:
            instance.put("turn")

    def next_ms(self) -> float | None:
        """In how many ms the next interpreter is due; None: no interpreter wants a turn."""
        with self._lock:
            while self._timers and not _is_wanted(self._timers[0][2], self._timers[0][0]):
                heapq.heappop(self._timers)
            return max(0.0, (self._timers[0][0] - self._clock.steady()) * 1000) if self._timers else None


def _is_wanted(instance: PassInstance, when: float) -> bool:
    return instance.due == when and not instance.is_over


class _DateTime:
    """WASI's record of that name."""

    def __init__(self, seconds: float) -> None:
        self.seconds, self.nanoseconds = divmod(round(seconds * _NS_PER_S), _NS_PER_S)


def replace_clocks(linker: components.Linker, clock: FileClock) -> bool:
    """Let instances of *linker*, which has WASI, read *clock*. Gives whether that could be done."""
    version = _find_wasi_version(linker.engine)
    if version is None:
        return False
    functions: dict[str, Callable[[object], object]] = {
        _WALL: lambda _store: _DateTime(clock.wall()),
        _STEADY: lambda _store: round(clock.steady() * _NS_PER_S),
    }
    linker.allow_shadowing = True
    with linker.root() as root:
        for interface, now in functions.items():
            with root.add_instance(f"{interface}@{version}") as instance:
                instance.add_func("now", now)
    linker.allow_shadowing = False
    return True


def _find_wasi_version(engine: wasmtime.Engine) -> str | None:
    """The version of WASI that the package has. The package does not say: a name that it has taken is refused."""
    linker = components.Linker(engine)
    linker.add_wasip2()
    with linker.root() as root:
        for patch in range(_PATCHES):
            version = f"{_MINOR}.{patch}"
            try:
                with root.add_instance(f"{_STEADY}@{version}") as instance:
                    instance.add_func("now", lambda _store: 0)
            except wasmtime.WasmtimeError:
                return version
    return None
