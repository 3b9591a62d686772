/** `ctx.storage`: what an object has stored. */

/** @import { ObjectDatabase } from "./database.js" */
/** @import { InputGate } from "./gate.js" */
/** @import { ListOptions } from "./key_values.js" */

import { KeyValues } from "./key_values.js";
import { SqlStorage } from "./sql_storage.js";

/** The latest Date. */
const LAST_TIME_MS = 8.64e15;

/**
 * What storages do, at once: the file is read and written in the caller's turn. Python's `ctx.storage` stands on this, so that
 * an `await` in it gives no other code its turn.
 */
export class StorageCore {
  sql;
  #db;
  #gate;
  #keyValues;
  #alarms;

  /**
   * @param {ObjectDatabase} db
   * @param {InputGate} gate
   * @param {{ hasHandler: () => boolean, isRunning: () => boolean, wasSet: () => void }} alarms what is known of the object's alarm handler
   */
  constructor(db, gate, alarms) {
    this.#db = db;
    this.#gate = gate;
    this.#alarms = alarms;
    this.#keyValues = new KeyValues(db);
    this.sql = new SqlStorage(db, () => gate.touch());
  }

  get #values() {
    this.#gate.touch();
    return this.#keyValues;
  }

  /** @param {string | string[]} keys */
  get(keys) {
    return this.#values.get(keys);
  }

  /** @param {any} keyOrEntries @param {unknown} [value] */
  put(keyOrEntries, value) {
    this.#values.put(keyOrEntries, value);
  }

  /** @param {string | string[]} keys */
  delete(keys) {
    return this.#values.delete(keys);
  }

  /** @param {ListOptions} [options] */
  list(options) {
    return this.#values.list(options);
  }

  /** The alarm goes too. */
  deleteAll() {
    this.#gate.touch();
    this.#db.clear();
    this.deleteAlarm();
  }

  /** @returns {number | null} */
  getAlarm() {
    this.#gate.touch();
    return this.#alarms.isRunning() ? null : this.#db.alarm;
  }

  /** @param {number | Date} time ms since 1970 */
  setAlarm(time) {
    const due = Number(time);
    if (!(due > 0))
      throw new TypeError("setAlarm() cannot be called with an alarm time <= 0: it takes ms since 1970, or a Date.");
    if (due > LAST_TIME_MS)
      throw new TypeError(
        `setAlarm() cannot be called with ${due}, which is later than any Date: it takes ms since 1970, or a Date.`,
      );
    if (!this.#alarms.hasHandler())
      throw new Error("Your Durable Object class must have an alarm() handler in order to call setAlarm().");
    this.#gate.touch();
    this.#db.beginWrite();
    this.#db
      .own("INSERT INTO _cf_ALARM (id, due) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET due = excluded.due")
      .run(Math.floor(due));
    this.#db.noteAlarm();
    this.#alarms.wasSet();
  }

  deleteAlarm() {
    this.#gate.touch();
    // The one that is being carried out goes when that has succeeded.
    if (this.#alarms.isRunning()) return;
    this.#db.beginWrite();
    this.#db.own("DELETE FROM _cf_ALARM").run();
    this.#db.noteAlarm();
  }

  /** Make durable what has been written. */
  sync() {
    this.#db.commit();
  }

  /** Nothing else of the object begins before the transaction has ended. */
  beginTransaction() {
    const open = this.#gate.block();
    const { commit, rollback } = this.#db.beginTransaction();
    return {
      commit: () => {
        open();
        commit();
      },
      rollback: () => {
        open();
        rollback();
      },
    };
  }

  /** @template T @param {() => T} work @returns {T} */
  transactionSync(work) {
    this.#gate.touch();
    return this.#db.runSync(work);
  }
}

/** The methods that are the same in a transaction. */
class DurableObjectOperator {
  #core;

  /** @param {StorageCore} core */
  constructor(core) {
    this.#core = core;
  }

  /** @param {any} keys */
  async get(keys) {
    return this.#core.get(keys);
  }

  /** @param {any} keyOrEntries @param {unknown} [value] */
  put(keyOrEntries, value) {
    return attempt(() => this.#core.put(keyOrEntries, value));
  }

  /** @param {any} keys */
  delete(keys) {
    return attempt(() => this.#core.delete(keys));
  }

  /** @param {ListOptions} [options] */
  async list(options) {
    return this.#core.list(options);
  }

  async getAlarm() {
    return this.#core.getAlarm();
  }

  /** @param {number | Date} time */
  setAlarm(time) {
    return attempt(() => this.#core.setAlarm(time));
  }

  deleteAlarm() {
    return attempt(() => this.#core.deleteAlarm());
  }
}

export class DurableObjectStorage extends DurableObjectOperator {
  kv;
  #core;

  /** @param {StorageCore} core */
  constructor(core) {
    super(core);
    this.#core = core;
    this.kv = new SyncKvStorage(core);
  }

  get sql() {
    return this.#core.sql;
  }

  async deleteAll() {
    this.#core.deleteAll();
  }

  async sync() {
    this.#core.sync();
  }

  /** @template T @param {(txn: DurableObjectTransaction) => Promise<T>} closure @returns {Promise<T>} */
  async transaction(closure) {
    const transaction = this.#core.beginTransaction();
    let isRolledBack = false;
    const rollback = () => {
      isRolledBack = true;
      transaction.rollback();
    };
    try {
      const result = await closure(new DurableObjectTransaction(this.#core, rollback));
      if (!isRolledBack) transaction.commit();
      return result;
    } catch (error) {
      transaction.rollback();
      throw error;
    }
  }

  /** @template T @param {() => T} closure @returns {T} */
  transactionSync(closure) {
    return this.#core.transactionSync(closure);
  }

  async getCurrentBookmark() {
    throw new Error("Stepwell has no point-in-time recovery of Durable Objects.");
  }

  async getBookmarkForTime() {
    throw new Error("Stepwell has no point-in-time recovery of Durable Objects.");
  }
}

export class DurableObjectTransaction extends DurableObjectOperator {
  #rollback;

  /** @param {StorageCore} core @param {() => void} rollback */
  constructor(core, rollback) {
    super(core);
    this.#rollback = rollback;
  }

  /** Undo what was written in it. */
  rollback() {
    this.#rollback();
  }
}

/** `ctx.storage.kv`: the same values, without promises. */
class SyncKvStorage {
  #core;

  /** @param {StorageCore} core */
  constructor(core) {
    this.#core = core;
  }

  /** @param {string} key */
  get(key) {
    return this.#core.get(key);
  }

  /** @param {string} key @param {unknown} value */
  put(key, value) {
    this.#core.put(key, value);
  }

  /** @param {string} key */
  delete(key) {
    return this.#core.delete(key);
  }

  /** @param {ListOptions} [options] */
  list(options) {
    return this.#core.list(options).entries();
  }
}

/**
 * What raises rejects, for a caller that awaits; and a caller that does not is not ended by it.
 *
 * @template T
 * @param {() => T} run
 * @returns {Promise<T>}
 */
function attempt(run) {
  const outcome = (async () => run())();
  outcome.catch(() => {});
  return outcome;
}
