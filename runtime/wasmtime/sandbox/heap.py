"""
The heap image: what an interpreter allocates should lie together.

The pages of the heap image are shared by all instances until one writes to them, which costs a copy by the kernel. The
allocator would serve an instance from the holes that the imports have left, all over it: a page copied for every few
objects.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_fillers: list[object] = []
_LARGE = [1 << power for power in range(20, 10, -1)]
_SMALL = range(1 << 10, 0, -8)


def fill_holes() -> None:
    """Leave no hole below what is now the end of the heap. The fillers are never written to, and so never copied."""
    end = id(bytes(2 * _LARGE[0]))
    for size in (*_LARGE, *_SMALL):
        _fill(end, lambda: bytes(size))  # noqa: B023 - called at once
    _fill(end, object)


def _fill(end: int, make: Callable[[], object]) -> None:
    while id(filler := make()) < end:
        _fillers.append(filler)
