"""Why the platform's ``fetch`` has failed, for people."""

from __future__ import annotations

from typing import Any


def text_of(error: Any) -> str:  # noqa: ANN401 - a JsException
    """Node says "fetch failed" and keeps the reason in the cause."""
    cause = getattr(error, "cause", None)
    reason = getattr(cause, "message", "") or getattr(cause, "code", "")
    return f"{error.message}: {reason}" if reason else str(error.message)
