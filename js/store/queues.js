/** Messages of queues. A message is there until a consumer has acknowledged it. */

/** @import { Sql } from "./statements.js" */

/**
 * @typedef {object} QueueMessageRow
 * @property {number} number
 * @property {string} id
 * @property {string} body canonical text
 * @property {number} attempts how often it has been delivered
 * @property {number} sentOn ms since 1970
 * @property {number} availableOn before this time it is not delivered
 *
 * @typedef {Omit<QueueMessageRow, "number" | "attempts">} NewMessage
 */

const COLUMNS = "number, id, body, attempts, sent_on AS sentOn, available_on AS availableOn";

export class SqliteQueues {
  #sql;
  /** The number of a new message; null: the next one of this store. @type {() => number | null} */
  nextNumber = () => null;

  /** @param {Sql} sql */
  constructor(sql) {
    this.#sql = sql;
  }

  /** @param {string} queue its key @param {NewMessage} message */
  sent(queue, { id, body, sentOn, availableOn }) {
    this.#sql(
      "INSERT INTO queue_messages (number, queue, id, body, attempts, sent_on, available_on) VALUES (?, ?, ?, ?, 0, ?, ?)",
    ).run(this.nextNumber(), queue, id, body, sentOn, availableOn);
  }

  /**
   * The messages of a queue that become available first.
   *
   * @param {string} queue
   * @param {number} limit
   * @returns {QueueMessageRow[]}
   */
  next(queue, limit) {
    return /** @type {QueueMessageRow[]} */ (
      this.#sql(`SELECT ${COLUMNS} FROM queue_messages WHERE queue = ? ORDER BY available_on, number LIMIT ?`).all(
        queue,
        limit,
      )
    );
  }

  /** @param {number} number */
  delivered(number) {
    this.#sql("UPDATE queue_messages SET attempts = attempts + 1 WHERE number = ?").run(number);
  }

  /** @param {number} number */
  acknowledged(number) {
    this.#sql("DELETE FROM queue_messages WHERE number = ?").run(number);
  }

  /** @param {number} number @param {number} availableOn */
  delayed(number, availableOn) {
    this.#sql("UPDATE queue_messages SET available_on = ? WHERE number = ?").run(availableOn, number);
  }

  /** It begins anew in another queue. @param {number} number @param {string} queue @param {number} availableOn */
  moved(number, queue, availableOn) {
    this.#sql("UPDATE queue_messages SET queue = ?, attempts = 0, available_on = ? WHERE number = ?").run(
      queue,
      availableOn,
      number,
    );
  }

  /** How many messages a queue has. @param {string} queue @returns {number} */
  size(queue) {
    return Number(this.#sql("SELECT count(*) AS n FROM queue_messages WHERE queue = ?").get(queue)?.n);
  }
}
