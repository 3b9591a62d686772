/** A serving: which requests the Worker gets, reloads, conflicts and stops. The Workers are fakes. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { test } from "node:test";
import { WebSocket } from "ws";
import { WorkflowError } from "../../js/engine/errors.js";
import { openListener } from "../../js/server/listener.js";
import { Serving, Servings } from "../../js/server/serving/serving.js";
import { guestResponse } from "../../runtime/handlers/response.js";
import { WebSocketPair } from "../../runtime/handlers/web_socket.js";
import { served } from "./served.js";

/** @import { TestContext } from "node:test" */

const DEPLOYMENT = /** @type {any} */ ({ account: "default", main: "/p/entry.py", root: "/p", script_name: "w" });

/** @param {Partial<import("../../js/server/serving/serving.js").ServedWorker> & { handles?: string[] }} [worker] */
function fakeWorker({ handles = ["fetch", "scheduled"], ...rest } = {}) {
  return {
    isEmpty: false,
    warm: async () => {},
    handlers: { default: handles, entrypoints: {}, objects: [] },
    fetch: async (/** @type {Request} */ request) => new Response(`worker ${new URL(request.url).pathname}`),
    scheduled: async () => ({ outcome: "ok", noRetry: false }),
    ...rest,
  };
}

/**
 * @param {TestContext} context
 * @param {{ worker?: any, development?: boolean, port?: number, crons?: string[] }} [options]
 */
async function serving(context, { worker = fakeWorker(), development = true, port = 0, crons = [] } = {}) {
  const { host } = await served(async () => {});
  /** @type {any[]} */
  const events = [];
  let moved = 0;
  /** @type {unknown[]} */
  const released = [];
  const current = { worker };
  Object.assign(host, {
    servings: new Servings(),
    registration: {
      deployWorker: async (/** @type {any} */ _deployment, /** @type {{ signal: AbortSignal }} */ { signal }) => {
        if (current.worker === "imports without end") await once(signal, "abort");
        signal?.throwIfAborted();
        if (current.worker instanceof Error) throw current.worker;
        return { name: "w", workflows: [{ name: "order", class_name: "Order" }], worker: current.worker };
      },
      release: async (/** @type {any} */ deployment) => void released.push(deployment),
    },
    listen: (/** @type {any} */ options) => openListener(host, options),
    moveToNewCode: () => (moved += 1),
    prewarm: () => {},
    warmBindings: () => {},
    histories: { unfinished: () => [] },
  });
  const workers = [{ deployment: DEPLOYMENT, crons }];
  const listener = { ip: "127.0.0.1", port };
  const request = { workers, listener, development, timeLimitMs: undefined };
  const ours = new Serving(host, request, (event) => events.push(event));
  const ready = await ours.open();
  context.after(() => ours.close());
  return { host, ours, ready, workers, current, events, released, moved: () => moved };
}

/** @param {string} url @param {RequestInit} [init] */
async function get(url, init) {
  const response = await fetch(url, init);
  return [response.status, await response.text()];
}

test("the Worker answers all paths but ours", async (context) => {
  const { ready } = await serving(context);

  assert.deepEqual(await get(`${ready.url}/`), [200, "worker /"]);
  assert.deepEqual(await get(`${ready.url}/healthz?x`), [200, "worker /healthz"]);
  const [status, text] = await get(`${ready.url}/cdn-cgi/local/explorer/api/workflows`);
  assert.equal(status, 200, String(text));
  assert.equal((await get(`${ready.url}/client/v4/accounts/a/workflows`))[0], 200);
});

test("where a Worker has no fetch handler, the API answers", async (context) => {
  const { ready } = await serving(context, { worker: fakeWorker({ handles: ["scheduled"] }) });

  assert.equal((await get(`${ready.url}/nothing`))[0], 404);
});

for (const path of ["/cdn-cgi/handler/scheduled", "/cdn-cgi/local/scheduled", "/__scheduled"]) {
  test(`${path} fires a cron trigger in development`, async (context) => {
    /** @type {any[]} */
    const fired = [];
    const scheduled = async (/** @type {any} */ event) => {
      fired.push(event);
      return { outcome: /** @type {const} */ ("ok"), noRetry: false };
    };
    const { ready, events } = await serving(context, { worker: fakeWorker({ scheduled }) });

    assert.deepEqual(await get(`${ready.url}${path}?cron=*+*+*+*+*&time=1000`), [200, "ok"]);
    assert.deepEqual(fired, [{ cron: "* * * * *", scheduledTime: 1000 }]);
    assert.deepEqual(events.at(-1)?.outcome, "ok");
    assert.equal((await get(`${ready.url}${path}?time=soon`))[0], 400);
  });
}

test("a scheduled handler that raises is an exception, and the log has its error", async (context) => {
  const scheduled = () =>
    Promise.reject(Object.assign(new Error("no"), { name: "ValueError", traceback: "Traceback" }));
  const { ready, events } = await serving(context, { worker: fakeWorker({ scheduled }) });

  assert.deepEqual(await get(`${ready.url}/__scheduled`), [500, "exception"]);
  const [status, body] = await get(`${ready.url}/__scheduled?format=json`);
  assert.deepEqual([status, JSON.parse(String(body)).outcome], [500, "exception"]);
  assert.equal(events.at(-1)?.traceback, "Traceback");
});

test("a server fires nothing on demand, and answers /healthz and /readyz itself", async (context) => {
  const { ready } = await serving(context, { development: false });

  assert.deepEqual(await get(`${ready.url}/__scheduled`), [200, "worker /__scheduled"]);
  assert.deepEqual(await get(`${ready.url}/healthz`), [200, "ok\n"]);
  assert.deepEqual(await get(`${ready.url}/readyz`), [200, "ready\n"]);
});

test("a taken port makes development take the next free one", async (context) => {
  const other = createServer();
  await new Promise((resolve) => other.listen(0, "127.0.0.1", () => resolve(undefined)));
  context.after(() => other.close());
  const { port } = /** @type {import("node:net").AddressInfo} */ (other.address());

  const { ready } = await serving(context, { port });

  assert.ok(ready.port !== null && ready.port > port);
  assert.equal((await get(`${ready.url}/`))[1], "worker /");
});

test("a taken port ends a server", async (context) => {
  const other = createServer();
  await new Promise((resolve) => other.listen(0, "127.0.0.1", () => resolve(undefined)));
  context.after(() => other.close());
  const { port } = /** @type {import("node:net").AddressInfo} */ (other.address());

  await assert.rejects(serving(context, { port, development: false }), /another program listens there/);
});

test("a reload answers by the new code", async (context) => {
  const { ours, ready, workers, current, moved } = await serving(context);
  current.worker = fakeWorker({ fetch: async () => new Response("new") });

  await ours.reload(workers);

  assert.deepEqual(await get(`${ready.url}/`), [200, "new"]);
  assert.equal(moved(), 1);
});

test("a reload releases what it replaces", async (context) => {
  const { ours, workers, current, released } = await serving(context);
  current.worker = fakeWorker();

  await ours.reload([{ ...workers[0], deployment: { ...DEPLOYMENT, vars: { A: 1 } } }]);

  assert.deepEqual(released, [DEPLOYMENT]);
});

test("a reload does not release what another serving answers by", async (context) => {
  const { host, ours, workers, current, released } = await serving(context);
  const { worker } = current;
  host.servings.add({ mains: new Map(), serves: (/** @type {any} */ each) => each === worker });
  current.worker = fakeWorker();

  await ours.reload(workers);

  assert.deepEqual(released, []);
});

test("a reload closes the WebSockets of the old code", async (context) => {
  const Response = guestResponse();
  const fetch = async () => {
    const pair = new WebSocketPair();
    pair[1].accept();
    return new Response(null, /** @type {any} */ ({ status: 101, webSocket: pair[0] }));
  };
  const { ours, ready, workers, events } = await serving(context, { worker: fakeWorker({ fetch }) });
  const client = new WebSocket(String(ready.url).replace("http", "ws"));
  await once(client, "open");

  const closed = once(client, "close");
  await ours.reload(workers);

  assert.equal((await closed)[0], 1012);
  assert.equal(events.find(({ type }) => type === "request")?.status, 101);
});

test("a newer reload takes the place of one that still imports, in whichever order they arrive", async (context) => {
  const { ours, ready, workers, current } = await serving(context);
  current.worker = "imports without end";
  const older = assert.rejects(ours.reload(workers, 1), { reason: "deployment.superseded" });
  await new Promise((resolve) => setImmediate(resolve));
  current.worker = fakeWorker({ fetch: async () => new Response("newer") });

  await ours.reload(workers, 3);

  await older;
  await assert.rejects(ours.reload(workers, 2), { reason: "deployment.superseded" });
  assert.deepEqual(await get(`${ready.url}/`), [200, "newer"]);
});

test("code that does not load leaves the old code in place", async (context) => {
  const { ours, ready, workers, current, moved } = await serving(context);
  current.worker = new WorkflowError("deployment.import_failed", "SyntaxError");

  await assert.rejects(ours.reload(workers), /SyntaxError/);

  assert.deepEqual(await get(`${ready.url}/`), [200, "worker /"]);
  assert.equal(moved(), 0);
});

test("a Worker of the same name from another project is refused", async (context) => {
  const { host, ours } = await serving(context);
  host.servings.add(ours);
  const deployment = { ...DEPLOYMENT, main: "/other/entry.py" };

  assert.throws(
    () => host.servings.refuseConflict(/** @type {any} */ ({}), deployment),
    /Worker 'w' of this state is served from \/p\/entry\.py/,
  );
  assert.doesNotThrow(() => host.servings.refuseConflict(/** @type {any} */ ({}), DEPLOYMENT));
});

test("a served workflow has the main file from which it is served, for all but its own serving", async (context) => {
  const { host, ours } = await serving(context);
  host.servings.add(ours);

  assert.equal(host.servings.mainOfWorkflow("order"), "/p/entry.py");
  assert.equal(host.servings.mainOfWorkflow("order", ours), undefined);
  assert.equal(host.servings.mainOfWorkflow("another"), undefined);
});

test("a drain finishes the requests that are under way, and accepts no others", async (context) => {
  const asked = Promise.withResolvers();
  const answer = Promise.withResolvers();
  const fetchSlowly = async () => {
    asked.resolve(undefined);
    await answer.promise;
    return new Response("done");
  };
  const { ours, ready } = await serving(context, { worker: fakeWorker({ fetch: fetchSlowly }) });
  const first = get(`${ready.url}/`);
  await asked.promise;

  const drained = ours.drain(60_000);
  answer.resolve(undefined);

  assert.deepEqual(await first, [200, "done"]);
  await drained;
  await assert.rejects(get(`${ready.url}/`));
});

test("cron triggers without a scheduled handler are named", async (context) => {
  const { events } = await serving(context, { worker: fakeWorker({ handles: ["fetch"] }), crons: ["* * * * *"] });

  assert.match(events[0].text, /has cron triggers and no scheduled handler/);
});
