"""Bodies: what goes into a request or a response."""

from __future__ import annotations

from typing import Any

from _workflows_bridge.proxies import kind_of, to_uint8_array

from ._blob import Blob
from ._form_data import FormData

_ACCEPTED = frozenset(
    {
        "ArrayBuffer",
        "BigInt64Array",
        "BigUint64Array",
        "Blob",
        "DataView",
        "File",
        "Float16Array",
        "Float32Array",
        "Float64Array",
        "FormData",
        "Int16Array",
        "Int32Array",
        "Int8Array",
        "ReadableStream",
        "URLSearchParams",
        "Uint16Array",
        "Uint32Array",
        "Uint8Array",
        "Uint8ClampedArray",
    }
)


def to_js_body(body: object, where: str) -> Any:  # noqa: ANN401 - JavaScript's own
    """
    Get *body* as JavaScript takes it: text as it is, bytes as a copy.

    Raises:
        TypeError: *body* is of a type that no body can have; the message calls the receiver *where*.
    """
    if body is None or isinstance(body, str):
        return body
    if isinstance(body, (bytes, bytearray, memoryview)):
        return to_uint8_array(body)
    if isinstance(body, (Blob, FormData)):
        return body.js_object
    kind = kind_of(body)
    if kind in _ACCEPTED:
        return body
    raise TypeError(f"Unsupported type in {where}: {kind or type(body).__name__}")
