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

export const RIGHTS = "Grant the role CREATE on the database, or make the schema and give it to the role";
const LOGIN = "Check the user and the password in the address";

/** What a person can do about it, by PostgreSQL's code. @type {Record<string, string>} */
const REMEDIES = {
  25006: "Give the address of the primary, or set default_transaction_read_only = off",
  28000: "Check the user in the address, and what pg_hba.conf admits",
  "28P01": LOGIN,
  "3D000": "Make the database, or give another one in the address",
  42501: RIGHTS,
};

/** What the driver refuses by itself, for the answer of the server or for what it was given. No second try helps. */
const REFUSED_BY_DRIVER = [
  { said: /SASL|SCRAM/, remedy: LOGIN },
  { said: /does not support SSL/, remedy: "Set ssl = on at the server, or leave sslmode out of the address" },
  { said: /certificate|altnames/i, remedy: "Give the certificate of the authority with sslrootcert in the address" },
];

/** @param {unknown} error @returns {LedgerError} */
export function toLedgerError(error) {
  if (error instanceof LedgerError) return error;
  const { code, message } = /** @type {{ code?: string, message: string }} */ (error);
  const sqlState = code !== undefined && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
  const text = message || String(code ?? error);
  const byDriver = sqlState === undefined ? REFUSED_BY_DRIVER.find(({ said }) => said.test(text)) : undefined;
  if (byDriver) return new LedgerError("refused", text, { cause: error, remedy: byDriver.remedy });
  // Without a code of PostgreSQL's the connection has failed.
  const kind =
    sqlState === undefined || UNAVAILABLE.some((each) => sqlState.startsWith(each)) ? "unavailable" : "refused";
  return new LedgerError(kind, text, { cause: error, sqlState, remedy: REMEDIES[sqlState ?? ""] });
}
