/** What is written of the progress of steps. Each function writes one fact, named after it. Nothing here decides anything. */

/** @import { ProgressReported, StepRef } from "./store.d.ts" */

import { LogWriter } from "./log_writer.js";

/** Of a row: an item; what the step has reported so far is superseded; it is removed. */
export const ITEM = 0;
export const SUPERSEDED = 1;
export const REMOVED = 2;

const OF_STEP = "instance = ? AND name = ? AND count = ?";
/** No number is used again: the row with the largest one stays until another one has come. */
const INSERT = `INSERT INTO progress (instance, number, event, name, count, attempt, at, value)
  SELECT ?1, coalesce(max(number), 0) + 1, ?2, ?3, ?4, ?5, ?6, ?7 FROM progress WHERE instance = ?1`;

export class ProgressFacts extends LogWriter {
  /** @param {number} number @param {StepRef} step @param {ProgressReported} report */
  progressReported(number, { name, count }, { attempt, at, value }) {
    this.#append(number, ITEM, { name, count }, attempt, at, value);
  }

  /** What the step has reported so far does not count any more. @param {number} number @param {StepRef} step @param {number} at */
  progressSuperseded(number, { name, count }, at) {
    const last = this.sql(`SELECT event, attempt FROM progress WHERE ${OF_STEP} ORDER BY number DESC LIMIT 1`).get(
      number,
      name,
      count,
    );
    if (last?.event === ITEM) this.#append(number, SUPERSEDED, { name, count }, last.attempt, at, null);
  }

  /** All but the newest items of the step are removed. @param {number} number @param {StepRef} step @param {number} kept how many @param {number} at */
  progressTrimmed(number, { name, count }, kept, at) {
    if (kept === 0) this.#append(number, REMOVED, { name, count }, null, at, null);
    this.sql(
      `DELETE FROM progress WHERE ${OF_STEP} AND event <> ${REMOVED} AND number <= coalesce(
         (SELECT number FROM progress WHERE ${OF_STEP} AND event = ${ITEM} ORDER BY number DESC LIMIT 1 OFFSET ?), 0)`,
    ).run(number, name, count, number, name, count, kept);
  }

  /** The older half of what the instance has is removed. @param {number} number @param {number} at */
  progressHalved(number, at) {
    this.#append(number, REMOVED, null, null, at, null);
    this.sql(
      `DELETE FROM progress WHERE instance = ?1 AND number < (SELECT number FROM progress WHERE instance = ?1
         ORDER BY number LIMIT 1 OFFSET (SELECT count(*) / 2 FROM progress WHERE instance = ?1))`,
    ).run(number);
  }

  /** All of it is removed; the instance begins again. @param {number} number @param {number} at */
  progressRemoved(number, at) {
    if (this.sql("SELECT 1 FROM progress WHERE instance = ? LIMIT 1").get(number) === undefined) return;
    this.#append(number, REMOVED, null, null, at, null);
    this.sql(
      "DELETE FROM progress WHERE instance = ?1 AND number < (SELECT max(number) FROM progress WHERE instance = ?1)",
    ).run(number);
  }

  /**
   * @param {number} number
   * @param {number} event
   * @param {StepRef | null} step
   * @param {number | null} attempt
   * @param {number} at
   * @param {string | null} value
   */
  #append(number, event, step, attempt, at, value) {
    this.sql(INSERT).run(number, event, step?.name ?? null, step?.count ?? null, attempt, at, value);
  }
}
