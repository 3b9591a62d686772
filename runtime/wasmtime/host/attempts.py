"""The attempts that run in one instance, read from the batches that cross: the guest's word for them is not enough."""

from __future__ import annotations

import json

Attempt = tuple[int, int]
"""Ref and attempt number, as in the protocol."""

_DELIVERED = '"type":"attempt"'
"""How the engine's JSON writes it. Inside a string of JSON the quotes are escaped."""
_FINISHED = ("done", "failed")


class RunningAttempts:
    """Which attempts the log knows to have begun, and has no outcome of."""

    def __init__(self) -> None:
        """Begin with none."""
        self._running: set[Attempt] = set()

    def __contains__(self, attempt: Attempt) -> bool:
        """Whether *attempt* runs."""
        return attempt in self._running

    def note_delivered(self, batch: str) -> None:
        """Read a batch of the engine before the guest gets it."""
        head, _, _ = batch.partition("\n")
        if _DELIVERED not in head:
            return
        for message in json.loads(head):
            if type(message) is dict and message["type"] == "attempt":
                self._running.add((message["ref"], message["attempt"]))

    def note_posted(self, batch: str) -> list[Attempt]:
        """Read a batch of the guest. Gives the attempts that have ended with it."""
        ended: list[Attempt] = []
        for message in _messages(batch):
            kind, ref = message.get("type"), message.get("ref")
            if type(ref) is not int:
                continue
            if kind == "do" and message.get("started") is True:
                self._running.add((ref, 1))
            elif kind in _FINISHED and (attempt := (ref, message.get("attempt"))) in self._running:
                self._running.discard(attempt)
                ended.append(attempt)
        return ended


def _messages(batch: str) -> list[dict[str, object]]:
    """Those of a batch that user code may have forged: who receives it says so if it is none."""
    head, _, _ = batch.partition("\n")
    try:
        messages = json.loads(head)
    except (ValueError, RecursionError):
        return []
    return [message for message in messages if type(message) is dict] if type(messages) is list else []
