"""What `web_api.test.js` runs in a guest: each function is one test, which gets the URL of a server."""

import asyncio
import gc
import inspect
import json
import sys
from datetime import UTC, datetime, timedelta, timezone
from http import HTTPMethod, HTTPStatus
from pathlib import Path
from tempfile import TemporaryDirectory

import js
from pyodide.ffi import JsException, JsProxy, can_run_sync, jsnull

import workers
from _workflows_bridge.errors import from_wire, to_wire
from _workflows_bridge.values import NotSerializableError, encode
from workers import (
    Blob,
    BlobEnding,
    DurableObject,
    File,
    FormData,
    Request,
    Response,
    WorkerEntrypoint,
    _env,
    fetch,
    handler,
    import_from_javascript,
    patch_env,
    python_from_rpc,
    python_to_rpc,
    wait_until,
)


class Raises:
    """A block that has to raise *kind*, whose text has *text* in it. There is no pytest in a guest."""

    def __init__(self, kind, text=""):
        self.kind, self.text = kind, text

    def __enter__(self):
        return self

    def __exit__(self, kind, error, _traceback):
        assert kind is not None, f"did not raise {self.kind.__name__}"
        if issubclass(kind, self.kind):
            assert self.text in str(error), f"{str(error)!r} has no {self.text!r}"
            return True
        return False


async def echo(*args, **kwargs):
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
    seen = await echo(
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
    assert (await echo(f"{url}/echo", method=HTTPMethod.PUT, body=b"\xffbytes"))["length"] == 6
    assert (await echo(f"{url}/echo", method="PUT", body=bytearray(b"abc")))["body"] == "abc"
    assert (await echo(f"{url}/echo", method="PUT", body=memoryview(b"abc")[1:]))["body"] == "bc"
    assert (await echo(f"{url}/echo", method="PUT", body=Blob("blob", content_type="a/b")))["headers"][
        "content-type"
    ] == "a/b"
    assert (await echo(f"{url}/echo", method="PUT", body=js.URLSearchParams.new("a=1")))["body"] == "a=1"
    assert (await echo(f"{url}/echo", headers=[("x-a", "1"), ("x-a", "2")]))["headers"]["x-a"] == "1, 2"
    assert (await echo(f"{url}/echo", headers=js.Headers.new([["x-a", "3"]])))["headers"]["x-a"] == "3"
    assert (await echo(Request(f"{url}/echo", method="DELETE")))["method"] == "DELETE"
    assert (await echo(js.Request.new(f"{url}/echo")))["method"] == "GET"
    assert (await echo(f"{url}/echo", cf={"cacheTtl": 5}, fetcher=js.fetch))["method"] == "GET"
    assert (
        "boundary" in (await echo(f"{url}/echo", method="POST", body=FormData({"a": "1"})))["headers"]["content-type"]
    )


async def fetch_sends_a_stream(url):
    stream = Response("streamed").body

    assert (await echo(f"{url}/echo", method="POST", body=stream))["body"] == "streamed"


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


async def from_rpc(_url):
    value = python_from_rpc(
        js.eval(
            """({
                nothing: null, missing: undefined, n: 1, f: 1.5, big: 2n ** 64n, text: "é", yes: true,
                list: [1, [null]], map: new Map([["a", { b: 1 }], [2, 3]]), set: new Set([1, null]),
                date: new Date("2026-11-21T05:36:00.123Z"),
                bytes: new Uint8Array([1, 2]), words: new Int16Array([1]), buffer: new Uint8Array([3]).buffer,
                error: new Error("no"), boxed: Object(3),
                blob: new Blob(["x"]), file: new File(["x"], "n"), form: new FormData(), request: new Request("http://x/"),
                response: new Response("x"),
            })"""
        )
    )

    assert value.nothing is None
    assert value["missing"] is None
    assert (value.n, value.f, value.big, value.text, value.yes) == (1, 1.5, 2**64, "é", True)
    assert type(value.n) is int
    assert value.list == [1, [None]]
    assert (value.map.a.b, value.map[2]) == (1, 3)
    assert value.set == {1, None}
    assert value.date == datetime(2026, 11, 21, 5, 36, 0, 123000, tzinfo=UTC)
    assert (value.bytes, value.words, value.buffer) == (b"\x01\x02", b"\x01\x00", b"\x03")
    assert type(value.bytes) is bytes
    assert (type(value.error), str(value.error)) == (Exception, "Error: no")
    assert value.boxed == 3
    kinds = [type(value[name]) for name in ("blob", "file", "form", "request", "response")]
    assert kinds == [Blob, File, FormData, Request, Response]


async def from_rpc_others(_url):
    function = js.eval("() => 1")
    assert python_from_rpc(function)() == 1
    assert python_from_rpc(jsnull) is None
    assert python_from_rpc("x") == "x"
    assert isinstance(python_from_rpc(js.eval("/x/")), JsProxy)
    assert python_from_rpc(js.Date.new(0)) == datetime(1970, 1, 1, tzinfo=UTC)
    assert python_from_rpc(js.Uint8Array.new([1])) == b"\x01"
    cycle = python_from_rpc(js.eval("(() => { const o = { a: [] }; o.a.push(o); return o; })()"))
    assert cycle.a[0] is cycle


SHOW = """
(value) => Object.entries(value).map(([key, item]) => {
    if (item == null) return `${key}: ${item}`;
    const kind = item.constructor.name;
    const text = kind === "Date" ? item.toISOString() : kind === "Set" ? [...item]
        : kind === "Object" ? JSON.stringify(item) : item;
    return `${key}: ${kind} ${text}`;
}).join("\\n")
"""


async def to_rpc(_url):
    value = python_to_rpc(
        {
            "nothing": None,
            "list": [None, 1],
            "tuple": (1, (2,)),
            "dict": {"a": {"b": None}, 3: 4},
            "set": {1},
            "bytes": b"\x01\x02",
            "bytearray": bytearray(b"\x03"),
            "date": datetime(2026, 11, 21, 7, 36, 0, 123000, tzinfo=timezone(timedelta(hours=2))),
            "naive": datetime(1970, 1, 1),  # noqa: DTZ001 - the point
            "error": ValueError("no"),
            "big": 2**64,
            "blob": Blob("x"),
            "response": Response("x"),
        }
    )

    assert js.eval(SHOW)(value).split("\n") == [
        "nothing: null",
        "list: Array ,1",
        "tuple: Array 1,2",
        'dict: Object {"3":4,"a":{"b":null}}',
        "set: Set 1",
        "bytes: Uint8Array 1,2",
        "bytearray: Uint8Array 3",
        "date: Date 2026-11-21T05:36:00.123Z",
        "naive: Date 1970-01-01T00:00:00.000Z",
        "error: Error Error: no",
        "big: BigInt 18446744073709551616",
        "blob: Blob [object Blob]",
        "response: Response [object Response]",
    ]


async def to_rpc_others(_url):
    assert python_to_rpc(None) is jsnull
    function = python_to_rpc(lambda n: n + 1)
    assert function(1) == 2
    function.destroy()
    regexp = js.RegExp.new("x")
    assert python_to_rpc([regexp])[0] is regexp or python_to_rpc([regexp])[0].js_id == regexp.js_id
    with Raises(TypeError, 'value["a"][0] is a complex, which cannot be stored. Use [z.real, z.imag].'):
        python_to_rpc({"a": [1j]})
    with Raises(TypeError, "Use await"):
        python_to_rpc([asyncio.get_event_loop().create_future()])
    cycle = []
    cycle.append(cycle)
    with Raises(TypeError, "contains itself"):
        python_to_rpc(cycle)


async def to_rpc_leaves_no_proxy_behind(_url):
    """A function whose value is refused after all is let go."""

    def function():
        pass

    alone = sys.getrefcount(function)
    with Raises(TypeError, "complex"):
        python_to_rpc([function, 1j])
    assert sys.getrefcount(function) == alone

    proxy = python_to_rpc([function])[0]
    assert sys.getrefcount(function) > alone
    proxy.destroy()
    assert sys.getrefcount(function) == alone


async def values_of_javascript_can_be_stored(_url):
    assert encode(js.eval("({a: [1, null, new Date(0)], m: new Map([[1, new Uint8Array([1])]])})")) == (
        '{"a":[1,null,{"$":"date","v":"1970-01-01T00:00:00.000Z"}],"m":{"1":{"$":"bytes","v":"AQ=="}}}'
    )
    assert encode([jsnull, js.eval("[1]")]) == "[null,[1]]"
    assert encode(js.eval("2n ** 64n")) == '{"$":"bigint","v":"18446744073709551616"}'


async def values_of_javascript_that_cannot_be_stored(_url):
    with Raises(
        NotSerializableError, 'result["r"] is a Response, which cannot be stored. Use what its .json(), .text() or'
    ):
        encode({"r": Response("x")})
    with Raises(NotSerializableError, "result[0] is a Response"):
        encode([js.Response.new("x")])
    with Raises(NotSerializableError, "result is a JavaScript object"):
        encode(js.eval("() => 1"))
    with Raises(
        NotSerializableError, "result is a PyodideFuture, which cannot be stored. Use await to get its result."
    ):
        encode(js.Promise.resolve(1))


async def exceptions_of_javascript(_url):
    try:
        js.eval("throw new RangeError('too far')")
    except JsException as error:
        wire = json.loads(json.dumps(to_wire(error)))

    assert (wire["name"], wire["message"]) == ("RangeError", "too far")
    again = from_wire(wire)
    assert isinstance(again, JsException)
    assert (again.name, again.message) == ("RangeError", "too far")


async def environment(_url):
    _env.install({"GREETING": "hello", "SECRET": "s3cret"})

    assert workers.env.GREETING == "hello"
    assert getattr(workers.env, "MISSING", None) is None
    with Raises(AttributeError, "env has no 'MISSING'. It has: GREETING, SECRET."):
        workers.env.MISSING  # noqa: B018
    assert "s3cret" not in repr(workers.env)
    assert dir(workers.env) == ["GREETING", "SECRET"]
    assert import_from_javascript("cloudflare:workers").env.GREETING == "hello"


async def patched_environment(_url):
    with patch_env({"GREETING": "patched"}, OTHER=1):
        assert (workers.env.GREETING, workers.env.OTHER) == ("patched", 1)
        with patch_env([("OTHER", 2)]):
            assert (workers.env.GREETING, workers.env.OTHER) == ("patched", 2)

    assert workers.env.GREETING == "hello"
    assert not hasattr(workers.env, "OTHER")


async def wait_until_keeps_going(_url):
    done = []

    async def work():
        await asyncio.sleep(0)
        done.append(1)

    wait_until(work())
    gc.collect()
    wait_until(js.Promise.resolve(1))
    while not done:  # noqa: ASYNC110 - nothing else tells
        await asyncio.sleep(0)

    assert workers.waitUntil is wait_until


async def javascript_modules(_url):
    with Raises(ImportError, "cloudflare:sockets"):
        import_from_javascript("cloudflare:sockets")
    if can_run_sync():
        # A Node whose WebAssembly can wait for promises, as newer ones can.
        assert import_from_javascript("node:os").EOL == "\n"
        return
    with Raises(ImportError, "Cannot import 'node:os'"):
        import_from_javascript("node:os")


async def entrypoints_can_be_subclassed(_url):
    class Default(WorkerEntrypoint):
        async def fetch(self, request):
            return Response.json({"method": request.method, "greeting": self.env.GREETING})

    class Counter(DurableObject):
        def __init__(self, ctx, env):
            super().__init__(ctx, env)
            self.count = 0

    assert (await (await Default(None, workers.env).fetch(Request("http://x/"))).json())["greeting"] == "hello"
    assert Counter(None, workers.env).count == 0


async def handlers(_url):
    @handler
    async def on_fetch(request, env):
        return Response(f"{type(request).__name__} {env}")

    assert on_fetch.__name__ == "on_fetch"
    assert await (await on_fetch(js.Request.new("http://x/"), 1)).text() == "Request 1"


TESTS = [
    name
    for name, value in list(globals().items())
    if inspect.iscoroutinefunction(value) and value.__module__ == __name__ and name != "echo"
]
