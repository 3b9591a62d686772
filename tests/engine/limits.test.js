import assert from "node:assert/strict";
import { test } from "node:test";
import { Harness } from "./harness.js";

const DAY = 86_400_000;
const forever = () => new Promise(() => {});

/** @param {Harness} h @param {string[]} ids */
const statuses = (h, ...ids) => ids.map((id) => h.status(id));

test("of a workflow with a concurrency limit the rest is queued, and begins as others end, oldest first", async () => {
  /** @type {Record<string, (value: unknown) => void>} */
  const open = {};
  const h = new Harness(
    (event, step) => step.do("a", () => new Promise((resolve) => (open[event.instanceId] = resolve))),
    { settings: { concurrency: 2 } },
  );
  for (const id of ["a", "b", "c", "d"]) await h.create({}, id);
  assert.deepEqual(statuses(h, "a", "b", "c", "d"), ["running", "running", "queued", "queued"]);

  open.b(1);
  await h.settle();

  assert.deepEqual(statuses(h, "a", "b", "c", "d"), ["running", "complete", "running", "queued"]);
});

test("an instance that waits takes no place, and needs one to go on", async () => {
  const h = new Harness(
    async (event, step) => {
      if (event.payload.nap) await step.sleep("nap", DAY);
      await step.do("a", { timeout: "300 days" }, forever);
    },
    { settings: { concurrency: 1 } },
  );
  await h.create({ nap: true }, "sleeper");
  await h.create({}, "busy");
  await h.pass(1000);
  assert.deepEqual(statuses(h, "sleeper", "busy"), ["waiting", "running"]);

  await h.pass(2 * DAY);
  assert.deepEqual(statuses(h, "sleeper", "busy"), ["waiting", "running"]);
  await h.engine.commands.terminate("flow", "busy");
  await h.settle();

  assert.equal(h.status("sleeper"), "running");
});

test("a limit holds after a crash", async () => {
  const h = new Harness((_, step) => step.do("a", forever), { settings: { concurrency: 1 } });
  await h.create({}, "a");
  await h.create({}, "b");

  h.crash();
  await h.settle();

  assert.deepEqual(statuses(h, "a", "b"), ["running", "queued"]);
});

test("finished instances are deleted when their time is over, by outcome", async () => {
  const h = new Harness(
    async ({ payload }) => {
      if (payload.fail) throw new Error("no");
    },
    { settings: { successRetention: DAY, errorRetention: 3 * DAY } },
  );
  await h.create({}, "good");
  await h.create({ fail: true }, "bad");

  await h.pass(DAY - 1);
  assert.deepEqual(statuses(h, "good", "bad"), ["complete", "errored"]);
  await h.pass(1);
  assert.throws(() => h.status("good"), /not_found/);
  assert.equal(h.status("bad"), "errored");
  await h.pass(2 * DAY);

  assert.throws(() => h.status("bad"), /not_found/);
});

test("an instance's own retention comes first, a terminated one is kept as a success, and none means for ever", async () => {
  const h = new Harness((_, step) => step.do("a", forever), { settings: { successRetention: DAY } });
  await h.engine.creator.create("flow", { id: "own", retention: { successRetention: "2 days" } });
  await h.create({}, "usual");
  const kept = new Harness(async () => 1);
  await kept.create();

  await h.engine.commands.terminate("flow", "own");
  await h.engine.commands.terminate("flow", "usual");
  await h.pass(DAY);
  await kept.pass(1000 * DAY);

  assert.throws(() => h.status("usual"), /not_found/);
  assert.equal(h.status("own"), "terminated");
  assert.equal(kept.status(), "complete");
});

test("what has expired while no engine ran is deleted by the next one, and a restart takes it back", async () => {
  const h = new Harness(async () => 1, { settings: { successRetention: DAY } });
  await h.create({}, "a");
  h.engine.close();
  await h.pass(2 * DAY);

  h.crash();
  await h.pass(1000);

  assert.throws(() => h.status("a"), /not_found/);
});

test("a retention that is no duration is refused", async () => {
  const h = new Harness(async () => 1);

  for (const successRetention of [0, -1, "soon"]) {
    await assert.rejects(
      h.engine.creator.create("flow", { retention: { successRetention } }),
      /must be a duration above 0/,
    );
  }
  await assert.rejects(h.engine.creator.create("flow", { locationHint: "mars" }), /locationHint must be one of wnam/);
});
