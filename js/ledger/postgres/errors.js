/** What PostgreSQL's errors mean for a ledger. */

import { LedgerError } from "../ledger_error.js";

/** Codes, and beginnings of codes, after which the same statement may be sent again. */
const UNAVAILABLE = [
  "08", // the connection
  "25006", // read-only: a standby that is about to be promoted, or an administrator's doing
  "40001", // could not serialize
  "40P01", // deadlock
  "53", // out of connections, memory or disk
  "55P03", // a lock was not to be had in time
  "57", // shut down, starting up, cancelled
  "58", // the machine's files
  "0A000", // a prepared statement is older than a table
  "26000", // a prepared statement is unknown: a pooler has given us another connection
];

/** @param {unknown} error @returns {LedgerError} */
export function toLedgerError(error) {
  if (error instanceof LedgerError) return error;
  const { code, message } = /** @type {{ code?: string, message: string }} */ (error);
  const sqlState = code !== undefined && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
  const text = message || String(code ?? error);
  // Without a code of PostgreSQL's the connection has failed.
  const kind =
    sqlState === undefined || UNAVAILABLE.some((each) => sqlState.startsWith(each)) ? "unavailable" : "refused";
  return new LedgerError(kind, text, { cause: error, sqlState });
}
