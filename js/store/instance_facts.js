/**
 * What is written of instances: how they begin, change their status, roll back and end.
 *
 * Each function writes one fact, named after it. Nothing here decides anything.
 */

/** @import { Encoded, WireError } from "../../bridge/protocol.d.ts" */
/** @import { ChunkRow, InstanceRow, LogCursor, LogRow, NewInstance, RollbackStart, StepRef } from "./store.d.ts" */

import * as E from "../engine/events.js";
import { StepFacts } from "./step_facts.js";

export class InstanceFacts extends StepFacts {
  /**
   * @param {NewInstance} instance
   * @param {number} at
   * @returns {LogCursor | undefined} undefined where the workflow has an instance of this id: then nothing has changed
   */
  instanceCreated(
    { number, workflow, id, params, trigger, versionId, successRetention, errorRetention, schedule, traceparent },
    at,
  ) {
    const { changes } = this.sql(
      `INSERT INTO instances (number, workflow, id, status, params, "trigger", version_id, created_on, modified_on,
         success_retention, error_retention, schedule)
       VALUES (?, ?, ?, 'queued', ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (workflow, id) DO NOTHING`,
    ).run(
      number,
      workflow,
      id,
      params,
      trigger,
      versionId,
      at,
      at,
      successRetention ?? null,
      errorRetention ?? null,
      schedule ? JSON.stringify(schedule) : null,
    );
    if (Number(changes) === 0) return undefined;
    const log = { number, seq: 0 };
    const parent = traceparent === undefined ? {} : { traceparent };
    const detail = { versionId, trigger: { source: trigger }, ...parent };
    this.append(log, E.WORKFLOW_QUEUED, at, { detail, covered: params });
    return log;
  }

  /** @param {NewInstance} instance @param {{ rows: LogRow[], chunks: ChunkRow[] }} history that it begins with @param {number} at */
  instanceForked(instance, { rows, chunks }, at) {
    const log = this.instanceCreated(instance, at);
    if (!log) return undefined;
    for (const row of rows) {
      const { event, name, count, attempt, detail, ...rest } = row;
      const step = { name: /** @type {string} */ (name), count: /** @type {number} */ (count) };
      this.insert(log, event, row.at, {
        ...rest,
        step,
        attempt,
        detail: detail === null ? undefined : JSON.parse(detail),
      });
    }
    for (const chunk of chunks) this.chunkWritten(log.number, chunk, chunk.place, chunk.chunk);
    return log;
  }

  /** @param {LogCursor} log @param {number} at */
  instanceStarted(log, at) {
    this.sql(
      "UPDATE instances SET status = 'running', started_on = ?, modified_on = ?, wake_at = NULL WHERE number = ?",
    ).run(at, at, log.number);
    this.append(log, E.WORKFLOW_START, at, { next: E.WORKFLOW_RUNNING });
  }

  /** @param {LogCursor} log @param {number} at */
  instanceRunning(log, at) {
    this.#setStatus(log.number, "running", at);
    this.append(log, E.WORKFLOW_RUNNING, at);
  }

  /** @param {LogCursor} log @param {number} at @param {number | null} wakeAt */
  instanceParked(log, at, wakeAt) {
    this.#setStatus(log.number, "waiting", at, wakeAt);
    this.append(log, E.WORKFLOW_WAITING, at);
  }

  /** @param {number} number of an instance that goes on, with no change of status */
  instanceTaken(number) {
    this.sql("UPDATE instances SET wake_at = NULL WHERE number = ?").run(number);
  }

  /** @param {number} number @param {number} wakeAt */
  instanceDue(number, wakeAt) {
    this.sql("UPDATE instances SET wake_at = ? WHERE number = ?").run(wakeAt, number);
  }

  /** @param {LogCursor} log @param {number} at */
  instancePausing(log, at) {
    this.#setStatus(log.number, "waitingForPause", at);
    this.append(log, E.WORKFLOW_WAITING_FOR_PAUSE, at);
  }

  /** @param {LogCursor} log @param {number} at */
  instancePaused(log, at) {
    this.#setStatus(log.number, "paused", at);
    this.sql("UPDATE instances SET paused_on = ? WHERE number = ?").run(at, log.number);
    this.append(log, E.WORKFLOW_PAUSED, at);
  }

  /** @param {LogCursor} log @param {number} at @param {number} pausedFor ms by which everything that falls due moves */
  instanceResumed(log, at, pausedFor) {
    this.#setStatus(log.number, "queued", at);
    this.sql("UPDATE instances SET paused_on = NULL WHERE number = ?").run(log.number);
    this.sql("UPDATE log SET due = due + ? WHERE instance = ? AND due IS NOT NULL").run(pausedFor, log.number);
    this.append(log, E.WORKFLOW_QUEUED, at);
  }

  /** @param {LogCursor} log @param {number} at @param {Encoded} output */
  instanceCompleted(log, at, output) {
    this.append(log, E.WORKFLOW_SUCCESS, at, { covered: output });
    this.sql(
      `UPDATE instances SET status = 'complete', modified_on = ?, ended_on = ?, output = ?, wake_at = NULL,
       ${expiresAfter("success_retention")} WHERE number = ?`,
    ).run(at, at, output, at, log.number);
  }

  /** @param {LogCursor} log @param {number} at @param {WireError} error */
  instanceErrored(log, at, error) {
    this.append(log, E.WORKFLOW_FAILURE, at, { detail: { error } });
    this.sql(
      `UPDATE instances SET status = 'errored', modified_on = ?, ended_on = ?, error = ?, wake_at = NULL,
       ${expiresAfter("error_retention")} WHERE number = ?`,
    ).run(at, at, JSON.stringify(error), at, log.number);
  }

  /** @param {LogCursor} log @param {number} at @param {number} trigger */
  instanceTerminated(log, at, trigger) {
    this.append(log, E.WORKFLOW_TERMINATED, at, { detail: { trigger: { source: trigger } } });
    // A termination was asked for, and is kept as a success is: upstream's rule.
    this.sql(
      `UPDATE instances SET status = 'terminated', modified_on = ?, ended_on = ?, wake_at = NULL,
       ${expiresAfter("success_retention")} WHERE number = ?`,
    ).run(at, at, at, log.number);
  }

  /** @param {InstanceRow} instance @param {number} at */
  instanceRestarted(instance, at) {
    // Entries go on counting where they were, so that a subscriber's cursor stays good.
    const log = this.loadCursor(instance.number);
    const origin = this.#origin(instance.number);
    this.#wipe(instance.number);
    this.progressRemoved(instance.number, at);
    return this.#requeue(log, instance, origin, at);
  }

  /** What the log says of the span that has asked for the instance: a restart keeps it. @param {number} number */
  #origin(number) {
    const found = this.sql(
      `SELECT detail ->> 'traceparent' AS traceparent FROM log
       WHERE instance = ? AND event = ? AND json_valid(detail) ORDER BY seq LIMIT 1`,
    ).get(number, E.WORKFLOW_QUEUED);
    return typeof found?.traceparent === "string" ? { traceparent: found.traceparent } : {};
  }

  /**
   * @param {InstanceRow} instance
   * @param {number} at
   * @param {{ names: StepRef[], events: number[][] }} wipe the steps to forget, each with all its event numbers
   */
  instanceRestartedFrom(instance, at, wipe) {
    const { number } = instance;
    const log = this.loadCursor(number);
    const origin = this.#origin(number);
    wipe.names.forEach(({ name, count }, i) => {
      if (wipe.events[i].includes(E.STEP_START)) {
        this.chunksDropped(number, { name, count });
        this.progressSuperseded(number, { name, count }, at);
      }
      for (const event of wipe.events[i]) {
        this.sql("DELETE FROM log WHERE instance = ? AND event = ? AND name = ? AND count = ?").run(
          number,
          event,
          name,
          count,
        );
      }
    });
    this.sql("DELETE FROM log WHERE instance = ? AND (name IS NULL OR event BETWEEN ? AND ?)").run(
      number,
      E.ROLLBACK_STEP_START,
      E.ROLLBACK_STEP_FAILURE,
    );
    return this.#requeue(log, instance, origin, at);
  }

  /** @param {LogCursor} log @param {InstanceRow} instance @param {{ traceparent?: string }} origin @param {number} at */
  #requeue(log, { number, versionId, trigger, params }, origin, at) {
    this.sql(
      `UPDATE instances SET status = 'queued', modified_on = ?, started_on = NULL, ended_on = NULL, output = NULL,
       error = NULL, paused_on = NULL, wake_at = NULL, expires_at = NULL WHERE number = ?`,
    ).run(at, number);
    const detail = { versionId, trigger: { source: trigger }, ...origin };
    this.append(log, E.WORKFLOW_QUEUED, at, { detail, covered: params });
    return log;
  }

  /** @param {number} number */
  instanceDeleted(number) {
    this.observer?.deleted(number);
    this.#wipe(number);
    this.sql("DELETE FROM progress WHERE instance = ?").run(number);
    this.sql(
      `UPDATE workflows SET triggered_on = max(coalesce(triggered_on, 0), i.created_on) FROM instances AS i
       WHERE i.number = ? AND name = i.workflow`,
    ).run(number);
    this.sql("DELETE FROM instances WHERE number = ?").run(number);
  }

  /** @param {number} number */
  #wipe(number) {
    for (const table of ["log", "events", "output", "chunks"])
      this.sql(`DELETE FROM ${table} WHERE instance = ?`).run(number);
  }

  /** @param {LogCursor} log @param {number} at @param {RollbackStart} start */
  rollbackStarted(log, at, start) {
    this.#setStatus(log.number, "rollingBack", at, at);
    this.append(log, E.ROLLBACK_START, at, { detail: start });
  }

  /** @param {LogCursor} log @param {StepRef} step @param {number} at @param {WireError} error */
  rollbackMissing(log, step, at, error) {
    this.append(log, E.ROLLBACK_STEP_FAILURE, at, { step, detail: { error } });
  }

  /** @param {LogCursor} log @param {number} at @param {boolean} complete @param {{ totalSteps: number, completedSteps: number }} detail */
  rollbackEnded(log, at, complete, detail) {
    this.append(log, complete ? E.ROLLBACK_COMPLETE : E.ROLLBACK_FAILED, at, { detail });
  }

  /** @param {number} at @param {number[]} [numbers] */
  recover(at, numbers) {
    const [meant, values] = numbers
      ? ["AND number IN (SELECT value FROM json_each(?))", [JSON.stringify(numbers)]]
      : ["", []];
    for (const status of ["running", "rollingBack"])
      this.sql(`UPDATE instances SET wake_at = ? WHERE status = '${status}' ${meant}`).run(at, ...values);
    const pausing = this.sql(`SELECT number FROM instances WHERE status = 'waitingForPause' ${meant}`).all(...values);
    for (const { number } of pausing) this.instancePaused(this.loadCursor(number), at);
  }

  /** @param {number} number @param {string} status @param {number} at @param {number | null} [wakeAt] */
  #setStatus(number, status, at, wakeAt = null) {
    this.sql("UPDATE instances SET status = ?, modified_on = ?, wake_at = ? WHERE number = ?").run(
      status,
      at,
      wakeAt,
      number,
    );
  }
}

/** Sets when an instance that ends at the parameter need not be kept any longer. @param {"success_retention" | "error_retention"} retention */
function expiresAfter(retention) {
  return `expires_at = ? + coalesce(${retention},
    (SELECT w.${retention} FROM workflows AS w WHERE w.name = instances.workflow))`;
}
