/** Boxes and arrows, and how they are put together. */

/** @import { NodePath } from "./graph.d.ts" */

import { Graph as Dagre, layout } from "@dagrejs/dagre";
import { cut } from "./labels.js";

/**
 * `x`, `y`: the upper left corner. `shape`: what it looks like. `path`: the node in the graph, where there is one.
 *
 * @typedef {{ shape: string, x: number, y: number, width: number, height: number, title: string, note: string, full: string, path: NodePath | null, dynamic: boolean }} Box
 * @typedef {{ points: { x: number, y: number }[], label: string, full: string }} Arrow
 * @typedef {{ width: number, height: number, boxes: Box[], arrows: Arrow[] }} Drawing
 */

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

/** @returns {Drawing} */
export function empty() {
  return { width: 0, height: 0, boxes: [], arrows: [] };
}

/** Drawings below each other, apart. @param {Drawing[]} drawings @returns {Drawing} */
export function stack(drawings) {
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
export function item(drawing) {
  return { drawing };
}

/** Items with arrows between them, each arrow leading down. @param {Item[]} items @param {Link[]} links @returns {Drawing} */
export function row(items, links) {
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

/** @param {string} shape @param {string} title @param {NodePath | null} path @returns {Drawing} */
export function small(shape, title, path) {
  return boxed({ shape, title, note: "", path, dynamic: false }, { width: 0, height: SMALL_HEIGHT });
}

/** @param {{ shape: string, title: string, note: string, path: NodePath | null, dynamic: boolean }} box @param {{ width: number, height: number }} least @returns {Drawing} */
export function boxed({ title, note, ...box }, least) {
  const [name, more] = [cut(title, LONGEST_NAME), cut(note, LONGEST_NOTE)];
  const { height } = least;
  const width = Math.max(MIN_WIDTH, least.width, textWidth(name, NAME_WIDTH) + 28, textWidth(more, NOTE_WIDTH) + 28);
  const full = note ? `${title} (${note})` : title;
  return { width, height, boxes: [{ ...box, x: 0, y: 0, width, height, title: name, note: more, full }], arrows: [] };
}

/** A drawing in a box with a title. @param {string} shape @param {string} title @param {Drawing} inside @param {NodePath | null} path @returns {Drawing} */
export function frame(shape, title, inside, path) {
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
