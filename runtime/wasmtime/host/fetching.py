"""Fetches for sandboxed instances: performed here, for the hosts that the configuration allows and no other."""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import socket
import threading
import time
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urljoin, urlsplit

from .fetch_queue import FetchQueue

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

MAX_BODY_BYTES = 32 << 20
"""Bytes of a response."""
IDLE_TIMEOUT_S = 60
"""Seconds in which nothing comes."""
TOTAL_TIMEOUT_S = 120
"""Seconds from the request to the last byte of the response, redirections included."""
_TOO_LONG = "The fetch has taken too long."
_MAX_REDIRECTS = 20
_PORTS = {"http": 80, "https": 443}
_REDIRECTIONS = {301, 302, 303, 307, 308}
_KEPT_METHOD = {307, 308}


class GuestFetcher:
    """See the module."""

    def __init__(self, allowed: list[str], total_s: float = TOTAL_TIMEOUT_S) -> None:
        """Allow hosts: ``api.example.com``, ``*.example.com``, with a port where it is not the scheme's own."""
        self._allowed = allowed
        self._total_s = total_s
        self._queue = FetchQueue()

    def perform(self, owner: Hashable, text: str, answer: Callable[[str], None]) -> None:
        """
        Fetch what *text* (JSON, from the guest) asks for.

        Args:
            owner: The instance that asks; each has its share of the threads.
            text: The request.
            answer: Is given what came of it, from another thread.
        """
        self._queue.submit(owner, lambda: answer(json.dumps(self._answer(text))))

    def _answer(self, text: str) -> dict[str, Any]:
        deadline = time.monotonic() + self._total_s
        try:
            return self._fetch(json.loads(text), deadline)
        except (PermissionError, TimeoutError) as error:
            return _failure(type(error).__name__, str(error))
        except (OSError, http.client.HTTPException) as error:
            return _failure("OSError", str(error) or type(error).__name__)
        except Exception as error:  # noqa: BLE001 - the guest may ask for anything
            return _failure("OSError", f"This is no request: {error}")

    def _fetch(self, wanted: dict[str, Any], deadline: float) -> dict[str, Any]:
        url, method = str(wanted["url"]), str(wanted["method"]).upper()
        if method in _REFUSED_METHODS:
            raise OSError(f"The method {method} is not for workflows.")
        body = None if wanted["body"] is None else base64.b64decode(wanted["body"])
        headers = {str(name): str(value) for name, value in wanted["headers"].items() if _is_theirs(str(name))}
        for redirections in range(_MAX_REDIRECTS + 1):
            place = urlsplit(url)
            self._check(place, url)
            response, data = _exchange(place, method, headers, body, deadline)
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
        raise OSError(f"Too many redirects: {url}")

    def _check(self, place: SplitResult, url: str) -> None:
        if place.scheme not in _PORTS or not place.hostname:
            raise OSError(f"{url!r} is no http or https URL.")
        port = place.port or _PORTS[place.scheme]
        host = place.hostname if port == _PORTS[place.scheme] else f"{place.hostname}:{port}"
        if not any(fnmatchcase(host, pattern) for pattern in self._allowed):
            allowed = ", ".join(self._allowed) or "none"
            raise PermissionError(f"The wasmtime runtime may not fetch from {host}. Hosts that are allowed: {allowed}.")


def _cut(connection: http.client.HTTPConnection, late: threading.Event) -> None:
    late.set()
    if connection.sock is not None:
        with contextlib.suppress(OSError):
            connection.sock.shutdown(socket.SHUT_RDWR)


_OUR_HEADERS = {
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
}
_REFUSED_METHODS = {"CONNECT", "TRACE", "TRACK"}
_SECRET = {"authorization", "cookie", "proxy-authorization"}


def _is_theirs(name: str) -> bool:
    """Whether a header is the guest's to set: those that say where a request goes and where it ends are ours."""
    lower = name.strip().lower()
    return lower not in _OUR_HEADERS and not lower.startswith(("proxy-", "sec-"))


def _exchange(
    place: SplitResult, method: str, headers: dict[str, str], body: bytes | None, deadline: float
) -> tuple[http.client.HTTPResponse, bytes]:
    kind = http.client.HTTPSConnection if place.scheme == "https" else http.client.HTTPConnection
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError(_TOO_LONG)
    connection = kind(place.hostname or "", place.port, timeout=min(IDLE_TIMEOUT_S, left))
    late = threading.Event()
    # A server that sends a byte now and then keeps the socket's own timeout away.
    alarm = threading.Timer(left, _cut, (connection, late))
    alarm.daemon = True
    alarm.start()
    try:
        target = (place.path or "/") + (f"?{place.query}" if place.query else "")
        connection.request(method, target, body, headers)
        response = connection.getresponse()
        data = response.read(MAX_BODY_BYTES + 1)
    except (OSError, http.client.HTTPException) as error:
        if late.is_set():
            raise TimeoutError(_TOO_LONG) from error
        raise
    finally:
        alarm.cancel()
        connection.close()
    if late.is_set():
        raise TimeoutError(_TOO_LONG)
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
