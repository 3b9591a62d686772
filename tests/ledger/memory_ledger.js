/**
 * A ledger in memory, as deterministic as its test: each operation is cut into the steps between which other engines may act, and
 * the test says when a step happens.
 *
 * It has what the fence depends on: a write holds a lock on the row of its engine, from the moment when it has looked at it until
 * it is committed, and the declaration of a death waits for such locks.
 */

/** @import { Batch, Ledger, Member, Value } from "../../js/ledger/ledger.d.ts" */

import { LedgerError } from "../../js/ledger/ledger_error.js";
import { TABLES } from "../../js/ledger/tables.js";

/** @typedef {{ name: string, dead: boolean, until: number, locks: number, connected: boolean }} EngineRow */

/**
 * What a test may take out, to see that something goes wrong without it.
 *
 * @typedef {object} Protections
 * @property {boolean} [locksEngine] a write locks the row of its engine, and does not only look at it
 * @property {boolean} [comparesHolder] an engine becomes the holder only in the place of the one that it has found dead
 */

export class MemoryDatabase {
  /** @type {Map<string, Map<string, Value[]>>} */
  tables = new Map(Object.keys(TABLES).map((name) => [name, new Map()]));
  /** @type {Map<number, EngineRow>} */
  engines = new Map();
  /** @type {number | null} */
  holder = null;
  /** How often something was written. */
  writes = 0;
  /** Called after each write with its engine. @type {(engine: number) => void} */
  onwritten = () => {};
  /** The database is not there. */
  isDown = false;
  #block = 0;

  /**
   * @param {object} [options]
   * @param {(engine: string, what: string) => Promise<void>} [options.step] resolves when the step may happen
   * @param {() => number} [options.now]
   * @param {Protections} [options.protections]
   */
  constructor({ step = async () => {}, now = () => 0, protections = {} } = {}) {
    this.step = step;
    this.now = now;
    this.protections = { locksEngine: true, comparesHolder: true, ...protections };
  }

  nextBlock() {
    return { first: 1_000_000 * this.#block++ + 1, count: 1_000_000 };
  }

  /** The last entries are gone, as with a standby that was promoted. @param {(row: Value[]) => boolean} isLost */
  goBack(isLost) {
    const log = this.#table("log");
    for (const [key, row] of log) if (isLost(row)) log.delete(key);
  }

  /** @param {string} name */
  #table(name) {
    return /** @type {Map<string, Value[]>} */ (this.tables.get(name));
  }

  /** @param {Batch} batch */
  apply(batch) {
    this.writes += 1;
    for (const [name, changes] of batch)
      for (const { key, row } of changes.values()) {
        if (row) this.#table(name).set(key, row);
        else this.#table(name).delete(key);
      }
  }

  /** The rows of a table in the order of its key. @param {string} name @returns {Value[][]} */
  rows(name) {
    const { keys, columns } = TABLES[name];
    const places = keys.map((key) => Object.keys(columns).indexOf(key));
    return [...this.#table(name).values()].sort((one, other) => {
      for (const place of places) {
        const [a, b] = [one[place] ?? 0, other[place] ?? 0];
        if (a !== b) return a < b ? -1 : 1;
      }
      return 0;
    });
  }
}

/** @implements {Ledger} */
export class MemoryLedger {
  #database;
  #label;
  /** What the next write comes to. @type {"lost before" | "lost after" | Error | undefined} */
  nextWrite;

  /** @param {MemoryDatabase} database @param {string} [label] of the engine, for the test's steps */
  constructor(database, label = "engine") {
    this.#database = database;
    this.#label = label;
  }

  /** @param {string} what */
  async #step(what) {
    await this.#database.step(this.#label, what);
    if (this.#database.isDown) throw new LedgerError("unavailable", "the database is down");
  }

  /** @param {string} name @param {number} leaseMs */
  async join(name, leaseMs) {
    await this.#step("join");
    const { engines } = this.#database;
    const id = engines.size + 1;
    engines.set(id, { name, dead: false, until: this.#database.now() + leaseMs, locks: 0, connected: true });
    return { id, name };
  }

  /** @param {Member} member @param {number} leaseMs */
  async renew({ id }, leaseMs) {
    await this.#step("renew");
    const row = this.#row(id);
    if (row.dead) return false;
    row.until = this.#database.now() + leaseMs;
    return true;
  }

  /** @param {Member} member */
  async leave({ id }) {
    await this.#step("leave");
    this.#row(id).dead = true;
  }

  /** @param {Member} member @returns {Promise<Member[]>} */
  async declareDead({ id }) {
    await this.#step("declare dead");
    const late = [...this.#database.engines].filter(
      ([other, row]) => other !== id && !row.dead && (row.until < this.#database.now() || !row.connected),
    );
    for (const [, row] of late) {
      // The write of a process that is gone ends without its help: it is whole at the server, or it is not there.
      while (row.locks > 0) await this.#step("wait for a write");
      row.dead = true;
    }
    return late.map(([other, { name }]) => ({ id: other, name }));
  }

  /** @param {Member} member @returns {Promise<Member | undefined>} */
  async take({ id }) {
    const database = this.#database;
    await this.#step("read holder");
    const seen = database.holder;
    const row = seen === null ? undefined : this.#row(seen);
    if (row && !row.dead && seen !== id) return { id: /** @type {number} */ (seen), name: row.name };
    await this.#step("become holder");
    if (this.#row(id).dead) return { id: 0, name: "another" };
    if (database.protections.comparesHolder && database.holder !== seen)
      return { id: database.holder ?? 0, name: "another" };
    database.holder = id;
    return undefined;
  }

  async reserveNumbers() {
    await this.#step("reserve numbers");
    return this.#database.nextBlock();
  }

  /** @param {Member} member @param {Batch} batch */
  async write({ id }, batch) {
    const database = this.#database;
    const outcome = this.nextWrite;
    this.nextWrite = undefined;
    await this.#step("look at engine");
    if (outcome instanceof Error) throw outcome;
    if (outcome === "lost before") throw new LedgerError("unavailable", "the connection was cut");
    const row = this.#row(id);
    if (row.dead) return false;
    if (database.protections.locksEngine) row.locks += 1;
    try {
      await database.step(this.#label, "commit write");
      database.apply(batch);
      database.onwritten(id);
    } finally {
      if (database.protections.locksEngine) row.locks -= 1;
    }
    if (outcome === "lost after") throw new LedgerError("unavailable", "the answer was lost");
    return true;
  }

  /** @param {number[]} instances */
  async readTails(instances) {
    await this.#step("read tails");
    const tails = new Map(instances.map((instance) => [instance, 0]));
    for (const [instance, seq, , next] of this.#database.rows("log")) {
      const tail = tails.get(Number(instance));
      if (tail !== undefined) tails.set(Number(instance), Math.max(tail, Number(seq) + (next === null ? 0 : 1)));
    }
    return tails;
  }

  /** @param {string} table */
  async *readTable(table) {
    // One step for all: no table is of interest alone.
    if (table === Object.keys(TABLES)[0]) await this.#step("load");
    yield this.#database.rows(table);
  }

  async reconnect() {
    await this.#step("reconnect");
  }

  async close() {}

  /** @param {number} id */
  #row(id) {
    return /** @type {EngineRow} */ (this.#database.engines.get(id));
  }
}
