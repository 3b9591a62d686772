"""``fetch`` without JavaScript: the standard library performs it, in a thread."""

from __future__ import annotations

import asyncio
import base64
import http.client
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

from _stepwell_runtime.fetched import FetchResponse, check_request, traced

if TYPE_CHECKING:
    from collections.abc import Mapping

_SCHEMES = ("http://", "https://")


async def fetch(
    resource: str,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: str | bytes | None = None,
    **unknown: object,
) -> FetchResponse:
    """
    Send a request and get the response, whole.

    Args:
        resource: An URL, with http or https.
        method: The method.
        headers: Headers by name.
        body: The body; text is sent as UTF-8.
        unknown: Nothing that this runtime has.

    Raises:
        OSError: No response came.
    """
    check_request("cpython", resource, unknown)
    if not resource.startswith(_SCHEMES):
        raise OSError(f"{resource!r} is no http or https URL.")
    data = body.encode() if isinstance(body, str) else body
    request = urllib.request.Request(resource, data, traced(headers), method=method.upper())  # noqa: S310 - checked above
    return FetchResponse(await asyncio.to_thread(_exchange, request))


def _exchange(request: urllib.request.Request) -> dict[str, Any]:
    try:
        try:
            response = urllib.request.urlopen(request)  # noqa: S310 - checked by the caller
        except urllib.error.HTTPError as error:
            # A status that says no is an answer, too.
            response = error
        with response:
            return {
                "url": response.url,
                "status": response.status,
                "statusText": response.reason,
                "redirected": response.url != request.full_url,
                "headers": response.headers.items(),
                "body": base64.b64encode(response.read()).decode(),
            }
    except http.client.HTTPException as error:
        raise OSError(str(error) or type(error).__name__) from error
