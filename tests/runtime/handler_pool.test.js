/** Which interpreter takes a call of a handler. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { HandlerPool } from "../../runtime/pool/handler_pool.js";

/** An interpreter that answers each call with its name. @param {string} name */
function fakeIsolate(name) {
  let calls = 0;
  return {
    memory: 0,
    silenceMs: 0,
    port: { call: () => ({ id: ++calls, reply: Promise.resolve(name) }) },
    beginCall() {},
    callSent() {},
    endCall() {},
    async dispose() {},
  };
}

/** A pool whose interpreters are these, in this order; an error: it does not load. @param {(ReturnType<typeof fakeIsolate> | Error)[]} each */
function poolOf(each) {
  let opened = 0;
  const pool = new HandlerPool(() => {
    const next = each[opened++];
    const loaded = next instanceof Error ? Promise.reject(next) : Promise.resolve();
    return { isolate: /** @type {any} */ (next instanceof Error ? fakeIsolate("broken") : next), loaded };
  });
  return { call: async () => (await pool.call(/** @type {any} */ (async () => ({})))).reply, opened: () => opened };
}

test("where code does not load any more, the interpreters that have it take all calls", async () => {
  const old = fakeIsolate("old");
  const { call, opened } = poolOf([old, new Error("no such file")]);
  assert.equal(await call(), "old");

  old.silenceMs = 5000;
  assert.equal(await call(), "old");
  assert.equal(await call(), "old");
  assert.equal(opened(), 2);
});

test("an interpreter that has grown takes calls where no other loads", async () => {
  const old = fakeIsolate("old");
  const { call } = poolOf([old, new Error("no such file")]);
  await call();

  old.memory = 2 ** 30;
  assert.equal(await call(), "old");
});

test("where no interpreter is left, the next call tries again", async () => {
  const { call } = poolOf([new Error("no such file"), fakeIsolate("new")]);

  await assert.rejects(call(), /no such file/);
  assert.equal(await call(), "new");
});
