import assert from "node:assert/strict";
import { test } from "node:test";
import { decode, encode } from "../../bridge/values.js";
import { parseJson, readJson } from "../../js/server/requests/body.js";
import { checkOrigin } from "../../js/server/requests/origin.js";

/** @param {string | ReadableStream} body @param {Record<string, string>} [headers] */
function post(body, headers = {}) {
  const options = { method: "POST", body, headers, duplex: "half" };
  return new Request("http://localhost/", options);
}

for (const [written, stored] of [
  ["616581622363398142", '{"$":"bigint","v":"616581622363398142"}'],
  ["-9007199254740992", '{"$":"bigint","v":"-9007199254740992"}'],
  ["9007199254740991", "9007199254740991"],
  ["1.0", "1.0"],
  ["-0", "0"],
  ["-0.0", "-0.0"],
  ["1e2", "100.0"],
  ["1e300", "1e+300"],
  ["0.1", "0.1"],
  ['[{"a":1.0,"__proto__":2.0}]', '[{"a":1.0,"__proto__":2.0}]'],
  ['{"rawJSON":"1"}', '{"rawJSON":"1"}'],
]) {
  test(`the number ${written} of a body is stored as ${stored}`, () => {
    assert.equal(encode(parseJson(written).exact), stored);
  });
}

test("a schema sees plain numbers", () => {
  assert.deepEqual(parseJson('{"limit":5.0}').plain, { limit: 5 });
});

test("a big integer comes back as it was", () => {
  assert.equal(decode(encode(parseJson("616581622363398142").exact)), 616581622363398142n);
});

for (const [what, text, problem] of [
  ["a number beyond a double", "1e400", /1e400, which is too large/],
  ["an integer that Python does not read", "1".repeat(5000), /5000 digits/],
  ["text that is not JSON", "{", /not JSON/],
  ["deep nesting", "[".repeat(100_000) + "]".repeat(100_000), /nested too deeply/],
]) {
  test(`${what} is refused`, () => {
    assert.throws(() => parseJson(/** @type {string} */ (text)), {
      name: "RequestError",
      status: 400,
      message: problem,
    });
  });
}

test("brackets in strings are no nesting", () => {
  assert.deepEqual(parseJson(JSON.stringify(['[[[[\\"[[']), { maxNesting: 1 }).plain, ['[[[[\\"[[']);
  assert.throws(() => parseJson("[[[]]]", { maxNesting: 2 }), { status: 400 });
});

test("a body that grows too large is refused before it is complete", async () => {
  let sent = 0;
  const endless = new ReadableStream({
    pull(controller) {
      sent += 1;
      controller.enqueue(new Uint8Array(1000));
    },
  });
  await assert.rejects(readJson(post(endless), { maxBytes: 10_000 }), { name: "RequestError", status: 413 });
  assert.ok(sent < 20);
});

/** An array that never ends, in pieces that cut strings and escapes. @param {string} piece */
const unending = (piece) => {
  let sent = 0;
  const stream = new ReadableStream({
    pull(controller) {
      controller.enqueue(Buffer.from(sent++ === 0 ? `[${piece}` : piece));
    },
  });
  return { stream, sent: () => sent };
};

for (const [what, piece, problem] of /** @type {[string, string, object][]} */ ([
  ["values", '1,"a,[",', { name: "RequestError", status: 413, message: /too many values; the limit is 1,000/ }],
  ["empty objects", "{},".repeat(10), { name: "RequestError", status: 413 }],
  ["containers", "[", { name: "RequestError", status: 400, message: /nested too deeply/ }],
])) {
  test(`a body of too many ${what} is refused while it arrives`, async () => {
    const body = unending(piece);

    await assert.rejects(readJson(post(body.stream), { maxValues: 1000, maxNesting: 300 }), problem);
    assert.ok(body.sent() < 3000);
  });
}

test("commas and brackets in strings are no values, wherever pieces are cut", async () => {
  const text = JSON.stringify(['a,[\\"{,', { k: ',"\\' }]);
  const bytes = Buffer.from(text);
  const cut = new ReadableStream({
    start(controller) {
      for (const byte of bytes) controller.enqueue(new Uint8Array([byte]));
      controller.close();
    },
  });

  assert.deepEqual((await readJson(post(cut), { maxValues: 4, maxNesting: 2 })).plain, JSON.parse(text));
});

test("a body whose announced length is too large is not read", async () => {
  await assert.rejects(readJson(post("[]", { "content-length": "20000" }), { maxBytes: 10_000 }), { status: 413 });
});

test("a body that does not arrive is given up", async () => {
  const silent = new ReadableStream({ start() {} });
  await assert.rejects(readJson(post(silent), { timeoutMs: 5 }), { name: "RequestError", status: 408 });
});

test("a client that goes away in the middle of its body has made no fault of ours", async () => {
  const broken = new ReadableStream({
    pull(controller) {
      controller.error(new Error("aborted"));
    },
  });

  await assert.rejects(readJson(post(broken)), { name: "RequestError", status: 400 });
});

test("a body that is not UTF-8 is refused", async () => {
  const bytes = new ReadableStream({
    start(controller) {
      controller.enqueue(new Uint8Array([0xff]));
      controller.close();
    },
  });
  await assert.rejects(readJson(post(bytes)), { status: 400 });
});

test("an empty body is no value", async () => {
  assert.deepEqual(await readJson(post("")), { plain: undefined, exact: undefined });
});

/** @param {Record<string, string>} headers */
const from = (headers) => ({ headers: new Headers(headers) });

for (const headers of /** @type {Record<string, string>[]} */ ([
  { host: "localhost:8080" },
  { host: "127.0.0.1:8080", origin: "http://127.0.0.1:8080" },
  { host: "[::1]:80", origin: "http://[::1]:80" },
  { host: "LOCALHOST:8080", origin: "http://localhost:8080" },
  { host: "stepwell.example:8080" },
  { host: "localhost:1", origin: "https://known.example" },
])) {
  test(`${JSON.stringify(headers)} may send requests`, () => {
    const options = { hosts: ["stepwell.example"], origins: ["https://known.example"] };
    checkOrigin(/** @type {any} */ (from(headers)), options);
  });
}

for (const [headers, status] of /** @type {[Record<string, string>, number][]} */ ([
  [{}, 421],
  [{ host: "evil.example:8080" }, 421],
  [{ host: "localhost.evil.example" }, 421],
  [{ host: "localhost:8080", origin: "https://evil.example" }, 403],
  [{ host: "localhost:8080", origin: "http://localhost:9090" }, 403],
  [{ host: "localhost:8080", origin: "null" }, 403],
])) {
  test(`${JSON.stringify(headers)} is refused with ${status}`, () => {
    assert.throws(() => checkOrigin(/** @type {any} */ (from(headers))), { name: "RequestError", status });
  });
}
