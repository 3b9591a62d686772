/** SQLite as Node brings it, set up so that what is committed is on the disk. */

/** @import { Driver } from "./driver.d.ts" */

import { DatabaseSync } from "node:sqlite";
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
