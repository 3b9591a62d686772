/**
 * What is written of steps, sleeps and waits, of the events that waits take, and of what code prints.
 *
 * Each function writes one fact, named after it. Nothing here decides anything.
 */

/** @import { Encoded, StepConfig, WireError } from "../../bridge/protocol.d.ts" */
/** @import { AttemptedRef, AttemptFailed, EventRow, LogCursor, OutputRow, StepFailed, StepRef, StepSucceeded } from "./store.d.ts" */

import * as E from "../engine/events.js";
import { ProgressFacts } from "./progress_facts.js";

export class StepFacts extends ProgressFacts {
  /** @param {LogCursor} log @param {AttemptedRef} step @param {number} at @param {{ config: StepConfig, hasRollback?: true }} detail */
  stepStarted(log, step, at, detail) {
    const { start, attemptStart } = E.ATTEMPTED[step.kind];
    this.append(log, start, at, { next: attemptStart, step, attempt: 1, detail });
  }

  /** @param {LogCursor} log @param {AttemptedRef} step @param {number} at @param {number} attempt */
  attemptStarted(log, step, at, attempt) {
    this.append(log, E.ATTEMPTED[step.kind].attemptStart, at, { step, attempt });
  }

  /** @param {LogCursor} log @param {AttemptedRef} step @param {number} at @param {AttemptFailed} failed */
  attemptFailed(log, step, at, { attempt, error, retry, usage }) {
    const { attemptFailure } = E.ATTEMPTED[step.kind];
    this.append(log, attemptFailure, at, {
      step,
      attempt,
      due: at + retry,
      detail: { error, retryDelayMs: retry, ...usage },
    });
  }

  /** @param {LogCursor} log @param {AttemptedRef} step @param {number} at @param {StepFailed} failed */
  stepFailed(log, step, at, { attempt, error, stepError, usage }) {
    const { attemptFailure, failure } = E.ATTEMPTED[step.kind];
    const detail = { error, stepError, ...rollbackMark(step), ...usage };
    this.append(log, attemptFailure, at, { next: failure, step, attempt, detail });
  }

  /** @param {LogCursor} log @param {AttemptedRef} step @param {number} at @param {StepSucceeded} done */
  stepSucceeded(log, step, at, { attempt, value, usage }) {
    const { attemptSuccess, success } = E.ATTEMPTED[step.kind];
    const detail = usage ? { ...rollbackMark(step), ...usage } : rollbackMark(step);
    this.append(log, attemptSuccess, at, { next: success, step, attempt, value, detail });
  }

  /** @param {number} number @param {StepRef} step @param {number} place @param {Encoded} chunk */
  chunkWritten(number, step, place, chunk) {
    const { name, count } = step;
    this.sql(
      `INSERT INTO chunks (instance, name, count, place, chunk) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (instance, name, count, place) DO UPDATE SET chunk = excluded.chunk`,
    ).run(number, name, count, place, chunk);
  }

  /** @param {number} number @param {StepRef} step */
  chunksDropped(number, { name, count }) {
    this.sql("DELETE FROM chunks WHERE instance = ? AND name = ? AND count = ?").run(number, name, count);
  }

  /** @param {LogCursor} log @param {StepRef} step @param {number} at @param {number} duration */
  sleepStarted(log, step, at, duration) {
    this.append(log, E.SLEEP_START, at, { step, due: at + duration, detail: { durationMs: duration } });
  }

  /** @param {LogCursor} log @param {StepRef} step @param {number} at */
  sleepCompleted(log, step, at) {
    this.append(log, E.SLEEP_COMPLETE, at, { step });
  }

  /** @param {LogCursor} log @param {StepRef} step @param {number} at @param {string} event @param {number} timeout */
  waitStarted(log, step, at, event, timeout) {
    this.append(log, E.WAIT_START, at, { step, due: at + timeout, detail: { event, timeoutMs: timeout } });
  }

  /** @param {LogCursor} log @param {StepRef} step @param {number} at @param {EventRow} event @param {Encoded} value */
  waitCompleted(log, step, at, event, value) {
    this.append(log, E.WAIT_COMPLETE, at, { step, value });
    this.sql("UPDATE events SET consumed_by = ? WHERE instance = ? AND number = ?").run(
      log.seq,
      log.number,
      event.number,
    );
  }

  /** @param {LogCursor} log @param {StepRef} step @param {number} at @param {WireError} error */
  waitTimedOut(log, step, at, error) {
    this.append(log, E.WAIT_TIMED_OUT, at, { step, detail: { error } });
  }

  /** @param {number} number @param {StepRef} step @param {number} due */
  dueMoved(number, step, due) {
    this.sql(
      `UPDATE log SET due = ? WHERE instance = ? AND name = ? AND count = ? AND due > ? AND event IN (?, ?, ?)`,
    ).run(due, number, step.name, step.count, due, E.SLEEP_START, E.ATTEMPT_FAILURE, E.WAIT_START);
  }

  /** @param {number} instance its number @param {EventRow} event */
  eventReceived(instance, { number, type, at, payload }) {
    this.sql("INSERT INTO events (instance, number, type, at, payload) VALUES (?, ?, ?, ?, ?)").run(
      instance,
      number,
      type,
      at,
      payload,
    );
  }

  /** @param {number} number @param {OutputRow[]} rows */
  outputWritten(number, rows) {
    const insert = this.sql("INSERT INTO output (instance, at, step, level, text) VALUES (?, ?, ?, ?, ?)");
    for (const row of rows) insert.run(number, row.at, row.step, row.level, row.text);
    this.observer?.printed(number, rows);
  }
}

/** @param {AttemptedRef} step */
function rollbackMark({ hasRollback }) {
  return hasRollback ? { hasRollback } : undefined;
}
