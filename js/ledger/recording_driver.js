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

/** Statements that may not be: what they change is not in what they return. */
const UNSEEN = [/\bOR REPLACE\b/, /^\s*WITH\b[^]*\b(INSERT|UPDATE|DELETE)\b/];
const WRITE = /^\s*(INSERT|UPDATE|DELETE)\s+(?:OR \w+ )?(?:INTO |FROM )?"?(\w+)/;

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
    const [, kind, table] = WRITE.exec(text) ?? [];
    if (UNSEEN.some((each) => each.test(text)) || changesKey(text, table))
      throw new Error(`What this statement changes cannot be recorded: ${text}`);
    if (!table || !(table in TABLES)) return this.#driver.prepare(text);
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

/** Whether a statement gives rows another key: of the row with the key before nothing would be said. @param {string} text @param {string | undefined} table */
function changesKey(text, table) {
  const [, set] = /\bSET\b([^]*?)(?:\bWHERE\b|\bFROM\b|$)/.exec(text) ?? [];
  if (!set || !table || !(table in TABLES)) return false;
  return TABLES[table].keys.some((key) => new RegExp(`(?:^|,)\\s*"?${key}"?\\s*=`).test(set));
}
