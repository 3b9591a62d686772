/** What is in a database's tables, for people who look. */

/** @import { Driver } from "./driver.d.ts" */

const LONGEST_CELL = 2000;

/** @param {Driver} db @returns {{ name: string, columns: { name: string, type: string }[], rows: number }[]} */
export function describeTables(db) {
  const names = db
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY rowid")
    .all();
  return names.map(({ name }) => ({
    name,
    columns: db
      .prepare("SELECT name, type FROM pragma_table_info(?) ORDER BY cid")
      .all(name)
      .map((column) => ({ name: column.name, type: column.type })),
    rows: db.prepare(`SELECT count(*) AS n FROM ${quoted(name)}`).get()?.n ?? 0,
  }));
}

/**
 * The rows of a table, the newest first.
 *
 * @param {Driver} db
 * @param {string} table one that `describeTables` has named
 * @param {{ limit: number, offset: number }} page
 */
export function readTable(db, table, { limit, offset }) {
  const known = describeTables(db).find(({ name }) => name === table);
  if (!known) return undefined;
  const columns = known.columns.map(({ name }) => name);
  const list = columns.map(
    (name) => `CASE WHEN length(${quoted(name)}) > ${LONGEST_CELL}
    THEN substr(${quoted(name)}, 1, ${LONGEST_CELL}) || '…' ELSE ${quoted(name)} END AS ${quoted(name)}`,
  );
  const order = `ORDER BY rowid DESC`;
  const found = db
    .prepare(`SELECT ${list.join(", ")} FROM ${quoted(table)} ${order} LIMIT ? OFFSET ?`)
    .all(limit, offset);
  return { columns, rows: found.map((row) => columns.map((name) => cell(row[name]))), total: known.rows };
}

/** @param {string} name */
function quoted(name) {
  return `"${name.replaceAll('"', '""')}"`;
}

/** @param {unknown} value @returns {string | number | null} */
function cell(value) {
  if (value === null || typeof value === "number" || typeof value === "string") return value;
  return value instanceof Uint8Array ? `[${value.length} bytes]` : JSON.stringify(value);
}
