"""What goes over to JavaScript and comes back: by `python_to_rpc`, as values that are stored, as errors."""

import asyncio
import json
import sys
from datetime import UTC, datetime, timedelta, timezone

import js
from pyodide.ffi import JsException, JsProxy, jsnull

from _workflows_bridge.errors import from_wire, to_wire
from _workflows_bridge.values import NotSerializableError, encode
from workers import (
    Blob,
    File,
    FormData,
    Request,
    Response,
    python_from_rpc,
    python_to_rpc,
)

from .raises import Raises


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
