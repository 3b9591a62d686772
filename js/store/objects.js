/** Durable Objects, of which the state knows that they exist and when their alarms are due. What they store is in files of their own. */

/** @import { Sql } from "./statements.js" */

/**
 * @typedef {object} ObjectRow
 * @property {string} namespace the key of its namespace
 * @property {string} id
 * @property {string | null} name
 * @property {number | null} alarm ms since 1970: when its handler is to be called next
 * @property {number} retries how often the handler has failed for this alarm
 * @property {boolean} isOpen whether it may be in memory: then its file says when the alarm is due, and this row may not
 */

const COLUMNS = "namespace, id, name, alarm, retries, open";

export class SqliteObjects {
  #sql;

  /** @param {Sql} sql */
  constructor(sql) {
    this.#sql = sql;
  }

  /** It comes into memory. @param {string} namespace @param {string} id @param {string | null} name */
  opened(namespace, id, name) {
    this.#sql(
      `INSERT INTO objects (namespace, id, name, open) VALUES (?, ?, ?, 1)
       ON CONFLICT (namespace, id) DO UPDATE SET open = 1, name = coalesce(name, excluded.name)`,
    ).run(namespace, id, name);
  }

  /** It has left memory, and the row has its alarm. @param {string} namespace @param {string} id */
  closed(namespace, id) {
    this.#sql("UPDATE objects SET open = 0 WHERE namespace = ? AND id = ?").run(namespace, id);
  }

  /** @param {string} namespace @param {string} id @param {number | null} alarm @param {number} [retries] */
  alarmChanged(namespace, id, alarm, retries = 0) {
    this.#sql("UPDATE objects SET alarm = ?, retries = ? WHERE namespace = ? AND id = ?").run(
      alarm,
      retries,
      namespace,
      id,
    );
  }

  /** @param {string} namespace @param {string} id @returns {string | null} */
  nameOf(namespace, id) {
    const row = this.#sql("SELECT name FROM objects WHERE namespace = ? AND id = ?").get(namespace, id);
    return /** @type {string | null} */ (row?.name ?? null);
  }

  /** @param {string} namespace @returns {ObjectRow[]} those that may have been in memory when the host ended */
  left(namespace) {
    return this.#sql(`SELECT ${COLUMNS} FROM objects WHERE namespace = ? AND open = 1`).all(namespace).map(toRow);
  }

  /** @param {string} namespace @returns {ObjectRow[]} */
  withAlarm(namespace) {
    return this.#sql(`SELECT ${COLUMNS} FROM objects WHERE namespace = ? AND alarm IS NOT NULL ORDER BY alarm`)
      .all(namespace)
      .map(toRow);
  }
}

/** @param {any} row @returns {ObjectRow} */
function toRow({ namespace, id, name, alarm, retries, open }) {
  return { namespace, id, name, alarm, retries, isOpen: open === 1 };
}
