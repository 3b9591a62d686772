/** Workflows in JavaScript: the guest half, in a thread of its own, with an engine of few lines. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { after, before, test } from "node:test";
import { JavaScriptGuest } from "../../../runtime/javascript/pool.js";
import { Engine } from "../engine.js";

process.env.TZ = "America/New_York";
const root = fileURLToPath(new URL("flows", import.meta.url));

/** @param {string} file */
function guestOf(file) {
  return new JavaScriptGuest({ deployment: { root, main: `${root}/${file}`, vars: { NAME: "value" } } });
}

const guest = guestOf("flows.js");
const engine = new Engine(guest);
before(() => guest.load());
after(() => guest.dispose());

/** @param {string} kind @param {string} name @param {object} rest @returns {any} */
const known = (kind, name, rest) => ({ kind, name, count: 1, ...rest });

test("what a step returns is stored in the canonical encoding", async () => {
  const payload = { $: "x", list: [1, null], text: "ü" };

  assert.deepEqual(await engine.run("Echo", { payload: { $: "object", v: Object.entries(payload) } }), {
    $: "object",
    v: Object.entries(payload),
  });
});

test("run() has the event, the variables and modules of the deployment's, with or without extension", async () => {
  assert.deepEqual(await engine.run("Surroundings"), {
    timestamp: { $: "date", v: "2026-01-02T03:04:05.678Z" },
    instanceId: "one",
    workflowName: "flow",
    own: "value",
    imported: "value",
    doubled: 4,
  });
});

test("local time is UTC", async () => {
  assert.deepEqual(await engine.run("LocalTime"), [0, "2020-07-01T12:00:00.000Z", "UTC"]);
});

test("a call whose arguments cannot be sent fails by itself, and nothing else does", async () => {
  const bound = new JavaScriptGuest({
    deployment: { root, main: `${root}/flows.js`, vars: {}, bindings: { OTHER: "other" } },
  });
  await bound.load();
  const both = new Engine(bound);
  const other = both.start("Echo", { payload: 1 });

  const [said, beside] = await both.run("Unpackable");

  assert.ok(
    said.every((/** @type {string} */ message) => message.includes(" cannot be sent: ")),
    String(said),
  );
  assert.match(said.at(-1), /^The configuration of "endless" cannot be sent: /);
  assert.equal(beside, "fine");
  assert.equal(await other.output, 1);
  await bound.dispose();
});

test("an attempt that fails is tried again with its context", async () => {
  assert.deepEqual(await engine.run("Attempts"), { attempt: 3, step: { name: "flaky", count: 1 }, limit: 5 });
});

test("a step without retries waits for the engine before it begins", async () => {
  const run = engine.start("Once");
  await run.output;

  assert.equal(run.messages.find(({ type }) => type === "do").started, undefined);
});

test("a step without configuration begins while its start is on its way", async () => {
  const run = engine.start("Echo", { payload: 1 });
  await run.output;

  assert.equal(run.messages.find(({ type }) => type === "do").started, true);
});

test("a NonRetryableError is marked as one, with its whole message", async () => {
  const run = engine.start("Stops");
  await assert.rejects(run.output);

  const { error } = run.messages.find(({ type }) => type === "failed");
  assert.deepEqual([error.name, error.message, error.retryable], ["NonRetryableError", "no use\nat all", false]);
});

test("what a caller catches is made anew of what the callback threw, as it would be in a replay", async () => {
  assert.deepEqual(await engine.run("SameClass"), [true, true, 7, true]);
});

test("steps of one turn cross in one batch and are numbered by name", async () => {
  const result = await engine.run("Fan", { payload: 50 });

  assert.deepEqual(
    result,
    Array.from({ length: 50 }, (_, i) => [i, i + 1]),
  );
});

test("what is printed belongs to the pass and the step that printed it", async () => {
  const run = engine.start("Prints");
  await run.output;

  assert.deepEqual(
    run.logs.map(({ ref, level, text }) => [ref, level, text]),
    [
      [undefined, "stdout", "in run { a: 1 }"],
      [1, "warning", "in step"],
      [undefined, "stdout", "written"],
    ],
  );
});

test("a value that cannot be stored fails the step with its path, without retries", async () => {
  const run = engine.start("Refused");
  await assert.rejects(run.output, /result\["items"\]\[1\]\["when"\] is a RegExp/);

  assert.equal(run.messages.filter(({ type }) => type === "failed").length, 1);
});

test("a finished step is not called again", async () => {
  const run = engine.start("Echo", { history: [known("do", "echo", { outcome: "value", value: '"old"' })] });

  assert.equal(await run.output, "old");
  assert.deepEqual(
    run.messages.map(({ type }) => type),
    ["end"],
  );
});

test("what a replay prints again is marked", async () => {
  const run = engine.start("Prints", {
    history: [known("do", "talk", { outcome: "value", value: "null" })],
    cut: true,
  });
  await run.output;

  assert.deepEqual(
    run.logs.map(({ text, replay }) => [text, replay]),
    [
      ["in run { a: 1 }", true],
      ["written", undefined],
    ],
  );
});

test("a pass whose calls all wait is quiet", async () => {
  const run = engine.start("Sleeps", { answer: () => true });

  assert.equal((await run.next("quiet")).seen, 1);
});

test("a pass that awaits something of its own is quiet only after that", async () => {
  const run = engine.start("Own", { answer: (message) => message.type === "sleep" });
  const before = performance.now();
  await run.next("quiet");

  assert.ok(performance.now() - before >= 55);
  run.send({ type: "resolve", ref: 1 });
  assert.equal(await run.output, "own");
});

test("a pass that goes on without the engine, and then waits again, is quiet again", async () => {
  const run = engine.start("Unseen", { answer: () => true });
  await run.next("quiet");
  await run.next("sleep", ({ name }) => name === "second nap");

  await run.next("quiet", (message) => message !== run.messages.find(({ type }) => type === "quiet"));

  run.send({ type: "drop", reason: "test" });
});

test("a step that spins past its timeout costs its thread, and the pass goes elsewhere", async () => {
  const alone = guestOf("flows.js");
  await alone.load();
  const run = new Engine(alone).start("Spins");
  const { ref } = await run.next("log");
  await new Promise((resolve) => setTimeout(resolve, 40));
  run.send({ type: "expired", ref, attempt: 1 });

  await assert.rejects(run.output, ({ lost }) => lost.blamed.length === 0);
  assert.deepEqual(await new Engine(alone).run("Fan", { payload: 1 }), [[0, 1]]);
  await alone.dispose();
});

test("a step that waits past its timeout costs those nothing that compute beside it", async () => {
  const alone = guestOf("flows.js");
  await alone.load();
  const both = new Engine(alone);
  const hanging = both.start("Hangs");
  const { ref } = await hanging.next("do");
  hanging.send({ type: "expired", ref, attempt: 1 });

  // Longer than the time between two looks at the thread.
  assert.equal(await both.run("Computes", { payload: 1500 }), "computed");
  assert.equal(hanging.lost, undefined);
  await alone.dispose();
});

test("process.exit() is an error of the step", async () => {
  await assert.rejects(engine.run("Exits"), /process.exit\(1\) is not for workflows/);
});

test("a rejection that nobody looks at ends nothing", async () => {
  assert.equal(await engine.run("Strays"), "done");
});

test("a class that is not exported is named with those that are", async () => {
  await assert.rejects(engine.run("Nope"), /There is no 'Nope' class exported by flows.js. Found: .*Echo/);
});

test("TypeScript runs, with the types that it imports beside classes", async () => {
  const typed = guestOf("typed.ts");
  assert.deepEqual((await typed.load()).classes, ["Typed"]);

  assert.equal(await new Engine(typed).run("Typed", { payload: { n: 4 } }), 8);
  await typed.dispose();
});

test("a module that cannot be imported says why", async () => {
  const broken = guestOf("broken.js");

  await assert.rejects(broken.load(), /ReferenceError: WorkflowEntrypoint is not defined/);
  await broken.dispose();
});

test("a syntax error is shown where it is", async () => {
  const folder = mkdtempSync(join(tmpdir(), "stepwell-"));
  const main = join(folder, "unreadable.mjs");
  writeFileSync(main, "export const fine = 1;\nexport const = 2;\n");
  const unreadable = new JavaScriptGuest({ deployment: { root: folder, main, vars: {} } });

  const error = await unreadable.load().then(
    () => assert.fail("it loaded"),
    (thrown) => thrown,
  );
  assert.match(error.traceback, /unreadable\.mjs:2\nexport const = 2;\n {13}\^/);
  await unreadable.dispose();
  rmSync(folder, { recursive: true });
});

for (const file of ["flow.js", "flow.ts"]) {
  test(`${file} is an ES module, although its package is CommonJS`, async () => {
    const folder = mkdtempSync(join(tmpdir(), "stepwell-"));
    writeFileSync(join(folder, "package.json"), '{ "type": "commonjs" }');
    writeFileSync(join(folder, "helper.js"), "exports.name = 'helper';\n");
    const main = join(folder, file);
    const source = [
      'import { WorkflowEntrypoint } from "cloudflare:workers";',
      'import helper from "./helper.js";',
      "export class Flow extends WorkflowEntrypoint { async run() { return helper.name; } }",
    ];
    writeFileSync(main, source.join("\n"));
    const packaged = new JavaScriptGuest({ deployment: { root: folder, main, vars: {} } });

    assert.deepEqual((await packaged.load()).classes, ["Flow"]);
    await packaged.dispose();
    rmSync(folder, { recursive: true });
  });
}

test("no pass is left behind", async () => {
  assert.deepEqual(
    (await guest.census()).map(({ passes }) => passes),
    [1],
    "the sleeping one is still there",
  );
});

test("a step that is not awaited is named in a warning when run() has returned", async () => {
  const run = engine.start("Forgets");

  assert.equal(await run.output, "done");

  assert.deepEqual(
    run.logs.filter(({ level }) => level === "warning").map(({ text }) => text),
    ['step.do("slow") was not awaited: run() has returned without its result'],
  );
});
