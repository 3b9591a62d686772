/**
 * SQLite as WebAssembly, in a page's worker: on the browser's own file system (OPFS), or in memory.
 *
 * On OPFS the files of one state are a folder, whose handles this worker holds alone (SQLite's "opfs-sahpool"). A commit
 * ends with a flush of the write-ahead log, as `synchronous=FULL` has it on a disk.
 */

/** @import { Driver, Statement } from "./driver.d.ts" */

import sqlite3InitModule from "../../node_modules/@sqlite.org/sqlite-wasm/dist/index.mjs";
import { stateErrorOf } from "./state_error.js";

/** Files that are there to be used: a database needs one and two while it is written to. */
const POOL = 12;

/** @typedef {Awaited<ReturnType<typeof sqlite3InitModule>>} Sqlite */

/** Load SQLite. Once in a worker. @returns {Promise<Sqlite>} */
export async function loadSqlite() {
  // The other ways to OPFS would start a worker each.
  Reflect.set(globalThis, "sqlite3ApiConfig", {
    disable: { vfs: { opfs: true, "opfs-vfs": true, "opfs-wl": true, kvvfs: true } },
    warn: () => {},
    error: () => {},
  });
  return await sqlite3InitModule();
}

/** Databases of one state, by name. */
export class WasmFiles {
  #sqlite;
  #pool;
  /** @type {Set<WasmDriver>} */
  #open = new Set();

  /**
   * @param {Sqlite} sqlite
   * @param {any} pool SQLite's "SAH pool", or undefined for memory
   */
  constructor(sqlite, pool) {
    this.#sqlite = sqlite;
    this.#pool = pool;
  }

  /**
   * Take hold of a folder of OPFS, made if missing.
   *
   * @param {Sqlite} sqlite
   * @param {string} folder
   * @throws {DOMException} NoModificationAllowedError where another worker holds it
   */
  static async onOpfs(sqlite, folder) {
    const pool = await sqlite.installOpfsSAHPoolVfs(
      /** @type {any} */ ({
        directory: folder,
        initialCapacity: POOL,
        // Without this a folder that somebody else holds would be deleted.
        preserveOnInitFailure: true,
        forceReinitIfPreviouslyFailed: true,
      }),
    );
    return new WasmFiles(sqlite, pool);
  }

  /** @param {Sqlite} sqlite */
  static inMemory(sqlite) {
    return new WasmFiles(sqlite, undefined);
  }

  /**
   * Open a database, made if missing.
   *
   * @param {string} name
   * @returns {Driver}
   * @throws {import("./schema.js").StateError}
   */
  open(name) {
    try {
      const db = this.#pool ? new this.#pool.OpfsSAHPoolDb(`/${name}`) : new this.#sqlite.oo1.DB(":memory:");
      const driver = this.#driver(db);
      // This worker alone has the files: SQLite keeps the log's index in its own memory.
      driver.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
      return driver;
    } catch (error) {
      throw toStateError(error);
    }
  }

  /** An empty database in memory, for the time being. @returns {Driver} */
  scratch() {
    return this.#driver(new this.#sqlite.oo1.DB(":memory:"));
  }

  /** @param {any} db SQLite's `oo1.DB` */
  #driver(db) {
    const driver = new WasmDriver(this.#sqlite, db, () => this.#open.delete(driver));
    this.#open.add(driver);
    return driver;
  }

  /**
   * A database that is only looked at, from its bytes.
   *
   * @param {Uint8Array} bytes
   * @returns {Driver}
   */
  read(bytes) {
    const { capi, wasm, oo1 } = this.#sqlite;
    const db = new oo1.DB(":memory:");
    const driver = this.#driver(db);
    if (bytes.length === 0) return driver;
    const pointer = wasm.allocFromTypedArray(bytes);
    const flags = capi.SQLITE_DESERIALIZE_FREEONCLOSE | capi.SQLITE_DESERIALIZE_RESIZEABLE;
    const handle = /** @type {any} */ (db.pointer);
    db.checkRc(capi.sqlite3_deserialize(handle, "main", pointer, bytes.length, bytes.length, flags));
    return driver;
  }

  /** The bytes of an open database. @param {Driver} driver */
  bytesOf(driver) {
    if (!(driver instanceof WasmDriver)) throw new TypeError("Not a database of this kind.");
    return driver.bytes();
  }

  /** Let go of everything, so that another worker can take it. */
  close() {
    for (const driver of this.#open) driver.close();
    this.#pool?.pauseVfs();
  }

  /** Delete all databases. */
  async remove() {
    for (const driver of this.#open) driver.close();
    await this.#pool?.wipeFiles();
  }
}

/** @implements {Driver} */
class WasmDriver {
  #sqlite;
  #db;
  #onclose;
  /** @type {Set<WasmStatement>} */
  #statements = new Set();

  /** @param {Sqlite} sqlite @param {any} db SQLite's `oo1.DB` @param {() => void} onclose */
  constructor(sqlite, db, onclose) {
    this.#sqlite = sqlite;
    this.#db = db;
    this.#onclose = onclose;
  }

  /** @param {string} sql */
  exec(sql) {
    this.#db.exec(sql);
  }

  /** @param {string} sql @returns {Statement} */
  prepare(sql) {
    const statement = new WasmStatement(this.#sqlite, this.#db, this.#db.prepare(sql));
    this.#statements.add(statement);
    return statement;
  }

  bytes() {
    return this.#sqlite.capi.sqlite3_js_db_export(this.#db.pointer);
  }

  close() {
    for (const statement of this.#statements) statement.finalize();
    this.#statements.clear();
    this.#db.close();
    this.#onclose();
  }
}

/** @implements {Statement} */
class WasmStatement {
  #sqlite;
  #db;
  #statement;
  /** @type {string[] | undefined} */
  #columns;

  /** @param {Sqlite} sqlite @param {any} db @param {any} statement */
  constructor(sqlite, db, statement) {
    this.#sqlite = sqlite;
    this.#db = db;
    this.#statement = statement;
  }

  /** @param {(string | number | null)[]} values */
  run(...values) {
    this.#step(values, () => undefined);
    const lastInsertRowid = this.#sqlite.capi.sqlite3_last_insert_rowid(this.#db.pointer);
    return { lastInsertRowid, changes: this.#db.changes() };
  }

  /** @param {(string | number | null)[]} values @returns {Record<string, any> | undefined} */
  get(...values) {
    return this.#step(values, () => this.#row());
  }

  /** @param {(string | number | null)[]} values */
  all(...values) {
    /** @type {Record<string, any>[]} */
    const rows = [];
    this.#step(values, () => {
      do rows.push(this.#row());
      while (this.#statement.step());
    });
    return rows;
  }

  finalize() {
    this.#statement.finalize();
  }

  /**
   * @template T
   * @param {(string | number | null)[]} values
   * @param {() => T} read called where there is a row
   * @returns {T | undefined}
   */
  #step(values, read) {
    const statement = this.#statement;
    try {
      if (values.length > 0) statement.bind(values);
      return statement.step() ? read() : undefined;
    } finally {
      try {
        statement.reset(values.length > 0);
      } catch {
        // What the step has failed with is told again.
      }
    }
  }

  #row() {
    this.#columns ??= /** @type {string[]} */ (this.#statement.getColumnNames([]));
    return Object.fromEntries(this.#columns.map((name, i) => [name, this.#statement.get(i)]));
  }
}

/** @param {unknown} error @returns {unknown} */
export function toStateError(error) {
  const code = /** @type {any} */ (error)?.resultCode;
  return typeof code === "number" ? stateErrorOf(code, error) : error;
}
