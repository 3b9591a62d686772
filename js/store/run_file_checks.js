/**
 * What a run file must be before any of its values is read: the tables of its version and nothing else, values of their
 * columns' types, and of bounded size. Whoever made the file may have meant harm.
 */

/** @import { Driver } from "./driver.d.ts" */

import { EVENT_NAMES } from "../engine/events.js";
import { STATUSES } from "../engine/status.js";
import { pragma } from "./schema.js";

const MAX_FILE_BYTES = 2 ** 31;
/** Of one text: a value, a chunk or a source. */
const MAX_TEXT_BYTES = 64 * 1024 * 1024;
/** The last time that a Date can hold, in ms since 1970. No other number of a file is larger. */
const MAX_NUMBER = 8.64e15;
const MAX_ENTRIES = 200;
const MAX_PATH_BYTES = 1024;
const MAX_NAME_BYTES = 255;
/** What would configure the project into which the sources are written. A run file holds code only. */
const CONFIGURATION = /^(?:pyproject\.toml|pylock(?:\..*)?\.toml|wrangler\.(?:jsonc?|toml)|\.dev\.vars.*|\.env.*)$/i;

/** The JSON that a column holds, by table: its kinds in SQLite's words, or `any`. @type {Record<string, Record<string, string[]>>} */
const JSON_COLUMNS = {
  instances: { params: ["any"], output: ["any"], error: ["object"], schedule: ["object"] },
  log: { value: ["any"], detail: ["object"] },
  events: { payload: ["any"] },
  workflows: {
    vars: ["object"],
    bindings: ["object", "null"],
    runtime: ["object", "null"],
    env: ["object", "null"],
    secrets: ["object", "null"],
  },
  run: { versions: ["object"] },
};
/** Objects whose values are all text, by table. @type {Record<string, string>} */
const TEXTS = { workflows: "bindings", run: "versions" };

/** @param {Driver} file @returns {string | undefined} what is wrong with its size, before its schema is read */
export function problemOfSize(file) {
  return pragma(file, "page_count") * pragma(file, "page_size") > MAX_FILE_BYTES
    ? `it is larger than ${MAX_FILE_BYTES} bytes`
    : undefined;
}

/** SQL of tables and the like by kind and name, without what only lays it out. @typedef {Map<string, string>} Schema */

/**
 * @param {Driver} file
 * @param {Schema} expected of exactly the tables that the file must have
 * @returns {string | undefined} what is wrong with the tables
 */
export function problemOfSchema(file, expected) {
  const entries = Number(file.prepare("SELECT count(*) AS n FROM sqlite_schema").get()?.n);
  if (entries > MAX_ENTRIES) return `it has ${entries} tables, views and indexes`;
  const found = schemaOf(file);
  for (const [name, sql] of found) {
    if (!expected.has(name)) return `it has the ${name}, which a run file does not have`;
    if (expected.get(name) !== sql) return `its ${name} is not as Stepwell writes it`;
  }
  for (const name of expected.keys()) if (!found.has(name)) return `its ${name} is missing`;
  return undefined;
}

/** @param {Driver} db @returns {Schema} */
export function schemaOf(db) {
  const rows = db.prepare("SELECT type, name, substr(sql, 1, 20000) AS sql FROM sqlite_schema").all();
  return new Map(rows.map(({ type, name, sql }) => [`${type} ${name}`, String(sql).replaceAll(/\s+/g, " ")]));
}

/**
 * One statement for each table: most time is spent on compiling them.
 *
 * @param {Driver} file whose tables are right
 * @param {string[]} tables
 * @returns {string | undefined} what is wrong with the values; none of them has been read
 */
export function problemOfValues(file, tables) {
  const columns = columnsOf(file);
  for (const table of tables) {
    const known = columns.filter((column) => column.table === table);
    const damages = [...known.map(damageOfType), ...known.flatMap(damagesOfJson), ...known.flatMap(damagesOfTexts)];
    // The first that holds counts, so JSON is parsed only where all types are right.
    const cases = damages.map(({ column, condition }) => `WHEN ${condition} THEN '${column}'`);
    const found = file
      .prepare(`SELECT CASE ${cases.join(" ")} END AS damaged FROM "${table}" WHERE damaged IS NOT NULL LIMIT 1`)
      .get();
    if (found) return `a value in column ${found.damaged} of its table ${table} is damaged`;
  }
  return problemOfWords(file);
}

/** @typedef {{ table: string, name: string, type: string, required: number }} Column */

/** The columns of all tables: an older version's may lack some. @param {Driver} file @returns {Column[]} */
function columnsOf(file) {
  const rows = file.prepare(
    `SELECT t.name AS "table", c.name, c.type, c."notnull" AS required
     FROM sqlite_schema AS t, pragma_table_info(t.name) AS c WHERE t.type = 'table'`,
  );
  return /** @type {any[]} */ (rows.all());
}

/** @param {Column} column */
function damageOfType({ name, type, required }) {
  const right =
    type === "TEXT"
      ? `typeof("${name}") = 'text' AND octet_length("${name}") <= ${MAX_TEXT_BYTES}`
      : `typeof("${name}") = 'integer' AND "${name}" BETWEEN -${MAX_NUMBER} AND ${MAX_NUMBER}`;
  return { column: name, condition: `NOT (${required ? right : `"${name}" IS NULL OR (${right})`})` };
}

/** @param {Column} column */
function damagesOfJson({ table, name }) {
  const kinds = JSON_COLUMNS[table]?.[name];
  if (!kinds) return [];
  const wrong = kinds.includes("any")
    ? `NOT json_valid("${name}")`
    : `NOT json_valid("${name}") OR json_type("${name}") NOT IN (${kinds.map((kind) => `'${kind}'`).join(", ")})`;
  return [{ column: name, condition: `"${name}" IS NOT NULL AND (${wrong})` }];
}

/** @param {Column} column */
function damagesOfTexts({ table, name }) {
  if (TEXTS[table] !== name) return [];
  const wrong = `EXISTS (SELECT 1 FROM json_each("${name}") WHERE type <> 'text')`;
  return [{ column: name, condition: `"${name}" IS NOT NULL AND ${wrong}` }];
}

/** @param {Driver} file */
function problemOfWords(file) {
  const statuses = STATUSES.map((status) => `'${status}'`).join(", ");
  if (has(file, "instances", `status NOT IN (${statuses})`)) return "the status of its instance is unknown";
  const events = Object.keys(EVENT_NAMES).join(", ");
  const unknown = `event NOT IN (${events}) OR (next IS NOT NULL AND next NOT IN (${events}))`;
  if (has(file, "log", unknown)) return "its history has an event that is unknown";
  if (has(file, "sources", "encoding NOT IN ('utf8', 'base64')")) return "the encoding of a source is unknown";
  return undefined;
}

/**
 * @param {string[]} paths of the sources
 * @returns {string | undefined} what is wrong with one of them
 */
export function problemOfPaths(paths) {
  const known = new Set(paths);
  for (const path of paths) {
    const parts = path.split("/");
    const shown = JSON.stringify(path.slice(0, MAX_NAME_BYTES));
    if (!isRelative(path, parts)) return `its source ${shown} is not a path below a folder`;
    if (parts.some((part) => CONFIGURATION.test(part))) return `its source ${shown} is a configuration, not code`;
    const above = parts.slice(0, -1).map((_, i) => parts.slice(0, i + 1).join("/"));
    if (above.some((folder) => known.has(folder))) return `its source ${shown} lies below another source`;
  }
  return undefined;
}

/** @param {string} path @param {string[]} parts */
function isRelative(path, parts) {
  // oxlint-disable-next-line no-control-regex -- they are what is refused
  if (/[\\\u0000-\u001f\u007f]/.test(path) || bytesOf(path) > MAX_PATH_BYTES) return false;
  return parts.every((part) => part !== "" && part !== "." && part !== ".." && bytesOf(part) <= MAX_NAME_BYTES);
}

/** @param {string} text */
function bytesOf(text) {
  return new TextEncoder().encode(text).length;
}

/** @param {Driver} file @param {string} table @param {string} condition */
function has(file, table, condition) {
  return file.prepare(`SELECT 1 FROM "${table}" WHERE ${condition} LIMIT 1`).get() !== undefined;
}
