/**
 * The rows that all engines of a state have in common, as this engine has read or written them last. What changes one of them makes
 * all engines read them anew, so that a row that is written as it was is no change.
 */

/** @import { DatabaseSync } from "node:sqlite" */
/** @import { Change, Value } from "./ledger.d.ts" */

import { COMMON, TABLES } from "./tables.js";

export class CommonRows {
  /** By table and key. @type {Map<string, string>} */
  #known = new Map();

  /** Read them all. @param {DatabaseSync} driver */
  learn(driver) {
    this.#known.clear();
    for (const table of COMMON) {
      const { keys, columns } = TABLES[table];
      const names = Object.keys(columns);
      const statement = driver.prepare(`SELECT ${names.map((name) => `"${name}"`).join(", ")} FROM ${table}`);
      statement.setReturnArrays(true);
      for (const row of /** @type {Value[][]} */ (/** @type {unknown} */ (statement.all()))) {
        const key = keys.map((name) => row[names.indexOf(name)]).join("\0");
        this.#known.set(`${table} ${key}`, JSON.stringify(row));
      }
    }
  }

  /** Take in changes, and return those that change something. @param {Change[]} changes */
  adopt(changes) {
    return changes.filter(({ table, key, row }) => {
      if (!COMMON.includes(table)) return true;
      const place = `${table} ${key}`;
      const text = JSON.stringify(row);
      if (this.#known.get(place) === text) return false;
      if (row) this.#known.set(place, text);
      else this.#known.delete(place);
      return true;
    });
  }
}
