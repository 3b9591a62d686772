/** Opens a state whose truth is in PostgreSQL, for a host. */

/** @import { Clock } from "../engine/clock.d.ts" */

import { hostname } from "node:os";
import { parseAddress } from "../ledger/address.js";
import { AttachedLedger, HeldError } from "../ledger/attached_ledger.js";
import { LedgerError } from "../ledger/ledger_error.js";
import { connectWith } from "../ledger/postgres/pg_session.js";
import { PostgresLedger } from "../ledger/postgres/postgres_ledger.js";
import { StateError } from "../store/schema.js";
import { SteadyClock, clockBy } from "./clock.js";

/** Engines on several machines have the state of a ledger: where code is, is said from the root. */
export const LEDGER_PLACE = "/ledger";

/** `clock` has the time of the database. @typedef {{ attached: AttachedLedger, shown: string, isShared: boolean, clock: Clock }} LedgerState */

/** How soon a database is asked again that does not answer, in ms. */
const RETRY_MS = 200;

/**
 * @typedef {object} OpenOptions
 * @property {number} patienceMs how long to wait while another engine holds the state
 * @property {boolean} idle run nothing yet
 * @property {boolean} rejoins this machine has run the state before
 * @property {(holder: string, isShared: boolean) => void} onwaiting another engine holds it, or one of several a part of it
 * @property {(reason: string) => void} onaway its database does not answer, and is waited for
 */

/**
 * Who waits without end for the state waits for its database, too, once that has answered: the address is right.
 *
 * @param {string} address
 * @param {OpenOptions} options
 * @returns {Promise<LedgerState>}
 * @throws {StateError}
 */
export async function openLedgerState(address, options) {
  let isKnown = options.rejoins;
  let isSaid = false;
  for (;;) {
    try {
      return await attach(address, options, () => {
        isKnown ||= options.patienceMs === Infinity;
      });
    } catch (error) {
      const isAway = error instanceof LedgerError && error.kind === "unavailable";
      if (!isKnown || !isAway) throw toStateError(error);
      if (!isSaid) options.onaway(error.message);
      isSaid = true;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}

/** @param {string} address @param {OpenOptions} options @param {() => void} onanswered its database has answered @returns {Promise<LedgerState>} */
async function attach(address, { patienceMs, idle, onwaiting }, onanswered) {
  const deadline = performance.now() + patienceMs;
  const { connectionString, schema, leaseMs, isShared, shown } = parseAddress(address);
  const ledger = new PostgresLedger(connectWith(connectionString), { schema, now: () => performance.now() });
  try {
    await ledger.open();
    onanswered();
    let isWaiting = false;
    const attached = await AttachedLedger.attach(ledger, {
      clock: new SteadyClock(),
      name: `${hostname()} process ${process.pid}`,
      leaseMs,
      shares: isShared,
      idle,
      onheld(holder) {
        if (!isWaiting) onwaiting(`engine ${holder.id} (${holder.name})`, isShared);
        isWaiting = true;
        return performance.now() < deadline;
      },
    });
    return { attached, shown, isShared, clock: clockBy(() => ledger.time.now()) };
  } catch (error) {
    await ledger.close();
    throw error;
  }
}

/** @param {unknown} error */
export function toStateError(error) {
  const { message } = /** @type {Error} */ (error);
  if (error instanceof HeldError) return new StateError("state.held", message, { cause: error });
  if (!(error instanceof LedgerError)) return error;
  const { kind, remedy, sqlState } = error;
  if (kind === "unavailable" && remedy === undefined)
    return new StateError("state.unreachable", `its database does not answer (${message})`, { cause: error });
  const text = kind === "unusable" ? message : `its database refuses it (${sqlState ? `${sqlState}: ` : ""}${message})`;
  return new StateError("state.unusable", remedy === undefined ? text : `${text}. ${remedy}`, { cause: error });
}
