/** Calls: of steps, of functions of the source, of libraries, and of what is not known. */

/** @import { Choice, Value } from "./values.js" */
/** @import { Call, Walker } from "./walker.js" */

import { hasContent } from "../nodes.js";
import { callFunction, makeInstance } from "./functions.js";
import { callLibrary, callMethod, callUnknown } from "./libraries.js";
import { callStep } from "./steps.js";
import { choose } from "./values.js";

/** @type {{ [K in Value["kind"]]?: (walker: Walker, callee: Extract<Value, { kind: K }>, given: Call) => Value }} */
const READERS = {
  stepMethod: (walker, { method }, given) => callStep(walker, method, given),
  function: callFunction,
  class: makeInstance,
  choice: callOneOf,
  library: (walker, { name }, given) => callLibrary(walker, name, given),
  method: callMethod,
};

/** @param {Walker} walker @param {Call} given @returns {Value} what the call gives */
export function call(walker, given) {
  const { callee } = given;
  const reader = /** @type {((walker: Walker, callee: Value, given: Call) => Value) | undefined} */ (
    READERS[callee.kind]
  );
  return reader ? reader(walker, callee, given) : callUnknown(walker, given);
}

/** Call each of several functions, each in a branch of its own. @param {Walker} walker @param {Choice} choice @param {Call} given @returns {Value} */
function callOneOf(walker, choice, given) {
  const discriminant = choice.discriminant ?? walker.source(given.node.callee ?? given.node);
  /** @type {[string | null, Value][]} */
  const results = [];
  const branches = choice.options.map(([label, callee]) => {
    const condition = label ?? nameOf(callee);
    return {
      condition,
      nodes: walker.collect(() => {
        results.push([condition, call(walker, { ...given, callee })]);
      }),
    };
  });
  if (branches.some(({ nodes }) => hasContent(nodes))) walker.emit({ type: "switch", discriminant, branches });
  // The choice is awaited as one.
  const made = new Set(results.map(([, value]) => value));
  walker.unstarted = walker.unstarted.filter((promise) => !made.has(promise));
  return choose(results, discriminant);
}

/** @param {Value} value */
function nameOf(value) {
  if (value.kind === "function") return value.name || null;
  return value.kind === "class" ? (value.node.id?.name ?? null) : null;
}
