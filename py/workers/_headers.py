"""Headers: from what users write, and to what they read."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from _workflows_bridge.proxies import js, kind_of

if TYPE_CHECKING:
    from http.client import HTTPMessage

    from ._types import Headers


def to_js_headers(headers: Headers) -> Any:  # noqa: ANN401 - JavaScript's own
    """
    Get a new JavaScript Headers with *headers*; a name may come several times.

    Raises:
        TypeError: A name or a value is not what HTTP allows.
    """
    if kind_of(headers) is not None:
        return js().Headers.new(headers)
    result = js().Headers.new()
    for name, value in headers.items() if isinstance(headers, Mapping) else headers:  # type: ignore[union-attr]
        if not isinstance(name, str) or not isinstance(value, str):
            raise TypeError(f"Header {name!r}: {value!r} is not a pair of str.")
        result.append(name, value)
    return result


def from_js_headers(headers: Any) -> HTTPMessage:  # noqa: ANN401 - JavaScript's own
    """Get *headers* as a mapping that ignores case, with ``get_all()`` for those that come several times."""
    message = _message_class()()
    for name, value in getattr(js().Array, "from")(headers).to_py():
        message.add_header(name, value.strip())
    return message


def from_pairs(pairs: list[list[str]]) -> HTTPMessage:
    """As `from_js_headers`, of names in lower case and values as they have arrived."""
    joined: dict[str, list[str]] = {}
    for name, value in pairs:
        joined.setdefault(name, []).append(value)
    message = _message_class()()
    for name in sorted(joined):
        values = joined[name]
        if name != "set-cookie":
            values = [("; " if name == "cookie" else ", ").join(values)]
        for value in values:
            message.add_header(name, value.strip())
    return message


@cache
def _message_class() -> type[HTTPMessage]:
    """The class, made when it is first needed: the standard library's e-mail is a lot to import for nothing."""
    from http.client import HTTPMessage  # noqa: PLC0415

    class HeadersMessage(HTTPMessage, Mapping[str, str]):  # type: ignore[misc]  # both have get(), which mean the same
        """HTTP headers."""

    return HeadersMessage
