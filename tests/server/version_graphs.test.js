/** The graphs of versions, read from sources that change and vanish. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { DeploymentLoader } from "../../js/server/deployment_loader.js";
import { VersionGraphs } from "../../js/server/version_graphs.js";

/** @param {string} body of `run` */
const python = (body) =>
  `from workers import WorkflowEntrypoint\nclass Flow(WorkflowEntrypoint):\n    async def run(self, event, step):\n        ${body}\n`;

/** @param {import("node:test").TestContext} context @param {string} source @param {typeof import("../../js/graph/read_graph.js").readGraph} [read] */
function project(context, source, read) {
  const folder = mkdtempSync(join(tmpdir(), "stepwell-graphs-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const main = join(folder, "flow.py");
  writeFileSync(main, source);
  const loader = new DeploymentLoader(join(folder, "state.sqlite"), { print: () => {} });
  /** @returns {[any, any]} the rows of the workflow and of the version that is on the disk */
  const deployed = () => {
    const row = loader.rows.toRow(
      { root: folder, main, vars: {}, bindings: null },
      { name: "flow", className: "Flow" },
    );
    return [row, { ...row, workflow: "flow", id: row.versionId }];
  };
  return { main, deployed, graphs: new VersionGraphs(loader, read) };
}

test("the graph of a version is that of its sources", async (context) => {
  const { deployed, graphs } = project(context, python('await step.sleep("nap", "1 hour")'));

  const graph = await graphs.graphOf(...deployed());

  assert.equal(graphs.has(...deployed()), true);
  assert.equal(graph?.workflow.nodes[0]?.type, "step_sleep");
});

for (const [what, source] of Object.entries({
  "does not parse": "class Flow(:\n",
  "has no such class": "x = 1\n",
})) {
  test(`a source that ${what} gives a graph that says so`, async (context) => {
    const { deployed, graphs } = project(context, source);

    const graph = await graphs.graphOf(...deployed());

    assert.equal(graph?.workflow.class_name, "Flow");
    assert.match(JSON.stringify(graph?.workflow.nodes), /flow\.py/);
  });
}

test("the graph of an older version is kept once it has been read", async (context) => {
  const { main, deployed, graphs } = project(context, python('await step.sleep("old", 1)'));
  const old = deployed();
  await graphs.graphOf(...old);
  writeFileSync(main, python('await step.sleep("new", 1)'));

  assert.match(JSON.stringify(await graphs.graphOf(...old)), /old/);
  assert.match(JSON.stringify(await graphs.graphOf(...deployed())), /new/);
});

test("a version whose sources have changed, or are gone, has no graph", async (context) => {
  const { main, deployed, graphs } = project(context, python("pass"));
  const old = deployed();
  writeFileSync(main, python("return 1"));
  const changed = deployed();

  assert.deepEqual([graphs.has(...old), await graphs.graphOf(...old)], [false, null]);
  rmSync(main);
  assert.deepEqual([graphs.has(...changed), await graphs.graphOf(...changed)], [false, null]);
});

test("sources that change while they are read give neither version's graph, and are read again", async (context) => {
  let reads = 0;
  const { main, deployed, graphs } = project(context, python("pass"), async () => {
    reads += 1;
    if (reads === 1) writeFileSync(main, python("return 1"));
    return { classes: [], graph: /** @type {any} */ ({ version: reads }) };
  });
  const first = deployed();

  assert.equal(await graphs.graphOf(...first), null);
  assert.deepEqual(await graphs.graphOf(...deployed()), { version: 2 });
  assert.equal(await graphs.graphOf(...first), null);
});

test("several readers of one version read its sources once", async (context) => {
  let reads = 0;
  const { deployed, graphs } = project(context, python("pass"), async () => ({
    classes: [],
    graph: /** @type {any} */ ({ version: ++reads }),
  }));

  const all = await Promise.all([1, 2, 3].map(() => graphs.graphOf(...deployed())));

  assert.deepEqual([all.length, reads], [3, 1]);
});

test("without a program that reads sources there is no graph, and no error", async (context) => {
  const { deployed, graphs } = project(context, python("pass"), async () => {
    throw new Error("spawn python3 ENOENT");
  });

  assert.equal(await graphs.graphOf(...deployed()), null);
});
