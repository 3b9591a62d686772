"""Types of the web API that hold no code."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypedDict, Union

if TYPE_CHECKING:
    from http import HTTPMethod

    from ._blob import Blob
    from ._form_data import FormData


class JSObject(Protocol):
    """Any object of JavaScript's: a `pyodide.ffi.JsProxy`."""

    @property
    def js_id(self) -> int:
        """The same for the same object."""

    def __getattr__(self, name: str) -> Any: ...  # noqa: ANN401 - whatever it has


class Context(Protocol):
    """What an entrypoint has as ``self.ctx``."""

    def waitUntil(self, other: Awaitable[Any], /) -> None:  # noqa: N802 - upstream's name
        """Keep going until *other* is done, although the answer has been given."""


JSBody: TypeAlias = JSObject
"""A Blob, buffer, FormData, ReadableStream or URLSearchParams of JavaScript's."""
Body: TypeAlias = Union[str, bytes, bytearray, memoryview, "Blob", "FormData", JSBody]
"""What a request or a response can have as its body."""
Headers: TypeAlias = Mapping[str, str] | Iterable[tuple[str, str]] | JSObject
"""Headers as they are given: a dict, pairs, or a Headers of JavaScript's."""


class RequestInitCfProperties(TypedDict, total=False):
    """What Cloudflare's network is to do with a request. Elsewhere it has no effect."""

    apps: bool | None
    cacheEverything: bool | None
    cacheKey: str | None
    cacheTags: list[str] | None
    cacheTtl: int
    cacheTtlByStatus: dict[str, int]
    image: Any | None
    mirage: bool | None
    polish: str | None
    resolveOverride: str | None
    scrapeShield: bool | None
    webp: bool | None


class FetchKwargs(TypedDict, total=False):
    """What `fetch` and `Request` accept by keyword."""

    headers: Headers | None
    body: Body | None
    method: HTTPMethod | str | None
    redirect: str | None
    signal: JSObject | None
    cf: RequestInitCfProperties | None
    fetcher: Any | None
