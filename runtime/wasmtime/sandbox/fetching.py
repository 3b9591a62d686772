"""``fetch``: the host performs it, for the hosts that it is configured to allow."""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
from typing import TYPE_CHECKING, Any

from wit_world import request

from _stepwell_runtime.fetched import FetchResponse, check_request, traced

if TYPE_CHECKING:
    from collections.abc import Mapping

_numbers = itertools.count(1)
_waiting: dict[int, asyncio.Future[Any]] = {}


async def fetch(
    resource: str,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: str | bytes | None = None,
    **unknown: object,
) -> FetchResponse:
    """
    Send a request and get the response, of at most 32 MiB.

    Args:
        resource: An URL, with http or https.
        method: The method.
        headers: Headers by name.
        body: The body; text is sent as UTF-8.
        unknown: Nothing that this runtime has.

    Raises:
        OSError: No response came; PermissionError: the host may not be fetched from.
    """
    check_request("wasmtime", resource, unknown)
    data = body.encode() if isinstance(body, str) else body
    wanted = {
        "url": resource,
        "method": method.upper(),
        "headers": traced(headers),
        "body": None if data is None else base64.b64encode(data).decode(),
    }
    number = next(_numbers)
    _waiting[number] = future = asyncio.get_running_loop().create_future()
    try:
        request(number, json.dumps(wanted))
        answer_ = await future
    finally:
        del _waiting[number]
    if error := answer_.get("error"):
        kinds: dict[str, type[OSError]] = {"PermissionError": PermissionError, "TimeoutError": TimeoutError}
        raise kinds.get(error["name"], OSError)(error["message"])
    return FetchResponse(answer_)


def answer(number: int, text: str) -> None:
    """Take what the host has to say to a fetch, if somebody waits for it still."""
    future = _waiting.get(number)
    if future is not None and not future.done():
        future.set_result(json.loads(text))
