"""
Where the objects of the heap image lie: `immortal.py` makes them such that nobody counts references to them.

It finds the list by its mark, in the component that has been made.
"""

from __future__ import annotations

import gc
from array import array
from bisect import bisect_left
from types import CodeType, CoroutineType, FrameType, GeneratorType, TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

MARK = "stepwell objects"
_OF_CODE = ("co_consts", "co_names", "co_name", "co_qualname", "co_filename", "co_linetable", "co_exceptiontable")
"""What code refers to, which the collector does not know."""
_RUNNING = (FrameType, TracebackType, GeneratorType, CoroutineType)
"""What may be gone soon."""

_list = array("I")
"""The mark, as numbers; the length; addresses, ascending."""
_kept: list[object] = []
"""What is listed, so that it is still there when the heap image is taken: something else would be made immortal."""


def list_objects() -> None:
    """Write down where each object is that an interpreter has from its start."""
    # Sorted as it grows: a set of this size would leave megabytes in the heap image that are no zeros.
    found = array("I")
    todo = gc.get_objects()
    own = {id(todo), id(found), id(_list), id(_kept)}
    while todo:
        each = todo.pop()
        address = id(each)
        place = bisect_left(found, address)
        if (place < len(found) and found[place] == address) or address in own or isinstance(each, _RUNNING):
            continue
        found.insert(place, address)
        _kept.append(each)
        todo.extend(_referents(each))
    # Put together here, or the mark would be in the heap image twice.
    _list.frombytes(MARK.encode())
    _list.append(len(found))
    _list.extend(found)


def _referents(each: object) -> Iterable[object]:
    return (getattr(each, name) for name in _OF_CODE) if type(each) is CodeType else gc.get_referents(each)
