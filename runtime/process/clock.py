"""The virtual clock of this process: what the host writes, and for how long code has blocked. See `clock.js`."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mmap import mmap

_TIMES = struct.Struct("<4d")
_BLOCKED = struct.Struct("<d")
_MS = 1000.0


class FileClock:
    """The clock. Times are in seconds."""

    def __init__(self, words: mmap) -> None:
        """Use the end of *words*."""
        self._words = words
        self._at = len(words) - _TIMES.size

    @property
    def is_set(self) -> bool:
        """Whether the host has written a time: this process lives in virtual time."""
        return self.wall() > 0

    def wall(self) -> float:
        """Seconds since 1970."""
        wall, _, counted, blocked = _TIMES.unpack_from(self._words, self._at)
        return float(wall + blocked - counted) / _MS

    def steady(self) -> float:
        """Seconds that never go back."""
        _, steady, counted, blocked = _TIMES.unpack_from(self._words, self._at)
        return float(steady + blocked - counted) / _MS

    def block(self, seconds: float) -> None:
        """Code blocks for *seconds*."""
        at = self._at + 3 * _BLOCKED.size
        (blocked,) = _BLOCKED.unpack_from(self._words, at)
        _BLOCKED.pack_into(self._words, at, blocked + seconds * _MS)
