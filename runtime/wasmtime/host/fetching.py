"""Fetches for sandboxed instances: performed here, for the hosts that the configuration allows and no other."""

from __future__ import annotations

import base64
import http.client
import json
from concurrent.futures import ThreadPoolExecutor
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urljoin, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_BODY_BYTES = 32 << 20
"""Bytes of a response."""
IDLE_TIMEOUT_S = 60
"""Seconds in which nothing comes."""
_MAX_REDIRECTS = 20
_MAX_THREADS = 16
_PORTS = {"http": 80, "https": 443}
_REDIRECTIONS = {301, 302, 303, 307, 308}
_KEPT_METHOD = {307, 308}


class Fetcher:
    """See the module."""

    def __init__(self, allowed: list[str]) -> None:
        """Allow hosts: ``api.example.com``, ``*.example.com``, with a port where it is not the scheme's own."""
        self._allowed = allowed
        self._threads = ThreadPoolExecutor(_MAX_THREADS, "fetch")

    def perform(self, text: str, answer: Callable[[str], None]) -> None:
        """Fetch what *text* (JSON, from the guest) asks for; *answer* is given what came of it, from another thread."""
        self._threads.submit(lambda: answer(json.dumps(self._answer(text))))

    def _answer(self, text: str) -> dict[str, Any]:
        try:
            return self._fetch(json.loads(text))
        except (PermissionError, TimeoutError) as error:
            return _failure(type(error).__name__, str(error))
        except (OSError, http.client.HTTPException) as error:
            return _failure("OSError", str(error) or type(error).__name__)
        except Exception as error:  # noqa: BLE001 - the guest may ask for anything
            return _failure("OSError", f"This is no request: {error}")

    def _fetch(self, wanted: dict[str, Any]) -> dict[str, Any]:
        url, method = str(wanted["url"]), str(wanted["method"])
        body = None if wanted["body"] is None else base64.b64decode(wanted["body"])
        headers = {str(name): str(value) for name, value in wanted["headers"].items()}
        for redirections in range(_MAX_REDIRECTS + 1):
            place = urlsplit(url)
            self._check(place, url)
            response, data = _exchange(place, method, headers, body)
            location = response.getheader("location")
            if response.status not in _REDIRECTIONS or location is None:
                return {
                    "url": url,
                    "status": response.status,
                    "statusText": response.reason,
                    "redirected": redirections > 0,
                    "headers": response.getheaders(),
                    "body": base64.b64encode(data).decode(),
                }
            target = urljoin(url, location)
            if urlsplit(target).netloc != place.netloc:
                # What was meant for one host is not for another.
                headers = {name: value for name, value in headers.items() if name.lower() not in _SECRET}
            url = target
            if response.status not in _KEPT_METHOD and method != "HEAD":
                method, body = "GET", None
        raise OSError(f"{url} redirects too often.")

    def _check(self, place: SplitResult, url: str) -> None:
        if place.scheme not in _PORTS or not place.hostname:
            raise OSError(f"{url!r} is no http or https URL.")
        port = place.port or _PORTS[place.scheme]
        host = place.hostname if port == _PORTS[place.scheme] else f"{place.hostname}:{port}"
        if not any(fnmatchcase(host, pattern) for pattern in self._allowed):
            allowed = ", ".join(self._allowed) or "none"
            raise PermissionError(f"The wasmtime runtime may not fetch from {host}. Hosts that are allowed: {allowed}.")


_SECRET = {"authorization", "cookie", "proxy-authorization"}


def _exchange(
    place: SplitResult, method: str, headers: dict[str, str], body: bytes | None
) -> tuple[http.client.HTTPResponse, bytes]:
    kind = http.client.HTTPSConnection if place.scheme == "https" else http.client.HTTPConnection
    connection = kind(place.hostname or "", place.port, timeout=IDLE_TIMEOUT_S)
    try:
        target = (place.path or "/") + (f"?{place.query}" if place.query else "")
        connection.request(method, target, body, headers)
        response = connection.getresponse()
        data = response.read(MAX_BODY_BYTES + 1)
    finally:
        connection.close()
    if len(data) > MAX_BODY_BYTES:
        raise OSError(f"The response has more than {MAX_BODY_BYTES >> 20} MiB.")
    return response, data


def _failure(name: str, message: str) -> dict[str, Any]:
    return {"error": {"name": name, "message": message}}


MAX_FETCHES_PER_INSTANCE = 64
"""That one instance may have under way at a time. Those of all of them share the threads."""
TOO_MANY_FETCHES = json.dumps(
    _failure(
        "OSError",
        f"This instance has {MAX_FETCHES_PER_INSTANCE} fetches under way already, and more are not allowed at a time.",
    )
)
