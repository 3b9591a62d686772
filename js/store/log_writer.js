/** Writes an instance's log: what the facts of steps and instances have in common. */

/** @import { Encoded } from "../../bridge/protocol.d.ts" */
/** @import { LogCursor, StepRef } from "./store.d.ts" */
/** @import { Sql } from "./statements.js" */

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
   * @param {{ next?: number | null, step?: StepRef, attempt?: number | null, due?: number | null, value?: Encoded | null, detail?: object | undefined }} [rest]
   */
  append(log, event, at, { next = null, step, attempt, due = null, value, detail } = {}) {
    const seq = log.seq + 1;
    log.seq = next === null ? seq : seq + 1;
    this.sql(
      "INSERT INTO log (instance, seq, event, next, name, count, at, attempt, due, value, detail) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    ).run(
      log.number,
      seq,
      event,
      next,
      step ? step.name : null,
      step ? step.count : null,
      at,
      attempt ?? null,
      due,
      value ?? null,
      detail ? JSON.stringify(detail) : null,
    );
  }
}
