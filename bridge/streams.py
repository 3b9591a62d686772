"""
Byte streams: a step's output that is kept in chunks, and read again as often as one likes.

The log has a description of the stream in place of a value; the chunks go to the engine one by one while the attempt
runs, and come back one by one. Neither side ever holds more than one of them, and one piece that the iterator gave.
The twin of this file is `streams.js`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .batch import to_json
from .origin import origin
from .proxies import from_js
from .refusal import InvalidStepReadableStreamError
from .values import encode

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from .session import Session

_PREVIEW_CHARACTERS = 1024
_PREVIEW_BYTES = 4 * _PREVIEW_CHARACTERS
"""UTF-8 of the preview has at most this size."""


class ByteStream:
    """What a step gives whose callback gives an async iterator of bytes. Each ``async for`` begins at the beginning."""

    def __init__(self, description: dict[str, Any]) -> None:
        """Stand for the stream that the log describes."""
        self.size: int = description["bytes"]
        """In bytes."""
        self._description = description

    def __repr__(self) -> str:
        return f"<ByteStream of step {self._description['name']!r}, {self.size} bytes>"

    async def __aiter__(self) -> AsyncIterator[bytes]:
        name, count = self._description["name"], self._description["count"]
        for index in range(self._description["chunks"]):
            chunk: bytes = await _session()[0].exchange(
                {"type": "readChunk", "name": name, "count": count, "index": index}
            )
            yield chunk

    async def read(self) -> bytes:
        """All of it at once."""
        return b"".join([chunk async for chunk in self])


def is_stream(value: object) -> bool:
    """Whether *value* is kept in chunks: an async iterator, or a ReadableStream of JavaScript's."""
    return hasattr(value, "__aiter__")


async def keep(stream: Any, step: str) -> str:  # noqa: ANN401 - an async iterator of anything
    """
    Hand everything that *stream* gives to the engine, for the attempt that runs.

    Args:
        stream: Gives bytes, of Python's or of JavaScript's.
        step: The step's name.

    Returns:
        Canonical text of the description.

    Raises:
        InvalidStepReadableStreamError: It gives something other than bytes, or too much.
    """
    session, ref, attempt = _session()
    limits = await session.stream_limits()
    chunk_bytes: int = limits["chunkBytes"]
    pending = bytearray()
    start = bytearray()
    chunks = total = 0

    async def write(chunk: bytes) -> None:
        message = {"type": "writeChunk", "step": ref, "attempt": attempt, "index": chunks, "value": encode(chunk)}
        await session.exchange(message)

    iterator = aiter(stream)
    try:
        async for given in iterator:
            piece = _to_bytes(given, step, limits["maxPieceBytes"])
            total += len(piece)
            if total > limits["maxStreamBytes"]:
                raise InvalidStepReadableStreamError(limits["streamTooLarge"])
            start += piece[: max(0, _PREVIEW_BYTES - len(start))]
            pending += piece
            while len(pending) >= chunk_bytes:
                await write(bytes(pending[:chunk_bytes]))
                del pending[:chunk_bytes]
                chunks += 1
    finally:
        if hasattr(iterator, "aclose"):
            await iterator.aclose()
    if pending:
        await write(bytes(pending))
        chunks += 1
    name, count = session.identity(ref)
    description = {
        "name": name,
        "count": count,
        "chunks": chunks,
        "bytes": total,
        "preview": _preview(bytes(start), total),
    }
    return to_json({"$": "stream", "v": description})


def _session() -> tuple[Session, int, int]:
    found = origin.get()
    if found is None:
        raise RuntimeError("A byte stream can be read while the workflow runs that has made it.")
    return found.session, found.ref or 0, found.attempt


def _to_bytes(given: object, step: str, max_bytes: int) -> bytes | bytearray:
    piece = from_js(given)
    if isinstance(piece, memoryview):
        piece = piece.tobytes()
    if not isinstance(piece, bytes | bytearray):
        raise InvalidStepReadableStreamError(
            f'Step "{step}" returned an invalid ReadableStream output. It gave a chunk that is a '
            f"{type(piece).__name__}; chunks have to be bytes."
        )
    if len(piece) > max_bytes:
        raise InvalidStepReadableStreamError(
            f'Step "{step}" returned an invalid ReadableStream output. It gave a chunk of {len(piece)} bytes; '
            f"the limit is {max_bytes}."
        )
    return piece


def _preview(start: bytes, total: int) -> str:
    """What people are shown of it: the first characters, if it is text."""
    try:
        text = start.decode()
    except UnicodeDecodeError as error:
        # The last character may have been cut.
        if total <= len(start) or error.start < len(start) - 3:
            return f"[ReadableStream (binary): {total} bytes]"
        text = start[: error.start].decode()
    if len(text) <= _PREVIEW_CHARACTERS and total <= len(start):
        return text
    return f"{text[:_PREVIEW_CHARACTERS]}[truncated output]"
