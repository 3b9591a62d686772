/**
 * The state that an engine works on, beside the ledger that holds the truth: an SQLite in memory, whose commits say which
 * rows they have changed.
 */

/** @import { Change, Ledger, Value } from "./ledger.d.ts" */
/** @import { Table } from "./tables.js" */

import { DatabaseSync } from "node:sqlite";
import { SqliteStore } from "../store/sqlite.js";
import { readChangeset } from "./changeset.js";
import { fill } from "./copy.js";
import { TABLES } from "./tables.js";

/** A table as the working set has it. @typedef {{ table: Table, places: number[], keys: number[], read: import("node:sqlite").StatementSync, primary: number[] }} Recorded */

export class WorkingSet extends SqliteStore {
  /** For what reads the whole: backups, run files. */
  driver;
  /** @type {(changes: Change[]) => void} */
  #onchanges;
  /** @type {import("node:sqlite").Session | undefined} */
  #session;
  /** @type {Map<string, Recorded>} */
  #recorded = new Map();

  /** @param {(changes: Change[]) => void} onchanges receives what a commit has changed */
  constructor(onchanges) {
    const driver = new DatabaseSync(":memory:");
    super(driver);
    this.driver = driver;
    this.#onchanges = onchanges;
    for (const [name, table] of Object.entries(TABLES)) this.#recorded.set(name, recorded(driver, name, table));
  }

  /** Fill the empty working set with all that the ledger has. @param {Pick<Ledger, "readTable">} ledger */
  async load(ledger) {
    await fill(this.driver, (table) => ledger.readTable(table));
  }

  /** Record what changes from now on. */
  record() {
    this.#session = this.driver.createSession();
  }

  commit() {
    super.commit();
    if (!this.#session) return;
    const bytes = this.#session.changeset();
    if (bytes.length === 0) return;
    this.#session.close();
    this.#session = this.driver.createSession();
    const changes = [...this.#changes(bytes)];
    if (changes.length > 0) this.#onchanges(changes);
  }

  /** @param {Uint8Array} bytes @returns {Generator<Change>} */
  *#changes(bytes) {
    for (const { table, kind, values } of readChangeset(bytes)) {
      const known = this.#recorded.get(table);
      if (!known) continue;
      const found = kind === "update" ? this.#rowOf(known, values) : values;
      const row = known.places.map((place) => found[place] ?? null);
      const keys = known.keys.map((place) => row[place]);
      yield { table, key: keys.join("\0"), keys, row: kind === "delete" ? null : row };
    }
  }

  /** The whole row of a primary key. @param {Recorded} known @param {(Value | undefined)[]} values @returns {Value[]} */
  #rowOf({ read, primary }, values) {
    const row = read.get(...primary.map((place) => values[place] ?? null));
    return /** @type {Value[]} */ (Object.values(row ?? {}));
  }
}

/** @param {DatabaseSync} driver @param {string} name @param {Table} table @returns {Recorded} */
function recorded(driver, name, table) {
  const info = driver.prepare("SELECT name, pk FROM pragma_table_info(?) ORDER BY cid").all(name);
  const all = info.map((column) => String(column.name));
  const primary = info
    .filter(({ pk }) => Number(pk) > 0)
    .sort((one, other) => Number(one.pk) - Number(other.pk))
    .map((column) => all.indexOf(String(column.name)));
  const condition = primary.map((place) => `${quoted(all[place])} = ?`).join(" AND ");
  const names = Object.keys(table.columns);
  return {
    table,
    primary,
    places: names.map((column) => all.indexOf(column)),
    keys: table.keys.map((column) => names.indexOf(column)),
    read: driver.prepare(`SELECT ${all.map(quoted).join(", ")} FROM ${quoted(name)} WHERE ${condition}`),
  };
}

/** @param {string} name */
function quoted(name) {
  return `"${name}"`;
}
