"""An index of packages that tells when each file was uploaded, which a folder of wheels does not."""

from __future__ import annotations

import contextlib
import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from places import Place

JSON = "application/vnd.pypi.simple.v1+json"


@contextlib.contextmanager
def dated_index(place: Place, folder: Path, uploaded: Mapping[str, str]) -> Iterator[None]:
    """
    Make the wheels of *folder* the only index of *place*, by the simple API of PEP 691.

    Args:
        place: Whose commands ask it.
        folder: The wheels, which may change while it is served.
        uploaded: The day of each version.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.rstrip("/").rpartition("/")[2]
            if self.path.startswith("/files/"):
                self._answer("application/octet-stream", (folder / name).read_bytes())
            elif wheels := sorted(folder.glob(f"{name}-*.whl")):
                self._answer(JSON, _page(name, wheels, uploaded))
            else:
                self.send_error(404)

        do_HEAD = do_GET  # noqa: N815 - the name that is looked for

        def _answer(self, kind: str, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    for key in ("UV_NO_INDEX", "UV_FIND_LINKS", "UV_OFFLINE"):
        place.environment.pop(key, None)
    place.environment["UV_DEFAULT_INDEX"] = f"http://127.0.0.1:{server.server_port}/simple"
    place.environment["NO_PROXY"] = "127.0.0.1"
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _page(name: str, wheels: list[Path], uploaded: Mapping[str, str]) -> bytes:
    files = [
        {
            "filename": wheel.name,
            "url": f"/files/{wheel.name}",
            "hashes": {"sha256": hashlib.sha256(wheel.read_bytes()).hexdigest()},
            "upload-time": f"{uploaded[wheel.name.split('-')[1]]}T00:00:00Z",
        }
        for wheel in wheels
    ]
    return json.dumps({"meta": {"api-version": "1.1"}, "name": name, "files": files}).encode()
