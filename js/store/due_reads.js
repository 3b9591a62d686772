/** Which instances have their turn: those that may begin or go on, those that need not be kept, and those of a bulk job. */

/** @import { InstanceRow } from "./store.d.ts" */

import { WorkflowReads } from "./workflow_reads.js";

/** Statuses in which an instance takes a place. */
const RUNNING = ["running", "waitingForPause", "rollingBack"];
/** The last time that a Date can hold. A larger one is damage, and not waited for. */
const LAST_TIME_MS = 8.64e15;

export class DueReads extends WorkflowReads {
  /** The workflows with a concurrency limit. @returns {Map<string, number>} */
  loadLimits() {
    const rows = this.sql("SELECT name, concurrency FROM workflows WHERE concurrency IS NOT NULL").all();
    return new Map(rows.map(({ name, concurrency }) => [name, concurrency]));
  }

  /** The instances of a workflow that take a place. @param {string} workflow @returns {number[]} */
  loadRunningOf(workflow) {
    return RUNNING.flatMap((status) =>
      this.sql(`SELECT number FROM instances WHERE status = '${status}' AND workflow = ?`)
        .all(workflow)
        .map((row) => row.number),
    );
  }

  /** @param {number} limit @param {string[]} [except] workflows */
  loadQueued(limit, except = []) {
    return this.sql(
      `SELECT number FROM instances WHERE status = 'queued' AND workflow NOT IN (SELECT value FROM json_each(?))
       ORDER BY number LIMIT ?`,
    )
      .all(JSON.stringify(except), limit)
      .map((row) => row.number);
  }

  /**
   * The instances of a workflow that wait for a place, the due ones first; `since`: when they were created.
   *
   * @param {string} workflow
   * @param {number} now
   * @param {number} limit
   * @returns {{ number: number, since: number }[]}
   */
  loadCandidates(workflow, now, limit) {
    const due = this.sql(
      `SELECT number, created_on AS since FROM instances WHERE wake_at <= ? AND status = 'waiting' AND workflow = ?
       ORDER BY wake_at LIMIT ?`,
    ).all(now, workflow, limit);
    const queued = this.sql(
      "SELECT number, created_on AS since FROM instances WHERE workflow = ? AND status = 'queued' ORDER BY number LIMIT ?",
    ).all(workflow, limit);
    return /** @type {{ number: number, since: number }[]} */ ([...due, ...queued].slice(0, limit));
  }

  /** @param {number} now @param {number} limit @param {string[]} [full] workflows whose waiting instances wait on */
  loadDue(now, limit, full = []) {
    return this.sql(
      `SELECT number FROM instances WHERE wake_at <= ?
         AND (status <> 'waiting' OR workflow NOT IN (SELECT value FROM json_each(?))) ORDER BY wake_at LIMIT ?`,
    )
      .all(now, JSON.stringify(full), limit)
      .map((row) => row.number);
  }

  /** @param {number} now @returns {number | null} the first wake-up after now */
  nextWake(now) {
    return (
      this.sql(`SELECT min(wake_at) AS at FROM instances WHERE wake_at > ? AND wake_at <= ${LAST_TIME_MS}`).get(now)
        ?.at ?? null
    );
  }

  /**
   * @param {number} limit
   * @returns {{ number: number, workflow: string, id: string }[]}
   */
  loadUnfinished(limit) {
    const running = this.sql(
      "SELECT number, workflow, id FROM instances WHERE status = 'running' ORDER BY number LIMIT ?",
    ).all(limit);
    const waiting = this.sql(
      `SELECT number, workflow, id FROM instances WHERE wake_at <= ${LAST_TIME_MS} AND status = 'waiting'
       ORDER BY wake_at LIMIT ?`,
    ).all(limit);
    return /** @type {any[]} */ ([...running, ...waiting].slice(0, limit));
  }

  /** @param {number} now @param {number} limit numbers of finished instances that need not be kept any longer */
  loadExpired(now, limit) {
    return this.sql("SELECT number FROM instances WHERE expires_at <= ? ORDER BY expires_at LIMIT ?")
      .all(now, limit)
      .map((row) => row.number);
  }

  /** @returns {number | null} */
  nextExpiry() {
    return (
      this.sql(`SELECT min(expires_at) AS at FROM instances WHERE expires_at <= ${LAST_TIME_MS}`).get()?.at ?? null
    );
  }

  /**
   * @param {string} workflow
   * @param {{ after: number, upTo: number }} numbers
   * @returns {Pick<InstanceRow, "number" | "id" | "status">[]}
   */
  loadNumbered(workflow, { after, upTo }) {
    return /** @type {Pick<InstanceRow, "number" | "id" | "status">[]} */ (
      this.sql(
        "SELECT number, id, status FROM instances WHERE workflow = ? AND number > ? AND number <= ? ORDER BY number",
      ).all(workflow, after, upTo)
    );
  }

  /** @param {string} workflow @param {number} after @returns {number | null} the next number that an instance of it has */
  nextNumber(workflow, after) {
    return (
      this.sql("SELECT min(number) AS n FROM instances WHERE workflow = ? AND number > ?").get(workflow, after)?.n ??
      null
    );
  }
}
