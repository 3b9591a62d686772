"""Compatibility date and flags of a wrangler configuration, as far as Cloudflare's own Python SDK asks for them."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from stepwell.exceptions import InputError

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

SDK_FLAGS = {
    "python_workflows_implicit_dependencies": dt.date(2026, 2, 25),
    "python_request_headers_preserve_commas": dt.date(2026, 2, 17),
}
"""What the SDK looks at, and the compatibility date from which on it is so by default. Other flags are others'."""


def sdk_flags(path: Path, date: str | None, flags: Collection[str]) -> list[str]:
    """
    What the configuration at *path* says of `SDK_FLAGS`: each as it is, or with ``no_`` before it where it is off.

    Without a date everything is as it is for the newest one.

    Raises:
        InputError: The date is none, or the flags contradict each other.
    """
    since = dt.date.max if date is None else _date(path, date)
    found = []
    for flag, default in SDK_FLAGS.items():
        off = f"no_{flag}"
        if flag in flags and off in flags:
            raise InputError(f"{path}: compatibility_flags has both {flag} and {off}.")
        on = flag in flags or (off not in flags and since >= default)
        found.append(flag if on else off)
    return found


def _date(path: Path, text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise InputError(
            f"{path}: compatibility_date is {text!r}; it must be a day such as {dt.date(2026, 11, 1)}."
        ) from None
