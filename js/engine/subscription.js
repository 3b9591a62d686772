/** Subscriptions: what may be asked of one, and the events of an instance after a cursor. */

/** @import { InstanceRow } from "../store/store.d.ts" */
/** @import { Engine } from "./engine.js" */

import { nearest } from "../../bridge/nearest.js";
import { LAST_EVENTS, SUBSCRIPTION_TYPES, subscriptionEvent } from "./detail.js";
import { WorkflowError } from "./errors.js";
import { entries, STEP_START, targetOf } from "./events.js";

/** @typedef {{ cursor: number, filter: string[] | undefined }} SubscriptionOptions */

/**
 * @param {any} options as the caller wrote them
 * @returns {SubscriptionOptions}
 * @throws {WorkflowError}
 */
export function subscriptionOptions(options = {}) {
  const invalid = (more = "") =>
    new WorkflowError("subscription.invalid", `Invalid Workflow subscription options${more}`);
  if (typeof options !== "object" || options === null || Array.isArray(options)) throw invalid();
  const { cursor = 0, filter, ...others } = options;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw invalid(`: ${unknown} is not known; ${hintFor(unknown)}`);
  if (!Number.isInteger(cursor) || cursor < 0) throw invalid();
  const types = new Set(Object.values(SUBSCRIPTION_TYPES));
  const fits = filter === undefined || (Array.isArray(filter) && filter.every((type) => types.has(type)));
  if (!fits) throw invalid();
  return { cursor, filter };
}

/** @param {string} option that there is not */
function hintFor(option) {
  const near = nearest(option, ["cursor", "filter"]);
  return near === undefined ? "known are cursor, filter" : `did you mean ${near}?`;
}

/**
 * The events that have come since the last `read`. `done`: the instance has ended, or is gone.
 */
export class Subscription {
  #engine;
  #row;
  #filter;
  #toJson;
  /** Targets of steps whose output is to be hidden. @type {Set<string>} */
  #sensitive = new Set();

  /**
   * @param {Engine} engine
   * @param {InstanceRow} row
   * @param {SubscriptionOptions} options
   * @param {(text: string) => unknown} toJson a stored value as the subscriber is shown it
   */
  constructor(engine, row, { cursor, filter }, toJson) {
    this.#engine = engine;
    this.#row = row;
    this.#filter = filter;
    this.#toJson = toJson;
    /** `eventId` of the last event that was read, shown or not. */
    this.cursor = cursor;
    if (cursor > 0) for (const entry of entries(engine.log(row.number))) this.#note(entry);
  }

  read() {
    const { number, workflow, id } = this.#row;
    const log = entries(this.#engine.log(number, this.cursor)).filter(({ eventId }) => eventId > this.cursor);
    this.cursor = log.at(-1)?.eventId ?? this.cursor;
    const row = this.#engine.find(workflow, id);
    if (row?.number !== number) return { events: [], done: true };
    const all = log.map((entry) => {
      this.#note(entry);
      return subscriptionEvent(row, entry, this.#toJson, (each) =>
        this.#sensitive.has(targetOf(/** @type {any} */ (each))),
      );
    });
    const events = all.filter(({ type }) => this.#filter === undefined || this.#filter.includes(type));
    return { events, done: all.some(({ type }) => LAST_EVENTS.has(type)) };
  }

  /** @param {import("../store/store.d.ts").LogEntry} entry */
  #note(entry) {
    if (entry.event !== STEP_START || entry.detail === null) return;
    if (JSON.parse(entry.detail).config?.sensitive === "output")
      this.#sensitive.add(targetOf(/** @type {any} */ (entry)));
  }
}
