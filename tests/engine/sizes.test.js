/** Limits on sizes count the value that the user gave, and nothing of how it is encoded. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { encode } from "../../bridge/values.js";
import { boundedError } from "../../js/engine/error_size.js";
import { isLarger, valueBytes } from "../../js/engine/value_size.js";
import { Harness } from "./harness.js";

const MIB = 1024 * 1024;

for (const [what, value, size] of /** @type {[string, unknown, number][]} */ ([
  ["an ASCII string", "x".repeat(MIB), MIB],
  ["newlines", "\n".repeat(MIB), MIB],
  ["NULs", "\0".repeat(MIB), MIB],
  ["quotes and backslashes", '"\\'.repeat(MIB / 2), MIB],
  ["umlauts", "ü".repeat(MIB / 2), MIB],
  ["emojis", "😀".repeat(MIB / 4), MIB],
  ["bytes", new Uint8Array(MIB), MIB],
  ["bytes that base64 pads", new Uint8Array(MIB - 2), MIB - 2],
  ["bytes of another kind", new Uint16Array(MIB / 2), MIB],
])) {
  test(`a value that is ${what} counts ${size} bytes`, () => {
    assert.equal(valueBytes(encode(value)), size);
    assert.equal(isLarger(encode(value), MIB), false);
    assert.equal(isLarger(encode([value, "abc"]), MIB), true);
  });
}

test("a string that looks like encoded bytes counts as the string that it is", () => {
  const text = '{"$":"bytes","v":"AAAA"}';

  assert.equal(valueBytes(encode(text)), text.length);
});

test("a result, a payload and params of 1 MiB are taken, one byte more is refused", async () => {
  for (const [size, fits] of /** @type {const} */ ([
    [MIB, true],
    [MIB + 1, false],
  ])) {
    const value = "\n".repeat(size);
    const config = { retries: { limit: 0, delay: 0 } };
    const h = new Harness(async (_event, step) => {
      await step.do("a", config, () => value).catch(() => {});
      return (await step.waitForEvent("wait", { type: "go" })).payload.length;
    });

    const created = h.engine.creator.create("flow", { id: "i1", params: encode(value) }).then(
      () => true,
      () => false,
    );
    assert.equal(await created, fits);
    await h.create({}, "i2");
    const sent = h.event("go", value, "i2").then(
      () => true,
      () => false,
    );
    assert.equal(await sent, fits);
    await h.settle();
    assert.equal(h.log({ id: "i2" }).includes("STEP_SUCCESS a-1"), fits);
  }
});

test("of a long message the beginning is kept, with a note", () => {
  const error = { name: "ValueError", message: "x".repeat(20_000_000) };

  const { name, message } = boundedError(error);

  assert.equal(name, "ValueError");
  assert.equal(message, `${"x".repeat(16 * 1024)}… [19983616 more characters]`);
});

test("data that is too large is left out, and the traceback says so", () => {
  const error = {
    name: "JSONDecodeError",
    message: "line 1",
    state: "x".repeat(12_000_000),
    args: "[1]",
    traceback: "at x",
  };

  const { state, args, message, traceback } = boundedError(error);

  assert.deepEqual([state, args, message], [undefined, "[1]", "line 1"]);
  assert.equal(traceback, "at x\n[Left out, for it was too large: state (12000000 characters)]");
});

test("both ends of a long traceback are kept", () => {
  const traceback = `begin${"x".repeat(1_000_000)}end`;

  const kept = /** @type {string} */ (boundedError({ name: "E", message: "m", traceback }).traceback);

  assert.ok(kept.startsWith("begin") && kept.endsWith("end"));
  assert.ok(kept.length < 34 * 1024);
});

test("an ordinary error is kept as it is", () => {
  const error = { name: "E", message: "m", traceback: "t", args: "[1]", state: "{}", cause: "null" };

  assert.equal(boundedError(error), error);
});

test("a workflow sees of a large error what a replay shows", async () => {
  const h = new Harness(async (_event, step) => {
    const config = { retries: { limit: 0, delay: 0 } };
    return await step
      .do("a", config, () => Promise.reject(new Error("x".repeat(100_000))))
      .catch((/** @type {Error} */ error) => error.message.length);
  });
  await h.create();

  assert.ok(h.output() < 17 * 1024);
  assert.equal(h.details(7)[0].error.message.length, h.output());
});
