/** The steps of an instance by the node of the source's graph that they belong to. */

/** @import { Graph, NodePath } from "../../graph/graph.d.ts" */
/** @import { StepRow } from "./steps.js" */

import { leaves } from "../../graph/nodes.js";
import { nodeAt, nodeOfStep } from "../../graph/node_of_step.js";

/** The title of what belongs to no node: the source has changed since, or does not tell. */
const OTHERS = "steps that are not in the source";
/** Names of such steps that are drawn. */
const MOST_OTHERS = 60;

/**
 * `graph` has a further function for steps that belong to no node. `runs` are the steps of each node in their order, by
 * `keyOf` its path.
 *
 * @typedef {{ graph: Graph, runs: Map<string, StepRow[]> }} NodeRuns
 */

/** @param {Graph} graph @param {StepRow[]} rows @returns {NodeRuns} */
export function runsOfNodes(graph, rows) {
  /** @type {Map<string, StepRow[]>} */
  const runs = new Map();
  /** @type {Map<string, StepRow[]>} */
  const others = new Map();
  for (const row of rows) {
    if (row.kind === "rollback") continue;
    const path = nodeOfStep(graph, row.name, row.count, row.kind);
    if (path) add(runs, keyOf(path), row);
    else if (others.has(row.name) || others.size < MOST_OTHERS) add(others, row.name, row);
  }
  if (others.size === 0) return { graph, runs };
  const { workflow } = graph;
  const nodes = [...others].map(([name, own], index) => {
    runs.set(keyOf(["functions", OTHERS, "nodes", index]), own);
    return nodeFor(name, own[0]?.kind ?? "do");
  });
  const functions = {
    ...workflow.functions,
    [OTHERS]: { type: /** @type {const} */ ("function_def"), name: OTHERS, nodes },
  };
  return { graph: { ...graph, workflow: { ...workflow, functions } }, runs };
}

/** @param {Map<string, StepRow[]>} rows @param {string} key @param {StepRow} row */
function add(rows, key, row) {
  const known = rows.get(key);
  if (known) known.push(row);
  else rows.set(key, [row]);
}

/** @param {string} name @param {string} kind @returns {any} */
function nodeFor(name, kind) {
  if (kind === "sleep") return { type: "step_sleep", name, duration: "unknown" };
  if (kind === "waitForEvent") return { type: "step_wait_for_event", name, options: null };
  const retries = { limit: 5, delay: 1000, backoff: "exponential" };
  return { type: "step_do", name, config: { retries, timeout: "10 minutes" }, nodes: [] };
}

/** @param {NodePath} path */
export function keyOf(path) {
  return JSON.stringify(path);
}

/**
 * The steps of a node. Those of a call are the steps of its function; a call inside a step has run when the step has.
 *
 * @param {NodeRuns} known
 * @param {NodePath} path
 * @returns {StepRow[]}
 */
export function runsAt({ graph, runs }, path) {
  const node = nodeAt(graph, path);
  if (node?.type !== "function_call") return runs.get(keyOf(path)) ?? [];
  const step = stepAround(graph, path);
  if (step) return runs.get(keyOf(step)) ?? [];
  if (node.dynamic) return runs.get(keyOf(path)) ?? [];
  const inside = `["functions",${JSON.stringify(node.name)},`;
  return [...runs].flatMap(([key, own]) => (key.startsWith(inside) ? own : []));
}

/** The path of the step that a node is in. @param {Graph} graph @param {NodePath} path @returns {NodePath | undefined} */
function stepAround(graph, path) {
  for (let length = path.length - 1; length > 0; length--)
    if (nodeAt(graph, path.slice(0, length))?.type === "step_do") return path.slice(0, length);
  return undefined;
}

/** Whether the graph shows any step. @param {Graph | null} graph */
export function isDrawn(graph) {
  return graph !== null && leaves(graph.workflow.nodes).some(({ error }) => error === undefined);
}

/** Where a node is, in words: what is around it, from the outside in. @param {Graph} graph @param {NodePath} path @returns {string[]} */
export function surroundings(graph, path) {
  const words = [];
  if (path[0] === "functions") words.push(`in function ${path[1]}`);
  for (let length = 1; length < path.length; length++) {
    const key = path[length - 1];
    const node = nodeAt(graph, path.slice(0, length));
    if (key === "try_block") words.push("in try");
    else if (key === "catch_block") words.push("in catch");
    else if (key === "finally_block") words.push("in finally");
    else if (node?.type === "loop") words.push("in a loop");
    else if (node?.type === "parallel") words.push("at the same time as others");
    else if (node && "condition" in node) words.push(node.condition === null ? "otherwise" : `if ${node.condition}`);
  }
  return words;
}
