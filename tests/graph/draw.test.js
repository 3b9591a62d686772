/** The forms that graphs are drawn in. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { draw } from "../../js/graph/draw.js";
import { layoutGraph } from "../../js/graph/layout.js";
import { leaves } from "../../js/graph/nodes.js";
import { buildGraph } from "../../js/graph/source/workflow.js";
import { corpus } from "./corpus.js";
import { HOSTILE } from "./hostile.js";

const ALL = [...corpus(), { file: "hostile", name: "names", graph: HOSTILE }];

/** @param {string} body */
function graphOf(body) {
  const source = `import { WorkflowEntrypoint } from "cloudflare:workers";
    export class Flow extends WorkflowEntrypoint { async run(event, step) { ${body} } }`;
  return buildGraph((path) => (path === "main.js" ? source : null), "main.js", "Flow");
}

/** All steps and calls of a graph. @param {any} graph @returns {any[]} */
function leavesOf({ workflow }) {
  return [workflow, ...Object.values(workflow.functions)].flatMap(({ nodes }) => leaves(nodes));
}

describe("a graph as text", () => {
  it("is a tree", () => {
    const graph = graphOf(`
      for (const each of event.payload) {
        if (each) await step.sleep("nap", "1 minute");
        else await Promise.all([step.do("a", async () => 1), step.do("b", async () => 1)]);
      }
      try { await step.waitForEvent("answer", { type: "answered" }); } catch { throw new Error("late"); }`);

    assert.equal(
      draw(graph, "text"),
      `Flow
├─ loop
│  └─ if
│     ├─ each
│     │  └─ sleep nap (1 minute)
│     └─ otherwise
│        └─ at the same time, wait for all
│           ├─ step a
│           └─ step b
└─ try
   ├─ wait answer (for event answered, at most 24 hours)
   └─ catch
      └─ fail Error
`,
    );
  });

  it("has no line that is longer than the terminal", () => {
    const lines = draw(HOSTILE, "text", 40).split("\n");

    assert.ok(lines.every((line) => Array.from(line).length <= 40));
  });

  it("moves no terminal's cursor", () => {
    const text = draw(HOSTILE, "text", 1000).replaceAll("\n", "");

    assert.doesNotMatch(text, /[\p{Cc}\p{Cs}\p{Bidi_Control}]/u);
  });
});

describe("a graph as a Mermaid flowchart", () => {
  const line =
    /^ *(flowchart TD|subgraph \w+\["[^"]*"\]|end|\w+ -->(\|"[^"]*"\|)? \w+|\w+(\[|\(\[|\{\{|\{|\[\[|\(\()"[^"<>`\\]*(<br\/>[^"<>`\\]*)?"(\]|\]\)|\}\}|\}|\]\]|\)\)))$/;
  for (const { file, name, graph } of ALL)
    it(`has only lines of a flowchart for ${file} ${name}`, () => {
      const lines = draw(graph, "mermaid").trimEnd().split("\n");

      assert.deepEqual(
        lines.filter((each) => !line.test(each)),
        [],
      );
    });
});

describe("a graph as a picture", () => {
  for (const { file, name, graph } of ALL)
    it(`has every step of ${file} ${name} in its frame, and apart from its neighbours`, () => {
      const { width, height, boxes } = layoutGraph(graph);

      const drawn = boxes.filter(({ shape }) => shape.startsWith("step_") || shape === "function_call");
      const outside = boxes.filter(
        (box) => box.x < 0 || box.y < 0 || box.x + box.width > width + 1 || box.y + box.height > height + 1,
      );
      const overlapping = drawn.filter((one, index) => drawn.slice(index + 1).some((other) => overlap(one, other)));

      assert.equal(drawn.length, leavesOf(graph).length + nested(graph));
      assert.deepEqual([outside, overlapping], [[], []]);
    });

  it("has the branches in the order of the source", () => {
    const graph = graphOf(
      'switch (event.payload) { case 1: await step.sleep("a", 1); break; case 2: await step.sleep("b", 1); break; default: await step.sleep("c", 1); }',
    );

    const boxes = layoutGraph(graph).boxes.filter(({ shape }) => shape === "step_sleep");

    assert.deepEqual(
      boxes.toSorted((one, other) => one.x - other.x).map(({ title }) => title),
      ["a", "b", "c"],
    );
  });

  it("has a title and a description for those who do not see it", () => {
    const svg = draw(graphOf('await step.sleep("nap", 1);'), "svg");

    assert.match(svg, /role="img" aria-labelledby="graph-title graph-description"/);
    assert.match(svg, /<title id="graph-title">Steps of the workflow Flow<\/title>/);
    assert.match(svg, /<desc id="graph-description">Flow\n└─ sleep nap \(1 ms\)/);
  });

  it("says which node a box stands for", () => {
    const svg = draw(graphOf('for (;;) await step.sleep("nap", 1);'), "svg");

    assert.match(svg, /<g class="node step_sleep" data-path="\[&quot;nodes&quot;,0,&quot;nodes&quot;,0\]">/);
  });

  it("runs nothing that a name contains", () => {
    const svg = draw(HOSTILE, "svg");

    assert.doesNotMatch(svg, /<script/);
    assert.doesNotMatch(svg, /[\p{Cs}]|(?!\n)\p{Cc}/u);
  });

  it("cuts long names, and has the whole ones as hints", () => {
    const svg = draw(HOSTILE, "svg");

    assert.match(svg, /<title>x{256}<\/title>/);
    assert.match(svg, /text-anchor="middle">x{33}…<\/text>/);
  });
});

/** Steps and calls inside the callbacks of steps. @param {any} graph */
function nested(graph) {
  const inside = (/** @type {any[]} */ nodes) =>
    /** @type {number} */ (
      leaves(nodes).reduce((sum, each) => sum + leaves(each.nodes ?? []).length + inside(each.nodes ?? []), 0)
    );
  return inside(graph.workflow.nodes);
}

/** @param {import("../../js/graph/boxes.js").Box} one @param {import("../../js/graph/boxes.js").Box} other */
function overlap(one, other) {
  return (
    one.x < other.x + other.width &&
    other.x < one.x + one.width &&
    one.y < other.y + other.height &&
    other.y < one.y + one.height
  );
}
