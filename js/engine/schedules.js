/**
 * Schedules: workflows that are started by the clock.
 *
 * The store knows for each schedule the time up to which it has been carried out. That moves on in the transaction that
 * creates the instance, so a restart neither repeats a time nor loses one. If fire times passed while the state
 * was not run, only the most recent one is run: a machine that was off for a week does not run a week's worth.
 */

/** @import { ScheduleRow } from "../store/store.d.ts" */
/** @import { EngineContext } from "./context.js" */
/** @import { Cron } from "./cron.d.ts" */

import { StoppedError } from "./commits.js";
import { WorkflowError } from "./errors.js";
import { MAX_SCHEDULES } from "./limits.js";

/**
 * @typedef {object} SchedulesOptions
 * @property {Cron} [cron] without it no workflow can have a schedule
 * @property {(schedule: ScheduleRow, time: number) => void} fire creates the instance for a time, and says in the same
 *   transaction that the schedule is carried out up to it
 * @property {(fault: { workflow: string, id: string, error: unknown }) => void} [onfault] a schedule cannot be carried out; `id`
 *   is its expression
 * @property {(schedule: ScheduleRow) => boolean} [carriesOut] whether a schedule is this engine's to carry out
 * @property {boolean} [idle] carry out nothing until `activate` is called
 */

export class Schedules {
  #engine;
  #options;
  #idle;
  /** @type {(() => void) | null} */
  #cancel = null;

  /** @param {EngineContext} engine @param {SchedulesOptions} options */
  constructor(engine, options) {
    this.#engine = engine;
    this.#options = options;
    this.#idle = options.idle ?? false;
  }

  activate() {
    this.#idle = false;
    this.fireDue();
  }

  stop() {
    this.#cancel?.();
    this.#cancel = null;
    this.#idle = true;
  }

  /**
   * @param {string} workflow
   * @param {string[]} crons that it is to have
   * @throws {WorkflowError} naming the one that cannot be kept
   */
  check(workflow, crons) {
    const { cron } = this.#options;
    for (const [index, expression] of crons.entries()) {
      const problem = cron ? cron.problem(expression) : "Schedules cannot be kept here";
      if (problem)
        throw refusal(`schedules[${index}] of workflow '${workflow}' is ${JSON.stringify(expression)}: ${problem}`);
    }
    const others = this.#engine.store.loadSchedules().filter((schedule) => schedule.workflow !== workflow);
    const count = others.length + new Set(crons).size;
    if (count > MAX_SCHEDULES) {
      throw refusal(`Workflow '${workflow}' would make it ${count} schedules; a state can have ${MAX_SCHEDULES}`);
    }
  }

  /** When the schedule comes next. @param {ScheduleRow} schedule */
  next({ cron, done }) {
    return this.#options.cron?.next(cron, Math.max(done, this.#engine.wallNow));
  }

  /** Carry out what is due, and wake up for what comes next. */
  fireDue() {
    this.#cancel?.();
    this.#cancel = null;
    const { cron, fire, onfault, carriesOut = () => true } = this.#options;
    if (this.#idle || !cron) return;
    const { store, wallNow: now } = this.#engine;
    let next = Infinity;
    for (const schedule of store.loadSchedules().filter(carriesOut)) {
      try {
        let due = cron.next(schedule.cron, schedule.done) ?? Infinity;
        if (due <= now) {
          // Not before *due*: there is a time between the two that has not been carried out.
          fire(schedule, cron.last(schedule.cron, now) ?? due);
          due = cron.next(schedule.cron, now) ?? Infinity;
        }
        next = Math.min(next, due);
      } catch (error) {
        // A damaged schedule keeps no other from its time.
        if (error instanceof StoppedError) throw error;
        onfault?.({ workflow: schedule.workflow, id: schedule.cron, error });
      }
    }
    if (next < Infinity) this.#cancel = this.#engine.atWall(next, () => this.fireDue());
  }
}

/** @param {string} message */
function refusal(message) {
  return new WorkflowError("schedule.invalid", message);
}
