"""Responses."""

from __future__ import annotations

import json
import re
from builtins import bytes as _bytes
from builtins import memoryview as _memoryview
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, overload

from _workflows_bridge.proxies import (
    ffi,
    http,
    is_proxy,
    js,
    kind_of,
    none_if_null,
    to_error,
    to_options,
    to_uint8_array,
)

from ._blob import Blob, wrap_blob
from ._body import to_js_body
from ._headers import from_js_headers, to_js_headers
from ._request import raise_if_used, read_form_data

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from http.client import HTTPMessage

    from ._form_data import FormData
    from ._types import Body, Headers, JSObject


_JSON_TYPE = {"content-type": "application/json"}
"""The headers of a response in JSON that has no others."""


class _Json:
    """``json`` of a response reads its body; ``Response.json(data)`` makes a response."""

    @overload
    def __get__(self, instance: None, owner: type[FetchResponse]) -> Callable[..., Response]: ...
    @overload
    def __get__(self, instance: FetchResponse, owner: type[FetchResponse]) -> Callable[..., Awaitable[Any]]: ...
    def __get__(self, instance: FetchResponse | None, owner: type[FetchResponse]) -> Callable[..., Any]:
        return Response.from_json if instance is None else instance._read_json  # noqa: SLF001 - our own


class FetchResponse:
    """What came back from a request. The API follows the web's, in snake case."""

    _data: tuple[int, str, Any] | None = None
    """Status, headers as JSON, and body of a response while JavaScript's object of it has not been made."""
    _url = ""
    _js: Any = None

    def __init__(self, url: str, js_response: JSObject) -> None:
        self._url = url
        self._js = js_response

    json = _Json()

    @property
    def js_response(self) -> Any:  # noqa: ANN401 - JavaScript's own
        """The JavaScript object."""
        if self._data is not None:
            status, headers, body = self._data
            self._js = _new(body, to_options({"status": status, "headers": js().JSON.parse(headers)}))
            self._data = None
        return self._js

    @property
    def js_object(self) -> Any:  # noqa: ANN401 - JavaScript's own
        """The JavaScript object."""
        return self.js_response

    @property
    def url(self) -> str:
        """Where it came from, redirections followed."""
        return str(self.js_response.url) or self._url

    @property
    def status(self) -> int:
        """The status code."""
        return int(self.js_response.status)

    @property
    def status_text(self) -> str:
        """What the server calls the status."""
        return str(self.js_response.statusText)

    @property
    def ok(self) -> bool:
        """Whether the status is 200 to 299."""
        return bool(self.js_response.ok)

    @property
    def redirected(self) -> bool:
        """Whether it came after a redirection."""
        return bool(self.js_response.redirected)

    @property
    def type(self) -> str:
        """Its type, e.g. "basic"."""
        return str(self.js_response.type)

    @property
    def headers(self) -> HTTPMessage:
        """Its headers: a mapping that ignores case."""
        return from_js_headers(self.js_response.headers)

    @property
    def body(self) -> Any:  # noqa: ANN401 - JavaScript's own
        """The body as a ReadableStream of JavaScript's, or None."""
        return none_if_null(self.js_response.body)

    @property
    def body_used(self) -> bool:
        """Whether the body has been read."""
        return bool(self.js_response.bodyUsed)

    def raise_for_status(self) -> None:
        """Raise a `pyodide.http.HttpStatusError`, which is an OSError, if the status is 400 or more."""
        if self.status >= HTTPStatus.BAD_REQUEST:
            raise http().HttpStatusError(self.status, self.status_text, self.url)

    def clone(self) -> FetchResponse:
        """
        Get a second response whose body can be read independently.

        Raises:
            OSError: The body has been read.
        """
        raise_if_used(self.js_response)
        return type(self)._wrap(self.js_response.clone())  # noqa: SLF001 - our own

    @classmethod
    def _wrap(cls, js_response: JSObject) -> FetchResponse:
        return cls(str(js_response.url), js_response)

    async def buffer(self) -> Any:  # noqa: ANN401 - JavaScript's own
        """Read the body as an ArrayBuffer of JavaScript's."""
        raise_if_used(self.js_response)
        return await self.js_response.arrayBuffer()

    async def bytes(self) -> _bytes:
        """Read the body."""
        return _bytes((await self.buffer()).to_bytes())

    async def memoryview(self) -> _memoryview:
        """Read the body as a memoryview."""
        return _memoryview(await self.bytes())

    async def text(self) -> str:
        """Read the body as text."""
        raise_if_used(self.js_response)
        return str(await self.js_response.text())

    async def string(self) -> str:
        """Read the body as text, by an older name."""
        return await self.text()

    async def _read_json(self, **kwargs: Any) -> Any:  # noqa: ANN401 - as json.loads
        """Read the body as JSON; keywords go to `json.loads`."""
        return json.loads(await self.text(), **kwargs)

    async def blob(self) -> Blob:
        """Read the body as a blob."""
        raise_if_used(self.js_response)
        return wrap_blob(await self.js_response.blob())

    async def form_data(self) -> FormData:
        """Read the body as the fields of a form."""
        return await read_form_data(self.js_response)

    async def formData(self) -> FormData:  # noqa: N802 - upstream has both
        """Read the body as the fields of a form."""
        return await self.form_data()

    async def unpack_archive(self, *, extract_dir: str | None = None, format: str | None = None) -> None:  # noqa: A002
        """
        Unpack the body, an archive, into *extract_dir* or the current folder.

        Args:
            extract_dir: The folder.
            format: "zip", "tar" and so on, as in `shutil.unpack_archive`; otherwise the end of the URL says it.
        """
        import shutil  # noqa: PLC0415 - seldom needed
        import tempfile  # noqa: PLC0415 - likewise
        from pathlib import Path  # noqa: PLC0415 - likewise

        name = self.url.partition("?")[0].rpartition("/")[2] or "archive"
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, name)
            path.write_bytes(await self.bytes())  # noqa: ASYNC240 - there is one thread
            shutil.unpack_archive(path, extract_dir, format)

    def replace_body(self, body: Body | None) -> Response:
        """Get a response with the same status and headers and another body."""
        return Response(_new(to_js_body(body, "Response"), self.js_response))

    @staticmethod
    def redirect(url: str, status: HTTPStatus | int = HTTPStatus.FOUND) -> Response:
        """
        Get a response that sends the client to *url*.

        Raises:
            ValueError: *status* is not one of a redirection.
        """
        try:
            return Response(js().Response.redirect(url, int(status)))
        except ffi().JsException as error:
            raise to_error(error) from None

    @staticmethod
    def from_json(
        data: object,
        status: HTTPStatus | int = HTTPStatus.OK,
        status_text: str = "",
        headers: Headers | None = None,
    ) -> Response:
        """Get a response whose body is *data*, an object of JavaScript's too, as JSON."""
        text = js().JSON.stringify(data) if is_proxy(data) else json.dumps(data)
        if not headers:
            return Response(text, status, status_text, _JSON_TYPE)
        js_headers = to_js_headers(headers)
        if not js_headers.has("content-type"):
            js_headers.set("content-type", "application/json")
        return Response(text, status, status_text, js_headers)


class Response(FetchResponse):
    """An answer to a request, made here or come by `fetch`."""

    def __init__(
        self,
        body: Body | None = None,
        status: HTTPStatus | int | None = None,
        status_text: str = "",
        headers: Headers | None = None,
        web_socket: JSObject | None = None,
    ) -> None:
        """
        Make a response, or wrap a Response of JavaScript's.

        Raises:
            TypeError: *body* is of a type that no body can have, or the status allows none.
            ValueError: The status is out of range, or options are given for a Response of JavaScript's.
        """
        if web_socket is None and not status_text and (data := _to_data(body, status, headers)):
            self._data = data
            return
        if kind_of(body) == "Response":
            if status is not None or status_text or headers is not None:
                raise ValueError("Expected no options when constructing Response from a js.Response")
            super().__init__(str(getattr(body, "url", "")), body)  # type: ignore[arg-type]  # a JSObject, as seen
            return
        options = {
            "status": None if status is None else int(status),
            "statusText": status_text or None,
            # What is known to be right need not be made an object of its own.
            "headers": headers if headers is None or headers is _JSON_TYPE else to_js_headers(headers),
            "webSocket": web_socket,
        }
        super().__init__("", _new(to_js_body(body, "Response"), to_options(options)))

    @classmethod
    def _wrap(cls, js_response: JSObject) -> Response:
        return cls(js_response)

    def __repr__(self) -> str:
        parts = [f"status={self.status}"]
        for name, value in (
            ("status_text", self.status_text),
            ("content_type", none_if_null(self.js_response.headers.get("content-type"))),
            ("url", self.url),
        ):
            if value:
                parts.append(f"{name}={value!r}")
        return f"Response({', '.join(parts)})"


_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_NO_VALUE = re.compile(r"[^!-~ ]|^ | $")
"""What no value of a header has, or what JavaScript takes away from it."""
_OF_BODIES = {str: '[["content-type","text/plain;charset=UTF-8"]]', _bytes: "[]", type(None): "[]"}
"""The headers of responses that are given none, by the type of the body."""
_JSON_HEADERS = '[["content-type","application/json"]]'
_WITHOUT_BODY = frozenset({204, 205, 304})
_STATUSES = range(200, 600)


def _to_data(body: object, status: object, headers: object) -> tuple[int, str, Any] | None:
    """A response as data; None where JavaScript has to make it, or to refuse it."""
    kind = type(body)
    if kind not in _OF_BODIES:
        return None
    number = 200 if status is None else int(status) if isinstance(status, int) else 0
    if number not in _STATUSES or (body is not None and number in _WITHOUT_BODY):
        return None
    if headers is None:
        text = _OF_BODIES[kind]
    elif headers is _JSON_TYPE:
        text = _JSON_HEADERS
    elif type(headers) is dict and all(map(_is_plain, headers.items())):
        lower = {name.lower(): value for name, value in headers.items()}
        # A body is encoded as its header says: that is JavaScript's to do.
        if len(lower) != len(headers) or "content-encoding" in lower:
            return None
        if kind is str:
            lower.setdefault("content-type", "text/plain;charset=UTF-8")
        text = json.dumps(list(lower.items()))
    else:
        return None
    return number, text, to_uint8_array(body) if kind is _bytes else body  # type: ignore[arg-type]  # as seen


def _is_plain(header: tuple[object, object]) -> bool:
    """Whether JavaScript would take *header* as it is."""
    name, value = header
    return type(name) is str and type(value) is str and bool(_NAME.fullmatch(name)) and not _NO_VALUE.search(value)


def _new(js_body: object, init: object) -> Any:  # noqa: ANN401 - JavaScript's own
    try:
        return js().Response.new(js_body, init)
    except ffi().JsException as error:
        raise to_error(error) from None
