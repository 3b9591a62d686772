"""What handlers of a project answer to a test."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class TestResponse:
    """
    The answer to a request.

    Attributes:
        status: The status code.
        headers: The headers, by their names in small letters.
        content: The body.
    """

    __test__ = False  # pytest would take the class for a test by its name

    status: int
    headers: dict[str, str]
    content: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.content.decode()

    def json(self) -> Any:  # noqa: ANN401 - whatever it is
        """The body as JSON."""
        return json.loads(self.content)


def to_request(
    url: str, method: str, headers: dict[str, str] | None, body: bytes | str | None, json_body: object
) -> dict[str, object]:
    """A request as the host takes it."""
    if url.startswith("/"):
        url = f"http://localhost{url}"
    given = dict(headers or {})
    if json_body is not None:
        body = json.dumps(json_body)
        given.setdefault("content-type", "application/json")
    content = body.encode() if isinstance(body, str) else body
    return {
        "method": method,
        "url": url,
        "headers": list(given.items()),
        "body": None if content is None else base64.b64encode(content).decode(),
    }


def to_response(found: dict[str, Any]) -> TestResponse:
    """What the host has of a response."""
    return TestResponse(found["status"], dict(found["headers"]), base64.b64decode(found["body"]))
