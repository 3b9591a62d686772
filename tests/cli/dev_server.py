"""A development server that runs, the projects that it is tried with, and a server that holds requests."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from places import PATIENCE

FLOW = """
    from workers import WorkflowEntrypoint


    class Nap(WorkflowEntrypoint):
        async def run(self, event, step):
            @step.do("first")
            async def first():
                print("token is", self.env.TOKEN)
                return 1

            await first()
            await step.sleep("nap", "1 hour")

            @step.do("last")
            async def last():
                return "one"

            return await last()
"""


WORKER = """
    from workers import Response, WorkerEntrypoint


    class Default(WorkerEntrypoint):
        async def fetch(self, request):
            print("asked with", self.env.TOKEN)
            if request.url.endswith("/raise"):
                raise ValueError("no such thing")
            return Response("one")

        async def scheduled(self, controller):
            print("cron", controller.cron)
"""


class Dev:
    """A development server that runs, and what it has printed."""

    def __init__(self, place, *arguments):
        self._lines = []
        self.process = subprocess.Popen(
            [sys.executable, "-m", "stepwell", "dev", *arguments],
            cwd=place.folder,
            env=place.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        self._lines.extend(iter(self.process.stdout.readline, ""))

    @property
    def text(self):
        return "".join(self._lines)

    def wait_for(self, words, count=1):
        """Wait until *words* have been printed *count* times."""
        deadline = time.monotonic() + PATIENCE
        while self.text.count(words) < count:
            if time.monotonic() > deadline or (self.process.poll() is not None and not self._reader.is_alive()):
                pytest.fail(f"{words!r} is not printed: {self.text}")
            time.sleep(0.01)
        return self.text

    @property
    def url(self):
        return re.search(r"Ready on (\S+)", self.wait_for("Ready on "))[1]

    def dispose(self):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        self.process.stdout.close()


class HeldServer:
    """Answers requests of /runs once it is released, and all others at once. Counts them by path."""

    def __init__(self):
        released = self.released = threading.Event()
        requests = self.requests = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                requests.append(self.path)
                if self.path == "/runs":
                    released.wait(PATIENCE)
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"answered")

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def close(self):
        self.released.set()
        self._server.shutdown()
        self._server.server_close()


def edit(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def get(url, accept="*/*"):
    """Status and text of an answer."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers={"accept": accept})) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def write_nap(place):
    """A project with a workflow that sleeps; its main file."""
    place.write("src/entry.py", FLOW)
    place.write(".dev.vars", "TOKEN=swordfish-and-chips\n")
    config = {
        "name": "app",
        "main": "src/entry.py",
        "compatibility_date": "2026-09-08",
        "workflows": [{"binding": "NAP", "name": "nap", "class_name": "Nap"}],
    }
    place.write("wrangler.jsonc", json.dumps(config))
    return place.folder / "src" / "entry.py"


def write_web(place):
    """A project with handlers; its main file."""
    place.write("src/entry.py", WORKER)
    place.write(".dev.vars", "TOKEN=swordfish-and-chips\n")
    config = {"name": "web", "main": "src/entry.py", "compatibility_date": "2026-09-08"}
    place.write("wrangler.jsonc", json.dumps({**config, "triggers": {"crons": ["0 0 1 1 *"]}}))
    return place.folder / "src" / "entry.py"
