"""httpx in Pyodide, from the index that this machine is configured for: it connects through the platform's fetch."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from places import Place

FLOW = """
    # /// script
    # dependencies = ["httpx"]
    # ///
    import httpx
    from workers import WorkflowEntrypoint

    class Flow(WorkflowEntrypoint):
        async def run(self, event, step):
            url = event["payload"]["url"]

            @step.do("fetch")
            async def fetch():
                async with httpx.AsyncClient() as client:
                    posted = await client.post(url, json={"a": 1}, headers={"x-test": "yes"})
                    moved = await client.get(f"{url}/moved", follow_redirects=True)
                    async with client.stream("GET", f"{url}/large") as large:
                        length = sum([len(part) async for part in large.aiter_bytes()])
                    return [posted.status_code, posted.json(), moved.text, length, await self.errors(client, url)]

            return await fetch()

        async def errors(self, client, url):
            names = []
            for call in (
                lambda: client.get(f"{url}/silent", timeout=0.2),
                lambda: client.get("http://127.0.0.1:1/"),
            ):
                try:
                    await call()
                except httpx.HTTPError as error:
                    names.append(type(error).__name__)
            return names
"""


class Handler(BaseHTTPRequestHandler):
    """Answers what the workflow asks for; a request for /silent never."""

    protocol_version = "HTTP/1.1"
    over = threading.Event()

    def log_message(self, *_arguments: object) -> None:
        pass

    def do_POST(self) -> None:
        got = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self._answer(201, json.dumps([got, self.headers["x-test"], self.headers["content-type"]]).encode())

    def do_GET(self) -> None:
        if self.path == "/silent":
            self.over.wait()
        elif self.path == "/moved":
            self._answer(302, b"", location="/end")
        else:
            self._answer(200, b"x" * 300_000 if self.path == "/large" else b"end")

    def _answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {**headers, "content-length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    Handler.over.set()
    server.shutdown()
    server.server_close()


def test_httpx(place: Place, url: str) -> None:
    place.write("flow.py", FLOW)
    synced = place.run("sync", "flow.py")
    done = place.run("run", "flow.py", "--quiet", "--params", json.dumps({"url": url}))

    assert synced.code == 0, synced.err
    answers = [201, [{"a": 1}, "yes", "application/json"], "end", 300_000]
    errors = ["ReadTimeout", "ConnectError"]
    assert (done.code, done.json) == (0, [*answers, errors]), done.err
