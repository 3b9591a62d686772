"""Clients of HTTP in Pyodide: aiohttp, and httpx.Client, requests and urllib3, which wait without `await`; proxies."""

from __future__ import annotations

import json
import ssl
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
from certificates import make_certificates
from test_httpx import Handler

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from places import Place

CLIENTS = """
    # /// script
    # dependencies = ["aiohttp", "httpx", "requests"]
    # ///
    import aiohttp
    import httpx
    import requests
    import urllib3
    from workers import WorkflowEntrypoint


    class Flow(WorkflowEntrypoint):
        async def run(self, event, step):
            url = event["payload"]["url"]

            @step.do("httpx")
            async def use_httpx():
                with httpx.Client() as client:
                    posted = client.post(url, json={"a": 1}, headers={"x-test": "yes"})
                    with client.stream("GET", f"{url}/large") as large:
                        length = sum(len(part) for part in large.iter_bytes())
                    return [posted.json(), length, *self.errors(httpx.HTTPError, client.get, url)]

            @step.do("requests")
            async def use_requests():
                posted = requests.post(url, json={"a": 2}, headers={"x-test": "yes"})
                moved = requests.get(f"{url}/moved")
                with requests.get(f"{url}/large", stream=True) as large:
                    length = sum(len(part) for part in large.iter_content(10_000))
                return [posted.json(), moved.text, length, *self.errors(requests.RequestException, requests.get, url)]

            @step.do("urllib3")
            async def use_urllib3():
                return urllib3.request("GET", f"{url}/end").data.decode()

            @step.do("aiohttp")
            async def use_aiohttp():
                async def parts():
                    yield b'{"a":'
                    yield b" 3}"

                async with aiohttp.ClientSession(headers={"x-test": "yes"}) as session:
                    async with session.post(url, json={"a": 1}) as posted:
                        said = await posted.json(content_type=None)
                    async with session.post(url, data=parts(), headers={"content-type": "application/json"}) as posted:
                        streamed = await posted.json(content_type=None)
                    async with session.get(f"{url}/moved") as moved:
                        text = await moved.text()
                    async with session.get(f"{url}/large") as large:
                        length = sum([len(part) async for part in large.content.iter_any()])
                    return [said, streamed, text, length, *[name async for name in self.late(session, url)]]

            return [await use_httpx(), await use_requests(), await use_urllib3(), await use_aiohttp()]

        async def late(self, session, url):
            limit = aiohttp.ClientTimeout(total=0.2)
            for call in (
                lambda: session.get(f"{url}/silent", timeout=limit),
                lambda: session.get("http://127.0.0.1:1/"),
                lambda: session.ws_connect(url),
            ):
                try:
                    await call()
                except (TimeoutError, aiohttp.ClientError) as error:
                    yield type(error).__name__

        def errors(self, kind, get, url):
            for address, limits in ((f"{url}/silent", {"timeout": 0.2}), ("http://127.0.0.1:1/", {})):
                try:
                    get(address, **limits)
                except kind as error:
                    yield type(error).__name__
"""

ONE = """
    import js
    from workers import WorkflowEntrypoint


    class Flow(WorkflowEntrypoint):
        async def run(self, event, step):
            @step.do("get")
            async def get():
                try:
                    response = await js.fetch(event["payload"]["url"])
                    return await response.text()
                except Exception as error:
                    return f"failed: {error}"

            return await get()
"""


class Proxy(BaseHTTPRequestHandler):
    """Refuses every tunnel, and remembers where it was to lead."""

    asked: list[str]

    def log_message(self, *_arguments: object) -> None:
        pass

    def do_CONNECT(self) -> None:
        self.asked.append(self.path)
        self.send_error(502)


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    Handler.over.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    yield server
    server.server_close()


@contextmanager
def served(server: ThreadingHTTPServer, scheme: str = "http") -> Iterator[str]:
    """The address of a server that answers meanwhile."""
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"{scheme}://127.0.0.1:{server.server_address[1]}"
    finally:
        Handler.over.set()
        server.shutdown()
        thread.join()


def run(place: Place, url: str) -> object:
    done = place.run("run", "flow.py", "--quiet", "--params", json.dumps({"url": url}))
    assert done.code == 0, done.err
    return done.json


def test_clients(place: Place, server: ThreadingHTTPServer) -> None:
    """They send, follow redirections, stream, and raise their own errors."""
    place.write("flow.py", CLIENTS)
    synced = place.run("sync", "flow.py")
    assert synced.code == 0, synced.err

    with served(server) as url:
        httpx, requests, urllib3, aiohttp = run(place, url)

    assert httpx == [[{"a": 1}, "yes", "application/json"], 300_000, "ReadTimeout", "ConnectError"]
    errors = ["ConnectionError", "ConnectionError"]
    assert requests == [[{"a": 2}, "yes", "application/json"], "end", 300_000, *errors]
    assert urllib3 == "end"
    sent = [[{"a": 1}, "yes", "application/json"], [{"a": 3}, "yes", "application/json"]]
    failed = ["TimeoutError", "ClientConnectorError", "ClientConnectionError"]
    assert aiohttp == [*sent, "end", 300_000, *failed]


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"])
def test_authority(place: Place, server: ThreadingHTTPServer, tmp_path: Path, variable: str) -> None:
    """A server is trusted whose authority a variable names, and not otherwise."""
    authority, certificate, key = make_certificates(tmp_path / "tls")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    place.write("flow.py", ONE)

    with served(server, "https") as url:
        before = run(place, f"{url}/end")
        place.environment[variable] = str(authority)
        after = run(place, f"{url}/end")

    assert (str(before).startswith("failed: "), after) == (True, "end")


def test_proxy(place: Place, server: ThreadingHTTPServer) -> None:
    """Requests go through the proxy of the environment, but for those to this machine and to what NO_PROXY names."""
    Proxy.asked = []
    place.write("flow.py", ONE)

    with (
        ThreadingHTTPServer(("127.0.0.1", 0), Proxy) as proxy,
        served(proxy) as proxy_url,
        served(server) as local,
    ):
        place.environment |= {"HTTP_PROXY": proxy_url, "NO_PROXY": "direct.invalid"}
        given = [run(place, url) for url in ("http://proxied.invalid/", "http://direct.invalid/", f"{local}/end")]

    assert [str(text).startswith("failed: ") for text in given] == [True, True, False]
    assert Proxy.asked == ["proxied.invalid:80"]
