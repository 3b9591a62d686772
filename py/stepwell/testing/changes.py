"""Modifiers that are written down, to be applied to each of many runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from stepwell.testing.codec import encode
from stepwell.testing.modifier import Modifier

if TYPE_CHECKING:
    from collections.abc import Callable

Events = Mapping[str, object] | Iterable[tuple[str, object]]
"""Payloads by type; or pairs of them, where a type comes more than once."""


class RecordingModifier(Modifier):
    """Writes changes down."""

    def __init__(self) -> None:
        self.changes: list[dict[str, object]] = []

    def _change(self, method: str, **fields: object) -> Modifier:
        self.changes.append({"method": method, **fields})
        return self


def recorded(modify: Callable[[Modifier], object] | None) -> list[dict[str, object]]:
    """What *modify* does to a modifier."""
    recording = RecordingModifier()
    if modify is not None:
        modify(recording)
    return recording.changes


def to_events(events: Events | None) -> list[dict[str, str]]:
    """*events* as the host takes them."""
    pairs: Iterable[tuple[str, object]] = events.items() if isinstance(events, Mapping) else (events or ())
    return [{"type": kind, "payload": encode(payload, f"the payload of {kind!r}")} for kind, payload in pairs]
