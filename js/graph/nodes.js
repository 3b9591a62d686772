/** The nodes of the graph, and what is left out of it. */

/** @import { GraphNode } from "./graph.d.ts" */

/** The types of nodes that an instance runs as steps. */
export const STEPS = new Set(["step_do", "step_sleep", "step_sleep_until", "step_wait_for_event"]);
/** The types of nodes that can begin and end at different places. */
const LEAVES = new Set([...STEPS, "function_call"]);
export const BLOCKS = /** @type {const} */ (["try_block", "catch_block", "finally_block"]);

/**
 * The lists of nodes inside a node.
 *
 * @param {any} node
 * @returns {any[][]}
 */
export function children(node) {
  const lists = node.nodes ? [node.nodes] : [];
  for (const branch of node.branches ?? []) lists.push(branch.nodes);
  for (const key of BLOCKS) if (node[key]) lists.push(node[key].nodes);
  return lists;
}

/**
 * The steps and calls among nodes, inside containers too but not inside steps.
 *
 * @param {any[]} nodes
 * @returns {any[]}
 */
export function leaves(nodes) {
  return nodes.flatMap((node) => (LEAVES.has(node.type) ? [node] : children(node).flatMap(leaves)));
}

/** The leaves that can begin first. @param {any[]} nodes @returns {any[]} */
export function firstLeaves(nodes) {
  return outerLeaves(nodes, false);
}

/** The leaves that can end last. @param {any[]} nodes @returns {any[]} */
export function lastLeaves(nodes) {
  return outerLeaves(nodes, true);
}

/** @param {any[]} nodes @param {boolean} isLast @returns {any[]} */
function outerLeaves(nodes, isLast) {
  for (const node of isLast ? nodes.toReversed() : nodes) {
    if (LEAVES.has(node.type)) return [node];
    const lists = node.type === "parallel" ? node.nodes.map((/** @type {any} */ each) => [each]) : children(node);
    const found = lists.flatMap((/** @type {any[]} */ list) => outerLeaves(list, isLast));
    if (found.length > 0) return found;
  }
  return [];
}

/** Several nodes as one: a block. @param {any[]} nodes @returns {any} */
export function asOne(nodes) {
  return nodes.length === 1 ? nodes[0] : { type: "block", nodes };
}

/** Whether there is a step or a call. @param {any[]} nodes */
export function hasContent(nodes) {
  return leaves(nodes).length > 0;
}

/**
 * The nodes of a function body without those that say nothing: an end at the end, and what has no step.
 *
 * @param {any[]} nodes
 * @returns {any[]}
 */
export function tidyFunction(nodes) {
  // A function that calls itself has no step for that alone.
  if (leaves(nodes).every((leaf) => leaf.recursive)) return [];
  const tidied = tidy(nodes);
  while (tidied.length > 0 && !hasContent(tidied.slice(-1))) tidied.pop();
  return tidied;
}

/**
 * Nodes without containers that have neither a step nor a way out, and without what cannot be reached.
 *
 * @param {any[]} nodes
 * @returns {any[]}
 */
function tidy(nodes) {
  const kept = [];
  for (const [index, node] of nodes.entries()) {
    if (node.type === "continue" || node.type === "stop") break;
    const rest = node.type === "if" ? divert(node, nodes.slice(index + 1)) : null;
    const tidied = tidyNode(node);
    if (tidied) kept.push(tidied);
    if (rest) return [...kept, ...rest];
    if (node.type === "break") break;
  }
  return kept;
}

/**
 * Move what follows a `continue` in a branch into the branches that go on.
 *
 * @param {any} node an `if`
 * @param {any[]} rest what follows it
 * @returns {any[] | null} what is left after it; null if no branch ends with `continue`
 */
function divert(node, rest) {
  /** @type {any[]} */
  const branches = node.branches;
  const cut = branches.filter(({ nodes }) => nodes.at(-1)?.type === "continue");
  if (cut.length === 0) return null;
  for (const branch of cut) branch.nodes.pop();
  const goingOn = branches.filter((branch) => !cut.includes(branch));
  if (branches.every(({ condition }) => condition !== null)) {
    const otherwise = { condition: null, nodes: [] };
    branches.push(otherwise);
    goingOn.push(otherwise);
  }
  if (goingOn.length !== 1) return tidy(rest);
  goingOn[0].nodes.push(...rest);
  return [];
}

/** @param {any} node @returns {any} the node with its insides tidied; null if it says nothing */
function tidyNode(node) {
  if (LEAVES.has(node.type) || node.type === "break") return node;
  if (node.nodes) node.nodes = tidy(node.nodes);
  for (const branch of node.branches ?? []) branch.nodes = tidy(branch.nodes);
  for (const key of BLOCKS) {
    if (!node[key]) continue;
    node[key].nodes = tidy(node[key].nodes);
    if (node[key].nodes.length === 0) node[key] = null;
  }
  if (!saysSomething(node)) return null;
  if (node.branches) while (node.branches.length > 1 && node.branches.at(-1).nodes.length === 0) node.branches.pop();
  return node;
}

/** @param {any} node */
function saysSomething(node) {
  const inside = children(node).flat();
  // A break leaves no more than its loop.
  if (node.type === "loop") return hasContent(inside) || returns(inside);
  return node.type === "parallel" ? hasContent(inside) : inside.length > 0;
}

/** @param {any[]} nodes @returns {boolean} */
function returns(nodes) {
  return nodes.some((node) => (node.type === "break" ? node.kind === "return" : children(node).some(returns)));
}

/** Nodes without what only ends a callback. @param {any[]} nodes @returns {any[]} */
export function withoutEnds(nodes) {
  const kept = nodes.filter((node) => hasContent([node]));
  for (const node of kept) {
    if (["loop", "block", "parallel"].includes(node.type)) node.nodes = withoutEnds(node.nodes);
    for (const branch of node.branches ?? []) branch.nodes = withoutEnds(branch.nodes);
  }
  return kept;
}
