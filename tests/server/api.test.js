/** The HTTP interface over an engine with a fake guest. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { served } from "./served.js";

/** @import { Run } from "../engine/fake_guest.js" */

/** @type {Run} */
const flow = async (_event, step) => {
  await step.do("flaky", { retries: { limit: 1, delay: 10 } }, async ({ attempt }) => {
    if (attempt === 1) throw new RangeError("first");
    return { big: "x".repeat(2000) };
  });
  await step.do("hidden", { sensitive: "output" }, async () => "secret");
  await step
    .do("bad", { retries: { limit: 0, delay: 0 } }, async () => {
      throw new TypeError("never");
    })
    .catch(() => {});
  const { payload } = await step.waitForEvent("approval", { type: "go", timeout: "1 minute" });
  await step.waitForEvent("late", { type: "never", timeout: "1 second" }).catch(() => {});
  return payload;
};

test("POST batch creates what does not exist yet", async () => {
  const { ask } = await served(async () => 1);

  const made = await ask("/batch", "POST", [{ instance_id: "a" }, { instance_id: "b", params: { x: 1 } }]);
  const again = await ask("/batch", "POST", [{ instance_id: "b" }, { instance_id: "c" }]);

  assert.deepEqual([made.status, made.result.map((/** @type {any} */ { id }) => id)], [200, ["a", "b"]]);
  assert.deepEqual(Object.keys(made.result[0]).includes("version_id"), true);
  assert.deepEqual(
    again.result.map((/** @type {any} */ { id }) => id),
    ["c"],
  );
  assert.deepEqual((await ask("/b")).result.params, { x: 1 });
});

for (const [what, body, message] of /** @type {[string, unknown, RegExp][]} */ ([
  ["no instance", [], /batchCreate should have at least 1 instance/],
  ["too many", Array.from({ length: 101 }, () => ({})), /only supports 100 instances at a time/],
  ["an unknown key", [{ instance_id: "a", parms: 1 }], /0: Unrecognized key: "parms"/],
  ["a bad id among good ones", [{ instance_id: "ok" }, { instance_id: "-" }], /invalid id/],
  ["no list", { instance_id: "a" }, /expected array/],
])) {
  test(`POST batch with ${what} is refused`, async () => {
    const { ask, harness } = await served(async () => 1);

    const { status, errors } = await ask("/batch", "POST", body);

    assert.equal(status, 400);
    assert.match(errors[0].message, message);
    assert.equal((await harness.engine.list({ workflow: "flow", limit: 9, offset: 0 })).total, 0);
  });
}

test("POST batch/delete says what bindings hear", async () => {
  const { ask, harness } = await served(async () => 1);
  await harness.create({}, "a");

  const { result } = await ask("/batch/delete", "POST", { instances: ["a", "missing", "a"] });

  assert.deepEqual(result, {
    deleted: [{ id: "a" }, { id: "a" }],
    errors: [{ id: "missing", code: 10400, message: "workflows.api.error.instance.not_found" }],
  });
  assert.deepEqual(
    result,
    await harness.engine.commands.deleteBatch("flow", ["missing"]).then(({ errors }) => ({ ...result, errors })),
  );
  for (const instances of [[], Array.from({ length: 101 }, (_, i) => `i${i}`)]) {
    const refused = await ask("/batch/delete", "POST", { instances });
    await assert.rejects(harness.engine.commands.deleteBatch("flow", instances), {
      message: refused.errors[0].message,
    });
  }
});

test("GET step gives a step's result whole, and says how far one is that has none", async () => {
  const { ask, harness } = await served(flow);
  await harness.create();
  await harness.settle();
  assert.deepEqual((await ask("/i1/step?name=flaky-1")).result, {
    status: "waiting",
    error: { name: "RangeError", message: "first" },
    output: null,
  });
  await harness.pass(10);

  const { result } = await ask("/i1/step?name=flaky-1&type=step");
  assert.deepEqual([result.status, result.error, result.output.big.length], ["complete", null, 2000]);
  assert.equal((await ask("/i1/step?name=flaky-1&attempt=1")).result.error.name, "RangeError");
  assert.equal((await ask("/i1/step?name=flaky-1&attempt=2")).result.status, "complete");
  assert.equal((await ask("/i1/step?name=hidden-1")).result.output, "[REDACTED]");
  assert.deepEqual((await ask("/i1/step?name=bad-1")).result, {
    status: "errored",
    error: { name: "TypeError", message: "never" },
    output: null,
  });
});

test("GET step gives what a wait has got", async () => {
  const { ask, harness } = await served(flow);
  await harness.create();
  await harness.pass(10);
  const step = (/** @type {string} */ name) => ask(`/i1/step?name=${name}&type=waitForEvent`);
  assert.deepEqual((await step("approval-1")).result, {
    status: "waiting",
    error: null,
    output: null,
    event_type: "go",
  });

  await harness.event("go", { by: "Ada" });
  await harness.pass(1000);

  const { result } = await step("approval-1");
  assert.deepEqual([result.status, result.output.payload], ["complete", { by: "Ada" }]);
  assert.equal((await step("late-1")).result.error.name, "WorkflowTimeoutError");
});

test("GET step of a byte stream gives its bytes", async () => {
  const { app, harness } = await served(() => new Promise(() => {}));
  await harness.create();
  const { guest } = harness;
  const bytes = (/** @type {string} */ text) => JSON.stringify({ $: "bytes", v: Buffer.from(text).toString("base64") });
  const description = { name: "a", count: 1, chunks: 2, bytes: 4, preview: "abcd" };
  guest.onmessages([
    { type: "do", pass: 1, ref: 1, name: "a", count: 1, started: true },
    { type: "writeChunk", pass: 1, ref: 2, step: 1, attempt: 1, index: 0, value: bytes("ab") },
    { type: "writeChunk", pass: 1, ref: 3, step: 1, attempt: 1, index: 1, value: bytes("cd") },
    { type: "done", pass: 1, ref: 1, attempt: 1, value: JSON.stringify({ $: "stream", v: description }) },
  ]);
  await harness.settle();

  const response = await app.request("/workflows/flow/instances/i1/step?name=a-1");

  assert.equal(response.headers.get("content-type"), "application/octet-stream");
  assert.equal(await response.text(), "abcd");
});

for (const [query, status, message] of /** @type {[string, number, RegExp][]} */ ([
  ["name=nope-1", 404, /Step "nope-1" not found/],
  ["name=flaky-1&type=waitForEvent", 404, /not found/],
  ["name=flaky-1&attempt=9", 404, /Attempt 9 of step "flaky-1" not found/],
  ["", 400, /name: /],
  ["name=a-1&type=sleep", 400, /type: /],
  ["name=a-1&atempt=1", 400, /Unrecognized key: "atempt"/],
])) {
  test(`GET step?${query} is refused with ${status}`, async () => {
    const { ask, harness } = await served(flow);
    await harness.create();

    const answer = await ask(`/i1/step?${query}`);

    assert.equal(answer.status, status);
    assert.match(answer.errors[0].message, message);
  });
}
