/** Run files on Node's file system. */

/** @import { Driver } from "../store/driver.d.ts" */
/** @import { OpenedRun, RunContents } from "../store/run_file.js" */

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { openDriver, openFile } from "../store/node_driver.js";
import { openRun, RunFileError, writeRun } from "../store/run_file.js";
import { SqliteStore } from "../store/sqlite.js";

/**
 * The bytes of a run file.
 *
 * @param {Driver} state
 * @param {number} number
 * @param {RunContents} contents
 */
export function runFile(state, number, contents) {
  const folder = mkdtempSync(join(tmpdir(), "stepwell-run-"));
  try {
    const path = join(folder, "run.sqlite");
    const file = openFile(path);
    try {
      writeRun(state, number, file, contents);
    } finally {
      file.close();
    }
    return readFileSync(path);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * Open a run file. It is not changed.
 *
 * @param {string} path
 * @returns {{ run: OpenedRun, store: SqliteStore }} close the store when it is no longer needed
 * @throws {RunFileError}
 */
export function openRunFile(path) {
  const memory = openDriver(":memory:");
  try {
    const file = openForReading(path);
    try {
      const run = openRun(file, memory);
      return { run, store: new SqliteStore(memory) };
    } finally {
      file.close();
    }
  } catch (error) {
    memory.close();
    throw error;
  }
}

/** @param {string} path */
function openForReading(path) {
  try {
    return openFile(path, { readOnly: true });
  } catch (error) {
    throw new RunFileError("run.foreign", `it cannot be read (${/** @type {Error} */ (error).message})`, {
      cause: error,
    });
  }
}

/**
 * Write the code of a run below *folder*.
 *
 * @param {OpenedRun} run
 * @param {string} folder
 * @returns {string} path of the main file
 */
export function extractSources({ sources, main }, folder) {
  for (const { path, encoding, content } of sources) {
    const place = join(folder, path);
    mkdirSync(dirname(place), { recursive: true });
    writeFileSync(place, Buffer.from(content, encoding));
  }
  return join(folder, main);
}
