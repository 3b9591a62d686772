/** The parts that a container is drawn with: its lists of nodes, each with what it is called. */

/** @import { Branch, NodePath } from "./graph.d.ts" */

import { BLOCKS } from "./nodes.js";

/**
 * A list of nodes inside a node. `name`: the block of a `try`. `path` leads from the node to what has the list.
 *
 * @typedef {{ nodes: any[], path: NodePath, name?: string, branch?: Branch }} Part
 */

/** @param {any} node @returns {Part[]} */
export function parts(node) {
  if (node.branches)
    return node.branches.map((/** @type {Branch} */ branch, /** @type {number} */ index) => ({
      nodes: branch.nodes,
      path: ["branches", index],
      branch,
    }));
  const blocks = BLOCKS.filter((key) => node[key]).map((key) => ({
    nodes: node[key].nodes,
    path: [key],
    name: key.replace("_block", ""),
  }));
  return node.nodes?.length > 0 ? [{ nodes: node.nodes, path: [] }, ...blocks] : blocks;
}
