"""
Makes the objects of the heap image of the component immortal, as CPython calls objects whose references nobody counts.

All instances share the pages of the heap image, until one writes to a page and gets a copy of it. Counting a reference
is such a write: to read a thing would cost a page. CPython has no way to ask for this from Python, so it is done to the
component's file, for the one CPython that is in the componentize-py which `build.py` names: an object begins with its
count, which is 4 bytes, and one of 5 << 28 is not counted (PEP 683). The address of its type follows.
"""

from __future__ import annotations

import struct
from array import array
from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

MARK = b"stepwell objects"
_IMMORTAL = 5 << 28
_LEAST_IMMORTAL = 1 << 30
_MOST_COUNTED = 1 << 20
"""No object of the heap image is referred to more often."""
_WORD = struct.Struct("<I")
_HEADER = 8
_MODULE, _DATA = 1, 11
_AT_CONSTANT, _I32_CONST, _END = 0, 0x41, 0x0B


class UnknownHeapImage(Exception):  # noqa: N818 - what it says
    """The component is not made as it was when this was written."""


class Segment(NamedTuple):
    """A piece of the heap image: where it is in the interpreter's memory and in the file, in bytes."""

    address: int
    place: int
    size: int


def make_immortal(component: bytearray) -> int:
    """
    Make the objects that `sandbox/objects.py` has listed immortal, in place, and wipe the list out.

    Returns:
        How many it made so.

    Raises:
        UnknownHeapImage: Nothing is changed.
    """
    try:
        image = _HeapImage(component)
        where, addresses = _take_list(image)
        counts = {address: image.word(address) for address in addresses if image.is_object(address)}
    except (IndexError, struct.error, RecursionError) as error:
        raise UnknownHeapImage(f"The component is laid out in another way ({error}).") from None
    counted = [address for address, count in counts.items() if 0 < count < _MOST_COUNTED]
    immortal = sum(count >= _LEAST_IMMORTAL for count in counts.values())
    if len(counted) + immortal < len(addresses):
        msg = f"Of {len(addresses)} objects in the component only {len(counted) + immortal} look like objects."
        raise UnknownHeapImage(msg)
    # A count that the file has not all of, for the rest of it is zero, cannot be replaced.
    places = [place for address in counted if (place := image.place(address, _WORD.size)) is not None]
    for place in places:
        _WORD.pack_into(component, place, _IMMORTAL)
    image.clear(where, len(MARK) + 4 + 4 * len(addresses))
    return len(places)


def _take_list(image: _HeapImage) -> tuple[int, array[int]]:
    """Where the list is in memory, and what is in it."""
    for where in image.find(MARK):
        start = where + len(MARK)
        (length,) = _WORD.unpack(image.read(start, 4))
        addresses = array("I")
        addresses.frombytes(image.read(start + 4, 4 * min(length, _MOST_COUNTED)))
        # The mark is in the code that looks for it as well.
        if length and list(addresses) == sorted(set(addresses)):
            return where, addresses
    raise UnknownHeapImage("The component has no list of its objects.")


class _HeapImage:
    """The memory that a component's instances start with."""

    def __init__(self, component: bytearray) -> None:
        """Look into *component*."""
        self._bytes = component
        data = (
            start
            for module, at, end in _sections(component, _HEADER, len(component))
            if module == _MODULE
            for kind, start, _end in _sections(component, at + _HEADER, end)
            if kind == _DATA
        )
        start = next(data, None)
        if start is None:
            raise UnknownHeapImage("The component has no module with data.")
        self._segments = sorted(_segments(component, start))
        self._addresses = [segment.address for segment in self._segments]
        self._kinds: dict[int, bool] = {}
        """Whether it is a type, by its address."""

    def place(self, address: int, size: int) -> int | None:
        """Where *size* bytes at *address* are in the file; None if they are not all in one piece."""
        index = bisect_right(self._addresses, address) - 1
        if index < 0:
            return None
        segment = self._segments[index]
        offset = address - segment.address
        return segment.place + offset if offset + size <= segment.size else None

    def word(self, address: int) -> int:
        """The number at *address*."""
        place = self.place(address, _WORD.size)
        if place is None:
            return int.from_bytes(self.read(address, _WORD.size), "little")
        found: int = _WORD.unpack_from(self._bytes, place)[0]
        return found

    def is_object(self, address: int) -> bool:
        """Whether what is at *address* has a type, whose type has a type that is its own."""
        kind = self._type_of(address)
        if kind not in self._kinds:
            root = self._type_of(self._type_of(kind))
            self._kinds[kind] = root != 0 and self._type_of(root) == root
        return self._kinds[kind]

    def _type_of(self, address: int) -> int:
        return self.word(address + _WORD.size)

    def find(self, text: bytes) -> Iterator[int]:
        """The addresses at which *text* is."""
        for address, place, size in self._segments:
            at = self._bytes.find(text, place, place + size)
            while at >= 0:
                yield address + at - place
                at = self._bytes.find(text, at + 1, place + size)

    def read(self, address: int, size: int) -> bytes:
        """*size* bytes at *address*. What is in no piece is zero."""
        found = bytearray(size)
        for start, place, length in self._overlaps(address, size):
            found[start - address : start - address + length] = self._bytes[place : place + length]
        return bytes(found)

    def clear(self, address: int, size: int) -> None:
        """Make *size* bytes at *address* zero."""
        for _start, place, length in self._overlaps(address, size):
            self._bytes[place : place + length] = bytes(length)

    def _overlaps(self, address: int, size: int) -> Iterator[Segment]:
        for segment in self._segments:
            start = max(segment.address, address)
            end = min(segment.address + segment.size, address + size)
            if start < end:
                yield Segment(start, segment.place + start - segment.address, end - start)


def _sections(binary: bytearray, at: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Kind, start and end of each section of a component or module, from *at*, where its header ends, to *end*."""
    while at < end:
        kind = binary[at]
        size, start = _unsigned(binary, at + 1)
        at = start + size
        yield kind, start, at


def _segments(binary: bytearray, at: int) -> Iterator[Segment]:
    """Those of the data section at *at*."""
    count, at = _unsigned(binary, at)
    for _ in range(count):
        if binary[at] != _AT_CONSTANT or binary[at + 1] != _I32_CONST:
            raise UnknownHeapImage("The component's data is of another kind.")
        address, at = _unsigned(binary, at + 2)
        if binary[at] != _END:
            raise UnknownHeapImage("The component's data is at places that are computed.")
        size, at = _unsigned(binary, at + 1)
        yield Segment(address, at, size)
        at += size


def _unsigned(binary: bytearray, at: int) -> tuple[int, int]:
    """A number in LEB128, and where it ends. Of one with a sign: if it has none."""
    number = shift = 0
    while True:
        byte = binary[at]
        at += 1
        number |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:  # noqa: PLR2004 - the last has no high bit
            return number, at
