/** Damaged instances: found, and moved out of a state into a database of their own. Nothing that could be read is lost. */

/** @import { Driver } from "./driver.d.ts" */
/** @import { SqliteStore } from "./sqlite.js" */

import { STATUSES } from "../engine/status.js";
import { OF_INSTANCE } from "./instance_tables.js";

/** Columns that hold JSON, by table. */
const JSON_COLUMNS = {
  instances: ["params", "output", "error", "schedule"],
  log: ["value", "detail"],
  events: ["payload"],
};

/** @typedef {{ number: number, workflow: string, id: string, what: string }} Damage */

/**
 * Read every row of every instance.
 *
 * @param {Driver} db
 * @param {SqliteStore} store on it
 * @returns {Damage[]} one for each damaged instance
 */
export function findDamage(db, store) {
  const names = db.prepare("SELECT number, workflow, id FROM instances ORDER BY number").all();
  return names.flatMap(({ number, workflow, id }) => {
    const what = damageOf(db, store, number, workflow, id);
    return what === undefined ? [] : [{ number, workflow, id, what }];
  });
}

/**
 * @param {Driver} db
 * @param {SqliteStore} store
 * @param {number} number
 * @param {string} workflow
 * @param {string} id
 */
function damageOf(db, store, number, workflow, id) {
  for (const [table, columns] of Object.entries(JSON_COLUMNS)) {
    const bad = columns.map((column) => `(${column} IS NOT NULL AND NOT json_valid(${column}))`).join(" OR ");
    const owner = OF_INSTANCE[/** @type {keyof typeof OF_INSTANCE} */ (table)];
    const found = db.prepare(`SELECT 1 FROM ${table} WHERE ${owner} = ? AND (${bad}) LIMIT 1`).get(number);
    if (found) return `A value in its table ${table} is not JSON.`;
  }
  try {
    const row = store.loadInstance(workflow, id);
    if (!STATUSES.includes(/** @type {any} */ (row?.status)))
      return `Its status ${JSON.stringify(row?.status)} is unknown.`;
    store.loadLog(number);
    store.loadEvents(number);
    store.loadOutput(number);
  } catch (error) {
    return /** @type {Error} */ (error).message;
  }
  return undefined;
}

/**
 * Move instances into a database of their own, in one transaction. Rows go over as they are.
 *
 * @param {Driver} db
 * @param {number[]} numbers
 * @param {string} path of the new database
 */
export function quarantine(db, numbers, path) {
  db.prepare("ATTACH DATABASE ? AS quarantine").run(path);
  try {
    const list = JSON.stringify(numbers);
    db.exec("BEGIN IMMEDIATE");
    try {
      for (const [table, owner] of Object.entries(OF_INSTANCE)) {
        const chosen = `${owner} IN (SELECT value FROM json_each(?))`;
        db.exec(`CREATE TABLE quarantine.${table} AS SELECT * FROM main.${table} WHERE FALSE`);
        db.prepare(`INSERT INTO quarantine.${table} SELECT * FROM main.${table} WHERE ${chosen}`).run(list);
        db.prepare(`DELETE FROM main.${table} WHERE ${chosen}`).run(list);
      }
      db.exec("COMMIT");
    } catch (error) {
      db.exec("ROLLBACK");
      throw error;
    }
  } finally {
    db.exec("DETACH DATABASE quarantine");
  }
}
