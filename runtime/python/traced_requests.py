"""
HTTP clients that send the trace that the running code belongs to: the standard library's and httpx.

A header that the code sets itself stays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from _workflows_bridge.trace_context import HEADER, traceparent

from .import_patches import patch_imports

if TYPE_CHECKING:
    from types import ModuleType


def install() -> None:
    """Change the clients that have been imported, and those that will be."""
    patch_imports({"http.client": _trace_connections, "httpx": _trace_httpx, "httpx2": _trace_httpx})


def _trace_connections(module: ModuleType) -> None:
    """``http.client``: urllib, urllib3 and requests send by it."""
    connection: Any = module.HTTPConnection
    put_request, put_header, end_headers = connection.putrequest, connection.putheader, connection.endheaders

    def putrequest(self: Any, *args: Any, **options: Any) -> None:  # noqa: ANN401 - as it is called
        self._stepwell_has_parent = False
        put_request(self, *args, **options)

    def putheader(self: Any, header: Any, *values: Any) -> None:  # noqa: ANN401 - as it is called
        name = header.decode("latin-1") if isinstance(header, bytes) else header
        if name.lower() == HEADER:
            self._stepwell_has_parent = True
        put_header(self, header, *values)

    def endheaders(self: Any, *args: Any, **options: Any) -> None:  # noqa: ANN401 - as it is called
        if not getattr(self, "_stepwell_has_parent", True) and (parent := traceparent()):
            put_header(self, HEADER, parent)
        end_headers(self, *args, **options)

    connection.putrequest, connection.putheader, connection.endheaders = putrequest, putheader, endheaders


def _trace_httpx(module: ModuleType) -> None:
    """httpx, whose two kinds of clients send every request by ``send``."""
    for client in (module.Client, module.AsyncClient):
        _trace_client(client)


def _trace_client(client: Any) -> None:  # noqa: ANN401 - a class of httpx
    original = client.send

    # Of an AsyncClient it gives what is awaited.
    def send(self: Any, request: Any, **options: Any) -> Any:  # noqa: ANN401 - as it is called
        if HEADER not in request.headers and (parent := traceparent()):
            request.headers[HEADER] = parent
        return original(self, request, **options)

    client.send = send
