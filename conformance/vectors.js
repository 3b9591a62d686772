/** Values that are put into every position: what a workflow is given, and what it gives. */

/**
 * @typedef {object} Vector
 * @property {string} what
 * @property {unknown} value as the driver has it
 * @property {string} [python] what makes it in Python; without it Python has no such value
 * @property {string} [sees] of `x`, in Python: whether it is that value
 * @property {string} [javascript]
 * @property {string} [looks] of `x`, in JavaScript
 * @property {boolean} [becomes] what is stored is of another type, and so is what comes back
 */

/** What both languages have, and JSON too: the outcome shows that they are the same. @type {Vector[]} */
export const PLAIN = Object.entries({
  null: null,
  true: true,
  zero: 0,
  "a negative number": -1.5,
  "the largest safe integer": Number.MAX_SAFE_INTEGER,
  "an empty text": "",
  "text of many scripts": "äöü 日本 🎈 \u2028 \\ \" ' \t \0",
  "an empty list": [],
  "an empty object": {},
  "lists in lists": [[1, [2, [3, []]]]],
  "objects in objects": { a: { b: { c: [null, { d: "x" }] } } },
  "keys that look like numbers": { 1: "one", "01": "two", "-1": "three" },
  "a key __proto__": JSON.parse('{"__proto__": 1, "constructor": 2}'),
  "a key $": { $: "date", v: "no" },
  "a thousand numbers": Array.from({ length: 1000 }, (_, i) => i),
}).map(([what, value]) => ({ what, value }));

/** What each language has of its own. @type {Vector[]} */
export const RICH = [
  {
    what: "bytes",
    value: new Uint8Array([0, 255]),
    python: 'b"\\x00\\xff"',
    sees: 'type(x) is bytes and x == b"\\x00\\xff"',
    javascript: "new Uint8Array([0, 255])",
    looks: "x instanceof Uint8Array && x.join() === '0,255'",
  },
  {
    what: "no bytes",
    value: new Uint8Array(),
    python: 'b""',
    sees: "x == b''",
    javascript: "new Uint8Array()",
    looks: "x instanceof Uint8Array && x.length === 0",
  },
  {
    what: "a date",
    value: new Date(Date.UTC(2026, 0, 2, 3, 4, 5, 678)),
    python: "datetime.datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=datetime.UTC)",
    sees: 'x.isoformat() == "2026-01-02T03:04:05.678000+00:00"',
    javascript: "new Date(Date.UTC(2026, 0, 2, 3, 4, 5, 678))",
    looks: 'x.toISOString() === "2026-01-02T03:04:05.678Z"',
  },
  {
    what: "a large integer",
    value: 2n ** 70n,
    python: "2**70",
    sees: "x == 2**70",
    javascript: "2n ** 70n",
    looks: "x === 2n ** 70n",
  },
  {
    what: "a set",
    value: new Set(["a"]),
    python: '{"a"}',
    sees: 'x == {"a"} and type(x) is set',
    javascript: 'new Set(["a"])',
    looks: 'x instanceof Set && x.has("a")',
  },
  {
    what: "not a number",
    value: NaN,
    python: 'float("nan")',
    sees: "x != x",
    javascript: "NaN",
    looks: "Number.isNaN(x)",
  },
  {
    what: "infinity",
    value: -Infinity,
    python: 'float("-inf")',
    sees: 'x == float("-inf")',
    javascript: "-Infinity",
    looks: "x === -Infinity",
  },
  {
    what: "minus zero",
    value: -0,
    python: "-0.0",
    sees: 'str(x) == "-0.0"',
    javascript: "-0",
    looks: "Object.is(x, -0)",
  },
  {
    what: "rich values in a list in an object",
    value: { list: [new Uint8Array([7]), { when: new Date(0), n: 2n ** 64n }, new Set([1, 2])] },
    python: '{"list": [b"\\x07", {"when": datetime.datetime.fromtimestamp(0, datetime.UTC), "n": 2**64}, {1, 2}]}',
    sees: 'x["list"][0] == b"\\x07" and x["list"][1]["when"].timestamp() == 0 and x["list"][1]["n"] == 2**64 and x["list"][2] == {1, 2}',
    javascript: "{ list: [new Uint8Array([7]), { when: new Date(0), n: 2n ** 64n }, new Set([1, 2])] }",
    looks: "x.list[0][0] === 7 && x.list[1].when.getTime() === 0 && x.list[1].n === 2n ** 64n && x.list[2].has(2)",
  },
];

/** What only JavaScript has. @type {Vector[]} */
export const ONLY_JAVASCRIPT = [
  {
    what: "a Map",
    value: new Map([[1, "one"]]),
    javascript: "new Map([[1, 'one']])",
    looks: "x instanceof Map && x.get(1) === 'one'",
  },
  {
    what: "an Int16Array",
    value: new Int16Array([1, -2]),
    javascript: "new Int16Array([1, -2])",
    looks: "x instanceof Int16Array && x[1] === -2",
  },
  {
    what: "an ArrayBuffer",
    value: new Uint8Array([7]).buffer,
    javascript: "new Uint8Array([7]).buffer",
    looks: "x instanceof ArrayBuffer && x.byteLength === 1",
  },
  {
    what: "a view into a larger buffer",
    value: new Uint8Array([2, 3]),
    javascript: "new Uint8Array(new Uint8Array([1, 2, 3, 4]).buffer, 1, 2)",
    looks: "x.join() === '2,3'",
  },
  {
    what: "undefined in an object",
    value: { a: undefined },
    javascript: "{ a: undefined }",
    looks: "'a' in x && x.a === undefined",
  },
];

/** What only Python has; JavaScript gets what it stands for. @type {Vector[]} */
export const ONLY_PYTHON = [
  { what: "a tuple", value: [1, 2], python: "(1, 2)", sees: "x == [1, 2]", becomes: true },
  {
    what: "a bytearray",
    value: new Uint8Array([120]),
    python: 'bytearray(b"x")',
    sees: 'x == b"x" and type(x) is bytes',
    becomes: true,
  },
  { what: "a whole float", value: 1, python: "1.0", sees: "type(x) is float and x == 1" },
  {
    what: "a date with microseconds",
    value: new Date(1),
    python: "datetime.datetime(1970, 1, 1, 0, 0, 0, 1234, tzinfo=datetime.UTC)",
    sees: "x.microsecond == 1234",
  },
  {
    what: "a date without a zone",
    value: new Date(0),
    python: "datetime.datetime(1970, 1, 1)",
    sees: "x.tzinfo is datetime.UTC and x.timestamp() == 0",
    becomes: true,
  },
  { what: "int keys", value: { 1: "one" }, python: '{1: "one"}', sees: 'x == {"1": "one"}', becomes: true },
];

/** What Cloudflare's own Python SDK makes of some. @type {Record<string, string>} */
const UPSTREAM_SDK = {
  "the largest safe integer": "Pyodide makes a BigInt of it on its way to JavaScript",
  "a key __proto__": "it takes an object with a key `constructor` for one of JavaScript's",
  bytes: "bytes come back as memoryview",
  "a date": "a date comes back without its time zone",
  "minus zero": "a whole float comes back as an int",
  "all that JSON has": "Pyodide makes a BigInt of the largest safe integer on its way to JavaScript",
  "a date without a zone": "a date comes back without its time zone",
  "a tuple": "a tuple is refused",
  "a bytearray": "a bytearray is refused",
  "a whole float": "1.0 comes back as 1",
  "a date with microseconds": "a date is one of JavaScript's, of milliseconds",
};

/** @param {string} what */
export function upstreamDiffers(what) {
  return UPSTREAM_SDK[what] ? { differs: { "python-upstream-sdk": UPSTREAM_SDK[what] } } : {};
}
