/** The calls of `step`: what a step, a sleep and a wait are in the graph. */

/** @import { Deferred, Value } from "./values.js" */
/** @import { Call, Walker } from "./walker.js" */

import { callbackNodes } from "./functions.js";
import { DEFAULT_WAIT, asText, configOf, duration } from "./texts.js";
import { UNKNOWN, isPlain, promiseOf } from "./values.js";

/** Call a method of `step`. The step begins with the call. @param {Walker} walker @param {string} method @param {Call} given @returns {Value} */
export function callStep(walker, method, given) {
  const make = { do: stepNode, sleep: sleepNode, sleepUntil: sleepUntilNode, waitForEvent: waitNode }[method];
  if (!make) return walker.callDynamic(given);
  const node = make(walker, given);
  /** @type {Deferred} */
  const promise = promiseOf(() => {
    walker.emit(node);
    return UNKNOWN;
  });
  walker.unstarted.push(promise);
  return promise;
}

/** @param {Walker} walker @param {string} type @param {Call} given */
function named(walker, type, given) {
  const { text, isDynamic } = asText(given.arguments[0] ?? UNKNOWN);
  return { type, name: text, ...(isDynamic ? { dynamic: true } : {}), at: walker.place(given.node) };
}

/** `step.do(name, config?, callback, options?)`. @param {Walker} walker @param {Call} given */
function stepNode(walker, given) {
  const rest = given.arguments.slice(1);
  const at = rest.findIndex(({ kind }) => kind === "function");
  const hasConfig = at === 1 || (at < 0 && rest.length > 1);
  const { config, isDynamic } = configOf(hasConfig ? rest[0] : undefined);
  const callback = at < 0 ? undefined : rest[at];
  const options = rest[at < 0 ? (hasConfig ? 2 : 1) : at + 1];
  const hasRollback = options?.kind === "table" && options.entries.has("rollback");
  return {
    ...named(walker, "step_do", given),
    config,
    nodes: callbackNodes(walker, callback),
    ...(isDynamic ? { dynamic_config: true } : {}),
    ...(hasRollback ? { rollback: true } : {}),
  };
}

/** @param {Walker} walker @param {Call} given */
function sleepNode(walker, given) {
  return {
    ...named(walker, "step_sleep", given),
    duration: duration(given.arguments[1]),
    ...expression(walker, given),
  };
}

/** @param {Walker} walker @param {Call} given */
function sleepUntilNode(walker, given) {
  const timestamp = String(duration(given.arguments[1]));
  return { ...named(walker, "step_sleep_until", given), timestamp, ...expression(walker, given) };
}

/** The source of a time that only a run knows. @param {Walker} walker @param {Call} given */
function expression(walker, given) {
  const node = given.node.arguments?.[1];
  return node && !isPlain(given.arguments[1] ?? UNKNOWN) ? { expression: walker.source(node) } : {};
}

/** @param {Walker} walker @param {Call} given */
function waitNode(walker, given) {
  const options = given.arguments[1];
  const entries = options?.kind === "table" ? options.entries : new Map();
  const { text } = asText(entries.get("type") ?? UNKNOWN);
  const timeout = duration(entries.get("timeout"), DEFAULT_WAIT);
  return { ...named(walker, "step_wait_for_event", given), options: { event_type: text, timeout } };
}
