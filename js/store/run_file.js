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
/** What belongs to an instance, by the column that says whose a row is. */
const OF_INSTANCE = {
  instances: "number",
  log: "instance",
  events: "instance",
  chunks: "instance",
  output: "instance",
};

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
 * @property {boolean} [withoutVars] leave out the values of the deployment's variables
 *
 * @typedef {RunContents & { number: number, workflow: string, id: string }} OpenedRun `number` is the instance's in the
 *   database that the file was copied into
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
export function writeRun(state, number, file, { sources, main, versions, exportedAt, withoutVars = false }) {
  migrate(file);
  file.exec("BEGIN");
  file.exec(TABLES);
  for (const [table, column] of Object.entries(OF_INSTANCE)) copyRows(state, file, table, `${column} = ?`, number);
  const { workflow } = /** @type {{ workflow: string }} */ (
    state.prepare("SELECT workflow FROM instances WHERE number = ?").get(number)
  );
  copyRows(state, file, "workflows", "name = ?", workflow);
  // Where the code lies on this machine is nobody else's business.
  file.prepare("UPDATE workflows SET root = '.', main = ?").run(main);
  if (withoutVars) file.prepare("UPDATE workflows SET vars = '{}'").run();
  file
    .prepare("INSERT INTO run (format, instance, main, exported_at, versions) VALUES (?, ?, ?, ?, ?)")
    .run(RUN_FORMAT, number, main, exportedAt, JSON.stringify(versions));
  const insert = file.prepare("INSERT INTO sources (path, encoding, content) VALUES (?, ?, ?)");
  for (const { path, encoding, content } of sources) insert.run(path, encoding, content);
  file.exec(`PRAGMA application_id = ${RUN_APPLICATION_ID}`);
  file.exec("COMMIT");
}

/**
 * Copy a run file into an empty database, which is then a state of this version with that one instance.
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
    state.exec("BEGIN");
    for (const table of [...Object.keys(OF_INSTANCE), "workflows"]) copyRows(file, state, table);
    state.exec("COMMIT");
    migrate(state);
    return readRun(file, state);
  } catch (error) {
    if (error instanceof RunFileError) throw error;
    const { message } = /** @type {Error} */ (error);
    throw new RunFileError("run.corrupt", `it is not a sound run file (${message})`, { cause: error });
  }
}

/**
 * @param {Driver} file
 * @returns {number} the version of its tables
 */
function checkKind(file) {
  /** @type {number} */
  let application;
  try {
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
  const version = pragma(file, "user_version");
  const format = Number(file.prepare("SELECT format FROM run").get()?.format);
  if (version > SCHEMA_VERSION || format > RUN_FORMAT) {
    throw new RunFileError("run.newer", "it was written by a newer version of Stepwell. Upgrade Stepwell");
  }
  const [sound] = Object.values(file.prepare("PRAGMA quick_check(1)").get() ?? {});
  if (sound !== "ok") throw new RunFileError("run.corrupt", `it is damaged (${sound})`);
  return version;
}

/** @param {Driver} file @param {Driver} state @returns {OpenedRun} */
function readRun(file, state) {
  const runs = file.prepare("SELECT instance, main, exported_at AS exportedAt, versions FROM run").all();
  const instances = state.prepare("SELECT number, workflow, id FROM instances").all();
  const workflows = state.prepare("SELECT name FROM workflows").all();
  const fits =
    runs.length === 1 &&
    instances.length === 1 &&
    workflows.length === 1 &&
    instances[0].number === runs[0].instance &&
    instances[0].workflow === workflows[0].name;
  if (!fits) throw new RunFileError("run.corrupt", "it does not hold exactly one instance");
  checkJson(state);
  const sources = /** @type {SourceFile[]} */ (
    file.prepare("SELECT path, encoding, content FROM sources ORDER BY path").all()
  );
  const wrong = sources.find(({ path }) => !isRelativePath(path));
  if (wrong)
    throw new RunFileError("run.corrupt", `its source ${JSON.stringify(wrong.path)} is not a path below a folder`);
  const [{ main, exportedAt, versions }] = runs;
  if (!sources.some(({ path }) => path === main))
    throw new RunFileError("run.corrupt", `its source ${main} is missing`);
  const [{ number, workflow, id }] = instances;
  return { number, workflow, id, main, exportedAt, versions: JSON.parse(versions), sources };
}

/** @param {Driver} state */
function checkJson(state) {
  const texts = { instances: ["params", "output", "error", "schedule"], log: ["value", "detail"], events: ["payload"] };
  for (const [table, columns] of Object.entries(texts)) {
    const bad = columns.map((column) => `(${column} IS NOT NULL AND NOT json_valid(${column}))`).join(" OR ");
    if (state.prepare(`SELECT 1 FROM ${table} WHERE ${bad} LIMIT 1`).get()) {
      throw new RunFileError("run.corrupt", `a value in its table ${table} is damaged`);
    }
  }
}

/** @param {string} path */
function isRelativePath(path) {
  const parts = path.split("/");
  return !path.includes("\\") && !path.includes("\0") && !parts.some((part) => ["", ".", ".."].includes(part));
}

/**
 * @param {Driver} from
 * @param {Driver} to has the same tables
 * @param {string} table
 * @param {string} [where]
 * @param {string | number} [value]
 */
function copyRows(from, to, table, where = "1 = ?", value = 1) {
  const rows = from.prepare(`SELECT * FROM ${table} WHERE ${where}`).all(value);
  if (rows.length === 0) return;
  const columns = Object.keys(rows[0]);
  const names = columns.map((column) => `"${column}"`).join(", ");
  const insert = to.prepare(`INSERT INTO ${table} (${names}) VALUES (${columns.map(() => "?").join(", ")})`);
  for (const row of rows) insert.run(...columns.map((column) => row[column]));
}
