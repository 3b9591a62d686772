"""
A batch: what one turn of one side has to say to the other, as one text.

The first line is the JSON array of messages. Each encoded value stands on a line of its own below, and the message
holds the number of that line. The twin of this file is `batch.js`.
"""

from __future__ import annotations

import json
from json.encoder import c_make_encoder, encode_basestring  # type: ignore[attr-defined]  # as JSONEncoder uses them
from typing import Any

Message = dict[str, Any]
"""One message of `protocol.d.ts`."""

# What json.dumps and json.loads use inside, made once.
_write = c_make_encoder(None, json.JSONEncoder().default, encode_basestring, None, ":", ",", False, False, True)  # noqa: FBT003
_decoder: Any = json.JSONDecoder()
_scan = _decoder.scan_once

quote = encode_basestring
"""JSON text of a str."""


def to_json(value: object) -> str:
    """JSON text of *value*, as short as it can be."""
    return "".join(_write(value, 0))


class Batch:
    """What is to be said, collected as text."""

    __slots__ = ("_messages", "_values")

    def __init__(self) -> None:
        """Begin with nothing."""
        self._messages: list[str] = []
        self._values: list[str] = []

    def __bool__(self) -> bool:
        """Whether there is anything."""
        return bool(self._messages)

    def add(self, message: Message) -> None:
        """Add *message*, which is used up. Its ``"value"`` is canonical text already."""
        value = message.get("value")
        if value is not None:
            self._values.append(value)
            message["value"] = len(self._values)
        self._messages.append(to_json(message))

    def add_text(self, head: str, value: str | None = None) -> None:
        """Add a message that is JSON text, *head*, up to its closing brace; *value* is canonical text."""
        if value is None:
            self._messages.append(head + "}")
        else:
            self._values.append(value)
            self._messages.append(f'{head},"value":{len(self._values)}}}')

    def pack(self) -> str:
        """The text of all that has been added."""
        return "\n".join([f"[{','.join(self._messages)}]", *self._values])


def unpack_batch(text: str) -> list[Message]:
    """The messages of *text*, with their values, and those of a history, put back."""
    head, *lines = text.split("\n")
    messages: list[Message]
    messages, _ = _scan(head, 0)
    if lines:
        for message in messages:
            if "value" in message:
                message["value"] = lines[message["value"] - 1]
            for entry in message.get("history", ()):
                if "value" in entry:
                    entry["value"] = lines[entry["value"] - 1]
    return messages
