import assert from "node:assert/strict";
import { test } from "node:test";
import { Harness } from "./harness.js";

const BYTES = '{"$":"bytes","v":"AAE="}';

/** An instance whose only step has written two chunks of a stream, and goes on. */
async function streaming() {
  let calls = 0;
  const h = new Harness((_, step) => step.do("a", () => (++calls === 1 ? new Promise(() => {}) : calls)));
  await h.create();
  const [pass] = h.guest.passes.keys();
  const chunk = /** @type {const} */ ({ type: "writeChunk", pass, step: 1, attempt: 1, value: BYTES });
  h.guest.onmessages([
    { ...chunk, ref: 8, index: 0 },
    { ...chunk, ref: 9, index: 1 },
  ]);
  await h.settle();
  return { h, pass, chunk };
}

/** @param {Harness} h */
const chunks = (h) => Number(h.db.prepare("SELECT count(*) AS n FROM chunks").get()?.n);

test("a chunk is durable before the guest hears of it, and can be read again", async () => {
  const { h, pass } = await streaming();

  h.guest.onmessages([
    { type: "readChunk", pass, ref: 10, name: "a", count: 1, index: 1 },
    { type: "readChunk", pass, ref: 11, name: "a", count: 1, index: 2 },
  ]);
  await h.settle();

  assert.equal(chunks(h), 2);
  const answers = h.guest.received.slice(-4).map((message) => /** @type {any} */ (message));
  assert.deepEqual(
    answers.map(({ type, ref, value, error }) => [type, ref, value ?? error?.message]),
    [
      ["resolve", 8, undefined],
      ["resolve", 9, undefined],
      ["resolve", 10, BYTES],
      ["reject", 11, "Stored output for a-1 is corrupt or incomplete."],
    ],
  );
});

test("a chunk of an attempt that has timed out is not kept", async () => {
  const { h, chunk } = await streaming();

  await h.pass(600_000);
  h.guest.onmessages([{ ...chunk, ref: 12, index: 2 }]);
  await h.settle();

  assert.equal(chunks(h), 0);
});

for (const [what, happen] of /** @type {[string, (h: Harness) => unknown][]} */ ([
  ["a crash", (h) => h.crash()],
  ["the loss of its interpreter", (h) => h.guest.die()],
  ["a restart", (h) => h.engine.commands.restart("flow", "i1")],
  ["a restart from the step", (h) => h.engine.commands.restart("flow", "i1", { name: "a" })],
  ["its deletion", (h) => h.engine.commands.delete("flow", "i1")],
])) {
  test(`no chunk of an unfinished stream outlives ${what}`, async () => {
    const { h } = await streaming();

    await happen(h);
    await h.settle();

    assert.equal(chunks(h), 0);
  });
}
