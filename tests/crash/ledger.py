"""
What has begun, in a file that no stroke reaches.

Steps append a line to it and flush it to the disk before they continue. If an interpreter may write no files, its steps
send their lines to a process: `python ledger.py FILE` prints its URL, and replies to GET /instance/step/attempt
when the line is on the disk.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

LIFE = "life"


class Start(NamedTuple):
    """A callback has begun."""

    instance: str
    step: str
    attempt: int
    life: int


def append(file: str, line: str) -> None:
    """Add a line at the end, whoever else writes there, and wait until the disk has it."""
    descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(descriptor, f"{line}\n".encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class Ledger:
    """
    The file, and its process where one is needed.

    Args:
        file: A file that does not exist.
        served: Whether steps cannot write files themselves.
    """

    def __init__(self, file: Path, *, served: bool) -> None:
        self.file = file
        self.life = 0
        self._process: subprocess.Popen[str] | None = None
        self.place = str(file)
        if served:
            command = [sys.executable, __file__, str(file)]
            # Strokes are for groups of processes. This one has its own.
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
            )
            assert self._process.stdout is not None
            self.place = self._process.stdout.readline().strip()

    def begin_life(self) -> None:
        """Note that the engine starts once more."""
        self.life += 1
        append(str(self.file), f"{LIFE} {self.life}")

    @property
    def starts(self) -> list[Start]:
        """All that has begun, in order."""
        life = 0
        found = []
        for line in self.file.read_text().splitlines():
            first, *rest = line.split()
            if first == LIFE:
                life = int(rest[0])
            else:
                step, attempt = rest
                found.append(Start(first, step, int(attempt), life))
        return found

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.communicate()


def serve(file: str) -> None:
    """Append a line for each request, until standard input ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            _, instance, step, attempt = self.path.split("/")
            append(file, f"{instance} {step} {attempt}")
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            # The other side was killed in the middle of a request: that is what this test is about.
            pass

    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    serve(sys.argv[1])
