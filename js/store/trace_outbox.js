/** Instances that have ended and whose traces are to be sent. An instance that ends again takes a new place. */

/** @import { Sql } from "./statements.js" */

import { WORKFLOW_FAILURE, WORKFLOW_SUCCESS, WORKFLOW_TERMINATED } from "../engine/events.js";

const ENDS = new Set([WORKFLOW_SUCCESS, WORKFLOW_FAILURE, WORKFLOW_TERMINATED]);

export class TraceOutbox {
  #sql;
  /** Whether traces are sent at all. */
  isUsed = false;
  /** Gives the number of the next place; null: SQLite does. @type {() => number | null} */
  nextNumber = () => null;

  /** @param {Sql} sql */
  constructor(sql) {
    this.#sql = sql;
  }

  /** An entry is written: with its commit the instance is in the outbox. @param {number} instance @param {number} event */
  appended(instance, event) {
    if (!this.isUsed || !ENDS.has(event)) return;
    this.#sql("DELETE FROM trace_outbox WHERE instance = ?").run(instance);
    this.#sql("INSERT INTO trace_outbox (id, instance) VALUES (?, ?)").run(this.nextNumber(), instance);
  }

  /** @param {number} limit @returns {{ id: number, instance: number }[]} the oldest first */
  load(limit) {
    return /** @type {{ id: number, instance: number }[]} */ (
      this.#sql("SELECT id, instance FROM trace_outbox ORDER BY id LIMIT ?").all(limit)
    );
  }

  /** @param {number[]} ids */
  remove(ids) {
    const remove = this.#sql("DELETE FROM trace_outbox WHERE id = ?");
    for (const id of ids) remove.run(id);
  }
}
