"""What ``fetch`` gives where there is no JavaScript to do it."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from _workflows_bridge.trace_context import HEADER, traceparent

if TYPE_CHECKING:
    from collections.abc import Mapping


def check_request(runtime: str, resource: object, unknown: dict[str, object]) -> None:
    """
    Check the arguments of ``fetch`` in *runtime*.

    Raises:
        TypeError: It takes no such option, or *resource* is not a str.
    """
    if unknown:
        raise TypeError(f"fetch() in the {runtime} runtime has no option {next(iter(unknown))!r}.")
    if not isinstance(resource, str):
        raise TypeError(f"fetch() in the {runtime} runtime takes an URL as str, not {type(resource).__name__}.")


def traced(headers: Mapping[str, str] | None) -> dict[str, str]:
    """*headers* with the trace that the running code belongs to, where it has one and has not set one itself."""
    sent = dict(headers or {})
    parent = traceparent()
    if parent is not None and not any(name.lower() == HEADER for name in sent):
        sent[HEADER] = parent
    return sent


class FetchResponse:
    """What came back from a request: the part of ``workers.Response`` that reads."""

    def __init__(self, answer: dict[str, Any]) -> None:
        """Show an answer: url, status, statusText, redirected, headers (pairs), body (Base64)."""
        self.url: str = answer["url"]
        """Where it came from, redirections followed."""
        self.status: int = answer["status"]
        self.status_text: str = answer["statusText"]
        self.redirected: bool = answer["redirected"]
        self.headers: dict[str, str] = {}
        """By names in lower case; several of one name are joined by a comma."""
        for name, value in answer["headers"]:
            key = name.lower()
            self.headers[key] = f"{self.headers[key]}, {value}" if key in self.headers else value
        self._body = base64.b64decode(answer["body"])

    @property
    def ok(self) -> bool:
        """Whether the status is 200 to 299."""
        return 200 <= self.status <= 299  # noqa: PLR2004 - as it says

    async def bytes(self) -> bytes:
        """The body."""
        return self._body

    async def text(self) -> str:
        """The body as text."""
        return self._body.decode(errors="replace")

    async def json(self) -> Any:  # noqa: ANN401 - whatever it says
        """The body as JSON."""
        return json.loads(self._body)

    def __repr__(self) -> str:
        return f"<FetchResponse {self.status} {self.url}>"
