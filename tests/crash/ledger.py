"""What has begun, kept where a crash of the engine cannot reach it."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple


class Start(NamedTuple):
    """A callback has begun."""

    instance: str
    step: str
    attempt: int
    life: int


class Ledger:
    """A loopback HTTP server: it notes each GET of /instance/step/attempt with the life of the engine it came in."""

    def __init__(self) -> None:
        self.life = 0
        self.starts: list[Start] = []
        ledger = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                _, instance, step, attempt = self.path.split("/")
                ledger.starts.append(Start(instance, step, int(attempt), ledger.life))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: object) -> None:
                # The other side was killed in the middle of a request: that is what this test is about.
                pass

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
