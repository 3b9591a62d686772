/** SQLite as Node brings it, set up so that what is committed is on the disk. */

/** @import { Driver } from "./driver.d.ts" */

import { DatabaseSync } from "node:sqlite";
import { StateError } from "./schema.js";

/** ms for which somebody who only looks into the file (SQLite's shell, a backup) may keep us from writing. */
const READER_PATIENCE = 10_000;

/**
 * Open the state file, made if missing.
 *
 * @param {string} path a file, or ":memory:"
 * @returns {Driver}
 * @throws {StateError}
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
 * What SQLite's result codes mean to somebody who owns a state file; other errors as they are.
 *
 * @param {unknown} error
 * @returns {unknown}
 */
export function toStateError(error) {
  const code = /** @type {any} */ (error)?.errcode;
  if (typeof code !== "number") return error;
  const { message } = /** @type {Error} */ (error);
  switch (code & 0xff) {
    case 8:
      return new StateError("state.readonly", "it cannot be written to", { cause: error });
    case 13:
      return new StateError("state.full", "the disk is full", { cause: error });
    case 10:
      return new StateError("state.full", `the disk refuses to write (${message})`, { cause: error });
    case 11:
    case 26:
      return new StateError("state.corrupt", `it is not a sound SQLite database (${message})`, { cause: error });
    case 14:
      return new StateError("state.path", "it cannot be opened", { cause: error });
    default:
      return error;
  }
}
