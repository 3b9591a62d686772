/** A suite of node:test that `test_javascript.py` runs. */

import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { createTestHarness } from "stepwell/testing";

const asked = [];
const model = {
  async score(text) {
    asked.push(text);
    return text.includes("buy") ? 90 : 10;
  },
};
const harness = createTestHarness({
  root: import.meta.dirname,
  workers: [{ main: "../moderator.mjs", bindings: { MODEL: model } }],
});
const worker = harness.getWorker();
after(() => harness.close());

describe("createTestHarness", () => {
  test("a double answers what the workflow asks", async () => {
    await using instance = await worker.introspectWorkflowInstance("MODERATOR", "a");
    const env = await worker.getEnv();
    await env.MODERATOR.create({ id: "a", params: { text: "hello" } });

    assert.equal(await instance.waitForStepResult({ name: "score" }), 10);
    await instance.waitForStatus("complete");

    assert.deepEqual(await instance.getOutput(), { status: "published" });
    assert.deepEqual(asked, ["hello"]);
  });

  test("a wait of a day passes at once", async () => {
    await using instance = await worker.introspectWorkflowInstance("MODERATOR", "a");
    await (await worker.getEnv()).MODERATOR.create({ id: "a", params: { text: "buy now" } });

    await instance.waitForStatus("errored");

    assert.deepEqual(await instance.getError(), {
      name: "Error",
      message: "WorkflowTimeoutError: Execution timed out after 86400000ms",
    });
    const day = 24 * 60 * 60 * 1000;
    assert.equal(Number(await harness.clock.now()) - Date.UTC(2026, 0, 1) >= day, true);
  });

  test("falsy results are mocked", async () => {
    await using instance = await worker.introspectWorkflowInstance("MODERATOR", "a");
    await instance.modify(async (m) => {
      await m.mockStepResult({ name: "score" }, 0);
    });
    await (await worker.getEnv()).MODERATOR.create({ id: "a", params: {} });

    assert.equal(await instance.waitForStepResult({ name: "score" }), 0);
  });

  test("the handlers create instances", async () => {
    await using introspector = await worker.introspectWorkflow("MODERATOR");
    await introspector.modifyAll((m) => m.mockStepResult({ name: "score" }, 1));

    const response = await worker.fetch("/", { method: "POST", body: JSON.stringify({ text: "a" }) });
    await worker.scheduled({ cron: "0 9 * * *" });
    const outcome = await worker.queue("incoming", [{ id: "from-queue", body: { text: "b" } }]);

    assert.equal(response.status, 201);
    assert.deepEqual(outcome.explicitAcks, ["from-queue"]);
    const instances = await introspector.get();
    for (const each of instances) await each.waitForStatus("complete");
    assert.deepEqual(instances.map(({ id }) => id).slice(1), ["from-schedule", "from-queue"]);
  });

  test("a workflow is introspected once at a time", async () => {
    const { dispose } = await worker.introspectWorkflow("MODERATOR");

    await assert.rejects(
      worker.introspectWorkflow("MODERATOR"),
      /Workflow "Moderator" already has an active introspection session for binding "MODERATOR"/,
    );
    await dispose();
    const next = await worker.introspectWorkflow("MODERATOR");
    await next.dispose();
    await assert.rejects(next.get(), /does not have an active introspection session/);
    await assert.rejects(
      next.modifyAll(() => {}),
      /does not have an active introspection session/,
    );
  });

  test("a result that is a stream is mocked", async () => {
    await using instance = await worker.introspectWorkflowInstance("READER", "a");
    const half = "x".repeat(200_000);
    await instance.modify((m) => m.mockStepResult({ name: "fetch page" }, new Blob([half, half]).stream()));
    await (await worker.getEnv()).READER.create({ id: "a" });

    const result = await instance.waitForStepResult({ name: "fetch page" });
    await instance.waitForStatus("complete");

    assert.equal(await new Response(result).text(), half + half);
    assert.equal(await instance.getOutput(), half + half);
  });

  test("a stream that no step could give is refused", async () => {
    await using instance = await worker.introspectWorkflowInstance("READER", "a");
    const texts = new ReadableStream({ start: (controller) => (controller.enqueue("text"), controller.close()) });
    const locked = new Blob(["a"]).stream();
    locked.getReader();

    const mock = (stream) => instance.modify((m) => m.mockStepResult({ name: "fetch page" }, stream));
    await assert.rejects(mock(texts), /with a chunk that is a string. Chunks must be an ArrayBuffer or a TypedArray/);
    await assert.rejects(mock(locked), /a ReadableStream that is locked/);
  });

  test("a wait that cannot be met says why", async () => {
    await using instance = await worker.introspectWorkflowInstance("MODERATOR", "a");
    await (await worker.getEnv()).MODERATOR.create({ id: "a", params: { text: "hello" } });

    await assert.rejects(instance.waitForStatus("paused"), /has reached status 'complete'/);
  });

  test("a binding that is not there is named", async () => {
    await assert.rejects(worker.introspectWorkflow("MODERATR"), /'MODERATR' is no workflow binding.*It has: MODERATOR/);
  });
});
