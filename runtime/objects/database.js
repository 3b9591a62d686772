/**
 * The database of one Durable Object: a SQLite file of its own. All that is written in one turn is one transaction, which
 * is committed before anything leaves the interpreter, and at the end of the turn at the latest.
 */

import { constants, DatabaseSync } from "node:sqlite";
import { authorize, refusalOf, refusedByText } from "./sql_rules.js";

/** @typedef {import("node:sqlite").StatementSync} Statement */

/** How many of the user's statements are kept prepared. */
const MAX_PREPARED = 100;

const LOCK_TIMEOUT_MS = 5000;

const TABLES = `
  CREATE TABLE IF NOT EXISTS _cf_KV (key TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS _cf_ALARM (id INTEGER PRIMARY KEY CHECK (id = 1), due INTEGER NOT NULL);
`;

/**
 * A statement of the user's. `rest` is the text after it, `writes` says whether it can change the file.
 *
 * @typedef {{ statement: Statement, rest: string, writes: boolean }} Prepared
 */

export class ObjectDatabase {
  /** Told after each commit that has changed the alarm. @type {(due: number | null) => void} */
  onalarm = () => {};
  /** Told that a commit has failed: what the object remembers is ahead of its file. @type {(error: Error) => void} */
  onfailure = () => {};
  #db;
  #ondirty;
  /** Statements of ours, by their text. @type {Map<string, Statement>} */
  #own = new Map();
  /** Statements of the user's that are not in use, by their text. @type {Map<string, Prepared>} */
  #prepared = new Map();
  /** Whether the statement that is being prepared is the user's. */
  #isUsers = false;
  /** What has been found out about that statement. */
  #seen = { writes: false, refused: "" };
  /** Whether a transaction of this turn is open. */
  #isDirty = false;
  /** How many transactions of the user's are open, one within the other. */
  #depth = 0;
  #alarmChanged = false;
  #isOpen = true;

  /**
   * @param {string} file
   * @param {(database: ObjectDatabase) => void} ondirty told when a transaction begins that is to be committed at the end of the turn
   */
  constructor(file, ondirty) {
    this.#ondirty = ondirty;
    // An interpreter whose code has been replaced lets go of the file a moment later.
    this.#db = new DatabaseSync(file, { enableForeignKeyConstraints: true, timeout: LOCK_TIMEOUT_MS });
    this.#db.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
    this.#db.exec(TABLES);
    this.#db.setAuthorizer((action, first, second) => {
      if (!this.#isUsers) return constants.SQLITE_OK;
      const verdict = authorize(action, first, second);
      this.#seen.writes ||= verdict.writes;
      this.#seen.refused ||= verdict.refused ?? "";
      return verdict.refused === undefined ? constants.SQLITE_OK : constants.SQLITE_DENY;
    });
  }

  /** A statement of ours. @param {string} text @returns {Statement} */
  own(text) {
    const known = this.#own.get(text);
    if (known) return known;
    const statement = this.#db.prepare(text);
    this.#own.set(text, statement);
    return statement;
  }

  /**
   * The first statement of the user's *text*. `giveBack` takes it when it is not used any more.
   *
   * @param {string} text
   * @returns {Prepared}
   * @throws {Error} it is wrong, or does what an object may not do
   */
  prepare(text) {
    const known = this.#prepared.get(text);
    if (known) {
      this.#prepared.delete(text);
      return known;
    }
    this.#isUsers = true;
    this.#seen = { writes: false, refused: "" };
    try {
      const statement = this.#db.prepare(text);
      this.#seen.refused = refusedByText(statement.sourceSQL) ?? "";
      if (this.#seen.refused) throw new Error("refused");
      statement.setReturnArrays(true);
      statement.setReadBigInts(true);
      return { statement, rest: text.slice(statement.sourceSQL.length), writes: this.#seen.writes };
    } catch (error) {
      throw this.#seen.refused ? refusalOf(this.#seen.refused) : error;
    } finally {
      this.#isUsers = false;
    }
  }

  /** @param {string} text @param {Prepared} prepared */
  giveBack(text, prepared) {
    if (!this.#isOpen) return;
    this.#prepared.set(text, prepared);
    const [oldest] = this.#prepared.keys();
    if (this.#prepared.size > MAX_PREPARED) this.#prepared.delete(oldest);
  }

  /** Statements that write are between this and the commit. */
  beginWrite() {
    if (this.#isDirty || this.#depth > 0) return;
    this.#db.exec("BEGIN IMMEDIATE");
    this.#isDirty = true;
    this.#ondirty(this);
  }

  /** How many rows have been changed since the file was opened. */
  get changes() {
    return Number(this.own("SELECT total_changes() AS n").get()?.n);
  }

  get size() {
    const { n } = /** @type {{ n: number }} */ (
      this.own(
        "SELECT (page_count - freelist_count) * page_size AS n FROM pragma_page_count, pragma_freelist_count, pragma_page_size",
      ).get()
    );
    return n;
  }

  /** The alarm is another one once this turn's transaction is committed. */
  noteAlarm() {
    this.#alarmChanged = true;
  }

  /** @returns {number | null} ms since 1970 */
  get alarm() {
    const row = this.own("SELECT due FROM _cf_ALARM").get();
    return row ? Number(row.due) : null;
  }

  /** Make durable what has been written. What is in a transaction of the user's waits for its end. */
  commit() {
    if (!this.#isDirty || this.#depth > 0) return;
    this.#end();
    this.#tellAlarm();
  }

  #end() {
    this.#isDirty = false;
    try {
      this.#db.exec("COMMIT");
    } catch (error) {
      const failure = new Error(
        `The storage of the Durable Object cannot be written: ${/** @type {Error} */ (error).message}. The object has been reset.`,
        { cause: error },
      );
      this.onfailure(failure);
      throw failure;
    }
  }

  #tellAlarm() {
    if (!this.#alarmChanged) return;
    this.#alarmChanged = false;
    this.onalarm(this.alarm);
  }

  /**
   * Begin a transaction of the user's, which can be within another.
   *
   * @returns {{ commit: () => void, rollback: () => void }}
   */
  beginTransaction() {
    if (this.#depth === 0) this.commit();
    const name = `t${this.#depth}`;
    this.#db.exec(this.#depth === 0 ? "BEGIN IMMEDIATE" : `SAVEPOINT ${name}`);
    this.#depth += 1;
    const isOutermost = this.#depth === 1;
    let isOver = false;
    const end = (/** @type {() => void} */ run) => {
      if (isOver || !this.#isOpen) return;
      isOver = true;
      this.#depth -= 1;
      run();
      if (isOutermost) this.#tellAlarm();
    };
    return {
      commit: () => end(() => (isOutermost ? this.#end() : this.#db.exec(`RELEASE ${name}`))),
      rollback: () => end(() => this.#db.exec(isOutermost ? "ROLLBACK" : `ROLLBACK TO ${name}; RELEASE ${name}`)),
    };
  }

  /**
   * Run *work* in a transaction, which is rolled back if it raises.
   *
   * @template T
   * @param {() => T} work
   * @returns {T}
   */
  runSync(work) {
    this.beginWrite();
    const name = `s${this.#depth}`;
    this.#db.exec(`SAVEPOINT ${name}`);
    try {
      const result = work();
      this.#db.exec(`RELEASE ${name}`);
      return result;
    } catch (error) {
      this.#db.exec(`ROLLBACK TO ${name}; RELEASE ${name}`);
      throw error;
    }
  }

  /** Drop all of the user's: tables, views, values. */
  clear() {
    this.beginWrite();
    this.#prepared.clear();
    this.#db.exec("PRAGMA defer_foreign_keys = ON");
    const list =
      "SELECT type, name FROM sqlite_schema WHERE type IN ('view', 'table') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name NOT LIKE '\\_cf\\_%' ESCAPE '\\'";
    // A virtual table takes others of its own along.
    for (let row = this.own(list).get(); row; row = this.own(list).get())
      this.#db.exec(`DROP ${String(row.type)} "${String(row.name).replaceAll('"', '""')}"`);
    this.#db.exec("DELETE FROM _cf_KV");
  }

  /** Let go of the file. What is not committed is dropped. */
  close() {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#isDirty = false;
    this.#own.clear();
    this.#prepared.clear();
    this.#db.close();
  }
}
