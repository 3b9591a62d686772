/** WebSockets at the HTTP listener. The client is npm's `ws`, the Worker is a function that keeps the other end of a pair. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { request } from "node:http";
import { test } from "node:test";
import { WebSocket } from "ws";
import { openListener } from "../../js/server/listener.js";
import { guestResponse } from "../../runtime/handlers/response.js";
import { WebSocketPair } from "../../runtime/handlers/web_socket.js";
import { served } from "./served.js";

/** @import { TestContext } from "node:test" */

/**
 * @param {TestContext} context
 * @param {{ headers?: Record<string, string>, answer?: (request: Request) => Response | Promise<Response> }} [options]
 */
async function listening(context, { headers = {}, answer } = {}) {
  const { host } = await served(async () => {});
  /** @type {any[]} */
  const ends = [];
  const accept = () => {
    const pair = new WebSocketPair();
    pair[1].accept();
    ends.push(pair[1]);
    const Response = guestResponse();
    return new Response(null, /** @type {any} */ ({ status: 101, webSocket: pair[0], headers }));
  };
  const listener = await openListener(host, { ip: "127.0.0.1", port: 0, answer: answer ?? accept });
  context.after(() => listener.close());
  const url = `ws://127.0.0.1:${listener.port}/`;
  return { listener, ends, url };
}

/** @param {TestContext} context @param {string} url @param {string[]} [protocols] */
async function connected(context, url, protocols = []) {
  const client = new WebSocket(url, protocols);
  context.after(() => client.terminate());
  const [upgrade] = await Promise.all([once(client, "upgrade"), once(client, "open")]);
  return { client, response: upgrade[0] };
}

/** The next event of a Worker's end. @param {any} end @param {string} name @returns {Promise<any>} */
function next(end, name) {
  return new Promise((resolve) => end.addEventListener(name, resolve, { once: true }));
}

test("text and bytes go both ways", async (context) => {
  const { ends, url } = await listening(context);
  const { client } = await connected(context, url);
  const [end] = ends;

  let message = next(end, "message");
  client.send("\ufeffhé");
  assert.equal((await message).data, "\ufeffhé");
  message = next(end, "message");
  client.send(new Uint8Array([1, 2]));
  assert.deepEqual(new Uint8Array((await message).data), new Uint8Array([1, 2]));
  end.send("one");
  assert.deepEqual((await once(client, "message")).map(String), ["one", "false"]);
  end.send(new Uint8Array([3]).buffer);
  assert.deepEqual(await once(client, "message"), [Buffer.from([3]), true]);
});

test("headers and the protocol of the response are those of the handshake", async (context) => {
  const { url } = await listening(context, { headers: { "sec-websocket-protocol": "b", "set-cookie": "c=1" } });

  const { client, response } = await connected(context, url, ["a", "b"]);

  assert.deepEqual([client.protocol, response.headers["set-cookie"]], ["b", ["c=1"]]);
});

test("the close code and the reason of each side reach the other", async (context) => {
  const { ends, url } = await listening(context);
  const first = await connected(context, url);
  const second = await connected(context, url);

  const closed = once(first.client, "close");
  ends[0].close(4001, "enough");
  assert.deepEqual((await closed).map(String), ["4001", "enough"]);
  const told = next(ends[1], "close");
  second.client.close(3000, "bye");
  const { code, reason, wasClean } = await told;
  assert.deepEqual([code, reason, wasClean], [3000, "bye", true]);
});

test("a client that goes away without a close frame is code 1006, and what is sent to it is dropped", async (context) => {
  const { ends, url } = await listening(context);
  const { client } = await connected(context, url);

  const told = next(ends[0], "close");
  client.terminate();

  const { code, wasClean } = await told;
  assert.deepEqual([code, wasClean], [1006, false]);
  ends[0].send("nobody reads this");
  ends[0].close(code);
});

test("the interpreter's end closes the client with 1011", async (context) => {
  const { ends, url } = await listening(context);
  const { client } = await connected(context, url);
  const { shut } = await import("../../runtime/handlers/web_socket.js");

  const closed = once(client, "close");
  shut(ends[0], 1006, "");

  assert.equal((await closed)[0], 1011);
});

test("a message of more than 32 MiB closes the connection with 1009", async (context) => {
  const { url } = await listening(context);
  const { client } = await connected(context, url);
  client.on("error", () => {});

  client.send(Buffer.alloc((32 << 20) + 1));

  assert.equal((await once(client, "close"))[0], 1009);
});

test("a client that does not read holds up its own messages only: sending is refused past 64 MiB", async (context) => {
  const { ends, url } = await listening(context);
  const { client } = await connected(context, url);
  client.pause();
  const portion = new ArrayBuffer(16 << 20);

  for (let i = 0; i < 4; i++) ends[0].send(portion);

  assert.ok(ends[0].bufferedAmount > 32 << 20, String(ends[0].bufferedAmount));
  assert.throws(() => ends[0].send(portion), /does not read: \d+ bytes wait/);
});

test("a Worker that does not take messages stops the client's", async (context) => {
  const { ends, url } = await listening(context);
  const { attach } = await import("../../runtime/handlers/web_socket.js");
  const { client } = await connected(context, url);
  /** @type {(() => void)[]} */
  const held = [];
  let isAll = () => {};
  attach(ends[0], { message: (_, taken) => (held.push(taken), isAll()), close() {} });

  for (let i = 0; i < 40; i++) client.send(Buffer.alloc(1 << 20));
  await new Promise((resolve) => (isAll = () => held.length >= 2 && resolve(undefined)));
  // The connection is read no further: all that comes in later turns was read before.
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
  assert.ok(held.length < 40, String(held.length));

  isAll = () => {
    while (held.length > 0) held.pop()?.();
  };
  const closed = once(client, "close");
  client.close(1000);
  isAll();
  assert.equal((await closed)[0], 1000);
});

test("another answer than 101 is sent as it is, with its body", async (context) => {
  const { url } = await listening(context, { answer: async () => new Response("no socket here", { status: 404 }) });
  const client = new WebSocket(url);

  const [, response] = await once(client, "unexpected-response");
  response.setEncoding("utf8");

  assert.equal(response.statusCode, 404);
  assert.equal((await once(response, "data"))[0], "no socket here");
});

test("a handshake without a key is 400, and the Worker's end is closed", async (context) => {
  const { listener, ends } = await listening(context);
  const sent = request({ port: listener.port, headers: { connection: "Upgrade", upgrade: "websocket" } });
  sent.end();

  const [response] = await once(sent, "response");

  assert.equal(response.statusCode, 400);
  assert.equal(ends[0].readyState === 1 ? (await next(ends[0], "close")).code : 1006, 1006);
});

test("a request for another protocol is answered as any request", async (context) => {
  const { listener } = await listening(context, { answer: () => new Response("plain") });
  const headers = { connection: "Upgrade, HTTP2-Settings", upgrade: "h2c", "http2-settings": "" };
  const sent = request({ port: listener.port, headers });
  sent.end();

  const [response] = await once(sent, "response");

  assert.equal(response.statusCode, 200);
});

test("a drain closes sockets with 1001 and waits for their clients", async (context) => {
  const { listener, url } = await listening(context);
  const { client } = await connected(context, url);

  const closed = once(client, "close");
  await listener.drain(60_000);

  assert.equal((await closed)[0], 1001);
});
