/**
 * Where a harness has its state, and what a crash leaves of it.
 *
 * With STEPWELL_TEST_LEDGER the same tests run over a ledger: the database of the harness is then the working set of an engine, and
 * a crash leaves what the ledger has. Of the write that is under way then, `arrived` keeps all and `lost` keeps nothing.
 */

/** @import { Batch, Member } from "../../js/ledger/ledger.d.ts" */
/** @import { Acknowledge } from "../../js/engine/commits.js" */

import { DatabaseSync } from "node:sqlite";
import { TABLES } from "../../js/ledger/tables.js";
import { LedgerWriter } from "../../js/ledger/ledger_writer.js";
import { WorkingSet } from "../../js/ledger/working_set.js";
import { SqliteStore } from "../../js/store/sqlite.js";
import { MemoryDatabase } from "../ledger/memory_ledger.js";

/** @import { ManualClock } from "../../conformance/manual_clock.js" */

/** @typedef {{ db: DatabaseSync, store: SqliteStore, options: { acknowledge?: Acknowledge, nextNumber?: () => number } }} OpenState */

const LEDGER = process.env.STEPWELL_TEST_LEDGER;

/** Whether these tests run over a ledger. */
const isOverLedger = LEDGER !== undefined;
/** Options of a test that damages the file of a state. */
export const OF_FILES = isOverLedger ? { skip: "It damages the state's file." } : {};
/** How many turns of the event loop let everything happen that needs no time: a write to a ledger takes some. */
export const SETTLING_TURNS = isOverLedger ? 48 : 16;

/** @param {ManualClock} clock */
export function newState(clock) {
  return isOverLedger ? new LedgerState(clock) : new FileState();
}

class FileState {
  db = new DatabaseSync(":memory:");

  /** @param {DatabaseSync | undefined} db as the harness has it: a test may have put another one in its place @returns {OpenState} */
  open(db = this.db) {
    return { db, store: new SqliteStore(db), options: {} };
  }

  /** @param {DatabaseSync} db */
  crash(db) {
    try {
      db.exec("ROLLBACK");
    } catch {
      // Nothing was open.
    }
  }
}

class LedgerState {
  #clock;
  #database = new MemoryDatabase();
  #last = 0;
  /** @type {HarnessLedger | undefined} */
  #ledger;
  /** @type {LedgerWriter | undefined} */
  #writer;

  /** @param {ManualClock} clock */
  constructor(clock) {
    this.#clock = clock;
  }

  /** @param {unknown} _db @returns {OpenState} */
  open(_db) {
    const ledger = new HarnessLedger(this.#database);
    const writer = new LedgerWriter(
      ledger,
      { id: 1, name: "harness" },
      {
        clock: this.#clock,
        // The lease is not what these tests are about, and its timers would be in their way.
        lease: /** @type {any} */ ({ whenCurrent: (/** @type {() => void} */ tell) => tell(), end() {} }),
        onfenced: (reason) => {
          throw new Error(reason);
        },
        onfailure: (error) => {
          throw error;
        },
        onhold: (_isHeld, reason) => {
          throw new Error(reason);
        },
      },
    );
    const store = new WorkingSet((changes) => writer.add(changes));
    for (const [table, { columns }] of Object.entries(TABLES)) {
      const names = Object.keys(columns);
      const list = names.map((name) => `"${name}"`).join(", ");
      const insert = store.driver.prepare(`INSERT INTO ${table} (${list}) VALUES (${names.map(() => "?").join(", ")})`);
      for (const row of this.#database.rows(table)) insert.run(...row);
    }
    this.#ledger = ledger;
    this.#writer = writer;
    return { db: store.driver, store, options: { acknowledge: writer.acknowledge, nextNumber: () => ++this.#last } };
  }

  /** The process is gone, with what it had in memory. @param {unknown} _db */
  crash(_db) {
    this.#writer?.end();
    this.#ledger?.die();
  }
}

/** A ledger whose writes take a turn, and that knows no other engine. */
class HarnessLedger {
  #database;
  /** What is under way. @type {Batch | undefined} */
  #sent;

  /** @param {MemoryDatabase} database */
  constructor(database) {
    this.#database = database;
  }

  /** @param {Member} _member @param {Batch} batch */
  async write(_member, batch) {
    this.#sent = batch;
    await new Promise((resolve) => setImmediate(resolve));
    this.#arrive();
    return true;
  }

  #arrive() {
    if (this.#sent) this.#database.apply(this.#sent);
    this.#sent = undefined;
  }

  /** The engine is killed. */
  die() {
    if (LEDGER === "arrived") this.#arrive();
    this.#sent = undefined;
  }

  async readTails() {
    return new Map();
  }

  async reconnect() {}
}
