/** What the store on SQLite tells of one instance: its log, byte streams, events and output. Nothing here changes anything. */

/** @import { Encoded } from "../../bridge/protocol.d.ts" */
/** @import { ChunkRow, EventRow, InstanceRow, LogCursor, LogRow, OutputRow, ProgressRow, StepRef } from "./store.d.ts" */

import * as E from "../engine/events.js";
import { checksumOf, DamageError, readable } from "./damage.js";
import { DueReads } from "./due_reads.js";

/** How much of a log a follower gets at once. */
const PORTION_ROWS = 500;
const PORTION_CHARACTERS = 1024 * 1024;
/** How much of the progress of its steps. */
const PORTION_ITEMS = 256;
/** SQLite's result code for a damaged page. */
const CORRUPT = 11;
const ENTRY = "seq, event, next, name, count, at, attempt, due, value, detail, checksum";

export class LogReads extends DueReads {
  /** @param {number} number @param {number} [after] only entries with a larger number */
  loadLog(number, after = 0) {
    const rows = /** @type {LogRow[]} */ (
      readable(
        () => number,
        () =>
          this.sql(
            `SELECT ${ENTRY} FROM log WHERE instance = ? AND seq >= ? AND seq + (next IS NOT NULL) > ? ORDER BY seq`,
          ).all(number, after, after),
      )
    );
    for (const row of rows) checkEntry(number, row, this.#coveredBy(number, row));
    return rows;
  }

  /**
   * The entries with larger numbers, as many as fit into a portion: a follower of a long log gets it in portions.
   *
   * @param {number} number
   * @param {number} after
   * @returns {LogRow[]} at least one, where there is one
   */
  loadLogPortion(number, after) {
    const size = "coalesce(length(value), 0) + coalesce(length(detail), 0)";
    const rows = /** @type {LogRow[]} */ (
      readable(
        () => number,
        () =>
          this.sql(
            `SELECT ${ENTRY} FROM (
               SELECT ${ENTRY}, sum(size) OVER (ORDER BY seq ROWS UNBOUNDED PRECEDING) - size AS before FROM (
                 SELECT ${ENTRY}, ${size} AS size FROM log
                 WHERE instance = ? AND seq >= ? AND seq + (next IS NOT NULL) > ? ORDER BY seq LIMIT ${PORTION_ROWS}))
             WHERE before < ${PORTION_CHARACTERS} ORDER BY seq`,
          ).all(number, after, after),
      )
    );
    for (const row of rows) checkEntry(number, row, this.#coveredBy(number, row));
    return rows;
  }

  /** The text of the instance that an entry vouches for. @param {number} number @param {LogRow} row */
  #coveredBy(number, { event, detail }) {
    if (event === E.WORKFLOW_SUCCESS) {
      return this.sql("SELECT output FROM instances WHERE number = ?").get(number)?.output ?? undefined;
    }
    // Not that of a resume.
    if (event !== E.WORKFLOW_QUEUED || detail === null) return undefined;
    return this.sql("SELECT params FROM instances WHERE number = ?").get(number)?.params;
  }

  /** @param {number} number @param {StepRef} step @param {number} event */
  loadValue(number, step, event) {
    const row = /** @type {LogRow | undefined} */ (
      this.sql(`SELECT ${ENTRY} FROM log WHERE instance = ? AND event = ? AND name = ? AND count = ?`).get(
        number,
        event,
        step.name,
        step.count,
      )
    );
    if (row) checkEntry(number, row);
    return row?.value ?? undefined;
  }

  /** @param {number} number @returns {LogCursor} */
  loadCursor(number) {
    const row = this.sql("SELECT seq, next FROM log WHERE instance = ? ORDER BY seq DESC LIMIT 1").get(number);
    return { number, seq: row ? row.seq + (row.next === null ? 0 : 1) : 0 };
  }

  /** @param {number} number */
  canRead(number) {
    return isReadable(() => {
      this.sql("SELECT total(length(params)) FROM instances WHERE number = ?").get(number);
      this.sql(
        "SELECT total(length(name)), total(length(value)), total(length(detail)) FROM log WHERE instance = ?",
      ).get(number);
      this.sql("SELECT total(length(payload)) FROM events WHERE instance = ?").get(number);
    });
  }

  /** @param {number} number */
  canReadEnd(number) {
    return isReadable(() => void this.loadCursor(number));
  }

  /** @param {number} number @param {StepRef} step @param {number} place @returns {Encoded | undefined} */
  loadChunk(number, { name, count }, place) {
    return this.sql("SELECT chunk FROM chunks WHERE instance = ? AND name = ? AND count = ? AND place = ?").get(
      number,
      name,
      count,
      place,
    )?.chunk;
  }

  /** @param {number} number */
  loadChunks(number) {
    return /** @type {ChunkRow[]} */ (
      this.sql("SELECT name, count, place, chunk FROM chunks WHERE instance = ?").all(number)
    );
  }

  /** @param {number} number */
  countChunks(number) {
    return Number(this.sql("SELECT count(*) AS n FROM chunks WHERE instance = ?").get(number)?.n);
  }

  /** @returns {number} the number of the last entry of all logs; 0: there is none */
  lastEntry() {
    return this.sql("SELECT max(id) AS id FROM log").get()?.id ?? 0;
  }

  /** @param {number} number the events that no wait has taken, in order of arrival */
  loadEvents(number) {
    return /** @type {EventRow[]} */ (
      this.sql(
        "SELECT number, type, at, payload FROM events WHERE instance = ? AND consumed_by IS NULL ORDER BY number",
      ).all(number)
    );
  }

  /** @param {number} number of the instance @returns {number} */
  nextEventNumber(number) {
    return this.sql("SELECT coalesce(max(number), 0) + 1 AS n FROM events WHERE instance = ?").get(number)?.n;
  }

  /** @param {number} number @param {number} [after] only rows with a larger id */
  loadOutput(number, after = 0) {
    return /** @type {(OutputRow & { id: number })[]} */ (
      this.sql("SELECT id, at, step, level, text FROM output WHERE instance = ? AND id > ? ORDER BY id").all(
        number,
        after,
      )
    );
  }

  /** @param {number} number */
  outputSize(number) {
    return Number(this.sql("SELECT coalesce(sum(length(text)), 0) AS n FROM output WHERE instance = ?").get(number)?.n);
  }

  /**
   * The rows of progress with larger numbers, as many as a follower gets at once.
   *
   * @param {number} number @param {number} after
   * @returns {{ progress: ProgressRow[], more: boolean }}
   */
  loadProgress(number, after) {
    const rows = this.sql(
      `SELECT number, event, name, count, attempt, at, value, event = 0 AND EXISTS (
         SELECT 1 FROM progress AS later WHERE later.event = 1 AND later.instance = item.instance
           AND later.name = item.name AND later.count = item.count AND later.number > item.number) AS superseded
       FROM progress AS item WHERE instance = ? AND number > ? ORDER BY number LIMIT ${PORTION_ITEMS + 1}`,
    ).all(number, after);
    return {
      progress: /** @type {ProgressRow[]} */ (rows.slice(0, PORTION_ITEMS)),
      more: rows.length > PORTION_ITEMS,
    };
  }

  /** @param {number} number */
  progressSize(number) {
    return Number(
      this.sql("SELECT coalesce(sum(length(value)), 0) AS n FROM progress WHERE instance = ?").get(number)?.n,
    );
  }

  /** The entry of its success vouches for the output of an instance. @param {InstanceRow} row */
  checkOutput({ number, output }) {
    const last = /** @type {LogRow | undefined} */ (
      this.sql(`SELECT ${ENTRY} FROM log WHERE instance = ? ORDER BY seq DESC LIMIT 1`).get(number)
    );
    if (last?.event === E.WORKFLOW_SUCCESS) checkEntry(number, last, output ?? undefined);
  }
}

/** @param {() => void} read @returns {boolean} false: it meets a damaged page */
function isReadable(read) {
  try {
    read();
    return true;
  } catch (error) {
    const { errcode, resultCode } = /** @type {{ errcode?: number, resultCode?: number }} */ (error);
    if (((errcode ?? resultCode ?? 0) & 0xff) !== CORRUPT) throw error;
    return false;
  }
}

/** @param {number} number of the instance @param {LogRow} row @param {string} [covered] @throws {DamageError} it has been altered */
function checkEntry(number, row, covered) {
  const { checksum = null } = row;
  if (checksum === null || checksum === checksumOf(row, covered)) return;
  throw new DamageError(number, `Entry ${row.seq} of its log is not what was written.`);
}
