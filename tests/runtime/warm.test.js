import assert from "node:assert/strict";
import { test } from "node:test";
import { dropWarm, limitsOf, prewarmBackend, takeWarm } from "../../runtime/pool/warm.js";

/** A backend whose interpreters never start. */
function backend() {
  /** @type {number[]} */
  const ended = [];
  const interpreter = { post: () => {}, takeUnreadMessages: () => [], end: async () => void ended.push(1) };
  return /** @type {any} */ ({ start: () => interpreter, parts: async () => ({}), interruptible: false, ended });
}

test("an interpreter that stands by is taken once", () => {
  const kind = backend();
  const isolate = prewarmBackend(kind);

  assert.equal(takeWarm(kind, limitsOf(kind)), isolate);
  assert.equal(takeWarm(kind, limitsOf(kind)), undefined);
  void isolate.dispose();
});

test("it is for a pool with the same limits and the same clock", () => {
  const kind = backend();
  const clock = new SharedArrayBuffer(64);
  const isolate = prewarmBackend(kind, { cpuLimit: 5, clock });
  const wanted = { ...limitsOf(kind), cpuLimit: 5, clock };

  assert.equal(takeWarm(kind, { ...wanted, cpuLimit: 6 }), undefined);
  assert.equal(takeWarm(kind, { ...wanted, clock: undefined }), undefined);
  assert.equal(takeWarm(kind, { ...wanted, clock: new SharedArrayBuffer(64) }), undefined);
  assert.equal(takeWarm(kind, wanted), isolate);
  void isolate.dispose();
});

test("one that no pool takes is ended, whatever its limits are", async () => {
  const kind = backend();
  prewarmBackend(kind, { cpuLimit: 5 });

  dropWarm(kind);
  await Promise.resolve();

  assert.deepEqual(kind.ended, [1]);
});
