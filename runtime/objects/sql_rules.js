/** What the SQL of an object may do: as on Cloudflare, anything but transactions, other files, and the tables of the storage. */

import { constants } from "node:sqlite";

const {
  SQLITE_ALTER_TABLE,
  SQLITE_ATTACH,
  SQLITE_CREATE_INDEX,
  SQLITE_CREATE_TABLE,
  SQLITE_CREATE_TRIGGER,
  SQLITE_CREATE_VIEW,
  SQLITE_CREATE_VTABLE,
  SQLITE_DELETE,
  SQLITE_DETACH,
  SQLITE_DROP_INDEX,
  SQLITE_DROP_TABLE,
  SQLITE_DROP_TRIGGER,
  SQLITE_DROP_VIEW,
  SQLITE_DROP_VTABLE,
  SQLITE_INSERT,
  SQLITE_PRAGMA,
  SQLITE_READ,
  SQLITE_REINDEX,
  SQLITE_SAVEPOINT,
  SQLITE_TRANSACTION,
  SQLITE_UPDATE,
} = constants;

const WRITES = new Set([
  SQLITE_ALTER_TABLE,
  SQLITE_CREATE_INDEX,
  SQLITE_CREATE_TABLE,
  SQLITE_CREATE_TRIGGER,
  SQLITE_CREATE_VIEW,
  SQLITE_CREATE_VTABLE,
  SQLITE_DELETE,
  SQLITE_DROP_INDEX,
  SQLITE_DROP_TABLE,
  SQLITE_DROP_TRIGGER,
  SQLITE_DROP_VIEW,
  SQLITE_DROP_VTABLE,
  SQLITE_INSERT,
  SQLITE_REINDEX,
  SQLITE_UPDATE,
]);

/** Actions whose first argument is a table. */
const OF_TABLES = new Set([
  SQLITE_CREATE_TABLE,
  SQLITE_CREATE_VTABLE,
  SQLITE_DELETE,
  SQLITE_DROP_TABLE,
  SQLITE_INSERT,
  SQLITE_READ,
  SQLITE_UPDATE,
]);

const PRAGMAS = new Set([
  "case_sensitive_like",
  "collation_list",
  "compile_options",
  "data_version",
  "defer_foreign_keys",
  "foreign_key_check",
  "foreign_key_list",
  "foreign_keys",
  "freelist_count",
  "function_list",
  "ignore_check_constraints",
  "index_info",
  "index_list",
  "index_xinfo",
  "integrity_check",
  "legacy_alter_table",
  "optimize",
  "page_count",
  "page_size",
  "quick_check",
  "recursive_triggers",
  "reverse_unordered_selects",
  "table_info",
  "table_list",
  "table_xinfo",
]);

/** Space, comments and empty statements. A comment ends at its first end, so nothing after it is taken for a part of it. */
const SPACE = String.raw`(?:\s|;|--[^\n]*(?:\n|$)|/\*(?:(?!\*/)[^])*(?:\*/|$))*`;

/** SQL without a statement. */
export const ONLY_SPACE = new RegExp(`^${SPACE}$`);

/** SQLite asks the authorizer about no VACUUM, and one with INTO writes a file of any name. */
const VACUUM_INTO = new RegExp(`^${SPACE}VACUUM\\b[^]*\\bINTO\\b`, "i");

/** @type {Record<string, string>} */
const REASONS = {
  transaction:
    "SQL of a Durable Object cannot begin or end a transaction. Use ctx.storage.transaction() or ctx.storage.transactionSync(); what is written without an await in between is one transaction already.",
  attach: "SQL of a Durable Object cannot reach other databases: ATTACH, DETACH and VACUUM INTO are not allowed.",
  table:
    "The tables whose names begin with _cf_ belong to the storage. Use ctx.storage.get(), put() and setAlarm() for what is in them.",
  pragma: `This PRAGMA is not allowed in a Durable Object. Allowed: ${[...PRAGMAS].join(", ")}.`,
};

/**
 * @param {number} action one of SQLite's
 * @param {string | null} first
 * @param {string | null} second
 * @returns {{ writes: boolean, refused?: string }} `refused`: what `refusalOf` makes the error of
 */
export function authorize(action, first, second) {
  if (action === SQLITE_TRANSACTION || action === SQLITE_SAVEPOINT) return { writes: false, refused: "transaction" };
  if (action === SQLITE_ATTACH || action === SQLITE_DETACH) return { writes: false, refused: "attach" };
  const table = action === SQLITE_ALTER_TABLE ? second : OF_TABLES.has(action) ? first : null;
  if (table?.toLowerCase().startsWith("_cf_")) return { writes: false, refused: "table" };
  if (action === SQLITE_PRAGMA) {
    if (!PRAGMAS.has(String(first).toLowerCase())) return { writes: false, refused: "pragma" };
    // One with a value holds for the connection; none of these is written to the file.
    return { writes: false };
  }
  return { writes: WRITES.has(action) };
}

/**
 * What the authorizer does not see.
 *
 * @param {string} statement its text, and nothing after it
 * @returns {string | undefined} as `refused` of `authorize`
 */
export function refusedByText(statement) {
  return VACUUM_INTO.test(statement) ? "attach" : undefined;
}

/** @param {string} refused as `authorize` has it */
export function refusalOf(refused) {
  return new Error(REASONS[refused]);
}
