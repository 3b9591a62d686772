import assert from "node:assert/strict";
import { test } from "node:test";
import { Isolate } from "../../runtime/pool/isolate.js";

/** An interpreter that never says that it has started, and notes what it is sent. */
function startingBackend() {
  /** @type {any[]} */
  const posted = [];
  const interpreter = { post: (/** @type {any} */ message) => posted.push(message), kill() {}, async end() {} };
  const backend = /** @type {any} */ ({ start: () => interpreter, parts: async () => ({}), soon: queueMicrotask });
  return { backend, posted };
}

test("an interpreter that starts is busy, modules anew are nothing to it, and it gets no batch", async () => {
  const { backend, posted } = startingBackend();
  const isolate = new Isolate(backend, { memoryLimit: 1, cpuLimit: 1 }, new SharedArrayBuffer(16));
  isolate.send(/** @type {any} */ ({ type: "start", pass: 1, event: { workflowName: "a", instanceId: "b" } }));

  const rest = await isolate.rest();
  await isolate.reload();

  assert.deepEqual(rest, { busy: true, next: null });
  assert.deepEqual(
    posted.filter((message) => typeof message === "string"),
    [],
  );
});
