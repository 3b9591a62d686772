/** One-file runs in a page. */

import assert from "node:assert/strict";
import { before, test } from "node:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openRunFile } from "../../js/server/run_files.js";
import { page } from "./bare_fixture.js";
import { create, ended, run } from "./page.js";

before(async () => {
  await create(page, "Chain", { add: 4 }, "first");
  await ended(page, "Chain", "first");
});

test("an instance is exported, and opened again: history, source, parameters, versions", async () => {
  const opened = await page.evaluate(async () => {
    const { name, bytes } = await host.exportRun("Chain", "first");
    return { name, ...(await host.openRun(bytes)) };
  });

  assert.equal(opened.name, "first.run.sqlite");
  assert.deepEqual([opened.workflow, opened.id, opened.main], ["Chain", "first", "main.py"]);
  assert.deepEqual([opened.detail.output, opened.detail.params], [5, { add: 4 }]);
  assert.match(opened.files["main.py"], /class Chain/);
  assert.equal(opened.events.at(-1)?.type, "workflow_completed");
  assert.ok(opened.versions.stepwell && opened.versions.sqlite && opened.versions.pyodide);
});

test("a file of the page opens on Node", async () => {
  const bytes = await page.evaluate(async () => {
    const { bytes: all } = await host.exportRun("Chain", "first");
    return Array.from(all, (byte) => String.fromCharCode(byte)).join("");
  });
  const folder = mkdtempSync(join(tmpdir(), "stepwell-run-"));
  try {
    writeFileSync(join(folder, "first.run.sqlite"), Buffer.from(bytes, "latin1"));
    const { run: found, store } = openRunFile(join(folder, "first.run.sqlite"));

    assert.deepEqual(
      [found.workflow, found.id, found.sources.map(({ path }) => path)],
      ["Chain", "first", ["main.py"]],
    );
    store.close();
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("a run is forked from a step with a changed result, and the two are compared", async () => {
  const { made, comparison } = await page.evaluate(async () => {
    const { bytes } = await host.exportRun("Chain", "first");
    const { key } = await host.openRun(bytes);
    const fork = await host.forkRun({ key }, { from: { name: "second" }, results: { "first-1": 100 }, id: "forked" });
    await new Promise((resolve) => {
      const end = host.subscribe(fork.workflow, fork.id, (events) => {
        if (events.some(({ type }) => type === "workflow_completed")) queueMicrotask(() => resolve(end()));
      });
    });
    return { made: await host.detail(fork.workflow, fork.id), comparison: await host.compare({ key }, fork) };
  });

  assert.equal(made.output, 104);
  assert.deepEqual(comparison.differs, ["output"]);
  assert.deepEqual(
    comparison.rows.map(({ step, same }) => [step, same]),
    [
      ["step first-1", false],
      ["step second-1", false],
    ],
  );
});

test("a run is replayed against its own code, and against other code", async () => {
  const other = `
from workers import WorkflowEntrypoint
class Chain(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do("first")
        async def first(): ...
        return await first()
`;
  const { same, differs } = await page.evaluate(async (source) => {
    const address = { workflow: "Chain", id: "first" };
    const project = { files: { "main.py": source }, main: "main.py" };
    return { same: await host.replayRun(address), differs: await host.replayRun(address, project) };
  }, other);

  assert.deepEqual([same.same, same.output, same.called], [true, 5, ["first-1", "second-1"]]);
  assert.deepEqual([differs.same, differs.output, differs.uncalled], [false, 1, ["second-1"]]);
});

test("what is no run file is refused, with the reason", async () => {
  const refusals = await page.evaluate(async () => {
    const { bytes } = await host.exportRun("Chain", "first");
    const damaged = bytes.slice();
    damaged.fill(7, 4096, 12_000);
    const foreign = new TextEncoder().encode("not a database at all, but long enough to be looked at".repeat(40));
    const all = [damaged, foreign, new Uint8Array(0), bytes.slice(0, 5000)];
    return await Promise.all(all.map((each) => refusal(host.openRun(each))));
  });

  assert.deepEqual(
    refusals.map(({ reason }) => reason),
    ["run.corrupt", "run.foreign", "run.foreign", "run.corrupt"],
  );
  for (const { message } of refusals) assert.match(message, /^The file cannot be opened: /);
  assert.equal((await run(page, "Chain")).status, "complete");
});
