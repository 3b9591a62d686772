/** Subscriptions: what may be asked of one, and the events of an instance after a cursor. */

/** @import { Encoded } from "../../bridge/protocol.d.ts" */
/** @import { FollowerEvent } from "./progress_events.js" */
/** @import { InstanceRow, LogRow, OutputRow, ProgressRow } from "../store/store.d.ts" */

import { nearest } from "../../bridge/nearest.js";
import { LAST_EVENTS, SUBSCRIPTION_TYPES, subscriptionEvent } from "./detail.js";
import { WorkflowError } from "./errors.js";
import { entries, STEP_START, targetOf } from "./events.js";
import { mergeProgress, PROGRESS_TYPES, progressEvent } from "./progress_events.js";

/**
 * @typedef {{ cursor: number, filter: string[] | undefined, progress?: number | undefined }} SubscriptionOptions `progress`: the
 *   `progressId` of the last item of progress that is known; without it none is given
 *
 * @typedef {object} Additions
 * @property {boolean} exists whether the instance does
 * @property {LogRow[]} log a portion of it
 * @property {boolean} more whether more of the log follows
 * @property {Encoded | null} result the instance's output, where the log has its success
 * @property {(OutputRow & { id: number })[]} output
 * @property {{ progress: ProgressRow[], more: boolean }} [reported] a portion of the progress of its steps
 *
 * @typedef {object} InstanceReader the part of the engine that followers need
 * @property {(workflow: string, id: string) => Promise<InstanceRow>} get
 * @property {(number: number, after?: number) => Promise<LogRow[]>} log
 * @property {(number: number, after: { entry: number, line?: number | undefined, item?: number | undefined }) => Promise<Additions>} additions
 * @property {(number: number, notify: () => void) => () => void} watch
 */

/**
 * @param {any} options as the caller wrote them
 * @returns {SubscriptionOptions}
 * @throws {WorkflowError}
 */
export function subscriptionOptions(options = {}) {
  const invalid = (more = "") =>
    new WorkflowError("subscription.invalid", `Invalid Workflow subscription options${more}`);
  if (typeof options !== "object" || options === null || Array.isArray(options)) throw invalid();
  const { cursor = 0, filter, progress, ...others } = options;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw invalid(`: ${unknown} is not known; ${hintFor(unknown)}`);
  if (!Number.isInteger(cursor) || cursor < 0) throw invalid();
  if (progress !== undefined && (!Number.isInteger(progress) || progress < 0)) throw invalid();
  const types = new Set([...Object.values(SUBSCRIPTION_TYPES), ...PROGRESS_TYPES]);
  const fits = filter === undefined || (Array.isArray(filter) && filter.every((type) => types.has(type)));
  if (!fits) throw invalid();
  const wanted = filter?.some((/** @type {string} */ type) => PROGRESS_TYPES.includes(type)) ? 0 : undefined;
  return { cursor, filter, progress: filter === undefined || wanted === 0 ? (progress ?? wanted) : undefined };
}

/** @param {string} option that there is not */
function hintFor(option) {
  const near = nearest(option, ["cursor", "filter", "progress"]);
  return near === undefined ? "known are cursor, filter, progress" : `did you mean ${near}?`;
}

export class Subscription {
  #engine;
  #row;
  #filter;
  #toJson;
  #started;
  /** Targets of steps whose output is to be hidden. @type {Set<string>} */
  #sensitive = new Set();

  /**
   * @param {InstanceReader} engine
   * @param {InstanceRow} row
   * @param {SubscriptionOptions} options
   * @param {(text: string) => unknown} toJson a stored value as the subscriber is shown it
   */
  constructor(engine, row, { cursor, filter, progress }, toJson) {
    this.#engine = engine;
    this.#row = row;
    this.#filter = filter;
    this.#toJson = toJson;
    /** `eventId` of the last event that was read, shown or not. */
    this.cursor = cursor;
    /** `progressId` of the last item of progress that was read; undefined where none is wanted. */
    this.progress = progress;
    /** Whether the entries before the cursor have been read. */
    this.#started = cursor === 0;
  }

  /**
   * The events since the last read. `done`: the instance has ended, or does not exist any more; `more`: the next read gives
   * what comes after `until`.
   *
   * @param {number} [line] id of the last line of output that the caller has; without it no output is read
   */
  async read(line) {
    const { number } = this.#row;
    if (!this.#started) {
      for (const entry of entries(await this.#engine.log(number))) this.#note(entry);
      this.#started = true;
    }
    const added = await this.#engine.additions(number, { entry: this.cursor, line, item: this.progress });
    if (!added.exists) return { events: [], output: [], done: true, more: false, until: Infinity };
    const { reported = { progress: [], more: false } } = added;
    const found = mergeProgress(
      { rows: entries(added.log).filter(({ eventId }) => eventId > this.cursor), more: added.more },
      { rows: reported.progress, more: reported.more },
    );
    const row = { ...this.#row, output: added.result };
    /** @type {FollowerEvent[]} */
    const all = [];
    for (const each of found.merged) {
      if ("eventId" in each) {
        this.cursor = each.eventId;
        this.#note(each);
        const isSensitive = (/** @type {any} */ entry) => this.#sensitive.has(targetOf(entry));
        all.push(subscriptionEvent(row, each, this.#toJson, isSensitive));
      } else {
        this.progress = each.number;
        all.push(...progressEvent(row.id, each, this.#toJson));
      }
    }
    const events = all.filter(({ type }) => this.#filter === undefined || this.#filter.includes(type));
    const done = all.some(({ type }) => LAST_EVENTS.has(type));
    return { events, output: added.output, more: found.more, until: found.until, done };
  }

  /** @param {import("../store/store.d.ts").LogEntry} entry */
  #note(entry) {
    if (entry.event !== STEP_START || entry.detail === null) return;
    if (JSON.parse(entry.detail).config?.sensitive === "output")
      this.#sensitive.add(targetOf(/** @type {any} */ (entry)));
  }
}
