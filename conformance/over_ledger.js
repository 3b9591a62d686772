/** The states of scenarios in PostgreSQL, each in a schema of its own, as the engines of hosts have them. */

/** @import { RunState } from "./engine_run.js" */

import { parseAddress } from "../js/ledger/address.js";
import { AttachedLedger } from "../js/ledger/attached_ledger.js";
import { connectWith } from "../js/ledger/postgres/pg_session.js";
import { PostgresLedger } from "../js/ledger/postgres/postgres_ledger.js";
import { SteadyClock } from "../js/server/clock.js";

const now = () => performance.now();
let states = 0;

/** @param {string} address `postgres://…` @returns {() => RunState} */
export function statesAt(address) {
  const { connectionString, leaseMs } = parseAddress(address);
  return () => new LedgerState(connectionString, leaseMs);
}

/** @implements {RunState} */
class LedgerState {
  #schema = `scenario_${process.pid}_${++states}`;
  #connect;
  #leaseMs;
  /** @type {PostgresLedger | undefined} */
  #ledger;
  /** @type {AttachedLedger | undefined} */
  #attached;

  /** @param {string} connectionString @param {number} leaseMs */
  constructor(connectionString, leaseMs) {
    this.#connect = connectWith(connectionString);
    this.#leaseMs = leaseMs;
  }

  async open() {
    const ledger = new PostgresLedger(this.#connect, { schema: this.#schema, now });
    this.#ledger = ledger;
    await ledger.open();
    const clock = new SteadyClock();
    // The engine before this one has crashed, and is found to be dead.
    const onheld = () => true;
    const attached = await AttachedLedger.attach(ledger, { clock, name: "scenario", leaseMs: this.#leaseMs, onheld });
    this.#attached = attached;
    const { store, acknowledge, nextNumber } = attached;
    return { store, acknowledge, nextNumber };
  }

  async settled() {
    await this.#attached?.drained();
  }

  async crash() {
    this.#attached?.fence("It has crashed.");
    await this.#ledger?.close();
  }

  async close() {
    await this.#attached?.leave();
    const session = await this.#connect("scenario");
    await session.run(`DROP SCHEMA IF EXISTS "${this.#schema}" CASCADE`);
    await session.close();
  }
}
