/**
 * Where the nodes of a graph are drawn. dagre lays out each container by itself, from the inside out: it is small,
 * synchronous and the playground's already, and boxes in boxes need no more.
 */

/** @import { Graph, NodePath } from "./graph.d.ts" */

import { Graph as Dagre, layout } from "@dagrejs/dagre";
import { branchLabel, cut, labelOf, visible } from "./labels.js";
import { parts } from "./parts.js";

/**
 * `x`, `y`: the upper left corner. `shape`: what it looks like. `path`: the node in the graph, where there is one.
 *
 * @typedef {{ shape: string, x: number, y: number, width: number, height: number, title: string, note: string, full: string, path: NodePath | null, dynamic: boolean }} Box
 * @typedef {{ points: { x: number, y: number }[], label: string, full: string }} Arrow
 * @typedef {{ width: number, height: number, boxes: Box[], arrows: Arrow[] }} Drawing
 */

const NODE_HEIGHT = 46;
const SMALL_HEIGHT = 30;
const MIN_WIDTH = 96;
const PADDING = 14;
const HEADER = 26;
const GAP = 26;
/** Characters of a name and of a note that are shown. */
const LONGEST_NAME = 34;
const LONGEST_NOTE = 42;
const LONGEST_CONDITION = 30;
/** The widths of an average character at the sizes of names and notes, wide ones counted twice. */
const NAME_WIDTH = 7.4;
const NOTE_WIDTH = 6.1;

/** @param {Graph} graph @returns {Drawing} */
export function layoutGraph({ workflow }) {
  const start = small("start", visible(workflow.class_name), null);
  const main = { ...empty(), ...row([item(sequence(workflow.nodes, [], start))], []) };
  const functions = Object.entries(workflow.functions)
    .filter(([, { nodes }]) => nodes.length > 0)
    .map(([name, { nodes }]) =>
      frame("function", `function ${visible(name)}`, sequence(nodes, ["functions", name]), ["functions", name]),
    );
  return stack([main, ...functions]);
}

/** @returns {Drawing} */
function empty() {
  return { width: 0, height: 0, boxes: [], arrows: [] };
}

/** Drawings below each other, apart. @param {Drawing[]} drawings @returns {Drawing} */
function stack(drawings) {
  const whole = { ...empty(), width: Math.max(...drawings.map(({ width }) => width)) + 2 * PADDING, height: PADDING };
  for (const drawing of drawings) {
    place(whole, drawing, (whole.width - drawing.width) / 2, whole.height);
    whole.height += drawing.height + GAP;
  }
  whole.height += PADDING - GAP;
  return whole;
}

/** Put a drawing into another one. @param {Drawing} into @param {Drawing} drawing @param {number} x @param {number} y */
function place(into, drawing, x, y) {
  for (const box of drawing.boxes) into.boxes.push({ ...box, x: box.x + x, y: box.y + y });
  for (const { points, ...arrow } of drawing.arrows)
    into.arrows.push({ ...arrow, points: points.map((point) => ({ x: point.x + x, y: point.y + y })) });
}

/** @typedef {{ drawing: Drawing }} Item */
/** @typedef {{ from: number, to: number, label?: string }} Link between items, by their index */

/** @param {Drawing} drawing @returns {Item} */
function item(drawing) {
  return { drawing };
}

/** Items with arrows between them, each arrow leading down. @param {Item[]} items @param {Link[]} links @returns {Drawing} */
function row(items, links) {
  if (items.length === 1 && items[0]) return items[0].drawing;
  // dagre's own types are lost in its bundle.
  const graph = /** @type {any} */ (new Dagre());
  graph.setGraph({ rankdir: "TB", nodesep: GAP, ranksep: GAP, edgesep: 12 });
  for (const [index, { drawing }] of items.entries())
    graph.setNode(String(index), { width: drawing.width, height: drawing.height });
  for (const { from, to, label = "" } of links) {
    const shown = cut(label, LONGEST_CONDITION);
    const size = label
      ? { width: textWidth(shown, NOTE_WIDTH) + 8, height: 16, labelpos: "c" }
      : { width: 0, height: 0 };
    graph.setEdge(String(from), String(to), { ...size, label: shown, full: label });
  }
  // Branches stand in the order of the source.
  layout(graph, { disableOptimalOrderHeuristic: true });
  const { width = 0, height = 0 } = graph.graph();
  const whole = { ...empty(), width, height };
  for (const [index, { drawing }] of items.entries()) {
    const { x, y } = graph.node(String(index));
    place(whole, drawing, x - drawing.width / 2, y - drawing.height / 2);
  }
  for (const edge of graph.edges()) {
    const { points, label, full } = graph.edge(edge);
    whole.arrows.push({ points, label, full });
  }
  return whole;
}

/** Nodes one after the other. What begins without being awaited stands beside what follows, until it is awaited. @param {any[]} nodes @param {NodePath} path @param {Drawing} [start] @returns {Drawing} */
function sequence(nodes, path, start) {
  const items = start ? [item(start)] : [];
  /** @type {Link[]} */
  const links = [];
  /** What has to end before the next node begins. @type {number[]} */
  let before = start ? [0] : [];
  /** @type {{ index: number, resolves: number }[]} */
  let running = [];
  for (const [at, node] of nodes.entries()) {
    const index = items.push(item(drawNode(node, [...path, "nodes", at]))) - 1;
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
function drawNode(node, path) {
  const inside = parts(node);
  const { kind, name } = labelOf(node);
  if (inside.length === 0) return leaf(node, path);
  if (node.branches) return frame(node.type, "", branches(node, path), path);
  const drawings = inside.map((part) => {
    const place = [...path, ...part.path];
    if (node.type === "parallel")
      return row(
        part.nodes.map((each, at) => item(drawNode(each, [...place, "nodes", at]))),
        [],
      );
    const drawing = sequence(part.nodes, place);
    return part.name ? frame(part.name, part.name, drawing, null) : drawing;
  });
  if (node.type === "try") return frame("try", "", row(drawings.map(item), tryLinks(inside)), path);
  const [first = empty()] = drawings;
  if (node.type !== "step_do") return frame(node.type, name ? `${kind} ${name}` : kind, first, path);
  return frame("step_do", name, first, path);
}

/** @param {import("./parts.js").Part[]} inside @returns {Link[]} */
function tryLinks(inside) {
  const at = (/** @type {string} */ name) => inside.findIndex((part) => part.name === name);
  const [tried, caught, last] = [at("try"), at("catch"), at("finally")];
  const links = [];
  if (tried >= 0 && caught >= 0) links.push({ from: tried, to: caught, label: "if it fails" });
  if (last >= 0) links.push({ from: caught >= 0 ? caught : tried, to: last });
  return links.filter(({ from }) => from >= 0);
}

/** @param {any} node @param {NodePath} path @returns {Drawing} */
function branches(node, path) {
  const choice = small("choice", node.type === "switch" ? labelOf(node).name : "if", null);
  const items = [item(choice)];
  /** @type {Link[]} */
  const links = [];
  for (const [index, branch] of node.branches.entries()) {
    const inside =
      branch.nodes.length > 0
        ? sequence(branch.nodes, [...path, "branches", index])
        : small("nothing", "nothing", null);
    links.push({ from: 0, to: items.push(item(inside)) - 1, label: branchLabel(branch) });
  }
  return row(items, links);
}

/** @param {any} node @param {NodePath} path @returns {Drawing} */
function leaf(node, path) {
  const { kind, name, note } = labelOf(node);
  if (node.type === "break") return small("break", name ? `${kind} ${name}` : kind, path);
  const shown = [kind === "step" ? "" : kind, note].filter(Boolean).join(" · ");
  return boxed(
    { shape: node.error ? "error" : node.type, title: name, note: shown, path, dynamic: node.dynamic ?? false },
    shown ? NODE_HEIGHT : SMALL_HEIGHT + 4,
  );
}

/** @param {string} shape @param {string} title @param {NodePath | null} path @returns {Drawing} */
function small(shape, title, path) {
  return boxed({ shape, title, note: "", path, dynamic: false }, SMALL_HEIGHT);
}

/** @param {{ shape: string, title: string, note: string, path: NodePath | null, dynamic: boolean }} box @param {number} height @returns {Drawing} */
function boxed({ title, note, ...box }, height) {
  const [name, more] = [cut(title, LONGEST_NAME), cut(note, LONGEST_NOTE)];
  const width = Math.max(MIN_WIDTH, textWidth(name, NAME_WIDTH) + 28, textWidth(more, NOTE_WIDTH) + 28);
  const full = note ? `${title} (${note})` : title;
  return { width, height, boxes: [{ ...box, x: 0, y: 0, width, height, title: name, note: more, full }], arrows: [] };
}

/** A drawing in a box with a title. @param {string} shape @param {string} title @param {Drawing} inside @param {NodePath | null} path @returns {Drawing} */
function frame(shape, title, inside, path) {
  const shown = cut(title, LONGEST_NAME + 10);
  const header = shown ? HEADER : PADDING;
  const width = Math.max(inside.width + 2 * PADDING, textWidth(shown, NOTE_WIDTH) + 2 * PADDING);
  const height = inside.height + header + PADDING;
  const whole = { ...empty(), width, height };
  whole.boxes.push({ shape, x: 0, y: 0, width, height, title: shown, note: "", full: title, path, dynamic: false });
  place(whole, inside, (width - inside.width) / 2, header);
  return whole;
}

/** @param {string} text @param {number} each the width of an average character */
function textWidth(text, each) {
  let width = 0;
  // East Asian characters and pictures are about twice as wide.
  for (const character of text)
    width +=
      /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}]/u.test(
        character,
      )
        ? 1.8 * each
        : each;
  return Math.ceil(width);
}
