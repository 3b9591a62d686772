/**
 * One-file runs: an instance with all that is known of it, as an SQLite database of its own (`NAME.run.sqlite`).
 *
 * The tables are those of a state (`schema.js`) with this one instance and its workflow, and two more: `run` says what the
 * file is, `sources` has the code. `user_version` is the version of the state's tables, so a file of an older version is
 * brought up to date as a state is. A file is never changed by being opened: it is copied into another database first.
 *
 * docs/run-files.md describes the format.
 */

/** @import { Driver } from "./driver.d.ts" */

import { OF_HISTORY } from "./instance_tables.js";
import { problemOfPaths, problemOfSchema, problemOfSize, problemOfValues, schemaOf } from "./run_file_checks.js";
import { APPLICATION_ID, migrate, pragma, SCHEMA_VERSION } from "./schema.js";

/** "StpR" in SQLite's header. */
const RUN_APPLICATION_ID = 0x53747052;
const RUN_FORMAT = 1;
const TABLES = `
  CREATE TABLE run (
    format INTEGER NOT NULL,
    instance INTEGER NOT NULL,
    main TEXT NOT NULL,
    exported_at INTEGER NOT NULL,
    versions TEXT NOT NULL
  ) STRICT;
  CREATE TABLE sources (path TEXT PRIMARY KEY, encoding TEXT NOT NULL, content TEXT NOT NULL) STRICT;
`;

/**
 * A file of the deployment. `path` is relative to its root, with `/`. Content that is not text is base64.
 *
 * @typedef {{ path: string, encoding: "utf8" | "base64", content: string }} SourceFile
 *
 * @typedef {object} RunContents
 * @property {SourceFile[]} sources
 * @property {string} main path of the file that has the workflow
 * @property {Record<string, string>} versions of what ran it, by name
 * @property {number} exportedAt ms since 1970
 * @property {RunMasking} [masking] how secrets are hidden; absent: the file holds all that the state holds
 *
 * @typedef {RunContents & { number: number, workflow: string, id: string }} OpenedRun `number` is the instance's in the
 *   database that the file was copied into
 */

/**
 * @typedef {object} RunMasking
 * @property {(vars: string) => string} vars gives the text of the variables that the file has instead
 * @property {(value: any) => any} value hides secrets in texts for people, of an error or an entry's detail
 * @property {(text: string) => string} text hides secrets in what code has printed
 */

/** The file is no run that can be opened. */
export class RunFileError extends Error {
  /**
   * @param {"run.foreign" | "run.newer" | "run.corrupt"} code
   * @param {string} message as the end of "FILE cannot be opened: "
   * @param {ErrorOptions} [options]
   */
  constructor(code, message, options) {
    super(message, options);
    this.name = "RunFileError";
    this.code = code;
  }
}

/**
 * Write an instance to an empty database. What is not committed yet is not part of it.
 *
 * @param {Driver} state
 * @param {number} number of the instance
 * @param {Driver} file
 * @param {RunContents} contents
 */
export function writeRun(state, number, file, { sources, main, versions, exportedAt, masking }) {
  migrate(file);
  file.exec("BEGIN");
  file.exec(TABLES);
  /** @type {Record<string, (row: Row) => Row>} */
  const hidden = masking ? hiding(masking) : {};
  for (const [table, column] of Object.entries(OF_HISTORY))
    copyRows(state, file, table, { where: `${column} = ?`, value: number, change: hidden[table] });
  const { workflow } = /** @type {{ workflow: string }} */ (
    state.prepare("SELECT workflow FROM instances WHERE number = ?").get(number)
  );
  // A run file does not tell where the code and the secrets are on this machine.
  const hide = hidden.workflows ?? ((/** @type {Row} */ row) => row);
  const change = (/** @type {Row} */ row) => ({ ...hide(row), root: ".", main, secrets: null });
  copyRows(state, file, "workflows", { where: "name = ?", value: workflow, change });
  file
    .prepare("INSERT INTO run (format, instance, main, exported_at, versions) VALUES (?, ?, ?, ?, ?)")
    .run(RUN_FORMAT, number, main, exportedAt, JSON.stringify(versions));
  const insert = file.prepare("INSERT INTO sources (path, encoding, content) VALUES (?, ?, ?)");
  for (const { path, encoding, content } of sources) insert.run(path, encoding, content);
  file.exec(`PRAGMA application_id = ${RUN_APPLICATION_ID}`);
  file.exec("COMMIT");
}

/** @typedef {Record<string, any>} Row */

/**
 * Rows as a file has them. They are changed before they are written: what SQLite has once written stays in the file's pages.
 *
 * @param {RunMasking} masking
 * @returns {Record<string, (row: Row) => Row>} by table
 */
function hiding({ vars, value, text }) {
  const hideIn = (/** @type {string | null} */ json, /** @type {(parsed: unknown) => unknown} */ hide) => {
    if (json === null) return null;
    const parsed = JSON.parse(json);
    const changed = JSON.stringify(hide(parsed));
    // A text without secrets stays as it is written.
    return changed === JSON.stringify(parsed) ? json : changed;
  };
  return {
    workflows: (row) => ({ ...row, vars: vars(row.vars) }),
    instances: (row) => ({ ...row, error: hideIn(row.error, (error) => value({ error }).error) }),
    log: (row) => {
      const detail = hideIn(row.detail, value);
      // The checksum is that of the state's values, which a run file does not have.
      return detail === row.detail ? row : { ...row, detail, checksum: null };
    },
    output: (row) => ({ ...row, text: text(row.text) }),
  };
}

/** Whether a run file has the tables of this version. @param {Driver} file that may be anything */
export function isOfThisVersion(file) {
  try {
    return pragma(file, "user_version") === SCHEMA_VERSION;
  } catch {
    return false; // it is not a database, which `openRun` says
  }
}

/**
 * Copy a run file into an empty database, which is then a state of this version with that one instance. Nothing of the file
 * is read before it has been checked, and nothing in it is executed.
 *
 * @param {Driver} file is only read
 * @param {Driver} state
 * @returns {OpenedRun}
 * @throws {RunFileError}
 */
export function openRun(file, state) {
  try {
    const version = checkKind(file);
    migrate(state, version);
    check(problemOfSchema(file, runSchema(state, version)));
    checkVersion(file);
    const [sound] = Object.values(file.prepare("PRAGMA quick_check(1)").get() ?? {});
    if (sound !== "ok") throw new RunFileError("run.corrupt", `it is damaged (${sound})`);
    const tables = [...Object.keys(OF_HISTORY), "workflows"];
    check(problemOfValues(file, [...tables, "run", "sources"]));
    state.exec("BEGIN");
    for (const table of tables) copyRows(file, state, table);
    state.exec("COMMIT");
    migrate(state);
    return readRun(file, state);
  } catch (error) {
    if (error instanceof RunFileError) throw error;
    const { message } = /** @type {Error} */ (error);
    throw new RunFileError("run.corrupt", `it is not a sound run file (${message})`, { cause: error });
  }
}

/** @param {string | undefined} problem */
function check(problem) {
  if (problem !== undefined) throw new RunFileError("run.corrupt", problem);
}

/** Of run files, by the version of their tables. @type {Map<number, import("./run_file_checks.js").Schema>} */
const schemas = new Map();

/** What a run file of that version consists of. @param {Driver} state has the tables of that version @param {number} version */
function runSchema(state, version) {
  let schema = schemas.get(version);
  if (schema) return schema;
  state.exec("BEGIN");
  state.exec(TABLES);
  schema = schemaOf(state);
  state.exec("ROLLBACK");
  schemas.set(version, schema);
  return schema;
}

/**
 * @param {Driver} file
 * @returns {number} the version of its tables
 */
function checkKind(file) {
  /** @type {number} */
  let application;
  try {
    // Functions in its schema would run with the rights of this process.
    file.exec("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;");
    application = pragma(file, "application_id");
  } catch (error) {
    const { message } = /** @type {Error} */ (error);
    if (!message.includes("not a database")) throw error;
    throw new RunFileError("run.foreign", "it is not an SQLite database", { cause: error });
  }
  if (application === APPLICATION_ID) {
    throw new RunFileError("run.foreign", "it is a state; export one of its instances to get a run file");
  }
  if (application !== RUN_APPLICATION_ID) throw new RunFileError("run.foreign", "it is a database of another program");
  check(problemOfSize(file));
  const version = pragma(file, "user_version");
  if (version > SCHEMA_VERSION) throw newer();
  if (version < 1) throw new RunFileError("run.corrupt", `the version of its tables is ${version}`);
  return version;
}

/** @param {Driver} file */
function checkVersion(file) {
  if (Number(file.prepare("SELECT format FROM run").get()?.format) > RUN_FORMAT) throw newer();
}

function newer() {
  return new RunFileError("run.newer", "it was written by a newer version of Stepwell. Upgrade Stepwell");
}

/** @param {Driver} file @param {Driver} state @returns {OpenedRun} */
function readRun(file, state) {
  const runs = file.prepare("SELECT instance, main, exported_at AS exportedAt, versions FROM run LIMIT 2").all();
  const instances = state.prepare("SELECT number, workflow, id FROM instances LIMIT 2").all();
  const workflows = state.prepare("SELECT name FROM workflows LIMIT 2").all();
  const fits =
    runs.length === 1 &&
    instances.length === 1 &&
    workflows.length === 1 &&
    instances[0].number === runs[0].instance &&
    instances[0].workflow === workflows[0].name;
  if (!fits) throw new RunFileError("run.corrupt", "it does not hold exactly one instance");
  const sources = /** @type {SourceFile[]} */ (
    file.prepare("SELECT path, encoding, content FROM sources ORDER BY path").all()
  );
  check(problemOfPaths(sources.map(({ path }) => path)));
  const [{ main, exportedAt, versions }] = runs;
  if (!sources.some(({ path }) => path === main)) {
    throw new RunFileError("run.corrupt", `its source ${JSON.stringify(main.slice(0, 200))} is missing`);
  }
  const [{ number, workflow, id }] = instances;
  return { number, workflow, id, main, exportedAt, versions: JSON.parse(versions), sources };
}

/**
 * @param {Driver} from
 * @param {Driver} to has the same tables
 * @param {string} table
 * @param {object} [options]
 * @param {string} [options.where]
 * @param {string | number} [options.value] of its parameter
 * @param {((row: Row) => Row) | undefined} [options.change] gives the row to write
 */
function copyRows(from, to, table, { where = "1 = ?", value = 1, change = (row) => row } = {}) {
  const rows = from.prepare(`SELECT * FROM ${table} WHERE ${where}`).all(value);
  if (rows.length === 0) return;
  const columns = Object.keys(rows[0]);
  const names = columns.map((column) => `"${column}"`).join(", ");
  const insert = to.prepare(`INSERT INTO ${table} (${names}) VALUES (${columns.map(() => "?").join(", ")})`);
  for (const row of rows.map(change)) insert.run(...columns.map((column) => row[column]));
}
