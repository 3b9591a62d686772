/** The process of a query: tables and a statement come by standard input, rows leave by standard output. */

import { DatabaseSync } from "node:sqlite";
import { text } from "node:stream/consumers";
import { endWithParent } from "../parent_watch.js";
import { SCHEMA } from "./schema.js";
import { statementProblem } from "./statement.js";

const MAX_ROWS = 10_000;

endWithParent();
const { spans, logs, sql, params } = JSON.parse(await text(process.stdin));
process.stdout.write(JSON.stringify(answer()));

/** @returns {{ columns: string[], rows: unknown[][] } | { error: string }} */
function answer() {
  const problem = statementProblem(sql);
  if (problem) return { error: problem };
  const database = new DatabaseSync(":memory:");
  database.exec(SCHEMA);
  insert(database, "INSERT INTO spans VALUES (?,?,?,?,?,?,?,?,?,?,jsonb(?),?) ON CONFLICT DO NOTHING", spans);
  insert(database, "INSERT INTO logs VALUES (?,?,?,?,?,?,?,?)", logs);
  database.exec("PRAGMA query_only = ON");
  try {
    const statement = database.prepare(sql);
    const columns = statement.columns().map(({ name }) => name);
    const rows = [];
    statement.setReturnArrays(true);
    for (const row of statement.iterate(...params.map(toSqlite))) {
      if (rows.length >= MAX_ROWS) break;
      rows.push(Object.values(row).map(toJson));
    }
    return { columns, rows };
  } catch (error) {
    return { error: /** @type {Error} */ (error).message };
  }
}

/** @param {DatabaseSync} database @param {string} sql @param {any[][]} rows */
function insert(database, sql, rows) {
  const statement = database.prepare(sql);
  database.exec("BEGIN");
  for (const row of rows) statement.run(...row);
  database.exec("COMMIT");
}

/** @param {unknown} value @returns {any} */
function toSqlite(value) {
  return typeof value === "boolean" ? Number(value) : value;
}

/** JSON has no bytes: they are a list of numbers, as the explorer has them. @param {unknown} value */
function toJson(value) {
  return value instanceof Uint8Array ? [...value] : value;
}
