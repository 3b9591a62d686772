"""
A batch: what one turn of one side has to say to the other, as one text.

The first line is the JSON array of messages. Each encoded value stands on a line of its own below, and the message
holds the number of that line. The twin of this file is `batch.js`.
"""

from __future__ import annotations

import json
from typing import Any

Message = dict[str, Any]
"""One message of `protocol.d.ts`."""

to_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def pack_batch(messages: list[Message]) -> str:
    """The text of *messages*, which are used up. A message's ``"value"`` is canonical text already."""
    lines = [""]
    for message in messages:
        value = message.get("value")
        if value is not None:
            message["value"] = len(lines)
            lines.append(value)
    lines[0] = to_json(messages)
    return "\n".join(lines)


def unpack_batch(text: str) -> list[Message]:
    """The messages of *text*, with their values, and those of a history, put back."""
    lines = text.split("\n")
    messages: list[Message] = json.loads(lines[0])
    for message in messages:
        if "value" in message:
            message["value"] = lines[message["value"]]
        for entry in message.get("history", ()):
            if "value" in entry:
                entry["value"] = lines[entry["value"]]
    return messages
