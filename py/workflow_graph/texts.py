"""Names, durations and configurations, from what the source says to what the graph has."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from .values import HOLE, Constant, Library, Table, Text, Value

if TYPE_CHECKING:
    from .values import Node

UNKNOWN_DURATION = "unknown"
DEFAULT_LIMIT = 5
DEFAULT_DELAY_MS = 1000
DEFAULT_BACKOFF = "exponential"
DEFAULT_TIMEOUT = "10 minutes"
DEFAULT_WAIT = "24 hours"
NO_LIMIT = 2**53 - 1
"""Stands for an infinite limit, which JSON does not have."""
MS = {"days": 86_400_000, "hours": 3_600_000, "minutes": 60_000, "seconds": 1000, "weeks": 604_800_000}
PLACEHOLDER = re.compile(r"\{[^{}]*\}|%(?:\([^)]*\))?[-+ #0-9.]*[a-zA-Z]")


def as_text(value: Value) -> Text:
    """*value* as a part of a text: a hole where only a run knows it."""
    match value:
        case Text():
            return value
        case Constant(value=constant):
            return Text(str(constant))
    return Text(HOLE, is_dynamic=True)


def join(parts: list[Text]) -> Text:
    """The texts one after the other. Holes side by side are one."""
    text = "".join(part.text for part in parts)
    while HOLE + HOLE in text:
        text = text.replace(HOLE + HOLE, HOLE)
    return Text(text, any(part.is_dynamic for part in parts))


def fill(template: Text) -> Text:
    """What formatting *template*, with ``%`` or `str.format`, gives: a hole for each place."""
    text, count = PLACEHOLDER.subn(HOLE, template.text)
    return Text(text, template.is_dynamic or count > 0)


def duration(value: Value | None, default: float | str | None = None) -> float | str:
    """Milliseconds, or a text; *default* where nothing is given."""
    if value is None:
        return default if default is not None else UNKNOWN_DURATION
    match value:
        case Text(text=text):
            return text
        case Constant(value=bool() | None):
            return UNKNOWN_DURATION
        case Constant(value=int() | float() as number):
            return _number(number)
    return UNKNOWN_DURATION


def _number(number: float) -> float | str:
    if not math.isfinite(number):
        return UNKNOWN_DURATION
    return int(number) if number == int(number) else number


def timedelta(arguments: list[Value], keywords: dict[str, Value]) -> Value:
    """The milliseconds of a `datetime.timedelta` whose parts are all known."""
    order = ("days", "seconds", "microseconds", "milliseconds", "minutes", "hours", "weeks")
    parts = {**dict(zip(order, arguments, strict=False)), **keywords}
    total = 0.0
    for name, part in parts.items():
        unit = {**MS, "milliseconds": 1, "microseconds": 0.001}.get(name)
        if unit is None or not isinstance(part, Constant) or part.value is None:
            return Value()
        total += part.value * unit
    return Constant(_whole(total))


def _whole(number: float) -> float:
    return int(number) if number == int(number) else number


def config(value: Value | None) -> tuple[Node, bool]:
    """A step's configuration with defaults, and whether it says what only a run knows."""
    table = value.entries if isinstance(value, Table) else {}
    given = table.get("retries")
    retries = given.entries if isinstance(given, Table) else {}
    limit, delay, backoff = retries.get("limit"), retries.get("delay"), retries.get("backoff")
    is_dynamic = (value is not None and not isinstance(value, Table | Constant)) or (
        given is not None and not isinstance(given, Table)
    )
    parts: Node = {
        "retries": {
            "limit": _limit(limit),
            "delay": duration(delay, DEFAULT_DELAY_MS),
            "backoff": backoff.text if isinstance(backoff, Text) and not backoff.is_dynamic else DEFAULT_BACKOFF,
        },
        "timeout": duration(table.get("timeout"), DEFAULT_TIMEOUT),
    }
    known = [item for item in (limit, delay, backoff, table.get("timeout")) if item is not None]
    return parts, is_dynamic or any(not isinstance(item, Text | Constant | Library) for item in known)


def _limit(value: Value | None) -> float:
    match value:
        case Constant(value=bool()):
            return DEFAULT_LIMIT
        case Constant(value=int() | float() as limit):
            return limit if math.isfinite(limit) else NO_LIMIT
        case Library(name="math.inf") | Text(text="Infinity"):
            return NO_LIMIT
    return DEFAULT_LIMIT
