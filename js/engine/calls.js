/**
 * The door of a workflow's calls: what each may ask for, and the error at the call where it asks for something else.
 *
 * A refused call is an ordinary error in the workflow, with upstream's texts, and leaves no trace in the log.
 */

/** @import { FromGuest, StepConfig, WireError } from "../../bridge/protocol.d.ts" */

import { configProblem, resolveConfig } from "./config.js";
import { parseDuration } from "./duration.js";
import { fatalError, invalidEventType, refusalToWire } from "./errors.js";
import { MAX_DURATION_MS, MAX_STEP_NAME_LENGTH, MIN_WAIT_MS } from "./limits.js";
import { isEventType } from "./names.js";

const DEFAULT_WAIT = "24 hours";
const RETRY_DOCS = "https://developers.cloudflare.com/workflows/build/sleeping-and-retrying/";
// oxlint-disable-next-line no-control-regex -- control characters are what the rule is about
const CONTROL = /[\x00-\x1f]/;

/**
 * @param {Pick<Extract<FromGuest, { type: "do" }>, "name" | "config" | "rollback">} call
 * @returns {{ config: StepConfig } | { error: WireError }}
 */
export function checkDo({ name, config, rollback }) {
  const error =
    nameError(name) ??
    configError("Step", name, config) ??
    configError("Rollback", name, rollback?.config, { rollback: true });
  return error ? { error } : { config: resolveConfig(config) };
}

/**
 * @param {Extract<FromGuest, { type: "sleep" }>} call
 * @param {number} now
 * @returns {{ ms: number } | { error: WireError }}
 */
export function checkSleep({ name, duration, until }, now) {
  const refused = nameError(name);
  if (refused) return { error: refused };
  const ms =
    until === undefined ? parseDuration(duration) : parseDuration(typeof until === "number" ? until - now : NaN);
  if (until !== undefined && ms !== undefined && ms < 0) {
    return { error: { name: "Error", message: "You can't sleep until a time in the past, time-traveler" } };
  }
  if (ms !== undefined && ms >= 0 && ms <= MAX_DURATION_MS) return { ms };
  const asked =
    until === undefined
      ? `duration ${JSON.stringify(duration)}; allowed are 0 to 365 days, as ms or such as "5 minutes"`
      : `end ${JSON.stringify(until)}; allowed is a time in the next 365 days, as a date or ms since 1970`;
  return { error: fatalError(`Sleep "${name}" has ${asked}`) };
}

/**
 * @param {Extract<FromGuest, { type: "waitForEvent" }>} call
 * @returns {{ ms: number } | { error: WireError }}
 */
export function checkWait({ name, eventType, timeout = DEFAULT_WAIT }) {
  const refused = nameError(name);
  if (refused) return { error: refused };
  if (!isEventType(eventType)) {
    return { error: refusalToWire(invalidEventType(eventType)) };
  }
  const ms = parseDuration(timeout);
  if (ms !== undefined && ms >= MIN_WAIT_MS && ms <= MAX_DURATION_MS) return { ms };
  const given = JSON.stringify(timeout);
  return { error: fatalError(`Wait "${name}" has timeout ${given}; allowed are 1 second to 365 days`) };
}

/** @param {unknown} name */
function isStepName(name) {
  return typeof name === "string" && name.length <= MAX_STEP_NAME_LENGTH && !CONTROL.test(name) && name.isWellFormed();
}

/** @param {string} name */
function nameError(name) {
  if (isStepName(name)) return undefined;
  return fatalError(
    `Step name "${name}" exceeds max length (${MAX_STEP_NAME_LENGTH} chars) or invalid characters found`,
  );
}

/**
 * @param {"Step" | "Rollback"} what
 * @param {string} name of the step
 * @param {object | undefined} config
 * @param {{ rollback?: boolean }} [options]
 * @returns {WireError | undefined}
 */
export function configError(what, name, config, options) {
  const problem = config === undefined ? undefined : configProblem(config, options);
  if (problem === undefined) return undefined;
  const sentence = problem.endsWith("?") ? problem : `${problem}.`;
  return fatalError(`${what} config for "${name}" is in a invalid format: ${sentence} See ${RETRY_DOCS}`);
}
