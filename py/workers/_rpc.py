"""Conversion between the values of Python and of JavaScript, for those who hold an object of JavaScript's."""

from __future__ import annotations

from typing import Any

from _workflows_bridge.proxies import WRAPPERS, from_js, to_js

from ._blob import Blob, File
from ._form_data import FormData
from ._request import Request
from ._response import Response

WRAPPERS.update(
    Blob=Blob._wrap,  # noqa: SLF001 - our own
    File=File._wrap,  # noqa: SLF001 - our own
    FormData=FormData,
    Request=Request,
    Response=Response,
)


def python_from_rpc(obj: object) -> Any:  # noqa: ANN401 - whatever it is in Python
    """
    Get an object of JavaScript's in Python's types.

    Objects and Maps become dicts whose keys are attributes too, Dates aware datetimes in UTC, buffers bytes, and
    Response, Request, Blob, File and FormData the classes of this package. What has no such type stays as it is.
    """
    return from_js(obj)


def python_to_rpc(value: object) -> Any:  # noqa: ANN401 - an object of JavaScript's, or a primitive
    """
    Get a Python value in JavaScript's types.

    A function becomes a proxy that lives until JavaScript destroys it.

    Raises:
        TypeError: Something in *value* has no such type; the message says where it is and what to use.
    """
    return to_js(value)
