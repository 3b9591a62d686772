import assert from "node:assert/strict";
import { test } from "node:test";
import { Harness } from "./harness.js";

const HOUR = 3_600_000;
const forever = () => new Promise(() => {});

/** Two steps, the first of which ends when told to. */
function gated() {
  const { promise: gate, resolve: open } = Promise.withResolvers();
  const h = new Harness(async (_, step) => [await step.do("a", () => gate), await step.do("b", () => "b")]);
  return { h, open };
}

test("a pause lets the running step finish, and no further step begins", async () => {
  const { h, open } = gated();
  await h.create();

  await h.engine.commands.pause("flow", "i1");
  assert.equal(h.status(), "waitingForPause");
  open("a");
  await h.settle();

  assert.equal(h.status(), "paused");
  assert.deepEqual(
    h.log().filter((line) => line.startsWith("STEP_START")),
    ["STEP_START a-1"],
  );
  await h.engine.commands.resume("flow", "i1");
  await h.settle();
  assert.deepEqual(h.output(), ["a", "b"]);
});

test("a pending pause can be taken back", async () => {
  const { h, open } = gated();
  await h.create();
  await h.engine.commands.pause("flow", "i1");

  await h.engine.commands.resume("flow", "i1");
  assert.equal(h.status(), "running");
  open("a");
  await h.settle();

  assert.deepEqual(h.output(), ["a", "b"]);
});

test("a sleeping instance is paused at once, and sleeps on by what was left when resumed", async () => {
  const h = new Harness(async (_, step) => {
    await step.sleep("nap", "1 hour");
    return "awake";
  });
  await h.create();
  await h.pass(HOUR / 2);

  await h.engine.commands.pause("flow", "i1");
  assert.equal(h.status(), "paused");
  await h.pass(10 * HOUR);
  assert.equal(h.status(), "paused");
  await h.engine.commands.resume("flow", "i1");
  await h.pass(HOUR / 2 - 1);
  assert.equal(h.status(), "waiting");
  await h.pass(1);

  assert.equal(h.output(), "awake");
});

test("events that come while paused are delivered after the resume", async () => {
  const h = new Harness((_, step) => step.waitForEvent("w", { type: "go" }).then((e) => e.payload));
  await h.create();
  await h.pass(1000);
  await h.engine.commands.pause("flow", "i1");
  await h.event("go", "late");
  assert.equal(h.status(), "paused");

  await h.engine.commands.resume("flow", "i1");
  await h.settle();

  assert.equal(h.output(), "late");
});

test("an instance that waited for its pause when the process died is paused", async () => {
  const { h } = gated();
  await h.create();
  await h.engine.commands.pause("flow", "i1");

  h.crash();
  await h.settle();

  assert.equal(h.status(), "paused");
});

test("terminate ends an instance whatever it does, and a finished one refuses", async () => {
  const h = new Harness((_, step) => step.do("a", forever));
  await h.create();

  await h.engine.commands.terminate("flow", "i1");

  assert.equal(h.status(), "terminated");
  await assert.rejects(
    h.engine.commands.terminate("flow", "i1"),
    /Cannot terminate instance since its on a finite state/,
  );
});

for (const status of ["complete", "errored", "terminated", "running", "paused", "waiting"]) {
  test(`restart from ${status} runs everything again`, async () => {
    let runs = 0;
    let wanted = status;
    const h = new Harness(async (_, step) => {
      await step.do("a", () => ++runs);
      if (wanted === "errored") throw new Error("no");
      if (wanted === "running" || wanted === "terminated") await step.do("b", forever);
      if (wanted === "paused" || wanted === "waiting") await step.sleep("nap", "1 hour");
      return runs;
    });
    await h.create();
    await h.pass(1000);
    if (status === "terminated") await h.engine.commands.terminate("flow", "i1");
    if (status === "paused") await h.engine.commands.pause("flow", "i1");
    assert.equal(h.status(), status);
    wanted = "complete";

    await h.engine.commands.restart("flow", "i1");
    await h.settle();

    assert.equal(h.output(), 2);
    assert.deepEqual(h.log({ workflow: true }).slice(0, 3), ["WORKFLOW_QUEUED", "WORKFLOW_START", "WORKFLOW_RUNNING"]);
  });
}

test("restart from a step keeps what started before it and forgets the rest, by kind of step", async () => {
  let runs = 0;
  const h = new Harness(async (_, step) => {
    const out = [await step.do("setup", () => ++runs)];
    await step.sleep("checkpoint", 1);
    out.push(await step.do("between", () => ++runs));
    out.push(await step.do("checkpoint", () => ++runs));
    out.push(await step.do("after", () => ++runs));
    return out;
  });
  await h.create();
  await h.pass(10);
  assert.deepEqual(h.output(), [1, 2, 3, 4]);

  await h.engine.commands.restart("flow", "i1", { name: "checkpoint" });
  await h.settle();

  assert.deepEqual(h.output(), [1, 2, 5, 6]);
  await assert.rejects(h.engine.commands.restart("flow", "i1", { name: "nowhere" }), /not found in execution history/);
});

test("a deleted instance is gone, and its id can be used again", async () => {
  const h = new Harness((_, step) => step.do("a", forever));
  await h.create();

  await h.engine.commands.delete("flow", "i1");

  assert.throws(() => h.status(), /instance.not_found/);
  await h.create();
  assert.equal(h.status(), "running");
});

test("an id that exists, or breaks the rule, is refused", async () => {
  const h = new Harness(async () => 1);
  await h.create();

  await assert.rejects(h.engine.creator.create("flow", { id: "i1" }), /Workflow instance with id "i1" already exists/);
  for (const id of ["", "-a", "a b", "x".repeat(101), "batch"]) {
    await assert.rejects(h.engine.creator.create("flow", { id }), /Workflow instance has invalid id/);
  }
  await assert.rejects(h.engine.creator.create("other"), /Workflow does not exist: other/);
});

test("params above 1 MiB are refused", async () => {
  const h = new Harness(async () => 1);

  await assert.rejects(
    h.engine.creator.create("flow", { params: JSON.stringify("x".repeat(1024 * 1024 + 1)) }),
    /Maximum allowed size is 1MiB/,
  );
});

test("what user code prints is kept once: up to a bound all of it, and the beginnings of some lines after that", async () => {
  const h = new Harness(async () => forever());
  await h.create();
  const [pass] = h.guest.passes.keys();

  h.guest.onmessages([{ type: "log", pass, level: "stdout", text: "hello" }]);
  h.guest.onmessages([{ type: "log", pass, level: "stdout", text: "again", replay: true }]);
  for (let i = 0; i < 3; i++) h.guest.onmessages([{ type: "log", pass, level: "stdout", text: "x".repeat(700_000) }]);
  await h.settle();

  h.guest.onmessages([{ type: "log", pass, level: "stdout", text: "result: 42" }]);
  for (let i = 0; i < 100; i++) h.guest.onmessages([{ type: "log", pass, level: "stdout", text: "y".repeat(1000) }]);
  await h.settle();

  const rows = h.store.loadOutput(h.row().number);
  assert.deepEqual(
    rows.slice(0, 6).map(({ text }) => text.slice(0, 30)),
    ["hello", "x".repeat(30), "x".repeat(30), "Output of this instance is lon", "x".repeat(30), "result: 42"],
  );
  assert.deepEqual(
    rows.slice(1, 5).map(({ text }) => text.length > 1000),
    [true, true, false, false],
  );
  assert.equal(rows.at(-1)?.text, "No more output of this instance is kept.");
  const size = rows.filter(({ level }) => level === "stdout").reduce((sum, { text }) => sum + text.length, 0);
  assert.equal(size, 1024 * 1024 + 64 * 1024);
});

test("a short line that comes where the bound is is kept whole", async () => {
  const h = new Harness(async () => forever());
  await h.create();
  const [pass] = h.guest.passes.keys();

  for (const text of ["x".repeat(1024 * 1024 - 1), "result: 42"])
    h.guest.onmessages([{ type: "log", pass, level: "stdout", text }]);
  await h.settle();

  const texts = h.store.loadOutput(h.row().number).map(({ text }) => text.slice(0, 30));
  assert.deepEqual(texts, ["x".repeat(30), "result: 42", "Output of this instance is lon"]);
});

test("printed NULs and halves of surrogate pairs are kept as escapes", async () => {
  const h = new Harness(async () => forever());
  await h.create();
  const [pass] = h.guest.passes.keys();

  h.guest.onmessages([{ type: "log", pass, level: "stdout", text: "a\0b \ud800 😀" }]);
  await h.settle();

  assert.deepEqual(
    h.store.loadOutput(h.row().number).map(({ text }) => text),
    ["a\\u0000b \\ud800 😀"],
  );
});

test("an idle engine carries out requests and runs nothing, until it is told to", async () => {
  const h = new Harness(async () => "ran", { idle: true });
  await h.create();
  await h.engine.commands.pause("flow", "i1");
  assert.equal(h.status(), "queued");

  h.engine.activate();
  await h.settle();

  assert.equal(h.output(), "ran");
});

test("one id in two workflows is two instances", async () => {
  const h = new Harness(async ({ payload }) => payload);
  await h.engine.saveWorkflow({
    name: "other",
    className: "Flow",
    root: ".",
    main: "f.py",
    vars: "{}",
    versionId: "v1",
    stepLimit: null,
  });
  await h.create("of flow");
  await h.engine.creator.create("other", { id: "i1", params: JSON.stringify("of other") });
  await h.settle();
  await h.engine.commands.delete("flow", "i1");

  assert.equal(h.find(), undefined);
  assert.equal((await h.engine.get("other", "i1")).output, '"of other"');
});

/** Two branches: the step `charge`, which ends when it is told to, and `quick` before `second`. @param {object} [config] */
async function branches(config = { retries: { limit: 0, delay: 0 } }) {
  /** @type {{ end: (value: unknown) => void, attempts: string[] }} */
  const world = { end: () => {}, attempts: [] };
  const attempt = (/** @type {string} */ name) => world.attempts.push(name);
  const h = new Harness(async (_event, step) => {
    const charge = step.do("charge", config, () => {
      attempt("charge");
      return new Promise((resolve) => (world.end = resolve));
    });
    const chain = async () => {
      await step.do("quick", () => attempt("quick"));
      await step.do("second", () => attempt("second"));
      return await step.do("third", () => attempt("third"));
    };
    return await Promise.all([charge, chain()]);
  });
  await h.create();
  return { h, world };
}

test("a restart from a step waits for the running attempt of another branch, and lets nothing else begin", async () => {
  const { h, world } = await branches();
  let restarted = false;
  const restart = h.engine.commands.restart("flow", "i1", { name: "second" }).then(() => (restarted = true));
  await h.settle();
  assert.equal(restarted, false);

  world.end("charged");
  await restart;
  await h.settle();

  assert.equal(h.status(), "complete");
  assert.equal(h.output()[0], "charged");
  assert.deepEqual(world.attempts, ["quick", "charge", "second", "third", "second", "third"]);
});

test("a forced restart cuts the running attempt of another branch without charging it", async () => {
  const { h, world } = await branches({ retries: { limit: 1, delay: 0 } });
  await h.engine.commands.restart("flow", "i1", { name: "second" }, { force: true });
  await h.settle();
  world.end("charged");
  await h.settle();

  assert.equal(h.output()[0], "charged");
  assert.equal(world.attempts.filter((name) => name === "charge").length, 2);
  assert.equal(h.details(10).filter(({ attempt }) => attempt > 1).length, 0);
});

test("a forced restart fails a step with retry limit 0 whose attempt it cuts", async () => {
  const { h, world } = await branches();
  await h.engine.commands.restart("flow", "i1", { name: "second" }, { force: true });
  await h.settle();

  assert.equal(h.status(), "errored");
  assert.match(h.error().message, /Attempt failed due to internal workflows error/);
  assert.equal(world.attempts.filter((name) => name === "charge").length, 1);
});

test("a termination ends a restart that waits", async () => {
  const { h } = await branches();
  const restart = assert.rejects(
    h.engine.commands.restart("flow", "i1", { name: "second" }),
    /was terminated while its running steps were awaited/,
  );
  await h.settle();
  await h.engine.commands.terminate("flow", "i1");
  await restart;

  assert.equal(h.status(), "terminated");
});

test("a pause and a resume while a restart waits do not end its wait", async () => {
  const { h, world } = await branches();
  const restart = h.engine.commands.restart("flow", "i1", { name: "second" });
  await h.settle();
  await h.engine.commands.pause("flow", "i1");
  await h.engine.commands.resume("flow", "i1");
  await h.settle();
  world.end("charged");
  await restart;
  await h.settle();

  assert.equal(h.status(), "complete");
  assert.deepEqual(world.attempts, ["quick", "charge", "second", "third", "second", "third"]);
});
