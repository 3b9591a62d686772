/** The graph of a source as a host reads it, in a process of its own. */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { describe, it } from "node:test";
import { readGraph } from "../../js/graph/read_graph.js";
import { corpus } from "./corpus.js";

const FLOWS = fileURLToPath(new URL("flows", import.meta.url));

/** @param {any} graph */
function withoutPlaces(graph) {
  return JSON.parse(JSON.stringify(graph, (key, value) => (key === "at" ? undefined : value)));
}

/** @param {any} graph */
function firstNode(graph) {
  return graph.workflow.nodes[0];
}

describe("a host", () => {
  it("reads Python from a folder", async () => {
    const expected = corpus().find(({ file, name }) => file === "functions" && name === "OfAnotherModule");

    const { graph, classes } = await readGraph({ root: FLOWS, main: "functions.py", className: "OfAnotherModule" });

    assert.deepEqual(withoutPlaces(graph), expected?.graph);
    assert.ok(classes.includes("Dispatched"));
  });

  it("reads JavaScript from a folder", async () => {
    const { graph } = await readGraph({ root: FLOWS, main: "functions.js", className: "OfAnotherModule" });

    assert.deepEqual(Object.keys(graph?.workflow.functions ?? {}), ["announce"]);
  });

  for (const [main, text] of Object.entries({
    "main.py":
      'from workers import WorkflowEntrypoint\nclass Only(WorkflowEntrypoint):\n    async def run(self, event, step):\n        await step.sleep("nap", 1)\n',
    "main.ts":
      'import { WorkflowEntrypoint } from "cloudflare:workers";\nexport class Only extends WorkflowEntrypoint { async run(event: any, step: any) { await step.sleep("nap", 1); } }',
  }))
    it(`reads files in memory and finds the only workflow: ${main}`, async () => {
      const { graph, classes } = await readGraph({ files: { [main]: text }, main });

      assert.deepEqual(classes, ["Only"]);
      assert.equal(graph?.workflow.nodes[0]?.type, "step_sleep");
    });

  for (const main of ["several.py", "several.js"])
    it(`has no graph where none of several is named: ${main}`, async () => {
      const files = {
        "several.py":
          "from workers import WorkflowEntrypoint\nclass A(WorkflowEntrypoint): pass\nclass B(WorkflowEntrypoint): pass\n",
        "several.js":
          'import { WorkflowEntrypoint } from "cloudflare:workers"; export class A extends WorkflowEntrypoint {} export class B extends WorkflowEntrypoint {}',
      };

      assert.deepEqual(await readGraph({ files, main }), { classes: ["A", "B"], graph: null });
    });

  for (const main of ["broken.py", "broken.js"])
    it(`says where a source does not parse: ${main}`, async () => {
      const { graph, error } = await readGraph({ files: { [main]: "\nx = = 1\n" }, main, className: "A" });

      assert.equal(error?.line, 2);
      assert.equal(firstNode(graph).error.line, 2);
    });

  for (const main of ["deep.py", "deep.js"])
    it(`lives on where a source ends its parser: ${main}`, async () => {
      const { graph, error } = await readGraph({
        files: { [main]: `x = ${"[".repeat(200_000)}` },
        main,
        className: "A",
      });

      assert.ok(error?.message);
      assert.ok(firstNode(graph).error);
    });

  for (const main of ["main.py", "main.js"])
    it(`reads no file outside the project: ${main}`, async () => {
      const { error } = await readGraph({ root: FLOWS, main: `../${main}`, className: "A" });

      assert.equal(error?.message, "The file does not exist");
    });
});
