/**
 * An SQLite that says which rows each statement has changed: the rows as they are afterwards, or the keys of those that are gone.
 *
 * SQLite's session extension says it too. It reads the description of each table anew for each transaction, and calls a hook
 * for each row; this takes half of the time.
 */

/** @import { DatabaseSync, StatementSync } from "node:sqlite" */
/** @import { Driver, Statement } from "../store/driver.d.ts" */
/** @import { Change, Value } from "./ledger.d.ts" */

import { TABLES } from "./tables.js";

const WRITE = /^\s*(INSERT|UPDATE|DELETE)\s+(?:OR (\w+) )?(?:INTO |FROM )?"?(\w+)/;

/** @implements {Driver} */
export class RecordingDriver {
  #driver;
  #onchange;

  /** @param {DatabaseSync} driver @param {(change: Change) => void} onchange called within the transaction */
  constructor(driver, onchange) {
    this.#driver = driver;
    this.#onchange = onchange;
  }

  /** @param {string} text that changes no row of a state */
  exec(text) {
    this.#driver.exec(text);
  }

  /** @param {string} text @returns {Statement} */
  prepare(text) {
    const [, kind, conflict, table] = WRITE.exec(text) ?? [];
    if (!table || !(table in TABLES)) return this.#driver.prepare(text);
    if (conflict === "REPLACE") throw new Error(`What OR REPLACE removes is not recorded: ${text}`);
    return new RecordingStatement(this.#driver, text, {
      table,
      isDeletion: kind === "DELETE",
      onchange: this.#onchange,
    });
  }

  close() {
    this.#driver.close();
  }
}

/** @implements {Statement} */
class RecordingStatement {
  #statement;
  #last;
  #table;
  #isDeletion;
  #onchange;
  /** Where a row has its key. */
  #keys;

  /** @param {DatabaseSync} driver @param {string} text @param {{ table: string, isDeletion: boolean, onchange: (change: Change) => void }} options */
  constructor(driver, text, { table, isDeletion, onchange }) {
    const { keys, columns } = TABLES[table];
    const returned = isDeletion ? keys : Object.keys(columns);
    this.#statement = driver.prepare(`${text} RETURNING ${returned.map((name) => `"${name}"`).join(", ")}`);
    this.#statement.setReturnArrays(true);
    this.#last = driver.prepare("SELECT last_insert_rowid() AS id");
    this.#table = table;
    this.#isDeletion = isDeletion;
    this.#onchange = onchange;
    this.#keys = keys.map((key) => returned.indexOf(key));
  }

  /** @type {Statement["run"]} */
  run(...values) {
    const rows = /** @type {Value[][]} */ (/** @type {unknown} */ (this.#statement.all(...values)));
    for (const row of rows) {
      const keys = this.#keys.map((place) => row[place]);
      this.#onchange({ table: this.#table, key: keys.join("\0"), keys, row: this.#isDeletion ? null : row });
    }
    const last = this.#last;
    return {
      changes: rows.length,
      get lastInsertRowid() {
        return Number(last.get()?.id);
      },
    };
  }

  /** @returns {never} */
  get() {
    throw new Error("A statement that writes rows of a state returns none.");
  }

  /** @returns {never} */
  all() {
    return this.get();
  }
}
