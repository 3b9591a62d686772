/** Which node of a graph an executed step belongs to. The twin of `py/workflow_graph/mapping.py`. */

/** @import { Graph, NodePath } from "./graph.d.ts" */

import { BLOCKS, STEPS } from "./nodes.js";

/** Stands in a name for what only a run knows. */
export const HOLE = "${...}";

/** The types of nodes for each kind of step. @type {Record<string, Set<string>>} */
const KINDS = {
  do: new Set(["step_do"]),
  rollback: new Set(["step_do"]),
  sleep: new Set(["step_sleep", "step_sleep_until"]),
  waitForEvent: new Set(["step_wait_for_event"]),
};

/** @typedef {{ path: NodePath, node: any, repeats: boolean }} Found */

/** @type {WeakMap<Graph, Found[]>} */
const known = new WeakMap();

/**
 * The path of the node that a step belongs to; null if the graph has none.
 *
 * A node with that very name comes before one whose name a run fills in, and a name of which more is known before one of
 * which less is. Where several nodes have the name, the count tells them apart: nodes outside loops run once each, in
 * their order. A node for a call of which the source tells nothing stands for the steps that have no other node.
 *
 * @param {Graph} graph
 * @param {string} name the step's, without its count
 * @param {number} [count] which step of that name it is, from 1
 * @param {"do" | "sleep" | "waitForEvent" | "rollback" | null} [kind] null for any
 * @returns {NodePath | null}
 */
export function nodeOfStep(graph, name, count = 1, kind = null) {
  const nodes = known.get(graph) ?? allNodes(graph.workflow);
  known.set(graph, nodes);
  const steps = nodes
    .filter(({ node }) => STEPS.has(node.type) && (kind === null || KINDS[kind]?.has(node.type)))
    .map((each) => ({ ...each, fit: fit(each.node, name) }))
    .filter((each) => each.fit >= 0);
  if (steps.length === 0) return nodes.find(({ node }) => node.type === "function_call" && node.dynamic)?.path ?? null;
  const best = Math.max(...steps.map(({ fit }) => fit));
  const same = steps.filter(({ fit }) => fit === best);
  const chosen = same.find(({ repeats }, index) => repeats || index + 1 === count) ?? same.at(-1);
  return chosen?.path ?? null;
}

/** @param {Graph} graph @param {NodePath} path @returns {any} */
export function nodeAt(graph, path) {
  return path.reduce((found, key) => found?.[key], /** @type {any} */ (graph.workflow));
}

/** How many characters of a name the node has; -1 if the name does not fit. The very name has the most. @param {any} node @param {string} name */
function fit(node, name) {
  if (!node.dynamic) return node.name === name ? name.length + 1 : -1;
  const parts = node.name.split(HOLE).map((/** @type {string} */ part) => RegExp.escape(part));
  return new RegExp(`^${parts.join(".*")}$`, "s").test(name) ? node.name.replaceAll(HOLE, "").length : -1;
}

/** All nodes in the order of the source, and whether they may run several times. @param {any} workflow @returns {Found[]} */
function allNodes(workflow) {
  /** @type {Map<string, number>} */
  const calls = new Map();
  const repeated = new Set();
  for (const { node, repeats } of inside([], workflow, false)) {
    if (node.type !== "function_call") continue;
    calls.set(node.name, (calls.get(node.name) ?? 0) + 1);
    if (repeats) repeated.add(node.name);
  }
  const definitions = Object.entries(workflow.functions);
  for (const [name, definition] of definitions) {
    // How often a function is called from another one depends on how often that is.
    for (const { node } of inside([], definition, false)) if (node.type === "function_call") repeated.add(node.name);
    if ((calls.get(name) ?? 0) > 1) repeated.add(name);
  }
  return [
    ...inside([], workflow, false),
    ...definitions.flatMap(([name, definition]) => [...inside(["functions", name], definition, repeated.has(name))]),
  ];
}

/** @param {NodePath} path @param {any} node @param {boolean} repeats @returns {Generator<Found>} */
function* inside(path, node, repeats) {
  for (const [index, each] of (node.nodes ?? []).entries()) {
    const place = [...path, "nodes", index];
    yield { path: place, node: each, repeats };
    // A callback runs once for each attempt.
    yield* inside(place, each, repeats || each.type === "loop" || each.type === "step_do");
  }
  for (const [index, branch] of (node.branches ?? []).entries())
    yield* inside([...path, "branches", index], branch, repeats);
  for (const key of BLOCKS) if (node[key]) yield* inside([...path, key], node[key], repeats);
}
