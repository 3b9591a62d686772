"""How long the owners of a state have been ending one after the other."""

from __future__ import annotations

LOSS_WINDOW_S = 2.0
"""An owner that ends later than this after the previous loss starts a new series."""


class OwnerLossTimer:
    """
    Measures a series of owners that ended while this command used them.

    As many owners end as there are commands whose instances end at the same moment. So the duration of the series
    decides when to give up, not the number of losses.
    """

    def __init__(self) -> None:
        self._first = self._latest = -LOSS_WINDOW_S

    def record(self, now: float) -> float:
        """
        Record a loss at *now*, in seconds.

        Returns:
            The duration of the series in seconds.
        """
        if now - self._latest >= LOSS_WINDOW_S:
            self._first = now
        self._latest = now
        return now - self._first
