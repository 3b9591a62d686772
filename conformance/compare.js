/** What an outcome has to be on a target, and where it is not. */

/** @import { Expectation, Outcome, Scenario, Target } from "./scenario.d.ts" */

import { isDeepStrictEqual, inspect } from "node:util";
import { withoutDurations } from "./trace.js";

/**
 * The differences between what is expected and what came of it, each as a line; none where they are the same.
 *
 * @param {Scenario} scenario
 * @param {Target} target
 * @param {Outcome} outcome
 * @param {string[] | undefined} log that is expected, if one is known
 */
export function differences(scenario, target, outcome, log) {
  const { language, name } = target;
  /** @type {Expectation} */
  const expected = { ...scenario.expect, ...scenario.expectIn?.[language], ...scenario.expectIn?.[name] };
  const found = [];
  const seen = target.jsonOnly ? asJson : (/** @type {unknown} */ value) => value;
  const check = (/** @type {string} */ what, /** @type {unknown} */ wanted, /** @type {unknown} */ got) => {
    if (!isDeepStrictEqual(wanted, got)) found.push(`${what}: expected ${show(wanted)}, got ${show(got)}`);
  };
  check("status", expected.status ?? (expected.error ? "errored" : "complete"), outcome.status);
  if ("output" in expected) check("output", seen(expected.output), outcome.output ?? null);
  if (expected.error) {
    const { message } = expected.error;
    const got = outcome.error;
    check("error name", expected.error.name, got?.name);
    if (message instanceof RegExp) {
      if (!message.test(got?.message ?? ""))
        found.push(`error message: expected ${message}, got ${show(got?.message)}`);
    } else check("error message", message, got?.message);
  } else if (outcome.error) check("error", undefined, outcome.error);
  if (expected.shown) check("shown", expected.shown, outcome.shown);
  if (expected.notes) check("notes", expected.notes, outcome.notes);
  for (const pattern of expected.says ?? []) {
    if (!pattern.test(outcome.said ?? "")) found.push(`said: expected ${pattern}, got ${show(outcome.said)}`);
  }
  if (log && !scenario.logVaries) {
    const prepare = (/** @type {string[]} */ lines) => {
      const prepared = target.scales ? withoutDurations(lines) : lines;
      return scenario.unordered ? prepared.toSorted() : prepared;
    };
    const [wanted, got] = [prepare(log), prepare(outcome.log)];
    const at = wanted.findIndex((line, i) => line !== got[i]);
    if (at >= 0) found.push(`log[${at}]: expected ${show(wanted[at])}, got ${show(got[at])}`);
    else if (got.length > wanted.length)
      found.push(`log[${wanted.length}]: nothing expected, got ${show(got[wanted.length])}`);
  }
  return found;
}

/** @param {unknown} value */
function show(value) {
  return inspect(value, { depth: 8, breakLength: Infinity });
}

/**
 * What upstream's log, which is JSON, leaves of a value.
 *
 * @param {any} value
 * @returns {any}
 */
function asJson(value) {
  return JSON.parse(
    JSON.stringify(value ?? null, function (key, item) {
      const original = this[key];
      if (ArrayBuffer.isView(original)) return `[${original.constructor.name}(${original.byteLength} bytes)]`;
      if (original instanceof ArrayBuffer) return `[ArrayBuffer(${original.byteLength} bytes)]`;
      if (typeof item === "bigint") return `[BigInt(${item})]`;
      return item;
    }),
  );
}
