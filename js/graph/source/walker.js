/** One reading of a workflow: where nodes are added, and what is known about functions on the way. */

/** @import { Place } from "../graph.d.ts" */
/** @import { Frame } from "./scopes.js" */
/** @import { Deferred, Tree, Value } from "./values.js" */

import { call } from "./calls.js";
import { evaluate } from "./expressions.js";
import { execute } from "./statements.js";
import { UNKNOWN } from "./values.js";

/** Function bodies that are read for one graph, each call counted. Calls beyond it are drawn as calls alone. */
const MOST_ENTRIES = 3000;
/** Calls inside calls that are read. */
const MOST_DEPTH = 30;
/** Characters of a condition that are kept. */
const LONGEST_SOURCE = 200;

/** A call with its evaluated arguments, and its place in the source. @typedef {{ callee: Value, arguments: Value[], node: Tree }} Call */

export class Walker {
  /** The functions that have steps, by their place in the source. @type {Map<Tree, { name: string, nodes: any[] }>} */
  definitions = new Map();
  /** The functions that are being read, outermost first. @type {Tree[]} */
  active = [];
  /** What was called, and has not been awaited in this statement so far. @type {Deferred[]} */
  unstarted = [];
  /** How many loops are being read. */
  depth = 0;
  #entries = 0;

  /** @param {Frame} frame the function body that is being read */
  constructor(frame) {
    this.frame = frame;
  }

  /** @param {Tree} node @param {string} [name] that of a function without one of its own @returns {Value} */
  evaluate(node, name) {
    return evaluate(this, node, name);
  }

  /** Read statements. @param {Tree[]} body */
  execute(body) {
    execute(this, body);
  }

  /** @param {Call} given @returns {Value} */
  call(given) {
    return call(this, given);
  }

  /** Draw a call that may run steps which only a run knows. @param {Call} given @returns {Value} */
  callDynamic({ node }) {
    const name = this.source(node.callee ?? node);
    this.emit({ type: "function_call", name, dynamic: true, at: this.place(node) });
    return UNKNOWN;
  }

  /** Add a node to the block. @param {any} node */
  emit(node) {
    this.frame.block.push(node);
  }

  /** The nodes that an action adds, in a list of their own. @param {() => void} action @returns {any[]} */
  collect(action) {
    const outside = this.frame.block;
    /** @type {any[]} */
    const block = [];
    this.frame.block = block;
    try {
      action();
      return block;
    } finally {
      this.frame.block = outside;
    }
  }

  /** Where a node is in the source. @param {Tree} node @returns {Place} */
  place(node) {
    const { path, text } = this.frame.scope.file;
    const before = text.slice(0, node.start ?? 0);
    const line = before.split("\n").length;
    return { file: path, line, column: before.length - before.lastIndexOf("\n") };
  }

  /** The text of a node on one line, cut where it is long. @param {Tree} node */
  source(node) {
    const text = this.frame.scope.file.text.slice(node.start, node.end).split(/\s+/).join(" ");
    return text.length <= LONGEST_SOURCE ? text : `${text.slice(0, LONGEST_SOURCE - 1)}…`;
  }

  /** Whether one more function body may be read. */
  canEnter() {
    this.#entries += 1;
    return this.#entries <= MOST_ENTRIES && this.active.length < MOST_DEPTH;
  }
}
