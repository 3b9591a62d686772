/** Whether a pooler stands between this machine and the database, and in which mode. */

/** @import { Session } from "./session.d.ts" */

import { LedgerError } from "../ledger_error.js";

/**
 * In session mode each connection has a process at the server for itself. In transaction mode a process serves whoever has something to
 * do: two connections that are asked one after the other have the same one. What is set or prepared by a connection is lost then.
 *
 * @param {Session} one
 * @param {Session} other
 * @returns {Promise<"none" | "session" | "transaction">}
 */
export async function findPooler(one, other) {
  const [[process]] = await one.query("SELECT pg_backend_pid()", []);
  // The server itself says its process when a connection is opened. A pooler says a number of its own.
  if (one.processId === undefined || one.processId === process) return "none";
  const [[following]] = await other.query("SELECT pg_backend_pid()", []);
  return process === following ? "transaction" : "session";
}

export const SESSION_MODE = "Set pool_mode = session, or give the address of the database itself";

/** @param {Session} one @param {Session} other @throws {LedgerError} */
export async function refuseTransactionMode(one, other) {
  if ((await findPooler(one, other)) === "transaction")
    throw new LedgerError("unusable", "its pooler is in transaction mode", { remedy: SESSION_MODE });
}
