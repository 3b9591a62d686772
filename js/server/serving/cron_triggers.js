/** Calls a Worker's scheduled handler at the times of its cron triggers. Times at which nothing runs are not made up for. */

/** @import { Clock } from "../../engine/clock.d.ts" */
/** @import { Cron } from "../../engine/cron.d.ts" */

import { WorkflowError } from "../../engine/errors.js";

export class CronTriggers {
  #clock;
  #cron;
  #fire;
  /** @type {Map<string, () => void>} */
  #cancels = new Map();

  /**
   * @param {Clock} clock
   * @param {Cron} cron
   * @param {(cron: string, scheduledTime: number) => void} fire
   */
  constructor(clock, cron, fire) {
    this.#clock = clock;
    this.#cron = cron;
    this.#fire = fire;
  }

  /**
   * Refuse expressions that mean no times.
   *
   * @param {string[]} expressions
   * @throws {WorkflowError}
   */
  check(expressions) {
    for (const [index, expression] of expressions.entries()) {
      const problem = this.#cron.problem(expression);
      if (problem === undefined) continue;
      const message = `triggers.crons[${index}] is ${JSON.stringify(expression)}: ${problem}.`;
      throw new WorkflowError("schedule.invalid", message);
    }
  }

  /** Fire at the times of these expressions, and of no others. @param {string[]} expressions */
  set(expressions) {
    for (const [expression, cancel] of this.#cancels) {
      if (expressions.includes(expression)) continue;
      cancel();
      this.#cancels.delete(expression);
    }
    for (const expression of new Set(expressions)) {
      if (!this.#cancels.has(expression)) this.#arm(expression, this.#now());
    }
  }

  /** The next times, by expression. @returns {Record<string, number>} in ms since 1970 */
  next() {
    const now = this.#now();
    const times = [...this.#cancels.keys()].map((each) => [each, this.#cron.next(each, now)]);
    return Object.fromEntries(times.filter(([, time]) => time !== undefined));
  }

  stop() {
    this.set([]);
  }

  /** @param {string} expression @param {number} after */
  #arm(expression, after) {
    const time = this.#cron.next(expression, after);
    if (time === undefined) return;
    const run = () => {
      this.#arm(expression, Math.max(time, this.#now()));
      this.#fire(expression, time);
    };
    const cancel = this.#clock.atWall?.(time, run) ?? this.#clock.at(time, run);
    this.#cancels.set(expression, cancel);
  }

  /** Times of day go by the wall clock. */
  #now() {
    return this.#clock.wallNow?.() ?? this.#clock.now();
  }
}
