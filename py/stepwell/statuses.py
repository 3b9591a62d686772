"""The statuses of an instance. `js/engine/status.js` has the same lists; a test compares them."""

from __future__ import annotations

from typing import Literal, get_args

Status = Literal[
    "queued",
    "running",
    "paused",
    "errored",
    "terminated",
    "complete",
    "waiting",
    "waitingForPause",
    "rollingBack",
    "unknown",
]
STATUSES: tuple[Status, ...] = get_args(Status)
LISTED_STATUSES: tuple[Status, ...] = tuple(status for status in STATUSES if status != "unknown")
"""The statuses that a stored instance can have; `unknown` describes an instance that cannot be read."""
FINAL_STATUSES: frozenset[str] = frozenset({"complete", "errored", "terminated"})
"""An instance with one of these has ended. Only a restart runs it again."""
