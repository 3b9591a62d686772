/** What several calls of one function have in common. */

import { BLOCKS } from "../nodes.js";
import { HOLE } from "../node_of_step.js";

/** Stands for a hole while texts are compared. */
const MARK = "\0";

/**
 * The nodes of a function, of which one call runs `known` and another one runs `made`.
 *
 * Texts that differ have a hole. Calls that differ in more, as where a function is handed a function, are branches.
 *
 * @param {string} name
 * @param {any[]} known
 * @param {any[]} made
 * @param {number} line of the other call
 * @returns {any[]}
 */
export function merge(name, known, made, line) {
  const discriminant = `call of ${name}`;
  if (known.length === 1 && known[0].discriminant === discriminant) {
    const same = known[0].branches.find((/** @type {any} */ { nodes }) => isAlike(nodes, made));
    if (same) same.nodes = mergeAll(same.nodes, made);
    else known[0].branches.push({ condition: `line ${line}`, nodes: made });
    return known;
  }
  if (isAlike(known, made)) return mergeAll(known, made);
  const branches = [
    { condition: null, nodes: known },
    { condition: `line ${line}`, nodes: made },
  ];
  return [{ type: "switch", discriminant, branches }];
}

/** Whether both have the same types of nodes in the same places. @param {any[]} left @param {any[]} right */
function isAlike(left, right) {
  return JSON.stringify(left.map(shape)) === JSON.stringify(right.map(shape));
}

/** @param {any} node @returns {any} */
function shape(node) {
  const branches = (node.branches ?? []).map((/** @type {any} */ branch) => branch.nodes.map(shape));
  const blocks = BLOCKS.map((key) => (node[key] ? shape(node[key]) : null));
  const called = node.type === "function_call" ? node.name : null;
  return [node.type, node.kind ?? null, called, (node.nodes ?? []).map(shape), branches, blocks];
}

/** @param {any[]} left @param {any[]} right @returns {any[]} */
function mergeAll(left, right) {
  return left.map((node, index) => mergeNode(node, right[index]));
}

/** @param {any} left @param {any} right @returns {any} */
function mergeNode(left, right) {
  const merged = { ...left };
  if (left.name !== right.name) Object.assign(merged, { name: mergeTexts(left.name, right.name), dynamic: true });
  if (left.nodes) merged.nodes = mergeAll(left.nodes, right.nodes);
  if (left.branches)
    merged.branches = left.branches.map((/** @type {any} */ branch, /** @type {number} */ index) => ({
      ...branch,
      nodes: mergeAll(branch.nodes, right.branches[index].nodes),
    }));
  for (const key of BLOCKS) if (left[key]) merged[key] = mergeNode(left[key], right[key]);
  return merged;
}

/** What both have in common at their ends, in whole words, with a hole between. @param {string} left @param {string} right */
export function mergeTexts(left, right) {
  const [one, other] = [left.replaceAll(HOLE, MARK), right.replaceAll(HOLE, MARK)];
  const start = wholeWords(commonStart(one, other));
  const [oneRest, otherRest] = [reversed(one.slice(start.length)), reversed(other.slice(start.length))];
  const end = reversed(wholeWords(commonStart(oneRest, otherRest)));
  return `${start}${MARK}${end}`.replaceAll(/\0+/g, () => HOLE);
}

/** A text up to its last character that is not of a word. @param {string} text */
function wholeWords(text) {
  return text.replace(/[\p{L}\p{N}_]+$/u, "");
}

/** @param {string} one @param {string} other */
function commonStart(one, other) {
  let length = 0;
  while (length < one.length && one[length] === other[length]) length += 1;
  return one.slice(0, length);
}

/** @param {string} text */
function reversed(text) {
  return text.split("").toReversed().join("");
}
