/**
 * Where the nodes of a graph are drawn. dagre lays out each container by itself, from the inside out: it is small,
 * synchronous and the playground's already, and boxes in boxes need no more.
 */

/** @import { Graph, NodePath } from "./graph.d.ts" */
/** @import { Drawing, Link } from "./boxes.js" */
/** @import { Part } from "./parts.js" */

import { boxed, empty, frame, item, row, small, stack } from "./boxes.js";
import { branchLabel, labelOf, visible } from "./labels.js";
import { parts } from "./parts.js";

const NODE_HEIGHT = 46;
const NAME_HEIGHT = 34;

/** How large the boxes of steps and calls are at least, where they show more than the graph. @typedef {{ width: number, height: number }} LeastSize */

/** @param {Graph} graph @param {LeastSize} [least] @returns {Drawing} */
export function layoutGraph(graph, least = { width: 0, height: 0 }) {
  return new Layout(least).whole(graph);
}

class Layout {
  #least;

  /** @param {LeastSize} least */
  constructor(least) {
    this.#least = least;
  }

  /** @param {Graph} graph @returns {Drawing} */
  whole({ workflow }) {
    const start = small("start", visible(workflow.class_name), null);
    const functions = Object.entries(workflow.functions)
      .filter(([, { nodes }]) => nodes.length > 0)
      .map(([name, { nodes }]) => {
        const path = ["functions", name];
        return frame("function", `function ${visible(name)}`, this.#sequence(nodes, path), path);
      });
    return stack([this.#sequence(workflow.nodes, [], start), ...functions]);
  }

  /** Nodes one after the other. What begins without being awaited stands beside what follows, until it is awaited. @param {any[]} nodes @param {NodePath} path @param {Drawing} [start] @returns {Drawing} */
  #sequence(nodes, path, start) {
    const items = start ? [item(start)] : [];
    /** @type {Link[]} */
    const links = [];
    /** What has to end before the next node begins. @type {number[]} */
    let before = start ? [0] : [];
    /** @type {{ index: number, resolves: number }[]} */
    let running = [];
    for (const [at, node] of nodes.entries()) {
      const index = items.push(item(this.#node(node, [...path, "nodes", at]))) - 1;
      const isBeside = node.starts !== undefined;
      const awaited = isBeside ? running.filter(({ resolves }) => resolves <= node.starts) : [];
      for (const from of [...before, ...awaited.map((each) => each.index)]) links.push({ from, to: index });
      running = running.filter((each) => !awaited.includes(each));
      if (isBeside) running.push({ index, resolves: node.resolves ?? Infinity });
      else before = [index];
    }
    return row(items, links);
  }

  /** @param {any} node @param {NodePath} path @returns {Drawing} */
  #node(node, path) {
    const inside = parts(node);
    const { kind, name } = labelOf(node);
    if (inside.length === 0) return this.#leaf(node, path);
    if (node.branches) return frame(node.type, "", this.#branches(node, path), path);
    const drawings = inside.map((part) => this.#part(node, part, [...path, ...part.path]));
    if (node.type === "try") return frame("try", "", row(drawings.map(item), tryLinks(inside)), path);
    const [first = empty()] = drawings;
    if (node.type !== "step_do") return frame(node.type, name ? `${kind} ${name}` : kind, first, path);
    return frame(
      "callback",
      "",
      row([item(this.#leaf(node, path)), item(first)], [{ from: 0, to: 1, label: "inside" }]),
      null,
    );
  }

  /** @param {any} node @param {Part} part @param {NodePath} path @returns {Drawing} */
  #part(node, part, path) {
    if (node.type === "parallel") {
      const entries = part.nodes.map((each, at) => item(this.#node(each, [...path, "nodes", at])));
      return row(entries, []);
    }
    const drawing = this.#sequence(part.nodes, path);
    return part.name ? frame(part.name, part.name, drawing, null) : drawing;
  }

  /** @param {any} node @param {NodePath} path @returns {Drawing} */
  #branches(node, path) {
    const choice = small("choice", node.type === "switch" ? labelOf(node).name : "if", null);
    const items = [item(choice)];
    /** @type {Link[]} */
    const links = [];
    for (const [index, branch] of node.branches.entries()) {
      const inside =
        branch.nodes.length > 0
          ? this.#sequence(branch.nodes, [...path, "branches", index])
          : small("nothing", "nothing", null);
      links.push({ from: 0, to: items.push(item(inside)) - 1, label: branchLabel(branch) });
    }
    return row(items, links);
  }

  /** @param {any} node @param {NodePath} path @returns {Drawing} */
  #leaf(node, path) {
    const { kind, name, note } = labelOf(node);
    if (node.type === "break") return small("break", name ? `${kind} ${name}` : kind, path);
    const shown = [kind === "step" ? "" : kind, note].filter(Boolean).join(" · ");
    const shape = node.error ? "error" : node.type;
    const least = { ...this.#least, height: Math.max(this.#least.height, shown ? NODE_HEIGHT : NAME_HEIGHT) };
    return boxed({ shape, title: name, note: shown, path, dynamic: node.dynamic ?? false }, least);
  }
}

/** @param {Part[]} inside @returns {Link[]} */
function tryLinks(inside) {
  const at = (/** @type {string} */ name) => inside.findIndex((part) => part.name === name);
  const [tried, caught, last] = [at("try"), at("catch"), at("finally")];
  const links = [];
  if (tried >= 0 && caught >= 0) links.push({ from: tried, to: caught, label: "if it fails" });
  if (last >= 0) links.push({ from: caught >= 0 ? caught : tried, to: last });
  return links.filter(({ from }) => from >= 0);
}
