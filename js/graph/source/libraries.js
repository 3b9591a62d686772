/** Functions of JavaScript that carry steps on: those of promises, and of arrays and objects. */

/** @import { Items, Method, Value } from "./values.js" */
/** @import { Call, Walker } from "./walker.js" */

import { hasContent } from "../nodes.js";
import { gather, settle } from "./promises.js";
import { asText, join } from "./texts.js";
import { UNKNOWN, elementOf, itemsOf, manyOf, promiseOf, textOf } from "./values.js";

/** @type {Record<string, (walker: Walker, given: Call) => Value>} */
const FUNCTIONS = {
  "Promise.all": (walker, given) => gather(walker, given.arguments, "all"),
  "Promise.any": (walker, given) => gather(walker, given.arguments, "any"),
  "Promise.race": (walker, given) => gather(walker, given.arguments, "race"),
  "Promise.allSettled": (walker, given) => gather(walker, given.arguments, "all_settled"),
  "Promise.resolve": (_walker, given) => given.arguments[0] ?? UNKNOWN,
  "Array.from": (walker, given) => {
    const [list = UNKNOWN, callback] = given.arguments;
    return callback ? each(walker, list, callback, given, UNKNOWN) : list;
  },
  "Array.of": (walker, given) => itemsOf(given.arguments, walker.depth),
  "Object.values": (_walker, { arguments: [table] }) =>
    table?.kind === "table" ? itemsOf([...table.entries.values()]) : UNKNOWN,
  "Object.entries": (_walker, { arguments: [table] }) =>
    table?.kind === "table" ? itemsOf([...table.entries.values()].map((value) => pair(value))) : UNKNOWN,
  "Object.assign": (_walker, given) => {
    /** @type {Map<string, Value>} */
    const entries = new Map();
    for (const table of given.arguments)
      if (table.kind === "table") for (const [key, value] of table.entries) entries.set(key, value);
    return { kind: "table", entries };
  },
  String: (_walker, given) => (given.arguments[0] ? asText(given.arguments[0]) : textOf("")),
};

/** A key that only a run knows, with a value. @param {Value} value @returns {Value} */
function pair(value) {
  return value.kind === "many" ? manyOf(pair(value.value)) : itemsOf([UNKNOWN, value]);
}

/** Call a function of a library. @param {Walker} walker @param {string} name @param {Call} given @returns {Value} */
export function callLibrary(walker, name, given) {
  return FUNCTIONS[name]?.(walker, given) ?? callUnknown(walker, given);
}

/** Methods of arrays that call a function for each element, and whether the result is what that gives. */
const CALLING = new Map([
  ["map", true],
  ["flatMap", true],
  ["forEach", false],
  ["filter", false],
  ["some", false],
  ["every", false],
  ["find", false],
  ["reduce", false],
]);
const ADDING = new Set(["push", "unshift", "add"]);
const COPYING = new Set(["slice", "toReversed", "toSorted", "values", "reverse", "sort", "flat"]);

/** Call a method of what is not an object of the source. @param {Walker} walker @param {Method} method @param {Call} given @returns {Value} */
export function callMethod(walker, { owner, name }, given) {
  if (owner.kind === "binding") return callBinding(walker, owner, name, given);
  if (owner.kind === "promise") return chain(walker, owner, name, given);
  const [first] = given.arguments;
  if (CALLING.has(name) && (first?.kind === "function" || owner.kind === "items")) {
    const made = first ? each(walker, owner, first, given, name === "reduce" ? UNKNOWN : elementOf(owner)) : UNKNOWN;
    if (CALLING.get(name)) return made;
    return name === "filter" ? owner : UNKNOWN;
  }
  if (owner.kind === "items") return ofItems(walker, owner, name, given);
  if (owner.kind === "text" && name === "concat") return join([owner, ...given.arguments.map(asText)]);
  if (first && (name === "call" || name === "apply" || name === "bind")) return UNKNOWN;
  return callUnknown(walker, given);
}

/** Call a function once for each element: a loop around what it runs. @param {Walker} walker @param {Value} list @param {Value} callback @param {Call} given @param {Value} element @returns {Value} */
function each(walker, list, callback, given, element) {
  const { unstarted } = walker;
  walker.unstarted = [];
  /** @type {Value} */
  let result = UNKNOWN;
  walker.depth += 1;
  const nodes = walker.collect(() => {
    result = walker.call({ callee: callback, arguments: [element, UNKNOWN, list], node: given.node });
  });
  walker.depth -= 1;
  for (const promise of walker.unstarted) promise.isMany = true;
  walker.unstarted = [...unstarted, ...walker.unstarted];
  if (hasContent(nodes)) walker.emit({ type: "loop", nodes });
  return itemsOf([manyOf(result)], walker.depth);
}

/** Lists that grow inside a loop have as many of the value as the loop has rounds. @param {Walker} walker @param {Items} owner @param {string} name @param {Call} given @returns {Value} */
function ofItems(walker, owner, name, given) {
  if (ADDING.has(name)) {
    // An array that is in itself has no end.
    for (const value of given.arguments.filter((each) => each !== owner)) {
      let added = value;
      for (let depth = owner.depth; depth < walker.depth; depth++) added = manyOf(added);
      owner.items.push(added);
    }
    return UNKNOWN;
  }
  if (name === "concat")
    return itemsOf([
      ...owner.items,
      ...given.arguments.flatMap((value) => (value.kind === "items" ? value.items : [value])),
    ]);
  if (name === "at" || name === "pop" || name === "shift") return elementOf(owner);
  if (name === "entries") return itemsOf(owner.items.map(pair));
  return COPYING.has(name) ? itemsOf([...owner.items], owner.depth) : UNKNOWN;
}

/** `then`, `catch` and `finally` of a promise. @param {Walker} walker @param {import("./values.js").Deferred} owner @param {string} name @param {Call} given @returns {Value} */
function chain(walker, owner, name, given) {
  const [callback = UNKNOWN, onError = UNKNOWN] = given.arguments;
  const run = (/** @type {Value} */ each, /** @type {Value[]} */ values) =>
    each.kind === "function"
      ? settle(walker, walker.call({ callee: each, arguments: values, node: given.node }))
      : UNKNOWN;
  const block = (/** @type {() => void} */ action) => {
    const nodes = walker.collect(action);
    return nodes.length > 0 ? { type: "block", nodes } : null;
  };
  const guarded = (/** @type {Value} */ caught, /** @type {Value} */ last, /** @type {() => void} */ action) =>
    walker.emit({
      type: "try",
      try_block: block(action),
      catch_block: block(() => void run(caught, [UNKNOWN])),
      finally_block: block(() => void run(last, [])),
    });
  const promise = promiseOf(() => {
    if (name === "catch") guarded(callback, UNKNOWN, () => void settle(walker, owner));
    else if (name === "finally") guarded(UNKNOWN, callback, () => void settle(walker, owner));
    else if (onError.kind === "function") guarded(onError, UNKNOWN, () => void run(callback, [settle(walker, owner)]));
    else return run(callback, [settle(walker, owner)]);
    return UNKNOWN;
  });
  if (!["then", "catch", "finally"].includes(name)) return UNKNOWN;
  walker.unstarted = walker.unstarted.filter((each) => each !== owner);
  walker.unstarted.push(promise);
  return promise;
}

/** Creating instances of another workflow is drawn. @param {Walker} walker @param {{ name: string, isDynamic: boolean }} owner @param {string} name @param {Call} given @returns {Value} */
function callBinding(walker, owner, name, given) {
  if (name !== "create" && name !== "createBatch") return UNKNOWN;
  const promise = promiseOf(() => {
    const node = {
      type: "function_call",
      name: `${owner.name}.${name}`,
      workflow: owner.name,
      at: walker.place(given.node),
    };
    walker.emit(owner.isDynamic ? { ...node, dynamic: true } : node);
    return UNKNOWN;
  });
  walker.unstarted.push(promise);
  return promise;
}

/**
 * Call what cannot be read. What it is given may run there: promises, functions with steps, and `step` itself, for which
 * a node stands that says so.
 *
 * @param {Walker} walker
 * @param {Call} given
 * @returns {Value}
 */
export function callUnknown(walker, given) {
  if (given.arguments.some(hasStep)) walker.callDynamic(given);
  const waiting = given.arguments.filter(isWaiting);
  const kept = given.arguments
    .filter(({ kind }) => kind === "function")
    .map((callee) =>
      walker.collect(() => void settle(walker, walker.call({ callee, arguments: [], node: given.node }))),
    )
    .filter(hasContent)
    .flat();
  if (waiting.length === 0 && kept.length === 0) return UNKNOWN;
  const promise = promiseOf(() => {
    walker.frame.block.push(...kept);
    for (const value of waiting) settle(walker, value);
    return UNKNOWN;
  });
  walker.unstarted = walker.unstarted.filter((each) => !waiting.includes(each));
  walker.unstarted.push(promise);
  return promise;
}

/** @param {Value} value */
function isWaiting(value) {
  return (
    value.kind === "promise" || (value.kind === "choice" && value.options.some(([, each]) => each.kind === "promise"))
  );
}

/** @param {Value} value @returns {boolean} */
function hasStep(value) {
  if (value.kind === "step" || value.kind === "stepMethod") return true;
  if (value.kind === "items") return value.items.some(hasStep);
  if (value.kind === "table") return [...value.entries.values()].some(hasStep);
  if (value.kind === "many") return hasStep(value.value);
  return value.kind === "instance" && [...value.attributes.values()].some(({ kind }) => kind === "step");
}
