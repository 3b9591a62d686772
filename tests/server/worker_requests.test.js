/** What clients and the log get when a Worker answers a request, and when it does not. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { answerByWorker } from "../../js/server/serving/worker_requests.js";
import { guestResponse } from "../../runtime/handlers/response.js";
import { WebSocketPair } from "../../runtime/handlers/web_socket.js";

/** @param {(request: Request) => Promise<Response>} fetch @param {{ development?: boolean, accept?: string, upgrade?: string, signal?: AbortSignal }} [options] */
async function answered(fetch, { development = false, accept = "*/*", upgrade, signal } = {}) {
  /** @type {any[]} */
  const events = [];
  const request = new Request("http://localhost:8787/a?b=1", {
    headers: { accept, ...(upgrade === undefined ? {} : { upgrade }) },
    ...(signal ? { signal } : {}),
  });
  let time = 0;
  const options = {
    development,
    timeLimitMs: undefined,
    emit: (/** @type {any} */ event) => events.push(event),
    now: () => (time += 5),
  };
  return { response: await answerByWorker({ fetch }, request, options), events };
}

const raised = Object.assign(new Error("no <b>"), {
  name: "ValueError",
  code: "handler.raised",
  traceback: 'Traceback…\n  File "entry.py", line 3, in fetch\nValueError: no <b>',
});

test("an answer is passed on, and a line says what was asked and answered", async () => {
  const { response, events } = await answered(async () => new Response("hi", { status: 201 }));

  assert.deepEqual([response.status, await response.text()], [201, "hi"]);
  assert.deepEqual(events, [
    { type: "request", method: "GET", url: "http://localhost:8787/a?b=1", status: 201, duration_ms: 5 },
  ]);
});

test("a WebSocket for a request that asks for none is an error, and the Worker's end is closed", async () => {
  const pair = new WebSocketPair();
  pair[1].accept();
  const closed = new Promise((resolve) => pair[1].addEventListener("close", resolve));
  const Response = guestResponse();
  const accept = async () => new Response(null, /** @type {any} */ ({ status: 101, webSocket: pair[0] }));

  const { response, events } = await answered(accept);

  assert.equal(response.status, 500);
  assert.match(events[1].message, /the request has no header 'Upgrade: websocket'/);
  assert.equal((await closed).code, 1006);
});

test("a WebSocket for a request that asks for one is passed on", async () => {
  const pair = new WebSocketPair();
  const Response = guestResponse();
  const accept = async () => new Response(null, /** @type {any} */ ({ status: 101, webSocket: pair[0] }));

  const { response } = await answered(accept, { upgrade: "WebSocket" });

  assert.equal(response.status, 101);
});

test("a browser sees the traceback in development, and its characters are no markup", async () => {
  const { response } = await answered(() => Promise.reject(raised), { development: true, accept: "text/html" });

  const page = await response.text();
  assert.deepEqual([response.status, response.headers.get("content-type")], [500, "text/html;charset=UTF-8"]);
  assert.ok(page.includes("line 3, in fetch") && page.includes("no &lt;b&gt;") && !page.includes("<b>"));
});

test("other clients get the traceback as text in development", async () => {
  const { response } = await answered(() => Promise.reject(raised), { development: true });

  assert.equal(await response.text(), `${raised.traceback}\n`);
});

test("a server tells clients nothing of an error, and its log all", async () => {
  const { response, events } = await answered(() => Promise.reject(raised));

  assert.deepEqual([response.status, await response.text()], [500, "Internal Server Error"]);
  assert.deepEqual(
    events.map(({ type, status, traceback }) => [type, status, traceback]),
    [
      ["request", 500, undefined],
      ["error", undefined, raised.traceback],
    ],
  );
});

test("a handler that does not answer in time is a gateway timeout", async () => {
  const error = Object.assign(new Error("fetch() gave no answer within 1 s."), { code: "handler.timeout" });
  const { response } = await answered(() => Promise.reject(error));

  assert.equal(response.status, 504);
});

test("a client that leaves is no error", async () => {
  const controller = new AbortController();
  const leave = () => {
    controller.abort();
    return Promise.reject(controller.signal.reason);
  };
  const { events } = await answered(leave, { signal: controller.signal });

  assert.deepEqual(
    events.map(({ type, status }) => [type, status]),
    [["request", 499]],
  );
});
