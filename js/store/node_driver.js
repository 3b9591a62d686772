/** SQLite as Node brings it, set up so that what is committed is on the disk. */

/** @import { Driver } from "./driver.d.ts" */

import { backup, DatabaseSync } from "node:sqlite";
import { APPLICATION_ID, pragma, SCHEMA_VERSION, StateError } from "./schema.js";
import { stateErrorOf } from "./state_error.js";

/** ms for which somebody who only looks into the file (SQLite's shell, a backup) may keep us from writing. */
const READER_PATIENCE = 10_000;

/**
 * Open the state file, made if missing.
 *
 * @param {string} path a file, or ":memory:"
 * @returns {Driver}
 * @throws {import("./schema.js").StateError}
 */
export function openDriver(path) {
  try {
    const db = new DatabaseSync(path, { timeout: READER_PATIENCE });
    // FULL: every commit waits for the disk. Nothing is shown to anybody before that.
    db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = OFF;");
    return db;
  } catch (error) {
    throw toStateError(error);
  }
}

/**
 * Open a database that is one file: nothing stands beside it, and whoever has it can look into it where they cannot write.
 *
 * @param {string} path made if missing, unless it is only to be read
 * @param {{ readOnly?: boolean }} [options]
 * @returns {DatabaseSync}
 */
export function openFile(path, { readOnly = false } = {}) {
  const db = new DatabaseSync(path, { readOnly });
  if (!readOnly) db.exec("PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL; PRAGMA foreign_keys = OFF;");
  return db;
}

/**
 * What SQLite's result codes mean to somebody who owns a state file; other errors as they are.
 *
 * @param {unknown} error
 * @returns {unknown}
 */
export function toStateError(error) {
  const code = /** @type {any} */ (error)?.errcode;
  return typeof code === "number" ? stateErrorOf(code, error) : error;
}

/**
 * Write a copy of a database that others go on using; what is committed meanwhile may be in it or not.
 *
 * @param {Driver} db
 * @param {string} target a file that does not exist
 */
export async function backUp(db, target) {
  await backup(/** @type {DatabaseSync} */ (db), target);
  // One file, with nothing beside it.
  const copy = new DatabaseSync(target);
  copy.exec("PRAGMA journal_mode = DELETE");
  copy.close();
}

/**
 * Give the space of what has been deleted back to the file system. Nothing else is done meanwhile.
 *
 * @param {Driver} db
 * @returns {{ before: number, after: number }} sizes in bytes
 */
export function vacuum(db) {
  const size = () => pragma(db, "page_count") * pragma(db, "page_size");
  const before = size();
  db.exec("VACUUM");
  db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  return { before, after: size() };
}

/**
 * @param {string} path
 * @throws {StateError} it is not a state that this version can use
 */
export function checkState(path) {
  try {
    const db = new DatabaseSync(path, { readOnly: true });
    try {
      if (pragma(db, "application_id") !== APPLICATION_ID) throw new StateError("state.foreign", "it is not a state");
      if (pragma(db, "user_version") > SCHEMA_VERSION)
        throw new StateError("state.newer", "a newer version of Stepwell has written it. Upgrade Stepwell");
      const { integrity_check: result } = db.prepare("PRAGMA integrity_check").get() ?? {};
      if (result !== "ok") throw new StateError("state.corrupt", String(result));
    } finally {
      db.close();
    }
  } catch (error) {
    throw toStateError(error);
  }
}
