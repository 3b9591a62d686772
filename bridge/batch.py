"""
A batch: what one turn of one side has to say to the other, as one text.

The first line is the JSON array of messages. Each encoded value stands on a line of its own below, and the message
holds the number of that line. A ``resolve`` without a value, of which there is one for every step, is ``[pass, ref]``.
The twin of this file is `batch.js`.
"""

from __future__ import annotations

import json
from typing import Any

from .json_text import make_writer, well_formed

Message = dict[str, Any]
"""One message of `protocol.d.ts`."""

_write = make_writer(json.JSONEncoder().default, allow_nan=True)
_decoder: Any = json.JSONDecoder()
_scan = _decoder.scan_once


def to_json(value: object) -> str:
    """JSON text of *value*, as short as it can be."""
    return "".join(_write(value, 0))


class Batch:
    """What is to be said, collected as text. It is used again and again."""

    __slots__ = ("_values", "add_text", "messages")

    def __init__(self) -> None:
        """Begin with nothing."""
        self.messages: list[str] = []
        """What there is to say: text of messages. It is asked for often, so it is the list itself."""
        self._values: list[str] = []
        self.add_text = self.messages.append
        """Add a message that is JSON text."""

    def add(self, message: Message) -> None:
        """Add *message*, which is used up. Its ``"value"`` is canonical text already."""
        value = message.get("value")
        if value is not None:
            self._values.append(value)
            message["value"] = len(self._values)
        self.messages.append(to_json(message))

    def add_value(self, head: str, value: str) -> None:
        """Add a message that is JSON text, *head*, but for the end of it, *value*, which is canonical text."""
        values = self._values
        values.append(value)
        self.add_text(f'{head},"value":{len(values)}}}')

    def pack(self) -> str:
        """The text of all that has been added since last time."""
        head = f"[{','.join(self.messages)}]"
        if not head.isascii():
            # Names, messages and printed lines; values are well-formed already.
            head = well_formed(head, "\\\\")
        text = "\n".join([head, *self._values])
        self.messages.clear()
        self._values.clear()
        return text


def unpack_batch(text: str) -> list[Any]:
    """The messages of *text*, with their values, and those of a history, put back; ``[pass, ref]`` as they are."""
    head, *lines = text.split("\n")
    messages: list[Any]
    messages, _ = _scan(head, 0)
    if lines:
        for message in messages:
            if type(message) is list:
                continue
            if "value" in message:
                message["value"] = lines[message["value"] - 1]
            for entry in message.get("history", ()):
                if "value" in entry:
                    entry["value"] = lines[entry["value"] - 1]
    return messages
