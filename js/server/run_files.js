/**
 * Run files on Node's file system.
 *
 * A file comes from anywhere. The process that opens it is one of its own (`runs.js`), which is killed at a time limit: the
 * host's own files are those that this process has written anew (`openApart`).
 */

/** @import { DatabaseSync } from "node:sqlite" */
/** @import { Driver } from "../store/driver.d.ts" */
/** @import { OpenedRun, RunContents } from "../store/run_file.js" */

import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { constants } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { openDriver, openFile } from "../store/node_driver.js";
import { isOfThisVersion, openRun, RunFileError, writeRun } from "../store/run_file.js";
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
 * @param {() => DatabaseSync} [takeEmpty] gives a database in memory without rows, which may have the tables of this version
 * @returns {{ run: OpenedRun, store: SqliteStore, db: Driver }} the database of the store; close the store when it is no longer needed
 * @throws {RunFileError}
 */
export function openRunFile(path, takeEmpty) {
  const file = openForReading(path);
  try {
    const memory = takeEmpty && isOfThisVersion(file) ? takeEmpty() : openDriver(":memory:");
    try {
      const run = openRun(file, memory);
      return { run, store: new SqliteStore(memory), db: memory };
    } catch (error) {
      memory.close();
      throw error;
    }
  } finally {
    file.close();
  }
}

/** @param {string} path */
function openForReading(path) {
  try {
    if (!statSync(path).isFile()) throw new Error("it is not a file");
    const db = openFile(path, { readOnly: true });
    db.enableDefensive(true);
    db.setAuthorizer(onlyReads);
    return db;
  } catch (error) {
    const { message } = /** @type {Error} */ (error);
    throw new RunFileError("run.foreign", `it cannot be read (${message})`, { cause: error });
  }
}

/** Pragmas that read, or that forbid. */
const PRAGMAS = new Set([
  "application_id",
  "cell_size_check",
  "page_count",
  "page_size",
  "quick_check",
  "table_info",
  "trusted_schema",
  "user_version",
]);
const READS = new Set([constants.SQLITE_SELECT, constants.SQLITE_READ, constants.SQLITE_FUNCTION]);

/**
 * What SQLite asks before it does something with a run file: it may read, and nothing else.
 *
 * @param {number} action
 * @param {string | null} name
 */
function onlyReads(action, name) {
  const allowed = READS.has(action) || (action === constants.SQLITE_PRAGMA && PRAGMAS.has(name ?? ""));
  return allowed ? constants.SQLITE_OK : constants.SQLITE_DENY;
}

/**
 * Write a run file anew, as this version writes it: with what has been checked and nothing else.
 *
 * @param {string} path
 * @param {string} to
 */
export function rewriteRunFile(path, to) {
  const { run, store, db } = openRunFile(path);
  try {
    const file = openFile(to);
    try {
      writeRun(db, run.number, file, run);
    } finally {
      file.close();
    }
  } finally {
    store.close();
  }
}

/**
 * Make a state out of a run file: with its instance, to look at. The code of its workflow is not on this machine.
 *
 * @param {string} path
 * @param {string} to
 * @throws {RunFileError}
 */
export function unpackRunFile(path, to) {
  const state = openDriver(to);
  try {
    const file = openForReading(path);
    try {
      openRun(file, state);
    } finally {
      file.close();
    }
  } finally {
    state.close();
  }
}

/**
 * Open a run file without reading it in this process.
 *
 * @param {string} path
 * @returns {Promise<ReturnType<typeof openRunFile>>}
 * @throws {RunFileError}
 */
export async function openApart(path) {
  const folder = mkdtempSync(join(tmpdir(), "stepwell-run-"));
  try {
    const copy = join(folder, "run.sqlite");
    const answer = await runReader("rewrite", path, copy);
    if (answer.error) throw new RunFileError(answer.error.code, answer.error.message);
    return openRunFile(copy);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const READER = fileURLToPath(new URL("runs.js", import.meta.url));
const READ_TIMEOUT_MS = 60_000;
/** Heap of the process that reads a file. */
const READ_HEAP_MIB = 1024;

/** @param {string[]} args @returns {Promise<any>} the line of JSON that the reader prints */
function runReader(...args) {
  const options = { timeout: READ_TIMEOUT_MS, killSignal: /** @type {const} */ ("SIGKILL"), maxBuffer: 2 ** 20 };
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [`--max-old-space-size=${READ_HEAP_MIB}`, READER, ...args],
      options,
      (error, printed) => {
        try {
          resolve(JSON.parse(printed));
        } catch {
          const why = error?.killed ? `reading it takes longer than ${READ_TIMEOUT_MS / 1000} s` : "reading it failed";
          resolve({ error: { code: "run.corrupt", message: why } });
        }
      },
    );
  });
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
