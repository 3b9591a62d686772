"""
Virtual time in a process of its own: modules that are imported from now on see the host's clock.

Only what Python code asks for is replaced. What waits for something real (threads, sockets, other processes) is
imported before, and keeps the real clock.
"""

from __future__ import annotations

# Their timeouts are real: they took the clock by name when they were imported.
import concurrent.futures.thread
import copyreg
import datetime as dt
import multiprocessing.connection
import queue
import subprocess
import threading
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from _stepwell_process.clock import FileClock

REAL_TIME = (concurrent.futures.thread, multiprocessing.connection, queue, subprocess, threading)
"""Modules that keep the real clock."""
_NS = 1_000_000_000


def install(clock: FileClock) -> None:
    """Put *clock* in the place of the process's own time."""
    wall, steady = clock.wall, clock.steady
    replaced: dict[str, Callable[..., Any]] = {
        "time": wall,
        "time_ns": lambda: round(wall() * _NS),
        "monotonic": steady,
        "monotonic_ns": lambda: round(steady() * _NS),
        "perf_counter": steady,
        "perf_counter_ns": lambda: round(steady() * _NS),
        "sleep": _sleeper(clock),
        "gmtime": _at_wall(time.gmtime, wall),
        "localtime": _at_wall(time.localtime, wall),
        "ctime": _at_wall(time.ctime, wall),
        "asctime": _described(time.asctime),
        "strftime": _formatted(time.strftime),
    }
    for name, function in replaced.items():
        setattr(time, name, function)
    for name, stand_in in zip(("datetime", "date"), _datetime_classes(wall), strict=True):
        setattr(dt, name, stand_in)


def _sleeper(clock: FileClock) -> Callable[[float], None]:
    def sleep(seconds: float, /) -> None:
        if seconds < 0:
            raise ValueError("sleep length must be non-negative")
        clock.block(seconds)

    return sleep


def _at_wall(real: Callable[[float], Any], wall: Callable[[], float]) -> Callable[..., Any]:
    def at(seconds: float | None = None, /) -> Any:  # noqa: ANN401 - what the real one gives
        return real(wall() if seconds is None else seconds)

    return at


def _described(real: Callable[..., str]) -> Callable[..., str]:
    def asctime(*parts: Any) -> str:  # noqa: ANN401 - as the real one has it
        return real(*(parts or (time.localtime(),)))

    return asctime


def _formatted(real: Callable[..., str]) -> Callable[..., str]:
    def strftime(form: str, *parts: Any) -> str:  # noqa: ANN401 - as the real one has it
        return real(form, *(parts or (time.localtime(),)))

    return strftime


def _datetime_classes(wall: Callable[[], float]) -> tuple[type, type]:
    """Classes that stand for `datetime` and `date`, and make objects of these: only the clock is another."""
    real, real_date = dt.datetime, dt.date

    class StandsFor(type):
        """Of a class whose objects are those of its base; subclasses of it are classes as others."""

        def __instancecheck__(cls, value: object) -> bool:
            return isinstance(value, cls.__mro__[1]) if cls in standing else super().__instancecheck__(value)

        def __subclasscheck__(cls, other: type) -> bool:
            return issubclass(other, cls.__mro__[1]) if cls in standing else super().__subclasscheck__(other)

    class DateTime(dt.datetime, metaclass=StandsFor):
        """See `datetime.datetime`."""

        def __new__(cls, *args: Any, **named: Any) -> Any:  # noqa: ANN401 - as the real one has it
            return real.__new__(real if cls in standing else cls, *args, **named)

        @classmethod
        def now(cls, tz: dt.tzinfo | None = None) -> Any:  # noqa: ANN401 - a subclass gives its own
            return cls.fromtimestamp(wall(), tz)

        @classmethod
        def utcnow(cls) -> Any:  # noqa: ANN401 - a subclass gives its own
            return cls.fromtimestamp(wall(), dt.UTC).replace(tzinfo=None)

        @classmethod
        def today(cls) -> Any:  # noqa: ANN401 - a subclass gives its own
            return cls.fromtimestamp(wall())

    class Date(dt.date, metaclass=StandsFor):
        """See `datetime.date`."""

        def __new__(cls, *args: Any, **named: Any) -> Any:  # noqa: ANN401 - as the real one has it
            return real_date.__new__(real_date if cls in standing else cls, *args, **named)

        @classmethod
        def today(cls) -> Any:  # noqa: ANN401 - a subclass gives its own
            return cls.fromtimestamp(wall())

    standing = {DateTime, Date}
    for made, base in ((DateTime, real), (Date, real_date)):
        made.__name__, made.__qualname__, made.__module__ = base.__name__, base.__qualname__, base.__module__
        # By the class that has the name now; in a process without virtual time that is the real one.
        copyreg.pickle(base, lambda value, made=made: (made, value.__reduce_ex__(2)[1]))  # type: ignore[misc]
    return DateTime, Date
