/** The events of all instances, as a stream. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { ACCOUNT, served } from "./served.js";

/** @type {import("../engine/fake_guest.js").Run} */
const oneStep = async (_event, step) => step.do("a", {}, async () => "large");

/** @param {Awaited<ReturnType<typeof served>>} on @param {string} [query] */
async function followed(on, query = "", account = ACCOUNT) {
  const response = await on.network.request(`http://127.0.0.1:8787${account}/workflows/-/subscribe${query}`, {
    headers: { host: "127.0.0.1:8787", accept: "application/x-ndjson" },
  });
  const reader = /** @type {ReadableStream<Uint8Array>} */ (response.body).getReader();
  const decoder = new TextDecoder();
  /** @returns {Promise<any[]>} the events of the next chunk */
  const next = async () =>
    decoder
      .decode((await reader.read()).value)
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line));
  assert.deepEqual(await next(), [], "the first chunk says that nothing is missed from here on");
  return { next, cancel: () => reader.cancel() };
}

test("what all instances do is told as it is committed, without params and outputs", async () => {
  const on = await served(oneStep);
  const stream = await followed(on);
  await on.harness.create({ secret: 1 }, "x");
  await on.harness.create({}, "y");

  const events = await stream.next();

  const of = (/** @type {string} */ id) =>
    events.filter(({ instanceId }) => instanceId === id).map(({ type }) => type.replace("workflow_", ""));
  const whole = ["queued", "started", "running", "step_started", "attempt_started", "attempt_completed"];
  assert.deepEqual(of("x"), [...whole, "step_completed", "completed"]);
  assert.deepEqual(of("y"), of("x"));
  assert.ok(events.every(({ workflowName }) => workflowName === "flow"));
  assert.ok(!JSON.stringify(events).includes("large"));
  assert.ok(!JSON.stringify(events).includes("secret"));
});

test("only events of a workflow, of some types, and of the account are told", async () => {
  const on = await served(oneStep);
  const row = { className: "Flow", root: ".", main: "f.py", vars: "{}", versionId: "v1", stepLimit: null };
  await on.harness.engine.saveWorkflow({ ...row, name: "other" });
  await on.harness.engine.saveWorkflow({ ...row, name: "acme/flow" });
  on.access.addAccount("acme");
  const stream = await followed(on, "?workflow=flow&filter=workflow_completed&filter=workflow_queued");
  const ofAcme = await followed(on, "?filter=workflow_queued", "/client/v4/accounts/acme");
  for (const name of ["other", "acme/flow", "flow"]) await on.harness.engine.creator.create(name, { id: "i" });
  await on.harness.settle();

  assert.deepEqual(
    (await stream.next()).map(({ type }) => type),
    ["workflow_queued", "workflow_completed"],
  );
  assert.equal((await ofAcme.next()).length, 1);
});

test("deleted instances and printed lines are told, with secrets masked", async () => {
  const on = await served(() => new Promise(() => {}), { settings: { vars: '{"TOKEN":"s3cretvalue"}' } });
  const stream = await followed(on, "?filter=log&filter=instance_deleted");
  await on.harness.create();
  on.harness.guest.onmessages([{ type: "log", pass: 1, level: "stdout", text: "it is s3cretvalue" }]);
  await on.harness.pass(1000);

  const [line] = await stream.next();
  await on.harness.engine.commands.delete("flow", "i1");
  const [deleted] = await stream.next();

  assert.deepEqual([line.type, line.text, line.instanceId], ["log", "it is [TOKEN]", "i1"]);
  assert.deepEqual(deleted, { type: "instance_deleted", workflowName: "flow", instanceId: "i1" });
});

test("a reader that does not keep up is told how many events it has lost, and holds up nothing", async () => {
  const on = await served(oneStep);
  const stream = await followed(on);
  for (let i = 0; i < 1500; i++) await on.harness.engine.creator.create("flow", { id: `i${i}` });
  for (let i = 0; i < 100; i++) await on.harness.settle();
  assert.equal((await on.rest("/workflows/flow")).result.instances.complete, 1500);

  let events = 0;
  let lost = 0;
  while (lost === 0) {
    for (const event of await stream.next()) {
      if (event.type === "events_lost") lost = event.count;
      else events += 1;
    }
  }

  assert.deepEqual([events, lost], [10_000, 1500 * 8 - 10_000]);
});

test("a stream that its reader leaves costs nothing any more", async () => {
  const on = await served(oneStep);
  const stream = await followed(on);
  assert.notEqual(on.harness.store.observer, undefined);
  await stream.cancel();
  on.host.metrics.close();

  assert.equal(on.harness.store.observer, undefined);
});

test("an unknown workflow, or an unknown type, is refused", async () => {
  const { rest } = await served(oneStep);

  assert.equal((await rest("/workflows/-/subscribe?workflow=nope")).status, 404);
  assert.equal((await rest("/workflows/-/subscribe?filter=nope")).status, 400);
});
