"""Requests, responses and what can be their bodies, without a server in most cases."""

from http import HTTPMethod, HTTPStatus
from pathlib import Path
from tempfile import TemporaryDirectory

import js
from pyodide.ffi import JsProxy

from workers import (
    Blob,
    BlobEnding,
    File,
    FormData,
    Request,
    Response,
    fetch,
)

from .raises import Raises


async def body_is_read_once(url):
    response = await fetch(f"{url}/text")
    copy = response.clone()

    assert await response.text() == await copy.text()
    for read in (response.text, response.bytes, response.json, response.blob, response.form_data, response.buffer):
        with Raises(OSError):
            await read()
    with Raises(OSError):
        response.clone()


async def response_made_here(_url):
    response = Response("hello", status=HTTPStatus.CREATED, status_text="Made", headers={"X-A": "1"})

    assert (response.status, response.status_text, response.headers["x-a"]) == (201, "Made", "1")
    assert response.headers["content-type"] == "text/plain;charset=UTF-8"
    assert (response.url, response.type, response.redirected) == ("", "default", False)
    assert await response.text() == "hello"
    assert isinstance(response.js_object, JsProxy)


async def response_bodies(_url):
    for body in (b"\x01x", bytearray(b"\x01x"), memoryview(b"\x01x"), Blob(b"\x01x"), js.Blob.new(["\x01x"]), "\x01x"):
        assert await Response(body).bytes() == b"\x01x"
    assert await Response(Response("x").body).text() == "x"
    assert await Response(js.URLSearchParams.new("a=1")).text() == "a=1"
    assert (await Response(FormData({"a": "1"})).form_data())["a"] == "1"
    assert Response().body is None
    assert Response(None, status=204).status == 204
    assert Response(js.Response.new("x", status=203)).status == 203


async def response_refuses(_url):
    for body, name in (({"a": 1}, "dict"), (3, "int"), (js.RegExp.new("x"), "RegExp")):
        with Raises(TypeError, f"Unsupported type in Response: {name}"):
            Response(body)
    with Raises(ValueError, "Expected no options"):
        Response(js.Response.new("x"), status=200)
    with Raises(ValueError):
        Response("x", status=1000)
    with Raises(TypeError):
        Response("x", status=204)
    with Raises(TypeError, "Header"):
        Response("x", headers={"a": 1})


async def response_json(_url):
    for response in (Response.json({"a": 1}, status=201), Response.from_json({"a": 1}, 201)):
        assert (response.status, response.headers["content-type"]) == (201, "application/json")
        assert await response.json() == {"a": 1}
    assert Response.json([], headers={"content-type": "x/y"}).headers["content-type"] == "x/y"
    assert await Response.json("text").text() == '"text"'
    assert await Response.json(js.JSON.parse('{"b":[1]}')).json() == {"b": [1]}


async def response_redirect(_url):
    response = Response.redirect("https://example.com/", 307)

    assert (response.status, response.headers["location"]) == (307, "https://example.com/")
    assert Response.redirect("https://example.com/").status == 302
    with Raises(ValueError):
        Response.redirect("https://example.com/", 200)


async def response_replace_body(_url):
    response = Response("a", status=202, headers={"x-a": "1"}).replace_body("b")

    assert (response.status, response.headers["x-a"], await response.text()) == (202, "1", "b")


async def response_clone(_url):
    response = Response("a")
    copy = response.clone()

    assert type(copy) is Response
    assert (await response.text(), await copy.text()) == ("a", "a")


async def response_unpack_archive(url):
    with TemporaryDirectory() as folder:
        await (await fetch(f"{url}/archive.zip")).unpack_archive(extract_dir=folder)
        text = Path(folder, "a.txt").read_text()  # noqa: ASYNC240 - there is one thread
        assert text == "in the archive"


async def request_attributes(_url):
    request = Request(
        "https://example.com/a?b=1", method=HTTPMethod.POST, headers={"X-A": "1"}, body="text", redirect="manual"
    )

    assert request.method is HTTPMethod.POST
    assert request.url == "https://example.com/a?b=1"
    assert request.headers["x-a"] == "1"
    assert (request.redirect, request.credentials, request.mode, request.cache) == (
        "manual",
        "same-origin",
        "cors",
        "default",
    )
    assert (request.integrity, request.destination, request.referrer_policy) == ("", "", "")
    assert (request.keepalive, request.is_history_navigation, request.body_used, request.cf) == (
        False,
        False,
        False,
        None,
    )
    assert request.referrer == "about:client"
    assert request.body is not None
    assert repr(request) == "Request(method='POST', url='https://example.com/a?b=1')"
    assert Request("https://example.com", method="PURGE").method == "PURGE"


async def request_bodies(_url):
    def request(body="text", **options):
        return Request("https://example.com/", method="POST", body=body, **options)

    assert await request().text() == "text"
    assert await request(b"\xff").bytes() == b"\xff"
    assert await request('{"a": 1}').json() == {"a": 1}
    assert await (await request(Blob("b")).blob()).text() == "b"
    assert (await request(FormData({"a": "1"})).form_data())["a"] == "1"
    assert (await request().buffer()).byteLength == 4
    used = request()
    copy = used.clone()
    assert await used.text() == await copy.text()
    assert used.body_used
    with Raises(OSError):
        await used.text()
    with Raises(OSError):
        used.clone()


async def request_from_request(_url):
    original = Request("https://example.com/", headers={"x-a": "1"})

    assert Request(original, method="PUT").headers["x-a"] == "1"
    assert Request(original.js_object).url == "https://example.com/"
    with Raises(ValueError, "Expected no options"):
        Request(original.js_object, method="PUT")
    with Raises(TypeError):
        Request("/relative")


async def blobs(_url):
    blob = Blob(
        ["a", b"b", bytearray(b"c"), memoryview(b"d"), Blob("e"), js.Blob.new(["f"])], content_type="text/plain"
    )

    assert (blob.size, blob.content_type) == (6, "text/plain")
    assert await blob.text() == "abcdef"
    assert await blob.bytes() == b"abcdef"
    assert await blob.slice(1, 3).text() == "bc"
    assert await blob.slice(-2).text() == "ef"
    assert blob.slice(0, 1, "x/y").content_type == "x/y"
    assert Blob(blob).content_type == "text/plain"
    assert Blob("a\nb", endings=BlobEnding.NATIVE).size == 3
    assert isinstance(blob.js_object, JsProxy)
    for part in (1, object(), [1]):
        with Raises(TypeError, "Blob cannot hold a"):
            Blob(part)


async def files(_url):
    file = File(["a", "b"], "n.txt", content_type="text/plain", last_modified=5)

    assert (file.name, file.content_type, file.last_modified, await file.text()) == ("n.txt", "text/plain", 5, "ab")
    copy = File(file, "m.txt")
    assert (copy.name, copy.content_type, copy.last_modified) == ("m.txt", "text/plain", 5)


async def form_data(_url):
    form = FormData({"a": "1"})
    form.append("a", "2")
    form["b"] = Blob("blob")
    form.append("f", File("file", "x.txt"))
    form.append("g", Blob("named"), "y.txt")

    assert list(form) == list(form.keys()) == ["a", "a", "b", "f", "g"]
    assert len(form) == 5
    assert form.get_all("a") == ["1", "2"]
    assert form["a"] == form.get("a") == "1"
    assert "b" in form
    assert "z" not in form
    assert form.get("z") is None
    assert await form["b"].text() == "blob"
    assert (form["f"].name, form["g"].name) == ("x.txt", "y.txt")
    assert await form["f"].text() == "file"
    del form["a"]
    assert form.get_all("a") == []
    for missing in (lambda: form["a"], lambda: form.__delitem__("a")):
        with Raises(KeyError):
            missing()
    with Raises(TypeError, "FormData cannot hold a list"):
        form["l"] = ["x"]
    with Raises(TypeError, "FormData cannot be made of a list"):
        FormData([("a", "1")])
    assert FormData(form.js_object).js_object is form.js_object
