"""What the compatibility date and flags of a wrangler configuration mean for Python Workers."""

from __future__ import annotations

import datetime as dt
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    from stepwell.config.document import Document
    from stepwell.config.environment import ConfigEnvironment
    from stepwell.runtimes import Runtime

SDK_FLAGS = {
    "python_workflows_implicit_dependencies": dt.date(2026, 2, 25),
    "python_request_headers_preserve_commas": dt.date(2026, 2, 17),
}
"""What the SDK looks at, and the compatibility date from which on it is so by default. Other flags are others'."""

PYTHON_VERSIONS = (
    ("3.14", "python_workers_20260610", dt.date(2026, 9, 8)),
    ("3.13", "python_workers_20250116", dt.date(2025, 9, 29)),
)
"""Cloudflare's Pythons, the newest first: the flag that asks for one, and the date from which on it is the default."""
OLDEST_PYTHON = "3.12"
GUEST_PYTHON = "3.14"
"""The Python of the runtimes that bring their own."""


def sdk_flags(document: Document, chosen: ConfigEnvironment, date: str | None, flags: Collection[str]) -> list[str]:
    """
    What the configuration says of `SDK_FLAGS`: each as it is, or with ``no_`` before it where it is off.

    Without a date everything is as it is for the newest one.

    Raises:
        InputError: The date is invalid, or the flags contradict each other.
    """
    since = dt.date.max if date is None else _date(document, chosen, date)
    found = []
    for flag, default in SDK_FLAGS.items():
        off = f"no_{flag}"
        if flag in flags and off in flags:
            raise document.error(chosen.keys("compatibility_flags"), f"has both {flag} and {off}.")
        on = flag in flags or (off not in flags and since >= default)
        found.append(flag if on else off)
    return found


def cloudflare_python(
    document: Document, chosen: ConfigEnvironment, date: str | None, flags: Collection[str]
) -> str | None:
    """
    The Python that Cloudflare runs for this date and these flags, such as ``3.13``; None where no date says.

    Raises:
        InputError: The date is invalid.
    """
    for version, flag, _ in PYTHON_VERSIONS:
        if flag in flags:
            return version
    if date is None:
        return None
    day = _date(document, chosen, date)
    for version, flag, since in PYTHON_VERSIONS:
        if day >= since and f"no_{flag}" not in flags:
            return version
    return OLDEST_PYTHON


def python_difference(cloudflare: str | None, runtime: Runtime) -> str | None:
    """A sentence for people where Cloudflare runs another Python than *runtime* does."""
    if cloudflare is None or runtime["name"] == "javascript":
        return None
    here = GUEST_PYTHON if "python" not in runtime else _version_of(str(runtime["python"]))
    if here in (cloudflare, None):
        return None
    return f"Cloudflare runs Python {cloudflare} for this compatibility_date; Python {here} runs here."


def _version_of(python: str) -> str | None:
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False)  # noqa: S603 - the user's own Python
    return done.stdout.strip() or None


def _date(document: Document, chosen: ConfigEnvironment, text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        problem = f"is {text!r}; it must be a day such as {dt.date(2026, 11, 1)}."
        raise document.error(chosen.keys("compatibility_date"), problem) from None
