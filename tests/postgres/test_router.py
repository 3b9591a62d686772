"""Several states behind a router, as docs/scale.md has them: each instance is at one machine, by its id."""

from __future__ import annotations

import json
import re
import threading
import urllib.error
import urllib.request
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from places import until

FLOW = """
    import { WorkflowEntrypoint } from "cloudflare:workers";

    export class Flow extends WorkflowEntrypoint {
      async run(event, step) {
        return (await step.waitForEvent("wait", { type: "go" })).payload;
      }
    }
"""
INSTANCES = "/client/v4/accounts/any/workflows/Flow/instances"


def serve(machine, name):
    """An engine with a state of its own, and the address at which it listens."""
    serving = machine.start("serve", "flow.mjs", "--state", f"{name}.sqlite", "--port", "0")
    said = serving.read_until("Ready on")
    found = re.search(r"http://127\.0\.0\.1:\d+", said)
    assert found
    return found[0]


class Router(BaseHTTPRequestHandler):
    """Sends all requests about an instance to the same engine, by a hash of its id."""

    engines: tuple[str, ...] = ()

    def do_GET(self):
        self.forward(self.path.removeprefix(f"{INSTANCES}/").partition("/")[0])

    def do_POST(self):
        below = self.path.removeprefix(INSTANCES).strip("/").partition("/")[0]
        body = self.rfile.read(int(self.headers["content-length"]))
        self.forward(below or json.loads(body)["instance_id"], body)

    def forward(self, instance, body=None):
        engine = self.engines[zlib.crc32(instance.encode()) % len(self.engines)]
        headers = {"content-type": "application/json"}
        request = urllib.request.Request(f"{engine}{self.path}", body, headers, method=self.command)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                status, content = answer.status, answer.read()
        except urllib.error.HTTPError as error:
            status, content = error.code, error.read()
        self.send_response(status)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_arguments):
        pass


@pytest.fixture
def router():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Router)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def ask(url, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)["result"]


def test_states_behind_a_router(machine, router):
    """Instances are divided among the states, and a request finds the one that has its instance."""
    machine.write("flow.mjs", FLOW)
    Router.engines = (serve(machine, "one"), serve(machine, "two"))
    ids = [f"i{n}" for n in range(8)]

    for name in ids:
        assert name == ask(f"{router}{INSTANCES}", {"instance_id": name})["id"]
    for name in ids:
        until(lambda name=name: ask(f"{router}{INSTANCES}/{name}")["status"] == "waiting", f"{name} does not wait")
        ask(f"{router}{INSTANCES}/{name}/events/go", {"sent": name})
    for name in ids:
        until(lambda name=name: ask(f"{router}{INSTANCES}/{name}")["status"] == "complete", f"{name} does not complete")

    has = [{row["id"] for row in ask(f"{engine}{INSTANCES}")} for engine in Router.engines]
    assert has[0] | has[1] == set(ids)
    assert not has[0] & has[1]
    assert has[0]
    assert has[1]
