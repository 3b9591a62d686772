"""Programs and configurations of docs/bindings.md that need nothing but Stepwell."""

import json
import re
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from documents import block
from places import PATIENCE, Place

IMPORTS = "from workers import DurableObject, Response, WorkerEntrypoint\n\n\n"
ASKS_MODELS = """
    from workers import Response, WorkerEntrypoint


    class Default(WorkerEntrypoint):
        async def fetch(self, request):
            said = await self.env.AI.run("@cf/meta/llama-3.1-8b-instruct", {"prompt": "hello"})
            made = await self.env.AI.run("@cf/baai/bge-base-en-v1.5", {"text": ["hello"]})
            return Response(f"{said['response']} {made['shape'][1]}")
"""
ASKS_THE_STUB = """
    from workers import Response, WorkerEntrypoint


    class Default(WorkerEntrypoint):
        async def fetch(self, request):
            return Response(str(await self.env.INDEX.describe()))
"""
INDEX = """
    class Index:
        async def describe(self):
            return "three vectors"
"""


@pytest.fixture
def place(tmp_path):
    place = Place(tmp_path)
    yield place
    place.dispose()


def serve(place, configuration):
    """Serve entry.py with *configuration*; gives the address, and the command."""
    place.write("wrangler.json", json.dumps({"name": "app", "main": "entry.py", **configuration}))
    running = place.start("dev", "--port", "0")
    line = next(line for line in running.out if "Ready on " in line)
    return re.search(r"Ready on (\S+)", line)[1], running


def get(url):
    with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
        return answer.read().decode()


def test_a_message_goes_to_its_consumer(place):
    place.write("entry.py", IMPORTS + block("bindings.md", "self.env.JOBS.send").text)
    url, running = serve(place, json.loads(block("bindings.md", '"dead_letter_queue"').text))

    assert "sent" == get(url)
    assert next(line for line in running.out if "order" in line)


def test_an_object_counts(place):
    place.write("entry.py", IMPORTS + block("bindings.md", "class Counter").text)
    url, _ = serve(place, json.loads(block("bindings.md", '"new_sqlite_classes"').text))

    assert ["1", "2"] == [get(url), get(url)]


class ModelServer(HTTPServer):
    """Answers as a server with OpenAI's interface does, and keeps the names of the models."""

    def __init__(self):
        models = self.models = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
                models.append(asked["model"])
                vector = {"data": [{"index": 0, "embedding": [0.5, 0.25]}]}
                message = {"choices": [{"index": 0, "message": {"role": "assistant", "content": "hi"}}]}
                body = json.dumps(vector if self.path.endswith("/embeddings") else message).encode()
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()


def test_models_run_on_the_server_of_the_table(place):
    table = block("bindings.md", "[tool.stepwell.ai]").text
    server = ModelServer()
    place.environment["OPENAI_API_KEY"] = "any"
    place.write("entry.py", ASKS_MODELS)
    place.write("pyproject.toml", table.replace("localhost:11434", f"127.0.0.1:{server.server_port}"))
    try:
        url, _ = serve(place, {"ai": {"binding": "AI"}})
        assert "hi 2" == get(url)
    finally:
        server.shutdown()
        server.server_close()

    assert ["llama3.2", "nomic-embed-text"] == server.models


def test_a_stub_takes_the_place_of_a_binding(place):
    place.write("entry.py", ASKS_THE_STUB)
    place.write("fakes.py", INDEX)
    place.write("pyproject.toml", block("bindings.md", "[tool.stepwell.stubs]").text)
    url, _ = serve(place, {"vectorize": [{"binding": "INDEX", "index_name": "i"}]})

    assert "three vectors" == get(url)
