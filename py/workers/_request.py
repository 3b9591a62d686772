"""Requests."""

from __future__ import annotations

import json
from builtins import bytes as _bytes
from http import HTTPMethod
from typing import TYPE_CHECKING, Any, cast

from _workflows_bridge.proxies import ffi, http, js, kind_of, none_if_null, to_error, to_options

from ._blob import Blob, wrap_blob
from ._body import to_js_body
from ._form_data import FormData
from ._headers import from_js_headers, from_pairs, to_js_headers

if TYPE_CHECKING:
    from collections.abc import Callable
    from http.client import HTTPMessage
    from typing import Self, Unpack

    from ._types import FetchKwargs, JSObject


class Request:
    """An HTTP request, to be sent by `fetch` or to be answered. The API follows the web's, in snake case."""

    _data: dict[str, Any] | None = None
    """What has come of a request, while JavaScript's object of it has not been made."""
    _is_read = False
    """Whether the body has been read of the data."""
    _js: Any = None

    def __init__(self, input: Request | str | JSObject, **other_options: Unpack[FetchKwargs]) -> None:  # noqa: A002
        """
        Make a request to the URL *input*, or one like *input* with other options.

        Raises:
            TypeError: The URL or an option is not what it has to be.
            ValueError: *input* is a Request of JavaScript's, which takes no options.
        """
        if kind_of(input) == "Request":
            if other_options:
                raise ValueError("Expected no options when constructing Request from a js.Request")
            self._js = input
            return
        source = input.js_object if isinstance(input, Request) else input
        try:
            self._js = js().Request.new(source, to_js_init(other_options))
        except ffi().JsException as error:
            raise to_error(error) from None

    @classmethod
    def _of_data(cls, data: dict[str, Any], make: Callable[[str, bool], Any]) -> Self:
        """
        Make a request of *data*, as the host has it. Its body is text or None.

        *make* gives JavaScript's object, for the data as JSON, and whether the body has been read.
        """
        request = cls.__new__(cls)
        request._data = data  # noqa: SLF001 - of this class
        request._make = make
        return request

    _make: Callable[[str, bool], Any]

    @property
    def js_object(self) -> Any:  # noqa: ANN401 - JavaScript's own
        """The JavaScript object."""
        if self._data is not None:
            self._js = self._make(json.dumps(self._data), self._is_read)
            self._data = None
        return self._js

    @property
    def _js_request(self) -> Any:  # noqa: ANN401 - JavaScript's own
        """The JavaScript object, by upstream's name."""
        return self.js_object

    def __repr__(self) -> str:
        return f"Request(method={str(self.method)!r}, url={self.url!r})"

    @property
    def url(self) -> str:
        """Where it goes."""
        return str(self.js_object.url if self._data is None else self._data["url"])

    @property
    def method(self) -> HTTPMethod:
        """Its method; one that HTTPMethod does not know is a str."""
        method = str(self.js_object.method if self._data is None else self._data["method"])
        return HTTPMethod(method) if method in HTTPMethod.__members__ else cast("HTTPMethod", method)

    @property
    def headers(self) -> HTTPMessage:
        """Its headers: a mapping that ignores case."""
        return from_js_headers(self.js_object.headers) if self._data is None else from_pairs(self._data["headers"])

    @property
    def body(self) -> Any:  # noqa: ANN401 - JavaScript's own
        """The body as a ReadableStream of JavaScript's, or None."""
        return none_if_null(self.js_object.body)

    @property
    def body_used(self) -> bool:
        """Whether the body has been read."""
        return bool(self.js_object.bodyUsed) if self._data is None else self._is_read

    @property
    def cf(self) -> Any:  # noqa: ANN401 - JavaScript's own
        """What Cloudflare's network knows about it; None elsewhere."""
        return none_if_null(getattr(self.js_object, "cf", None))

    @property
    def cache(self) -> str:
        """How it uses the cache."""
        return str(self.js_object.cache)

    @property
    def credentials(self) -> str:
        """Whether it takes credentials along."""
        return str(self.js_object.credentials)

    @property
    def destination(self) -> str:
        """What is asked for."""
        return str(self.js_object.destination)

    @property
    def integrity(self) -> str:
        """The hash that the answer must have."""
        return str(self.js_object.integrity)

    @property
    def is_history_navigation(self) -> bool:
        """Whether it comes from going back or forth in a browser."""
        return bool(getattr(self.js_object, "isHistoryNavigation", False))

    @property
    def keepalive(self) -> bool:
        """Whether it outlives the page."""
        return bool(self.js_object.keepalive)

    @property
    def mode(self) -> str:
        """Its mode, e.g. "cors"."""
        return str(self.js_object.mode)

    @property
    def redirect(self) -> str:
        """What becomes of redirections: "follow", "manual" or "error"."""
        return str(self.js_object.redirect)

    @property
    def referrer(self) -> str:
        """Where it comes from."""
        return str(self.js_object.referrer)

    @property
    def referrer_policy(self) -> str:
        """What it says about where it comes from."""
        return str(self.js_object.referrerPolicy)

    def clone(self) -> Request:
        """
        Get a second request whose body can be read independently.

        Raises:
            OSError: The body has been read.
        """
        raise_if_used(self.js_object)
        return Request(self.js_object.clone())

    async def buffer(self) -> Any:  # noqa: ANN401 - JavaScript's own
        """Read the body as an ArrayBuffer of JavaScript's."""
        raise_if_used(self.js_object)
        return await self.js_object.arrayBuffer()

    async def bytes(self) -> _bytes:
        """Read the body."""
        if self._data is not None:
            return self._read().encode()
        return _bytes((await self.buffer()).to_bytes())

    async def text(self) -> str:
        """Read the body as text."""
        if self._data is not None:
            return self._read().removeprefix(_BYTE_ORDER_MARK)
        # A small body has come whole: to wait for it would take a turn.
        take = getattr(self.js_object, "_takeText", None)
        if take is not None and (text := take()) is not None:
            return str(text)
        raise_if_used(self.js_object)
        return str(await self.js_object.text())

    async def json(self, **kwargs: Any) -> Any:  # noqa: ANN401 - as json.loads
        """Read the body as JSON; keywords go to `json.loads`."""
        return json.loads(await self.text(), **kwargs)

    async def blob(self) -> Blob:
        """Read the body as a blob."""
        raise_if_used(self.js_object)
        return wrap_blob(await self.js_object.blob())

    async def form_data(self) -> FormData:
        """Read the body as the fields of a form."""
        return await read_form_data(self.js_object)

    def _read(self) -> str:
        """Read the body of the data."""
        data = cast("dict[str, Any]", self._data)
        if self._is_read:
            raise http().BodyUsedError
        if data["body"] is None:
            return ""
        self._is_read = True
        return str(data["body"])


_BYTE_ORDER_MARK = "\ufeff"


def to_js_init(options: FetchKwargs) -> Any:  # noqa: ANN401 - JavaScript's own
    """Get *options* as JavaScript's Request and fetch take them."""
    init: dict[str, Any] = {key: value for key, value in options.items() if key != "fetcher"}
    if (method := init.get("method")) is not None:
        init["method"] = str(method.value if isinstance(method, HTTPMethod) else method)
    if (headers := init.get("headers")) is not None:
        init["headers"] = to_js_headers(headers)
    if (body := init.get("body")) is not None:
        init["body"] = to_js_body(body, "Request")
        if kind_of(body) == "ReadableStream":
            init.setdefault("duplex", "half")  # Node asks for it, though it is the only value
    return to_options(init)


def raise_if_used(js_object: Any) -> None:  # noqa: ANN401 - JavaScript's own
    """Raise an OSError if the body of *js_object* has been read."""
    if js_object.bodyUsed:
        raise http().BodyUsedError


async def read_form_data(js_object: Any) -> FormData:  # noqa: ANN401 - JavaScript's own
    """Read the body of a JavaScript request or response as the fields of a form."""
    raise_if_used(js_object)
    try:
        return FormData(await js_object.formData())
    except ffi().JsException as error:
        raise to_error(error) from None
