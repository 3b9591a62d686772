"""How often things happen in each workflow: counts of the last seconds."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass
from typing import Literal

Rate = Literal["started", "completed", "failed", "steps"]
RATES: tuple[Rate, ...] = ("started", "completed", "failed", "steps")

COUNTED: dict[str, Rate] = {
    "workflow_started": "started",
    "workflow_completed": "completed",
    "workflow_errored": "failed",
    "workflow_terminated": "failed",
    "step_completed": "steps",
    "step_errored": "steps",
}
"""What each event counts as. A terminated instance has not completed."""
WINDOW_S = 10
"""Rates are those of so many seconds: shorter ones jump, longer ones lag."""


@dataclass(slots=True)
class _Second:
    """What happened in one second."""

    number: int
    counts: Counter[tuple[str, Rate]]


class ActivityRates:
    """
    Counts events by workflow and gives their rates.

    Args:
        now: In seconds, of a clock that does not jump.
    """

    def __init__(self, now: float) -> None:
        self._began = now
        self._seconds: deque[_Second] = deque()
        self.lost = 0
        """Events that the host did not send, as this reader was too slow: the rates are too low by them."""

    def add(self, now: float, workflow: str, event_type: str) -> None:
        """Count an event; those of other types are ignored."""
        rate = COUNTED.get(event_type)
        if rate is None:
            return
        number = int(now)
        if not self._seconds or self._seconds[-1].number != number:
            self._forget(now)
            self._seconds.append(_Second(number, Counter()))
        self._seconds[-1].counts[workflow, rate] += 1

    def rates(self, now: float) -> dict[str, dict[Rate, float]]:
        """Events a second by workflow. Workflows in which nothing has happened are missing."""
        self._forget(now)
        length = min(max(now - self._began, 1.0), WINDOW_S)
        sums: Counter[tuple[str, Rate]] = Counter()
        for second in self._seconds:
            sums.update(second.counts)
        found: dict[str, dict[Rate, float]] = {}
        for (workflow, rate), count in sums.items():
            found.setdefault(workflow, dict.fromkeys(RATES, 0.0))[rate] = count / length
        return found

    def _forget(self, now: float) -> None:
        while self._seconds and self._seconds[0].number <= now - WINDOW_S:
            self._seconds.popleft()
