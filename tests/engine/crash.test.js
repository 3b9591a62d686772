import assert from "node:assert/strict";
import { test } from "node:test";
import { ATTEMPT_FAILURE } from "../../js/engine/events.js";
import { Harness } from "./harness.js";

const forever = () => new Promise(() => {});

test("finished steps are replayed from the log, not run again", async () => {
  /** @type {string[]} */
  const ran = [];
  let block = true;
  const h = new Harness(async (_, step) => {
    const a = await step.do("a", () => (ran.push("a"), { big: "x".repeat(100_000), n: 1 }));
    await step.do("b", () => (ran.push("b"), block ? forever() : 2));
    return a.n;
  });

  await h.create();
  block = false;
  h.crash();
  await h.settle();

  assert.equal(h.output(), 1);
  assert.deepEqual(ran, ["a", "b", "b"]);
});

test("an attempt that a crash interrupts counts, and the next begins at once", async () => {
  let block = true;
  const h = new Harness((_, step) =>
    step.do("a", { retries: { limit: 1, delay: "1 hour" } }, (ctx) => (block ? forever() : ctx.attempt)),
  );

  await h.create();
  await h.pass(10);
  block = false;
  h.crash();
  await h.settle();

  assert.equal(h.output(), 2);
  const [failure] = h.details(ATTEMPT_FAILURE);
  assert.deepEqual(failure.error, {
    name: "WorkflowInternalError",
    message: "Attempt failed due to internal workflows error",
  });
});

test("a step with retry limit 0 does not start twice: after a crash it fails", async () => {
  let starts = 0;
  const h = new Harness((_, step) => step.do("a", { retries: { limit: 0, delay: 0 } }, () => (starts++, forever())));

  await h.create();
  h.crash();
  await h.settle();

  assert.equal(starts, 1);
  assert.deepEqual(h.error(), {
    name: "WorkflowInternalError",
    message: "Attempt failed due to internal workflows error",
  });
});

test("a step with retry limit 0 has its attempt on the disk before its callback runs", async () => {
  const h = new Harness((_, step) => step.do("a", { retries: { limit: 0, delay: 0 } }, () => h.db.isTransaction));

  await h.create();

  assert.equal(h.output(), false);
});

test("the guest learns of a result only after the commit that covers it", async () => {
  const h = new Harness(async (_, step) => {
    await step.do("a", () => 1);
    return h.db.isTransaction;
  });

  await h.create();

  assert.equal(h.output(), false);
});

test("when an interpreter is lost, the culprit's attempt is charged and the others' is not", async () => {
  let block = true;
  /** @type {Record<string, number>} */
  const attempts = {};
  const h = new Harness((event, step) =>
    step.do("a", (/** @type {{ attempt: number }} */ ctx) => {
      attempts[event.instanceId] = ctx.attempt;
      return block ? forever() : ctx.attempt;
    }),
  );
  await h.create({}, "guilty");
  await h.create({}, "innocent");
  const [guilty] = h.guest.passes.keys();
  block = false;

  h.guest.die((pass) => (pass === guilty ? [1] : []));
  await h.settle();

  assert.equal(h.output("guilty"), 2);
  assert.equal(h.output("innocent"), 1);
});

test("an innocent step with retry limit 0 whose interpreter is lost is not run again", async () => {
  let starts = 0;
  const h = new Harness((_, step) => step.do("a", { retries: { limit: 0, delay: 0 } }, () => (starts++, forever())));

  await h.create();
  h.guest.die();
  await h.settle();

  assert.equal(starts, 1);
  assert.equal(h.status(), "errored");
});

test("what a superseded pass sends is not looked at", async () => {
  const h = new Harness((_, step) => step.do("a", forever));
  await h.create();
  const [pass] = h.guest.passes.keys();
  await h.engine.commands.restart("flow", "i1");
  await h.settle();

  h.guest.onmessages([{ type: "end", pass, value: '"stale"' }]);
  await h.settle();

  assert.equal(h.status(), "running");
});

test("when the state cannot be written the engine stops, and what was committed stands", async () => {
  let block = true;
  const h = new Harness(async (_, step) => {
    const a = await step.do("a", () => "kept");
    if (block) h.db.exec("PRAGMA query_only = ON");
    await step.do("b", () => "lost");
    return a;
  });

  await h.create();
  assert.equal(h.problems.length, 1);
  await assert.rejects(h.engine.creator.create("flow", { id: "other" }), /The engine has stopped/);

  h.db.exec("PRAGMA query_only = OFF");
  block = false;
  h.crash();
  await h.settle();
  assert.equal(h.output(), "kept");
});

test("10,000 instances are created, run and finished, with no more live at once than there is room for", async () => {
  const h = new Harness((_, step) => step.do("a", () => 1));
  const ids = Array.from({ length: 10_000 }, (_, i) => `i${i}`);

  await Promise.all(ids.map((id) => h.engine.creator.create("flow", { id })));
  let most = 0;
  while (((await h.engine.countByStatus("flow")).complete ?? 0) < 10_000) {
    most = Math.max(most, h.guest.passes.size);
    await h.settle();
  }

  assert.ok(most <= 1000, String(most));
});

test("when the disk is full the engine stops, and goes on from its last commit once there is room", async () => {
  /** @type {string[]} */
  const ran = [];
  const h = new Harness(async (_, step) => {
    for (const name of ["a", "b", "c"]) {
      await step.do(name, () => {
        ran.push(name);
        return "x".repeat(20_000);
      });
    }
    return "done";
  });
  const pages = Number(h.db.prepare("PRAGMA page_count").get()?.page_count);
  h.db.exec(`PRAGMA max_page_count = ${pages + 10}`);

  await h.create();
  assert.match(String(h.problems[0]?.error), /full/);
  h.db.exec("PRAGMA max_page_count = 1000000");
  h.crash();
  await h.settle();

  assert.equal(h.output(), "done");
  assert.equal(ran.filter((name) => name === "a").length, 1);
});
