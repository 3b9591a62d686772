/** Rows for tests of ledgers. */

import { TABLES } from "../../js/ledger/tables.js";

/** @import { Change, Value } from "../../js/ledger/ledger.d.ts" */

/** @param {string} table @param {Record<string, Value>} values those that are not given are null @returns {Change} */
export function row(table, values) {
  const { keys, columns } = TABLES[table];
  const key = keys.map((name) => values[name]);
  return { table, key: key.join("\0"), keys: key, row: Object.keys(columns).map((name) => values[name] ?? null) };
}

/** The same row, deleted. @param {Change} change @returns {Change} */
export const gone = (change) => ({ ...change, row: null });

/** @param {number} number @param {string} id */
export function instance(number, id, status = "queued") {
  const times = { created_on: 1, modified_on: 1 };
  return row("instances", {
    number,
    workflow: "flow",
    id,
    status,
    params: "{}",
    trigger: 0,
    version_id: "v",
    ...times,
  });
}

/** @param {number} number of the instance @param {number} seq @param {Record<string, Value>} [rest] */
export const entry = (number, seq, rest = {}) => row("log", { instance: number, seq, event: 5, at: 1, ...rest });
