/** A Worker's answers on a connection: where a body ends is the server's to say, and a client never reads part of one as a whole. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { test } from "node:test";
import { createAdaptorServer } from "@hono/node-server";
import { answerByWorker } from "../../js/server/serving/worker_requests.js";

/** @import { TestContext } from "node:test" */
/** @import { PackedResponse } from "../../runtime/handlers/protocol.d.ts" */

const text = new TextEncoder();

/** @param {string[]} chunks @param {Error} [error] what it ends with */
function stream(chunks, error) {
  let next = 0;
  const state = {
    cancelled: false,
    stream: new ReadableStream({
      pull(controller) {
        if (next < chunks.length) controller.enqueue(text.encode(chunks[next++]));
        else if (error) controller.error(error);
        else controller.close();
      },
      cancel: () => void (state.cancelled = true),
    }),
  };
  return state;
}

/**
 * What a client reads that asks twice over one connection; the second answer is "second".
 *
 * @param {TestContext} context
 * @param {Partial<PackedResponse>} response the first answer
 * @param {{ method?: string, streamed?: ReturnType<typeof stream> }} [options] `streamed`: stream 1
 */
async function exchange(context, response, { method = "GET", streamed } = {}) {
  /** @type {any[]} */
  const events = [];
  const ends = {
    streams: { receive: () => streamed?.stream, discard: () => void streamed?.stream.cancel() },
  };
  const answers = [{ status: 200, statusText: "", headers: [], body: null, ...response }];
  const worker = {
    /** @param {Request} _request @param {any} options */
    fetch: async (_request, { unpack }) =>
      unpack(answers.shift() ?? { status: 200, statusText: "", headers: [], body: "second" }, ends),
  };
  const server = /** @type {import("node:http").Server} */ (
    createAdaptorServer({
      fetch: (request, env) =>
        answerByWorker(worker, request, {
          development: false,
          timeLimitMs: undefined,
          cut: () => env.outgoing.destroy(),
          emit: (event) => events.push(event),
        }),
    })
  );
  await once(server.listen(0, "127.0.0.1"), "listening");
  context.after(() => server.close());
  const socket = connect(/** @type {import("node:net").AddressInfo} */ (server.address()).port, "127.0.0.1");
  socket.write(`${method} / HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
  let read = "";
  socket.on("data", (chunk) => (read += chunk)).on("error", () => {});
  await once(socket, "close");
  const [head, ...rest] = read.split("\r\n\r\n");
  return { head: head.toLowerCase(), body: rest.join("\r\n\r\n"), events };
}

for (const [name, value] of [
  ["content-length", "1"],
  ["content-length", "100"],
  ["content-length", "many"],
  ["transfer-encoding", "chunked"],
  ["transfer-encoding", "identity"],
  ["connection", "upgrade"],
  ["trailer", "x-sum"],
]) {
  test(`a handler's '${name}: ${value}' does not say where its body ends`, async (context) => {
    const { head, body } = await exchange(context, { headers: [[name, value]], body: "hello" });

    assert.match(head, /content-length: 5/);
    assert.equal(head.match(/content-length/g)?.length, 1);
    assert.ok(!head.includes(`${name}: ${value}`) && !head.includes("transfer-encoding"), head);
    assert.ok(body.startsWith("helloHTTP/1.1 200"), body);
    assert.ok(body.endsWith("second"), body);
  });
}

test("no length is announced for a body that is not there", async (context) => {
  const { head, body } = await exchange(context, { status: 204, headers: [["content-length", "5"]] });

  assert.ok(!head.includes("content-length"), head);
  assert.ok(body.endsWith("second"), body);
});

test("answers without a body to measure keep the length that a handler gives", async (context) => {
  const headers = /** @type {[string, string][]} */ ([["content-length", "30"]]);

  assert.match((await exchange(context, { status: 304, headers })).head, /content-length: 30/);
  assert.match((await exchange(context, { headers }, { method: "HEAD" })).head, /content-length: 30/);
});

test("headers keep their values: cookies apart, others joined, whatever their names", async (context) => {
  const headers = /** @type {[string, string][]} */ ([
    ["set-cookie", "a=1"],
    ["set-cookie", "b=2"],
    ["constructor", "x"],
    ["__proto__", "y"],
  ]);
  const { head } = await exchange(context, { headers, body: new Uint8Array([1]) });

  for (const line of ["set-cookie: a=1", "set-cookie: b=2", "constructor: x", "__proto__: y"])
    assert.ok(head.split("\r\n").includes(line), head);
  assert.ok(!head.includes("content-type"), head);
});

test("a header that HTTP cannot carry is an error of the handler", async (context) => {
  const { head, body, events } = await exchange(context, { headers: [["x-a", "a\u0001b"]], body: "hello" });

  assert.match(head, /^http\/1.1 500 internal server error/);
  assert.ok(body.startsWith("Internal Server ErrorHTTP/1.1 200") && body.endsWith("second"), body);
  assert.match(events[1].message, /Invalid character in header content \["x-a"\]/);
});

test("a stream has the length that is known of it, and no type of its own", async (context) => {
  const packed = { headers: /** @type {[string, string][]} */ ([["content-length", "4"]]) };
  const known = await exchange(
    context,
    { ...packed, body: { stream: 1, length: 6 } },
    { streamed: stream(["abc", "def"]) },
  );
  const unknown = await exchange(context, { ...packed, body: { stream: 1 } }, { streamed: stream(["abc", "def"]) });

  assert.match(known.head, /content-length: 6/);
  assert.ok(known.body.startsWith("abcdefHTTP") && known.body.endsWith("second"), known.body);
  assert.ok(!unknown.head.includes("content-length: 4") && !unknown.head.includes("content-type"), unknown.head);
  assert.ok(unknown.body.endsWith("second"), unknown.body);
});

test("a stream of an answer to HEAD is not read", async (context) => {
  const streamed = stream(["abc"]);
  const { head, body } = await exchange(context, { body: { stream: 1 } }, { method: "HEAD", streamed });

  assert.match(head, /^http\/1.1 200/);
  assert.ok(body.endsWith("second"), body);
  assert.ok(streamed.cancelled);
});

for (const chunks of [[], ["abc"]]) {
  test(`a stream that fails after ${chunks.length} chunks cuts the connection, and the log has its error`, async (context) => {
    const streamed = stream(chunks, new Error("broke: secret"));
    const { head, body, events } = await exchange(context, { body: { stream: 1 } }, { streamed });

    assert.ok(!`${head}${body}`.includes("secret") && !body.endsWith("second") && !body.includes("0\r\n\r\n"), body);
    assert.deepEqual([events.at(-1).type, events.at(-1).message], ["error", "broke: secret"]);
  });
}
