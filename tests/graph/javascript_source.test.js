/** What the graph says of a JavaScript or TypeScript source, one construct at a time. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { nodeAt, nodeOfStep } from "../../js/graph/node_of_step.js";
import { buildGraph, workflowClasses } from "../../js/graph/source/workflow.js";
import { CASES, SOURCE } from "./steps_of_nodes.js";

/** @param {string} body @param {string} [head] */
function workflow(body, head = "") {
  return `import { WorkflowEntrypoint } from "cloudflare:workers";
${head}
export class Flow extends WorkflowEntrypoint {
  async run(event, step) {
    ${body}
  }
}`;
}

/** @param {string} source @param {string} [main] @param {Record<string, string>} [others] */
function graphOf(source, main = "main.js", others = {}) {
  return buildGraph((path) => ({ [main]: source, ...others })[path] ?? null, main, "Flow");
}

/** @param {string} source @param {string} [main] @param {Record<string, string>} [others] @returns {any[]} */
function nodesOf(source, main, others) {
  return graphOf(source, main, others).workflow.nodes;
}

describe("the graph of a JavaScript source", () => {
  it("says where a call is", () => {
    const [node] = nodesOf(workflow('await step.sleep("nap", 1);'));

    assert.deepEqual(node.at, { file: "main.js", line: 5, column: 11 });
  });

  it("reads TypeScript", () => {
    const source = workflow(
      'const name = "work" as const; await step.do<number>(name, async (): Promise<number> => 1); await (this.nap(step) as any);',
    ).replace(/\}$/, "private async nap(step: WorkflowStep): Promise<void> { await step.sleep(`nap`, 1); }}");

    assert.deepEqual(
      nodesOf(source, "main.ts").map(({ type, name }) => [type, name]),
      [
        ["step_do", "work"],
        ["function_call", "nap"],
      ],
    );
  });

  it("has one node with the reason where the source does not parse", () => {
    const [node, ...others] = nodesOf("export class Flow {\n  run( {\n}");

    assert.deepEqual(others, []);
    assert.equal(node.type, "function_call");
    assert.equal(node.error.file, "main.js");
    assert.ok(node.error.line >= 2);
    assert.ok(node.name.includes(node.error.message));
  });

  for (const [claim, source] of Object.entries({
    "an empty file": "",
    "another class": "export class Other {}",
    "a class without run": "export class Flow {}",
    "no class": "export const Flow = 1;",
    "a library's class": 'import { Flow } from "flows";',
    "a source that is too deep": `x = ${"[".repeat(3000)}${"]".repeat(3000)}`,
  }))
    it(`has one node with the reason for ${claim}`, () => {
      const [node, ...others] = nodesOf(source);

      assert.deepEqual(others, []);
      assert.ok(node.error.message);
    });

  for (const call of ["library.run(step)", "step[name]('x', 1)", "this[name](step)", "library.go([{ step }])"])
    it(`has a dynamic node for ${call}`, () => {
      const [node, ...others] = nodesOf(
        workflow(`const name = event.payload; await ${call};`, 'import library from "library";'),
      );

      assert.deepEqual(others, []);
      assert.deepEqual([node.type, node.dynamic], ["function_call", true]);
    });

  for (const [name, expected] of Object.entries({
    "`a ${x}`": "a ${...}",
    "'a' + x + x": "a${...}",
    x: "${...}",
    "`${1 + 1} ${'b'}`": "2 b",
    "String(7)": "7",
    "Names.work": "work",
  }))
    it(`shows the name ${name} as ${expected}`, () => {
      const head = 'const Names = { work: "work" };';
      const [node] = nodesOf(workflow(`const x = event.payload; await step.sleep(${name}, 1);`, head));

      assert.equal(node.name, expected);
      assert.equal(node.dynamic ?? false, expected.includes("${...}"));
    });

  it("draws callbacks of forEach, flatMap and for await", () => {
    const types = nodesOf(
      workflow(`
        event.payload.forEach((each) => step.sleep("a", 1));
        await Promise.all(event.payload.flatMap((each) => [step.sleep("b", 1), step.sleep("c", 1)]));
        for await (const each of event.payload) await step.sleep("d", 1);`),
    ).map(({ type }) => type);

    assert.deepEqual(types, ["loop", "parallel", "loop"]);
  });

  it("draws cases without a break with the next one's steps", () => {
    const [node] = nodesOf(
      workflow(
        'switch (event.payload) { case 1: await step.sleep("a", 1); case 2: await step.sleep("b", 1); break; default: }',
      ),
    );

    assert.deepEqual(
      node.branches.map((/** @type {any} */ branch) => branch.nodes.map((/** @type {any} */ each) => each.name)),
      [["a", "b"], ["b"]],
    );
  });

  it("follows relative imports", () => {
    const others = {
      "lib/tools.ts": 'export { nap } from "./nap.js"; export * from "./jobs";',
      "lib/nap.ts": 'export const nap = async (step: any) => { await step.sleep("nap", 1); };',
      "lib/jobs/index.js": 'export async function work(step) { await step.do("work", async () => 1); }',
    };
    const source = workflow(
      "await nap(step); await tools.work(step);",
      'import { nap } from "./lib/tools"; import * as tools from "./lib/tools";',
    );

    const { functions } = graphOf(source, "main.js", others).workflow;

    assert.deepEqual(Object.keys(functions), ["nap", "work"]);
    assert.equal(functions["nap"]?.nodes[0]?.at?.file, "lib/nap.ts");
  });

  it("reads a bounded number of function bodies", () => {
    const levels = Array.from(
      { length: 40 },
      (_, n) => `async function f${n}(step) { await f${n + 1}(step); await f${n + 1}(step); }`,
    );
    const last = 'async function f40(step) { await step.sleep("nap", 1); }';

    const nodes = nodesOf(workflow("await f0(step);", [...levels, last].join("\n")));

    assert.deepEqual(
      nodes.map(({ name }) => name),
      ["f0"],
    );
  });

  it("lists the workflows of a file", () => {
    const source = `
      import { WorkflowEntrypoint as Entry, WorkerEntrypoint } from "cloudflare:workers";
      import * as workers from "cloudflare:workers";
      class Base extends Entry {}
      export class A extends Base {}
      export class B extends workers.WorkflowEntrypoint {}
      export default class Web extends WorkerEntrypoint {}`;

    assert.deepEqual(
      workflowClasses((path) => (path === "main.js" ? source : null), "main.js"),
      ["Base", "A", "B"],
    );
  });
});

describe("the node of a step", () => {
  const graph = graphOf(SOURCE);
  for (const { claim, name, count, kind, path } of CASES)
    it(`is found: ${claim}`, () => {
      assert.deepEqual(nodeOfStep(graph, name, count, kind), path);
    });

  it("is at its path", () => {
    assert.equal(nodeAt(graph, nodeOfStep(graph, "inner", 2) ?? []).name, "inner");
  });
});
