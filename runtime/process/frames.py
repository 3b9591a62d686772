"""
Frames: how messages stand one after another on the socket to the engine's host.

A frame is one byte for its kind (``B`` a batch, ``M`` any other message, as JSON), four for the length of the rest,
little endian, and the text in UTF-8. The twin of this file is `frames.js`.
"""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

BATCH = ord("B")
MESSAGE = ord("M")

_HEAD = struct.Struct("<BI")
_READ_BYTES = 1 << 18


def to_frame(message: str | dict[str, Any]) -> bytes:
    """The frame of a batch (text) or of any other message."""
    kind, text = (BATCH, message) if isinstance(message, str) else (MESSAGE, json.dumps(message))
    try:
        data = text.encode()
    except UnicodeEncodeError:
        # Half a character, which is in a string of the JSON: it is written there as JSON writes it.
        data = text.encode(errors="backslashreplace")
    return _HEAD.pack(kind, len(data)) + data


class FrameSocket:
    """The socket. One thread reads; any may send."""

    def __init__(self, connection: socket.socket) -> None:
        """Use *connection*, which blocks."""
        self.connection = connection
        self.fileno = connection.fileno
        self.ended = False
        """Whether the host has nothing more to say."""
        self._buffer = bytearray()

    def send(self, *messages: str | dict[str, Any]) -> None:
        """Send *messages*, whole."""
        self.connection.sendall(b"".join(map(to_frame, messages)))

    def receive(self) -> Iterator[str | dict[str, Any]]:
        """Read what has come, once; wait where nothing has. Gives the messages that are complete."""
        data = self.connection.recv(_READ_BYTES)
        if not data:
            self.ended = True
            return
        buffer = self._buffer
        buffer += data
        at = 0
        while len(buffer) - at >= _HEAD.size:
            kind, length = _HEAD.unpack_from(buffer, at)
            end = at + _HEAD.size + length
            if len(buffer) < end:
                break
            text = buffer[at + _HEAD.size : end].decode()
            at = end
            yield text if kind == BATCH else json.loads(text)
        del buffer[:at]
