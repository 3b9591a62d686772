"""`fetch` against a server of this machine."""

import asyncio
from http import HTTPMethod

import js
from pyodide.ffi import JsProxy

from workers import (
    Blob,
    FormData,
    Request,
    Response,
    fetch,
)

from .raises import Raises


async def _echo(*args, **kwargs):
    """What the server has seen of this request."""
    return await (await fetch(*args, **kwargs)).json()


async def fetch_text(url):
    response = await fetch(f"{url}/text")

    assert isinstance(response, Response)
    assert (response.status, response.ok, response.status_text) == (200, True, "OK")
    assert response.url == f"{url}/text"
    assert not response.body_used
    assert await response.text() == "grüße"
    assert response.body_used
    assert repr(response) == f"Response(status=200, status_text='OK', content_type='text/plain', url='{url}/text')"


async def fetch_sends_what_it_is_given(url):
    seen = await _echo(
        f"{url}/echo",
        method="POST",
        headers={"X-One": "1", "content-type": "application/json"},
        body='{"a": "ü"}',
    )

    assert seen["method"] == "POST"
    assert seen["body"] == '{"a": "ü"}'
    assert seen["headers"]["x-one"] == "1"
    assert seen["headers"]["content-type"] == "application/json"


async def fetch_accepts_upstreams_forms(url):
    assert (await _echo(f"{url}/echo", method=HTTPMethod.PUT, body=b"\xffbytes"))["length"] == 6
    assert (await _echo(f"{url}/echo", method="PUT", body=bytearray(b"abc")))["body"] == "abc"
    assert (await _echo(f"{url}/echo", method="PUT", body=memoryview(b"abc")[1:]))["body"] == "bc"
    assert (await _echo(f"{url}/echo", method="PUT", body=Blob("blob", content_type="a/b")))["headers"][
        "content-type"
    ] == "a/b"
    assert (await _echo(f"{url}/echo", method="PUT", body=js.URLSearchParams.new("a=1")))["body"] == "a=1"
    assert (await _echo(f"{url}/echo", headers=[("x-a", "1"), ("x-a", "2")]))["headers"]["x-a"] == "1, 2"
    assert (await _echo(f"{url}/echo", headers=js.Headers.new([["x-a", "3"]])))["headers"]["x-a"] == "3"
    assert (await _echo(Request(f"{url}/echo", method="DELETE")))["method"] == "DELETE"
    assert (await _echo(js.Request.new(f"{url}/echo")))["method"] == "GET"
    assert (await _echo(f"{url}/echo", cf={"cacheTtl": 5}, fetcher=js.fetch))["method"] == "GET"
    assert (
        "boundary" in (await _echo(f"{url}/echo", method="POST", body=FormData({"a": "1"})))["headers"]["content-type"]
    )


async def fetch_sends_a_stream(url):
    stream = Response("streamed").body

    assert (await _echo(f"{url}/echo", method="POST", body=stream))["body"] == "streamed"


async def fetch_reads_every_way(url):
    assert await (await fetch(f"{url}/bytes")).bytes() == b"\x00\xff"
    assert await (await fetch(f"{url}/bytes")).memoryview() == b"\x00\xff"
    assert isinstance(await (await fetch(f"{url}/bytes")).buffer(), JsProxy)
    assert await (await (await fetch(f"{url}/bytes")).blob()).bytes() == b"\x00\xff"
    assert await (await fetch(f"{url}/text")).string() == "grüße"
    assert await (await fetch(f"{url}/json")).json() == {"a": [1, 2.5, None]}
    assert await (await fetch(f"{url}/json")).json(parse_float=str) == {"a": [1, "2.5", None]}
    form = await (await fetch(f"{url}/form")).form_data()
    assert list(form.items()) == [("a", "1"), ("a", "2")]


async def fetch_response_headers(url):
    headers = (await fetch(f"{url}/headers")).headers

    assert headers["Content-Type"] == headers["content-type"] == "text/plain; charset=utf-8"
    assert headers.get_content_type() == "text/plain"
    assert headers.get_all("set-cookie") == ["a=1", "b=2"]
    assert headers.get("missing") is None
    assert "x-many" in headers
    assert headers["x-many"] == "1, 2"
    assert dict(headers)["x-many"] == "1, 2"


async def fetch_status_errors(url):
    response = await fetch(f"{url}/missing")

    assert (response.status, response.ok) == (404, False)
    with Raises(OSError, "404"):
        response.raise_for_status()
    (await fetch(f"{url}/text")).raise_for_status()


async def fetch_redirects(url):
    response = await fetch(f"{url}/redirect")
    assert (response.redirected, response.url) == (True, f"{url}/text")

    response = await fetch(f"{url}/redirect", redirect="manual")
    assert (response.status, response.headers["location"]) == (302, "/text")


async def fetch_failures(_url):
    with Raises(OSError, "fetch failed: "):
        await fetch("http://127.0.0.1:1/")
    with Raises(OSError, "Failed to parse URL"):
        await fetch("not a url")


async def fetch_aborts(url):
    with Raises(TimeoutError):
        await fetch(f"{url}/never", signal=js.AbortSignal.timeout(1))
    with Raises(OSError):
        await fetch(f"{url}/never", signal=js.AbortSignal.abort())


async def fetch_cancelled(url):
    """A cancelled task gives its request up: the server sees that."""
    task = asyncio.ensure_future(fetch(f"{url}/never"))
    while (await (await fetch(f"{url}/open")).json()) == 0:  # noqa: ASYNC110 - the event is the server's
        await asyncio.sleep(0)

    task.cancel()
    with Raises(asyncio.CancelledError):
        await task

    while (await (await fetch(f"{url}/open")).json()) > 0:  # noqa: ASYNC110 - likewise
        await asyncio.sleep(0)


async def fetch_many(url):
    responses = await asyncio.gather(*(fetch(f"{url}/echo?{n}") for n in range(10)))

    assert [(await response.json())["url"] for response in responses] == [f"/echo?{n}" for n in range(10)]
