/** A workflow that is run again and again from its beginning, each time with something else going wrong. The twin of this file is `scripts.py`. */

/** @import { EngineHandle } from "./engine_handle.js" */
/** @import { ExplorationOptions, ExploredRun } from "./testing.d.ts" */

import { isDeepStrictEqual } from "node:util";
import { decode, encode } from "../../bridge/values.js";
import { TestKitError } from "./errors.js";
import { Modifier } from "./modifier.js";

const ATTEMPT_FAILURE = 12;
const STEP_START = 5;
const WAIT_START = 14;
const CUT = "Attempt failed due to internal workflows error";
const FINAL = new Set(["complete", "errored", "terminated"]);
/** How often a run that has ended otherwise is made again, before that counts. */
const CONFIRMATIONS = 4;

/**
 * `crashes`: the point of the first crash, and those of further ones, counted from each restart. `order`: which outcome comes first, each
 * time when several are there; null: as they come.
 *
 * @typedef {{ crashes?: number[], order?: number[] | null }} Script
 */

/** One run, as the host reports it, with its output decoded. @typedef {ExploredRun & { choices: { among: string[], taken: number }[], points: number, script: Script }} ScriptedRun */

export class ScriptedWorkflow {
  #engine;
  #events;
  #fields;
  /** @type {number[] | null} */
  #usualOrder = null;
  /** What runs with nothing going wrong end with, where chance leaves it the same. @type {any} */
  #stable;

  /**
   * @param {EngineHandle} engine
   * @param {string} workflow
   * @param {ExplorationOptions} options
   */
  static async of(engine, workflow, { params, events, modify }) {
    /** @type {any[]} */
    const changes = [];
    const recording = { call: async (/** @type {string} */ _op, /** @type {any} */ change) => changes.push(change) };
    await modify?.(new Modifier(/** @type {any} */ (recording), workflow, null));
    return new ScriptedWorkflow(engine, workflow, {
      events: eventsOf(events),
      changes: changes.map(({ workflow: _workflow, id: _id, ...change }) => change),
      ...(params === undefined ? {} : { params: encode(params, "params") }),
    });
  }

  /** @param {EngineHandle} engine @param {string} workflow @param {{ events: { type: string }[], [field: string]: unknown }} fields */
  constructor(engine, workflow, fields) {
    this.#engine = engine;
    this.#events = fields.events;
    this.name = workflow;
    this.#fields = { workflow, ...fields };
  }

  /**
   * Run it from its beginning to its end.
   *
   * @param {Script} script
   * @returns {Promise<ScriptedRun>}
   */
  async run(script) {
    const { crashes = [], order = null } = script;
    const found = await this.#engine.call("script", { crashes, order, ...this.#fields });
    const error = found.error && { name: found.error.name, message: found.error.message };
    return { ...found, output: found.output === null ? undefined : decode(found.output), error, script };
  }

  /**
   * Run it twice with nothing going wrong. What both have ended with is what other runs have to end with.
   *
   * @param {number[] | null} order
   * @returns {Promise<ScriptedRun>} the first of the two
   * @throws {TestKitError} it does not come to its end
   */
  async baseline(order) {
    const first = await this.run({ order });
    if (!FINAL.has(first.status))
      throw new TestKitError(
        `Workflow '${this.name}' does not end: its status is '${first.status}', and nothing is due. ` +
          "Give the events that it waits for: { events: { type: payload } }.",
      );
    checkEvents(
      first,
      this.#events.map(({ type }) => type),
    );
    this.#usualOrder = order;
    this.#stable = stablePart(endOf(first), endOf(await this.run({ order })));
    return first;
  }

  /**
   * Whether a run has ended as runs do with nothing going wrong.
   *
   * One that has not is made again, and so is one with nothing going wrong: where a step draws a random number, either may end otherwise
   * by chance.
   *
   * @param {ScriptedRun} run
   */
  async endsAsUsual(run) {
    for (let i = 0; i < CONFIRMATIONS; i++) {
      if (fits(endOf(run), this.#stable)) return true;
      this.#stable = stablePart(this.#stable, endOf(await this.run({ order: this.#usualOrder })));
      run = await this.run(run.script);
    }
    return fits(endOf(run), this.#stable);
  }
}

/** What is compared with other runs. @param {ScriptedRun} run */
function endOf({ status, output, error }) {
  return { status, output, error };
}

/** A run's end, for people. @param {ScriptedRun} run */
export function shownEnd({ status, output, error }) {
  return `${status}: ${error ? `${error.name}: ${error.message}` : JSON.stringify(output)}`;
}

/** How often the callback of each step has begun. @param {ScriptedRun} run @returns {Map<string, number>} */
export function began({ callbacks }) {
  /** @type {Map<string, number>} */
  const times = new Map();
  for (const { step } of callbacks) times.set(step, (times.get(step) ?? 0) + 1);
  return times;
}

/**
 * Refuse names of steps that a run does not have.
 *
 * @param {ScriptedRun} run
 * @param {string} argument of an exploration
 * @param {string[]} names
 * @throws {TestKitError}
 */
export function checkSteps({ log }, argument, names) {
  const known = [...new Set(log.filter(({ event }) => event === STEP_START).map(({ name }) => name ?? ""))];
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new TestKitError(
      `${argument} has '${unknown}', and the workflow has run no such step. Its steps: ${known.join(", ") || "none"}.`,
    );
}

/**
 * Refuse types of events that a run has not waited for while it has waited for others.
 *
 * @param {ScriptedRun} run
 * @param {string[]} types
 * @throws {TestKitError}
 */
function checkEvents({ log }, types) {
  const awaited = new Set(log.filter(({ event }) => event === WAIT_START).map(({ detail }) => String(detail.event)));
  const missed = [...awaited].filter((type) => !types.includes(type));
  const unknown = types.find((type) => !awaited.has(type));
  if (unknown !== undefined && missed.length > 0)
    throw new TestKitError(`events has '${unknown}', and the workflow has waited for ${missed.join(", ")}.`);
}

/** Steps whose retry limit is 0. @param {ScriptedRun} run */
export function stepsThatRunOnce({ log }) {
  const starts = log.filter(({ event, detail }) => event === STEP_START && detail.config.retries.limit === 0);
  return new Set(starts.map(({ name, count }) => `${name}-${count}`));
}

/** Steps whose last attempt a crash has cut. @param {ScriptedRun} run */
export function givenUpSteps({ log }) {
  const starts = log.filter(({ event }) => event === STEP_START);
  const limits = new Map(starts.map(({ name, count, detail }) => [`${name}-${count}`, detail.config.retries.limit]));
  const cuts = log.filter(
    ({ event, detail }) => event === ATTEMPT_FAILURE && String(detail.error.message).startsWith(CUT),
  );
  const last = cuts.filter(({ name, count, attempt }) => {
    const limit = limits.get(`${name}-${count}`);
    return limit !== null && Number(attempt) > limit;
  });
  return new Set(last.map(({ name, count }) => `${name}-${count}`));
}

/** What *invariant* objects to. @param {ExplorationOptions["invariant"]} invariant @param {ScriptedRun} run */
export async function objection(invariant, run) {
  try {
    await invariant?.(run);
    return [];
  } catch (error) {
    return [`the invariant does not hold: ${/** @type {Error} */ (error)?.message ?? error}`];
  }
}

/** @param {ExplorationOptions["events"]} events */
function eventsOf(events = {}) {
  const pairs = Array.isArray(events) ? events : Object.entries(events);
  return pairs.map(([type, payload]) => ({ type, payload: encode(payload, `the payload of '${type}'`) }));
}

/** Where two runs with nothing going wrong differ, no other run is held to it. */
const VARIES = Symbol("varies");

/** @param {any} first @param {any} second @returns {any} */
function stablePart(first, second) {
  if (isContainer(first) && isContainer(second) && haveSameKeys(first, second)) {
    const parts = Object.keys(first).map((key) => [key, stablePart(first[key], second[key])]);
    return Array.isArray(first) ? parts.map(([, part]) => part) : Object.fromEntries(parts);
  }
  return isDeepStrictEqual(first, second) ? first : VARIES;
}

/** Whether *found* is as *stable* where that does not vary. @param {any} found @param {any} stable @returns {boolean} */
function fits(found, stable) {
  if (stable === VARIES) return true;
  if (isContainer(stable) && isContainer(found))
    return haveSameKeys(found, stable) && Object.keys(stable).every((key) => fits(found[key], stable[key]));
  return isDeepStrictEqual(found, stable);
}

/** An array or a plain object. @param {any} value */
function isContainer(value) {
  return Array.isArray(value) || (value !== null && typeof value === "object" && value.constructor === Object);
}

/** @param {any} first @param {any} second */
function haveSameKeys(first, second) {
  return Array.isArray(first) === Array.isArray(second) && isDeepStrictEqual(Object.keys(first), Object.keys(second));
}
