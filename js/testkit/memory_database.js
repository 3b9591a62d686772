/**
 * Databases in memory for the engines of tests. They are emptied and used again, so that most tests neither make tables nor compile
 * statements.
 */

import { DatabaseSync } from "node:sqlite";

/** How many are kept for engines to come, and for run files that are replayed. */
const MAX_KEPT = 20;
/** One with more free pages than this has held much: its memory is given back. */
const MAX_FREE_PAGES = 2000;

/** @type {DatabaseSync[]} */
const kept = [];

/** A database with nothing in it, and perhaps with the tables of a state. */
export function takeDatabase() {
  return kept.pop() ?? new DatabaseSync(":memory:");
}

/** Nobody uses the database any more. @param {DatabaseSync} db */
export function returnDatabase(db) {
  if (kept.length < MAX_KEPT && empty(db)) kept.push(db);
  else db.close();
}

/** Empty a database. @param {DatabaseSync} db @returns {boolean} false where it cannot be used again */
function empty(db) {
  try {
    if (db.isTransaction) db.exec("ROLLBACK");
    const tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
    for (const { name } of tables) db.exec(`DELETE FROM "${String(name)}"`);
    const { freelist_count: free } = /** @type {any} */ (db.prepare("PRAGMA freelist_count").get());
    return free <= MAX_FREE_PAGES;
  } catch {
    return false; // something still reads it
  }
}
