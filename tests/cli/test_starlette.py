"""An application of the real Starlette behind `stepwell dev`, through `asgi`."""

import json
import urllib.request
from importlib import metadata

import pytest
from places import Place

APPLICATION = """
    from contextlib import asynccontextmanager

    from starlette.applications import Starlette
    from starlette.responses import JSONResponse, StreamingResponse
    from starlette.routing import Route
    from workers import asgi


    @asynccontextmanager
    async def lifespan(app):
        yield {"greeting": "hi"}


    async def echo(request):
        return JSONResponse({"got": await request.json(), "greeting": request.state.greeting})


    def plain(request):
        return JSONResponse({"name": request.path_params["name"], "variable": request.scope["env"].VARIABLE})


    async def stream(request):
        async def parts():
            for number in range(3):
                yield f"{number} "

        return StreamingResponse(parts(), media_type="text/plain")


    routes = [Route("/echo", echo, methods=["POST"]), Route("/plain/{name}", plain), Route("/stream", stream)]
    Default = asgi.entrypoint(Starlette(routes=routes, lifespan=lifespan))
"""
PACKAGES = ("starlette", "anyio", "idna", "typing_extensions")
"""All that it imports. They are pure Python, so those of the tests' own environment run in Pyodide."""


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    """Where the application answers; all tests share it."""
    place = Place(tmp_path_factory.mktemp("starlette"))
    for package in PACKAGES:
        for file in metadata.files(package):
            if file.suffix == ".py":
                place.write(f"python_modules/{file}", file.locate().read_text())
    place.write("entry.py", APPLICATION)
    place.write("wrangler.json", json.dumps({"name": "app", "main": "entry.py", "vars": {"VARIABLE": "set"}}))
    lines = place.start("dev", "--port", "0").out
    yield next(line.split("Ready on ")[1].split()[0] for line in lines if "Ready on " in line)
    place.dispose()


def fetch(url, data=None):
    with urllib.request.urlopen(urllib.request.Request(url, data)) as response:
        return response.read().decode()


def test_lifespan(url):
    """A request is read as JSON, and finds the state of the lifespan."""
    assert {"got": [1, "two"], "greeting": "hi"} == json.loads(fetch(f"{url}/echo", b'[1, "two"]'))


def test_synchronous_endpoint(url):
    """An endpoint that Starlette would run in a thread runs inline, and has the variables in its scope."""
    assert {"name": "Ada", "variable": "set"} == json.loads(fetch(f"{url}/plain/Ada"))


def test_stream(url):
    """A response streams."""
    assert "0 1 2 " == fetch(f"{url}/stream")
