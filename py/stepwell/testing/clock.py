"""The clock of a test."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from stepwell.testing.errors import TestKitError

if TYPE_CHECKING:
    from stepwell.testing.engine import EngineHandle


class Clock:
    """
    Virtual time, as the workflows of a test see it. It stands still unless it is moved.

    A wait of the test moves it to the next time at which anything is due, unless `jump` is off.
    """

    def __init__(self, engine: EngineHandle) -> None:
        self._engine = engine
        self._jump = True

    def now(self) -> datetime:
        """The time, in UTC."""
        return datetime.fromtimestamp(self._engine.call("now")["now"] / 1000, UTC)

    def advance(self, duration: str | float | timedelta) -> None:
        """
        Move on, with all that falls due on the way.

        Args:
            duration: Such as ``"3 days"``, a number of ms, or a timedelta.
        """
        if isinstance(duration, timedelta):
            duration = duration / timedelta(milliseconds=1)
        self._engine.call("advance", duration=duration)

    def move_to(self, time: datetime) -> None:
        """Move on to *time*, with all that falls due on the way. A time without a zone is UTC."""
        if time.tzinfo is None:
            time = time.replace(tzinfo=UTC)
        if time < self.now():
            raise TestKitError(f"The clock does not go back: it is {self.now().isoformat()}, after {time.isoformat()}.")
        self._engine.call("moveTo", time=time.timestamp() * 1000)

    @property
    def jump(self) -> bool:
        """Whether a wait moves the clock to what is due next."""
        return self._jump

    @jump.setter
    def jump(self, on: bool) -> None:
        self._engine.call("jump", on=on)
        self._jump = on
