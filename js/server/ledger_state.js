/** Opens a state whose truth is in PostgreSQL, for a host. */

import { hostname } from "node:os";
import { parseAddress } from "../ledger/address.js";
import { AttachedLedger, HeldError } from "../ledger/attached_ledger.js";
import { LedgerError } from "../ledger/ledger_error.js";
import { connectWith } from "../ledger/postgres/pg_session.js";
import { PostgresLedger } from "../ledger/postgres/postgres_ledger.js";
import { StateError } from "../store/schema.js";
import { nodeClock } from "./clock.js";

/** @typedef {{ attached: AttachedLedger, shown: string, isShared: boolean }} LedgerState */

/**
 * @param {string} address
 * @param {object} options
 * @param {number} options.patienceMs how long to wait while another engine holds the state
 * @param {boolean} options.idle run nothing yet
 * @param {(holder: string) => void} options.onwaiting another engine holds it
 * @returns {Promise<LedgerState>}
 * @throws {StateError}
 */
export async function openLedgerState(address, { patienceMs, idle, onwaiting }) {
  const deadline = performance.now() + patienceMs;
  /** @type {PostgresLedger | undefined} */
  let ledger;
  try {
    const { connectionString, schema, leaseMs, isShared, shown } = parseAddress(address);
    ledger = new PostgresLedger(connectWith(connectionString), { schema, now: () => performance.now() });
    await ledger.open();
    let isWaiting = false;
    const attached = await AttachedLedger.attach(ledger, {
      clock: nodeClock,
      name: `${hostname()} process ${process.pid}`,
      leaseMs,
      shares: isShared,
      idle,
      onheld(holder) {
        if (!isWaiting) onwaiting(`engine ${holder.id} (${holder.name})`);
        isWaiting = true;
        return performance.now() < deadline;
      },
    });
    return { attached, shown, isShared };
  } catch (error) {
    await ledger?.close();
    throw toStateError(error);
  }
}

/** @param {unknown} error */
export function toStateError(error) {
  const { message } = /** @type {Error} */ (error);
  if (error instanceof HeldError) return new StateError("state.held", message, { cause: error });
  if (!(error instanceof LedgerError)) return error;
  if (error.kind === "unavailable")
    return new StateError("state.unreachable", `its database does not answer (${message})`, { cause: error });
  const text = error.sqlState === undefined ? message : `its database refuses it (${error.sqlState}: ${message})`;
  return new StateError("state.unusable", text, { cause: error });
}
