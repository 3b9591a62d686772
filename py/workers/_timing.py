"""Durations and times, from what people write to what the engine reads."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Any

from _workflows_bridge.proxies import kind_of

Duration = int | float | str | timedelta
"""Milliseconds, a text such as ``"5 minutes"``, or a `datetime.timedelta`."""

Timestamp = datetime | int | float
"""A `datetime.datetime`, naive ones being UTC, or milliseconds since 1970."""


JAVASCRIPT_NUMBERS = {"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN"}
"""What JavaScript calls those that JSON does not know."""


def duration_to_wire(duration: object, what: str) -> int | float | str:
    """*duration* in ms, or the text as it is, which the engine parses. *what* names it in errors."""
    if isinstance(duration, timedelta):
        return milliseconds(duration)
    if isinstance(duration, str):
        return duration
    if isinstance(duration, int | float) and not isinstance(duration, bool):
        # JSON has no infinity; the engine refuses the word.
        return duration if math.isfinite(duration) else JAVASCRIPT_NUMBERS[str(duration)]
    msg = f'{what} is {a_kind(duration)}. Use milliseconds, a text such as "5 minutes", or a timedelta.'
    raise TypeError(msg)


def time_to_wire(time: Any, what: str) -> int | float | str:  # noqa: ANN401 - what users write
    """*time* in ms since 1970. *what* names it in errors."""
    if kind_of(time) == "Date":
        # As ms: a Date may hold no time, which the engine refuses.
        time = time.getTime()
    if isinstance(time, datetime):
        aware = time.replace(tzinfo=UTC) if time.tzinfo is None else time
        return milliseconds(aware - datetime(1970, 1, 1, tzinfo=UTC))
    if isinstance(time, int | float) and not isinstance(time, bool):
        return time if math.isfinite(time) else JAVASCRIPT_NUMBERS[str(time)]
    msg = f"{what} is {a_kind(time)}. Use a datetime, or milliseconds since 1970."
    raise TypeError(msg)


def milliseconds(duration: timedelta) -> int | float:
    """*duration* in ms."""
    exact = duration / timedelta(milliseconds=1)
    return int(exact) if exact.is_integer() else exact


def a_kind(value: object) -> str:
    """The type of *value*, as people say it."""
    name = type(value).__name__
    return name if value is None else f"{'an' if name[0] in 'aeiou' else 'a'} {name}"
