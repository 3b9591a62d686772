/**
 * The statement that writes a batch: one, so that it arrives whole or not at all, and no client can keep a transaction open.
 *
 * It checks the fence itself: the row of the engine is locked for share, which conflicts with the declaration of its death. So
 * either the write is complete when the engine is declared dead, or it has no effect. To look at the row without the lock
 * would not do: the engine could be declared dead, and its log read by another one, between the look and the commit.
 *
 * The fence also shuts out the engine's own connections before the last: a statement may still be on its way there when its
 * connection is lost, and would write old rows over those of the writes that came after it was sent again.
 */

/** @import { Batch, Change, Value } from "../ledger.d.ts" */

import { slotOf } from "../parts.js";
import { COMMON, TABLES } from "../tables.js";
import { arrayLiteral, toText } from "./values.js";

/**
 * A table's rows of a small batch are parameters one by one, those of a larger one arrays, a column each. To take an array apart
 * costs the server about as much as all else for a few rows; and each number of rows has a statement of its own.
 */
const FEW_ROWS = 8;
/** Tables whose rows are deleted with a key of their own, before any row is inserted: an id may be given again. */
const NAMES = Object.keys(TABLES);

/**
 * @typedef {object} WriteStatement
 * @property {string} text
 * @property {string} shape
 * @property {Value[]} values
 */

/**
 * @param {string} schema
 * @param {number} engine
 * @param {number} writer which of the engine's connections it is, counted from 0
 * @param {Batch} batch
 * @returns {WriteStatement} with the same writer two of the same shape have the same text
 */
export function writeStatement(schema, engine, writer, batch) {
  /** @type {Value[]} */
  const values = [engine];
  const parts = [
    `me AS MATERIALIZED (SELECT 1 FROM ${schema}.engines WHERE id = $1::bigint AND NOT dead AND writer = ${writer} FOR SHARE)`,
  ];
  const shape = [];
  const deletions = [];
  for (const name of NAMES) {
    const gone = changesOf(batch, name, false);
    if (gone.length === 0) continue;
    shape.push(`-${name}`);
    deletions.push(`gone_${name}`);
    parts.push(deletion(schema, name, gone, values));
  }
  // Counted, so that all deletions are done before the first row is inserted.
  if (deletions.length > 0)
    parts.push(
      `gone AS MATERIALIZED (SELECT ${deletions.map((each) => `(SELECT count(*) FROM ${each})`).join(" + ")} AS n)`,
    );
  const source = deletions.length > 0 ? "me, gone" : "me";
  for (const name of NAMES) {
    const rows = changesOf(batch, name, true);
    if (rows.length === 0) continue;
    shape.push(rows.length <= FEW_ROWS ? `+${name}${rows.length}` : `+${name}`);
    parts.push(insertion(schema, name, rows, values, source));
  }
  if (COMMON.some((name) => batch.has(name))) {
    shape.push("!");
    parts.push(`seen AS (UPDATE ${schema}.meta SET common_version = common_version + 1 FROM me)`);
  }
  return { text: `WITH ${parts.join(",\n")}\nSELECT count(*) FROM me`, shape: shape.join(""), values };
}

/** @param {Batch} batch @param {string} name @param {boolean} exists whether the rows that exist are meant, or those that are gone */
function changesOf(batch, name, exists) {
  return [...(batch.get(name)?.values() ?? [])].filter(({ row }) => (row !== null) === exists);
}

/** @param {string} schema @param {string} name @param {Change[]} gone @param {Value[]} values that parameters are added to */
function deletion(schema, name, gone, values) {
  const { keys, columns } = TABLES[name];
  const lists = keys.map((key, place) => {
    values.push(arrayLiteral(gone.map((change) => change.keys[place])));
    return `$${values.length}::${columns[key]}[]`;
  });
  const same = keys.map((key) => `t."${key}" = u."${key}"`).join(" AND ");
  const aliases = keys.map((key) => `"${key}"`).join(", ");
  return `gone_${name} AS (DELETE FROM ${schema}.${name} AS t USING me, unnest(${lists.join(", ")}) AS u(${aliases}) WHERE ${same} RETURNING 1)`;
}

/** @param {string} schema @param {string} name @param {Change[]} changes @param {Value[]} values @param {string} source */
function insertion(schema, name, changes, values, source) {
  const { keys } = TABLES[name];
  const columns = columnsOf(name);
  const rows = changes.map(({ row }) => wholeRow(name, /** @type {Value[]} */ (row)));
  const given = rows.length <= FEW_ROWS ? listed(rows, columns, values) : unnested(rows, columns, values);
  const all = columns.map(([column]) => `"${column}"`);
  const list = all.join(", ");
  const changed = Object.keys(TABLES[name].columns).filter((column) => !keys.includes(column));
  // To write a row again that is there already changes nothing: a write whose answer was lost is sent again.
  const update = changed.map((column) => `"${column}" = excluded."${column}"`).join(", ");
  return `new_${name} AS (INSERT INTO ${schema}.${name} AS t (${list}) SELECT ${all.map((each) => `u.${each}`).join(", ")} FROM ${source}, ${given} AS u(${list})
    ON CONFLICT (${keys.map((key) => `"${key}"`).join(", ")}) DO UPDATE SET ${update})`;
}

/** The columns of a table with their types, as the ledger has it. @param {string} name */
function columnsOf(name) {
  const columns = Object.entries(TABLES[name].columns);
  return name === "instances" ? [...columns, /** @type {[string, string]} */ (["slot", "smallint"])] : columns;
}

/** @param {string} name @param {Value[]} row of a table of a working set @returns {Value[]} as the ledger has it */
function wholeRow(name, row) {
  if (name !== "instances") return row;
  return [...row, slotOf(String(row[WORKFLOW]), String(row[ID]))];
}

const [WORKFLOW, ID] = ["workflow", "id"].map((each) => Object.keys(TABLES.instances.columns).indexOf(each));

/** @param {Value[][]} rows @param {[string, string][]} columns @param {Value[]} values that parameters are added to */
function unnested(rows, columns, values) {
  const lists = columns.map(([, type], place) => {
    values.push(arrayLiteral(rows.map((row) => row[place])));
    return `$${values.length}::${type}[]`;
  });
  return `unnest(${lists.join(", ")})`;
}

/** @param {Value[][]} rows @param {[string, string][]} columns @param {Value[]} values that parameters are added to */
function listed(rows, columns, values) {
  const lists = rows.map((row) => {
    const each = row.map((value, place) => {
      values.push(typeof value === "string" ? toText(value) : value);
      return `$${values.length}::${columns[place][1]}`;
    });
    return `(${each.join(", ")})`;
  });
  return `(VALUES ${lists.join(", ")})`;
}
