/** The graph of a run whose source cannot be drawn, and the steps of a run by the nodes of a source. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { buildGraph } from "../../js/graph/source/workflow.js";
import { keyOf, runsAt, runsOfNodes, surroundings } from "../../js/pages/run/node_runs.js";
import { stepGraph } from "../../js/pages/run/order.js";

/** Rows and events of steps that run in groups, one group after the other. @param {string[][]} groups `NAME-COUNT` */
function run(groups) {
  /** @type {any[]} */
  const events = [];
  /** @type {any[]} */
  const rows = [];
  for (const group of groups) {
    for (const type of ["step_started", "step_completed"])
      for (const stepName of group) events.push({ type, stepName, eventId: events.length + 1 });
    for (const target of group) {
      const [, name, count] = /** @type {string[]} */ (/^(.*)-(\d+)$/.exec(target));
      const detail = { type: "step", name: target };
      rows.push({
        key: target,
        name,
        count: Number(count),
        kind: "do",
        state: "done",
        start: 0,
        end: 1,
        due: null,
        bars: [],
        detail,
      });
    }
  }
  return { rows, events };
}

/** @param {ReturnType<typeof stepGraph>} graph */
function edgesOf({ edges }) {
  return edges.map(({ from, to }) => `${from} → ${to}`).toSorted();
}

describe("the order of a run", () => {
  it("leads from each step to those that began when it had ended", () => {
    const { rows, events } = run([["a-1"], ["b-1", "c-1"], ["d-1"]]);

    assert.deepEqual(edgesOf(stepGraph(rows, events)), ["a → b", "a → c", "b → d", "c → d"]);
  });

  it("keeps its arrows where the steps of one name are one node", () => {
    const rounds = Array.from({ length: 100 }, (_, index) => [[`a-${index + 1}`], [`b-${index + 1}`]]).flat();
    const { rows, events } = run([["first-1"], ...rounds, ["last-1"]]);

    const graph = stepGraph(rows, events);

    assert.deepEqual(
      graph.nodes.map(({ id, runs }) => [id, runs.length]),
      [
        ["first", 1],
        ["a", 100],
        ["b", 100],
        ["last", 1],
      ],
    );
    assert.deepEqual(edgesOf(graph), ["a → b", "b → a", "b → last", "first → a"]);
  });

  it("has a bounded number of nodes, whatever the names", () => {
    const { rows, events } = run(Array.from({ length: 5000 }, (_, index) => [`step ${index}-1`]));

    const { nodes, edges } = stepGraph(rows, events);

    assert.ok(nodes.length <= 201);
    assert.equal(nodes.flatMap(({ runs }) => runs).length, 5000);
    assert.ok(edges.length >= 200);
  });
});

describe("the steps of a run in the diagram of its source", () => {
  const source = `import { WorkflowEntrypoint } from "cloudflare:workers";
    export class Flow extends WorkflowEntrypoint {
      async run(event, step) {
        const helper = async () => { await step.do("inner", async () => 1); };
        for (const each of event.payload) await step.do("part", async () => 1);
        if (event.payload) await helper();
      }
    }`;
  const graph = buildGraph((path) => (path === "main.js" ? source : null), "main.js", "Flow");

  it("belong to their nodes", () => {
    const known = runsOfNodes(graph, run([["part-1"], ["part-2"], ["inner-1"]]).rows);

    const count = (/** @type {(string | number)[]} */ path) => runsAt(known, path).length;
    assert.deepEqual([count(["nodes", 0, "nodes", 0]), count(["functions", "helper", "nodes", 0])], [2, 1]);
    assert.equal(known.graph, graph);
  });

  it("are those of its function for a call", () => {
    const known = runsOfNodes(graph, run([["inner-1"]]).rows);

    assert.equal(runsAt(known, ["nodes", 1, "branches", 0, "nodes", 0]).length, 1);
  });

  it("are the step around it for a call inside a step, such as one that starts a workflow", () => {
    const retries = { limit: 5, delay: 1000, backoff: "exponential" };
    const call = { type: "function_call", name: "PAYMENTS", workflow: "payments" };
    const step = { type: "step_do", name: "pay", config: { retries, timeout: "10 minutes" }, nodes: [call] };
    const starting = /** @type {any} */ ({ workflow: { class_name: "Flow", nodes: [step], functions: {} } });

    const before = runsAt(runsOfNodes(starting, []), ["nodes", 0, "nodes", 0]);
    const after = runsAt(runsOfNodes(starting, run([["pay-1"]]).rows), ["nodes", 0, "nodes", 0]);

    assert.deepEqual(
      [before, after].map((rows) => rows.map(({ key }) => key)),
      [[], ["pay-1"]],
    );
  });

  it("have nodes of their own where the source has none", () => {
    const known = runsOfNodes(graph, run([["gone-1"], ["gone-2"], ["part-1"]]).rows);

    const added = Object.values(known.graph.workflow.functions).find(({ name }) => !(name in graph.workflow.functions));
    assert.deepEqual(
      added?.nodes.map((node) => "name" in node && node.name),
      ["gone"],
    );
    assert.equal(known.runs.get(keyOf(["functions", added?.name ?? "", "nodes", 0]))?.length, 2);
  });

  it("are described by what is around them", () => {
    assert.deepEqual(surroundings(graph, ["nodes", 0, "nodes", 0]), ["in a loop"]);
    assert.deepEqual(surroundings(graph, ["nodes", 1, "branches", 0, "nodes", 0]), ["if event.payload"]);
    assert.deepEqual(surroundings(graph, ["functions", "helper", "nodes", 0]), ["in function helper"]);
  });
});
