/** What the page can ask of the engine behind it. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { opened, page } from "./bare_fixture.js";
import { create, deployFlows, ended, run, told } from "./page.js";

test("a workflow runs: results, output by step, and the events that upstream has", async () => {
  const detail = await run(page, "Chain", { add: 41 });

  assert.equal(detail.status, "complete");
  assert.equal(detail.output, 42);
  assert.deepEqual(
    detail.logs.map(({ step, level, text }) => [step, level, text]),
    [
      ["first-1", "stdout", "in first"],
      ["second-1", "warning", "in second"],
    ],
  );
});

test("the state is on OPFS, and shared memory is there", async () => {
  const { storage, missing } = await page.evaluate(() => /** @type {any} */ (host.state));

  assert.equal(storage.kind, "opfs");
  assert.deepEqual(missing, []);
});

test("a project with an error in its syntax is refused, with the place", async () => {
  const error = await page.evaluate(() =>
    refusal(host.deploy({ "main.py": "import lib\n", "lib.py": "x = 1\ndef f(:\n" }, "main.py")),
  );

  assert.equal(error.reason, "deployment.import_failed");
  assert.deepEqual(
    [error.problems[0].file, error.problems[0].line, error.problems[0].name],
    ["lib.py", 2, "SyntaxError"],
  );
});

test("an error at import is refused, with the place in the user's files", async () => {
  const error = await page.evaluate(() =>
    refusal(host.deploy({ "main.py": "import lib\n", "lib.py": "x = 1\n\nmissing_name\n" }, "main.py")),
  );

  assert.equal(error.reason, "deployment.import_failed");
  assert.match(error.message, /NameError/);
  assert.match(error.traceback, /\/project\/lib\.py/);
  assert.deepEqual([error.problems[0].file, error.problems[0].line], ["lib.py", 3]);
});

test("a project without a workflow, and one that is none, are refused", async () => {
  const none = await page.evaluate(() => refusal(host.deploy({ "main.py": "x = 1" }, "main.py")));
  const outside = await page.evaluate(() => refusal(host.deploy({ "main.py": "", "../up.py": "" }, "main.py")));

  assert.equal(none.reason, "deployment.no_workflow");
  assert.equal(outside.reason, "project.invalid");
});

test("source is checked without running it", async () => {
  const problems = await page.evaluate(() => host.check({ "a.py": "raise SystemExit\n", "b.py": "if x\n" }));

  assert.deepEqual(
    problems.map(({ file, line }) => [file, line]),
    [["b.py", 1]],
  );
});

test("the graph of steps is read off the source", async () => {
  const source = `
from workers import WorkflowEntrypoint
class Flow(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do("load it")
        async def load(): ...
        @step.do("right", depends=[load], concurrent=True)
        async def any_name(x): ...
        for number in event["payload"]:
            await step.sleep(f"nap {number}", 3)
        await any_name()
`;
  const { workflow } = await page.evaluate((text) => host.graph({ "main.py": text }, "main.py", "Flow"), source);

  const described = (/** @type {any[]} */ nodes) =>
    nodes.map(({ type, name, nodes: inside }) => [type, name, inside?.[0]?.name]);
  assert.deepEqual(described(workflow.nodes), [
    ["loop", undefined, "nap ${...}"],
    ["step_do", "load it", undefined],
    ["step_do", "right", undefined],
  ]);
});

test("an event that an instance waits for is named, and taken", async () => {
  const id = await create(page, "Waiter");
  await told(page, "Waiter", id, ["wait_started"]);

  const awaited = await page.evaluate((own) => host.awaitedEvents("Waiter", own), id);
  await page.evaluate((own) => host.sendEvent("Waiter", own, "reply", { yes: true }), id);
  const detail = await ended(page, "Waiter", id);

  assert.deepEqual(awaited, [{ type: "reply", step: "answer-1", workflow: "Waiter", id }]);
  assert.deepEqual(detail.output, { yes: true });
});

test("a sleep is skipped", async () => {
  const id = await create(page, "Nap", { ms: 3_600_000 });
  await told(page, "Nap", id, ["sleep_started"]);

  await page.evaluate((own) => host.skipSleep("Nap", own, "nap-1"), id);

  assert.equal((await ended(page, "Nap", id)).status, "complete");
});

test("a parked sleep is skipped, too", async () => {
  const id = await create(page, "Nap", { ms: 3_600_000 });
  await told(page, "Nap", id, ["workflow_waiting"]);

  await page.evaluate((own) => host.skipSleep("Nap", own), id);

  assert.equal((await ended(page, "Nap", id)).status, "complete");
});

test("nothing to skip is refused", async () => {
  const { instanceId } = await page.evaluate(async () => ({ instanceId: await host.create("Waiter") }));
  await told(page, "Waiter", instanceId, ["wait_started"]);

  const error = await page.evaluate((id) => refusal(host.skipSleep("Waiter", id)), instanceId);

  assert.equal(error.reason, "instance.not_sleeping");
});

test("an instance is paused, resumed, terminated, and restarted from a step", async () => {
  const id = await create(page, "Nap", { ms: 3_600_000 });
  await told(page, "Nap", id, ["sleep_started"]);

  await page.evaluate((own) => host.pause("Nap", own), id);
  const paused = await page.evaluate((own) => host.detail("Nap", own), id);
  await page.evaluate((own) => host.resume("Nap", own), id);
  await page.evaluate((own) => host.terminate("Nap", own), id);
  const terminated = await ended(page, "Nap", id);
  await page.evaluate((own) => host.restartInstance("Nap", own, { name: "nap", type: "sleep" }), id);
  await page.evaluate((own) => host.skipSleep("Nap", own), id).catch(() => {});
  const again = await page.evaluate((own) => host.detail("Nap", own), id);

  assert.deepEqual([paused.status, terminated.status], ["paused", "terminated"]);
  assert.notEqual(again.status, "terminated");
  await page.evaluate((own) => host.delete("Nap", own), id);
});

test("tables can be read, and only those that are there", async () => {
  const tables = await page.evaluate(() => host.tables());
  const rows = await page.evaluate(() => host.rows("instances", { limit: 2 }));
  const error = await page.evaluate(() => refusal(host.rows("nothing; DROP TABLE log")));

  assert.ok(tables.some(({ name, rows: count }) => name === "log" && count > 0));
  assert.equal(rows.rows.length, 2);
  assert.equal(rows.columns[0], "number");
  assert.equal(error.reason, "table.not_found");
});

test("the list of instances is told when it changes", async () => {
  const told = page.evaluate(
    () =>
      new Promise((resolve) => {
        const end = host.on("instances", (rows) => {
          if (rows.some(({ id, status }) => id === "listed" && status === "complete")) {
            end();
            resolve(rows[0].id);
          }
        });
      }),
  );
  await create(page, "Chain", {}, "listed");

  assert.equal(await told, "listed");
});

test("the project is kept, and the source of a version", async () => {
  const project = { files: { "main.py": "x = 1" }, main: "main.py", page: { tab: 3 } };

  const before = await page.evaluate(() => host.loadProject());
  await page.evaluate((given) => host.saveProject(given), project);
  const kept = await page.evaluate(() => host.loadProject());
  const source = await page.evaluate(() => host.source("Chain", "listed"));

  assert.equal(before, null);
  assert.deepEqual(kept, project);
  assert.match(source?.files["main.py"] ?? "", /class Chain/);
});

test("code that is deployed anew is what unfinished instances go on with", async () => {
  const flow = (/** @type {string} */ word) => `
from workers import WorkflowEntrypoint
class Word(WorkflowEntrypoint):
    async def run(self, event, step):
        await step.wait_for_event("go", "go")
        async def say():
            return "${word}"
        return await step.do("say")(say)()
`;
  await page.evaluate((text) => host.deploy({ "word.py": text }, "word.py"), flow("old"));
  const id = await create(page, "Word");
  await told(page, "Word", id, ["wait_started"]);
  await page.evaluate((text) => host.deploy({ "word.py": text }, "word.py"), flow("new"));
  await page.evaluate((own) => host.sendEvent("Word", own, "go"), id);

  const detail = await ended(page, "Word", id);
  assert.equal(detail.output, "new", JSON.stringify(detail));
});

test("an interpreter that is ended is replaced, and the instance goes on", async () => {
  await deployFlows(page);
  const id = await create(page, "Slow", { seconds: 2 });
  await told(page, "Slow", id, ["attempt_started"], "slow-1");

  await page.evaluate(() => host.crash("python"));
  const detail = await ended(page, "Slow", id);

  assert.equal(detail.status, "complete");
  assert.equal(detail.steps.filter((step) => step.type === "step" && step.name === "quick-1").length, 1);
});

test("nothing has complained, and nothing has left the page's origin", () => {
  assert.deepEqual(opened.complaints, []);
  assert.deepEqual(opened.foreign, []);
});
