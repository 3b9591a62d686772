/** A graph as a tree of text, for terminals. */

/** @import { Graph } from "./graph.d.ts" */

import { branchLabel, cut, labelOf, visible } from "./labels.js";
import { parts } from "./parts.js";

/** @typedef {{ text: string, inside: Entry[] }} Entry */

/**
 * @param {Graph} graph
 * @param {number} [width] characters of a line; longer ones are cut
 * @returns {string}
 */
export function drawText({ workflow }, width = 100) {
  const trees = [
    { text: visible(workflow.class_name), inside: entries(workflow.nodes) },
    ...Object.values(workflow.functions)
      .filter(({ nodes }) => nodes.length > 0)
      .map((each) => ({ text: `function ${labelOf(each).name}`, inside: entries(each.nodes) })),
  ];
  const lines = trees.map((tree) => [tree.text, ...branchLines(tree.inside, "")].map((line) => cut(line, width)));
  return `${lines.map((each) => each.join("\n")).join("\n\n")}\n`;
}

/** @param {any[]} nodes @param {boolean} [isTogether] whether they begin at the same time @returns {Entry[]} */
function entries(nodes, isTogether = false) {
  return nodes.map((node) => {
    const { kind, name, note } = labelOf(node);
    const text = `${kind}${name ? ` ${name}` : ""}${note ? ` (${note})` : ""}${isTogether ? "" : order(node)}`;
    const further = isTogether || node.type === "parallel";
    return { text, inside: parts(node).flatMap((part) => insideOf(node, part, further)) };
  });
}

/** When a node begins and is awaited, where that is not at its place. @param {any} node */
function order({ starts, resolves }) {
  if (starts === undefined) return "";
  return resolves === undefined
    ? ` [begins at ${starts}, is not awaited]`
    : ` [begins at ${starts}, is awaited at ${resolves}]`;
}

/** @param {any} node @param {import("./parts.js").Part} part @param {boolean} isTogether @returns {Entry[]} */
function insideOf(node, part, isTogether) {
  const inside = entries(part.nodes, isTogether);
  if (part.branch) return [{ text: branchLabel(part.branch), inside }];
  return part.name && part.name !== node.type ? [{ text: part.name, inside }] : inside;
}

/** @param {Entry[]} inside @param {string} indent @returns {string[]} */
function branchLines(inside, indent) {
  return inside.flatMap(({ text, inside: further }, index) => {
    const isLast = index === inside.length - 1;
    const deeper = `${indent}${isLast ? "   " : "│  "}`;
    return [`${indent}${isLast ? "└─" : "├─"} ${text}`, ...branchLines(further, deeper)];
  });
}
