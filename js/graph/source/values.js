/** The values that a workflow's source can have without being run: what a name may stand for at a place. */

/** @import { Frame } from "./scopes.js" */
/** @import { Scope } from "./scopes.js" */

/** A node of the parser's tree. Its shape is ESTree's, with TypeScript's additions. @typedef {any} Tree */

/** @typedef {{ kind: "unknown" }} Unknown Nothing is known of it. */
/** @typedef {{ kind: "text", text: string, isDynamic: boolean }} Text Parts that only a run knows are `HOLE`. */
/** @typedef {{ kind: "constant", value: number | boolean | null | undefined }} Constant Durations are milliseconds. */
/** @typedef {{ kind: "items", items: Value[], depth: number }} Items An array; `depth`: loops around the place where it was made. */
/** @typedef {{ kind: "many", value: Value }} Many Any number of values of one kind, among `Items`. */
/** @typedef {{ kind: "table", entries: Map<string, Value> }} Table An object with known keys. */
/** @typedef {{ kind: "choice", options: [string | null, Value][], discriminant: string | null }} Choice One of several; each with its condition. */
/** @typedef {{ kind: "step" }} Step The object `step` that `run` receives. */
/** @typedef {{ kind: "stepMethod", method: string }} StepMethod */
/** @typedef {{ kind: "function", node: Tree, name: string, scope: Scope, owner: Instance | null, definedIn: Tree }} SourceFunction */
/** @typedef {{ kind: "class", node: Tree, scope: Scope }} Class */
/** @typedef {{ kind: "instance", madeFrom: Class, attributes: Map<string, Value>, startAfter: Tree }} Instance Methods of `startAfter` and of the classes before it are passed over. */
/** @typedef {{ kind: "module", scope: Scope }} Module */
/** @typedef {{ kind: "library", name: string }} Library What is imported from elsewhere or is global, by its dotted name. */
/** @typedef {{ kind: "environment" }} Environment `this.env`, or `env` of `cloudflare:workers`. */
/** @typedef {{ kind: "binding", name: string, isDynamic: boolean }} Binding */
/** @typedef {{ kind: "method", owner: Value, name: string }} Method A method of what is not of the source, such as `tasks.push`. */
/**
 * Something to await. While `begin` is set nothing of it is drawn: calling it adds the nodes to the current block, and
 * gives the result. One that has begun has the `leaves` that end with it, and the `nodes` that it added to a block.
 *
 * @typedef {{ kind: "promise", begin: (() => Value) | null, result: Value, leaves: any[], nodes: any[], frame: Frame | null, isMany: boolean }} Deferred
 */
/**
 * @typedef {Unknown | Text | Constant | Items | Many | Table | Choice | Step | StepMethod | SourceFunction | Class |
 *   Instance | Module | Library | Environment | Binding | Method | Deferred} Value
 */

/** @type {Unknown} */
export const UNKNOWN = { kind: "unknown" };
/** @type {Step} */
export const STEP = { kind: "step" };
/** @type {Environment} */
export const ENVIRONMENT = { kind: "environment" };

/** @param {string} text @param {boolean} [isDynamic] @returns {Text} */
export function textOf(text, isDynamic = false) {
  return { kind: "text", text, isDynamic };
}

/** @param {Value[]} items @param {number} [depth] @returns {Items} */
export function itemsOf(items, depth = 0) {
  return { kind: "items", items, depth };
}

/** @param {Value} value @returns {Many} */
export function manyOf(value) {
  return { kind: "many", value };
}

/** @param {(() => Value) | null} begin @param {Value} [result] @returns {Deferred} */
export function promiseOf(begin, result = UNKNOWN) {
  return { kind: "promise", begin, result, leaves: [], nodes: [], frame: null, isMany: false };
}

/** Whether it is a text or a number, which a run may change. @param {Value} value */
export function isPlain(value) {
  return value.kind === "text" || value.kind === "constant";
}

/**
 * One of several values; a value alone where they are all the same, and no choice where a text may be unknown.
 *
 * @param {[string | null, Value][]} options
 * @param {string | null} [discriminant]
 * @returns {Value}
 */
export function choose(options, discriminant = null) {
  const first = options[0]?.[1] ?? UNKNOWN;
  if (options.every(([, value]) => isSame(first, value))) return first;
  const flat = options
    .filter(([, value]) => value.kind !== "unknown")
    .flatMap(([label, value]) =>
      value.kind === "choice" ? value.options : [/** @type {[string | null, Value]} */ ([label, value])],
    );
  if (flat.every(([, value]) => isPlain(value))) return UNKNOWN;
  return flat.length === 1 && flat[0] ? flat[0][1] : { kind: "choice", options: flat, discriminant };
}

/** @param {Value} left @param {Value} right */
function isSame(left, right) {
  if (left.kind === "text" && right.kind === "text") return left.text === right.text;
  if (left.kind === "constant" && right.kind === "constant") return left.value === right.value;
  if (left.kind === "library" && right.kind === "library") return left.name === right.name;
  return left === right;
}

/** One of a value that may stand for many. @param {Value} value @returns {Value} */
export function single(value) {
  return value.kind === "many" ? single(value.value) : value;
}

/** What a loop over a value gives its target. @param {Value} value @returns {Value} */
export function elementOf(value) {
  if (value.kind === "choice") return choose(value.options.map(([, each]) => [null, elementOf(each)]));
  if (value.kind !== "items") return UNKNOWN;
  const values = value.items.map(single);
  if (values.length > 1 && values.some(isPlain)) return UNKNOWN;
  const rows = values.filter((each) => each.kind === "items");
  if (rows.length > 1 && rows.length === values.length) return columns(rows);
  return choose(values.map((each) => [null, each]));
}

/** A row of a table whose rows are all as long as the first. @param {Items[]} rows @returns {Value} */
function columns(rows) {
  const width = rows[0]?.items.length ?? 0;
  if (rows.some(({ items }) => items.length !== width)) return UNKNOWN;
  const cells = Array.from({ length: width }, (_, at) =>
    elementOf(itemsOf(rows.map(({ items }) => items[at] ?? UNKNOWN))),
  );
  return itemsOf(cells);
}
