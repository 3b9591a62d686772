/** Writes an instance's log: what the facts of steps and instances have in common. */

/** @import { Encoded } from "../../bridge/protocol.d.ts" */
/** @import { LogCursor, StepRef } from "./store.d.ts" */
/** @import { Sql } from "./statements.js" */

import { checksumOf } from "./damage.js";
import { SqliteReads } from "./reads.js";

export class LogWriter extends SqliteReads {
  /** For the classes of facts. */
  sql;

  /** @param {Sql} sql */
  constructor(sql) {
    super(sql);
    this.sql = sql;
  }

  /**
   * @param {LogCursor} log advanced past what is written
   * @param {number} event
   * @param {number} at
   * @param {{ next?: number | null, step?: StepRef, attempt?: number | null, due?: number | null, value?: Encoded | null, detail?: object | undefined, covered?: string }} [rest]
   *   `covered`: a text of the instance that the entry's checksum vouches for
   */
  append(log, event, at, { next = null, step, attempt, due = null, value, detail, covered } = {}) {
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
      value: value ?? null,
      detail: detail ? JSON.stringify(detail) : null,
    };
    this.sql(
      `INSERT INTO log (instance, seq, event, next, name, count, at, attempt, due, value, detail, checksum)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ).run(
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
  }
}
