"""A request in HTTP/1.1, as a client writes it."""

from __future__ import annotations

_END_OF_HEAD = b"\r\n\r\n"


class HttpRequest:
    """
    What has come of one request.

    Attributes:
        method: Such as ``GET``, once the head has come.
        headers: Names and values in their order, once the head has come.
        body: Without its encoding, once all has come.
    """

    def __init__(self) -> None:
        self.method = ""
        self.headers: list[tuple[str, str]] = []
        self.body = b""
        self._data = bytearray()
        self._has_head = False
        self._length: int | None = 0
        """Of the body; None: it comes in chunks."""
        self._expects = False

    def add(self, data: bytes) -> bool:
        """Take *data*, and return whether the request is complete."""
        self._data += data
        if not self._has_head and not self._read_head():
            return False
        if self._length is None:
            return self._read_chunks()
        if len(self._data) < self._length:
            return False
        self.body = bytes(self._data[: self._length])
        return True

    def take_expectation(self) -> bool:
        """Whether the client waits for ``100 Continue``: once true, then false."""
        expects, self._expects = self._expects, False
        return expects

    def _read_head(self) -> bool:
        end = self._data.find(_END_OF_HEAD)
        if end < 0:
            return False
        first, *lines = self._data[:end].decode("utf-8", "surrogateescape").split("\r\n")
        del self._data[: end + len(_END_OF_HEAD)]
        self.method = first.split(" ", 1)[0]
        for line in lines:
            name, _, value = line.partition(":")
            self.headers.append((name, value.strip()))
        found = {name.lower(): value for name, value in self.headers}
        self._length = None if "chunked" in found.get("transfer-encoding", "") else int(found.get("content-length", 0))
        self._expects = found.get("expect", "").lower() == "100-continue"
        self._has_head = True
        return True

    def _read_chunks(self) -> bool:
        while (end := self._data.find(b"\r\n")) >= 0:
            size = int(self._data[:end].split(b";")[0], 16)
            start = end + 2
            if len(self._data) < start + size + 2:
                return False
            self.body += self._data[start : start + size]
            del self._data[: start + size + 2]
            if size == 0:
                return True
        return False
