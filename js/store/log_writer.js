/** Writes an instance's log: what the facts of steps and instances have in common. */

/** @import { Encoded } from "../../bridge/protocol.d.ts" */
/** @import { LogCursor, LogRow, StepRef } from "./store.d.ts" */
/** @import { Sql } from "./statements.js" */

import { checksumOf } from "./damage.js";
import { SqliteReads } from "./reads.js";
import { TraceOutbox } from "./trace_outbox.js";

/**
 * @typedef {object} Rest what else an entry has
 * @property {number | null} [next]
 * @property {StepRef} [step]
 * @property {number | null} [attempt]
 * @property {number | null} [due]
 * @property {Encoded | null} [value]
 * @property {object | undefined} [detail]
 * @property {string} [covered] a text of the instance that the entry's checksum vouches for
 */

export class LogWriter extends SqliteReads {
  /** @type {import("./driver.d.ts").Statement | undefined} */
  #insertEntry;
  /** @type {import("./store.d.ts").StoreObserver | undefined} */
  observer;
  traceOutbox;

  /** @param {Sql} sql */
  constructor(sql) {
    super(sql);
    this.traceOutbox = new TraceOutbox(sql);
  }

  /**
   * Write an entry, which observers see.
   *
   * @param {LogCursor} log advanced past what is written
   * @param {number} event
   * @param {number} at
   * @param {Rest} [rest]
   */
  append(log, event, at, rest) {
    const row = this.insert(log, event, at, rest);
    this.traceOutbox.appended(log.number, event);
    this.observer?.appended(log.number, row);
  }

  /**
   * The same without observers: for what has happened before, to another instance.
   *
   * @param {LogCursor} log advanced past what is written
   * @param {number} event
   * @param {number} at
   * @param {Rest} [rest]
   * @returns {LogRow}
   */
  insert(log, event, at, { next = null, step, attempt, due = null, value, detail, covered } = {}) {
    const seq = log.seq + 1;
    log.seq = next === null ? seq : seq + 1;
    const row = {
      seq,
      event,
      next,
      name: step ? step.name : null,
      count: step ? step.count : null,
      at,
      attempt: attempt ?? null,
      due,
      value: value ?? null,
      detail: detail ? JSON.stringify(detail) : null,
    };
    this.#insertEntry ??= this.sql(
      `INSERT INTO log (instance, seq, event, next, name, count, at, attempt, due, value, detail, checksum)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#insertEntry.run(
      log.number,
      seq,
      event,
      next,
      row.name,
      row.count,
      at,
      row.attempt,
      due,
      row.value,
      row.detail,
      checksumOf(row, covered),
    );
    return row;
  }
}
