/** `ctx.storage.sql`: SQL on the object's database. */

/** @import { ObjectDatabase, Prepared } from "./database.js" */

import { ONLY_SPACE } from "./sql_rules.js";

export class SqlStorage {
  #db;
  #touch;
  /** What a `Statement` of another language's `exec` gives is this. */
  Cursor = SqlStorageCursor;

  /** @param {ObjectDatabase} db @param {() => void} touch told of each use */
  constructor(db, touch) {
    this.#db = db;
    this.#touch = touch;
  }

  /**
   * Run *query*, which may be several statements; the bindings are of the last one, and so is what the cursor gives.
   *
   * @param {string} query
   * @param {unknown[]} bindings
   * @returns {SqlStorageCursor}
   */
  exec(query, ...bindings) {
    if (typeof query !== "string") throw new TypeError(`sql.exec() takes the SQL as a string, not a ${typeof query}.`);
    if (query.includes("\0"))
      throw new Error(
        `The SQL of sql.exec() has a zero character at index ${query.indexOf("\0")}. Give values as bindings.`,
      );
    this.#touch();
    let text = query;
    for (;;) {
      if (ONLY_SPACE.test(text)) throw new Error("sql.exec() was given no SQL statement.");
      const prepared = this.#db.prepare(text);
      const isLast = ONLY_SPACE.test(prepared.rest);
      const cursor = new SqlStorageCursor(this.#db, text, prepared, isLast ? bindings.map(toSql) : []);
      if (isLast) return cursor;
      const { rest } = prepared;
      cursor.finish();
      text = rest;
    }
  }

  /** In bytes. */
  get databaseSize() {
    return this.#db.size;
  }
}

/** What a query gives, row by row. A statement that writes has done so already. */
export class SqlStorageCursor {
  columnNames;
  #db;
  #text;
  /** @type {Prepared | undefined} undefined: it has been read to its end */
  #prepared;
  /** @type {Iterator<any>} */
  #rows;
  /** The rows of a statement that writes. @type {any[][]} */
  #read = [];
  #rowsRead = 0;
  #rowsWritten = 0;

  /** @param {ObjectDatabase} db @param {string} text @param {Prepared} prepared @param {any[]} bindings */
  constructor(db, text, prepared, bindings) {
    this.#db = db;
    this.#text = text;
    this.#prepared = prepared;
    const { statement, writes } = prepared;
    this.columnNames = statement.columns().map(({ name }) => name);
    if (!writes) {
      this.#rows = /** @type {any} */ (statement.iterate(...bindings));
      return;
    }
    db.beginWrite();
    const before = db.changes;
    this.#read = /** @type {any} */ (statement.all(...bindings));
    this.#rowsWritten = db.changes - before;
    this.#rows = this.#read.values();
    this.#giveBack();
  }

  get rowsRead() {
    return this.#rowsRead;
  }

  get rowsWritten() {
    return this.#rowsWritten;
  }

  /** @returns {unknown[] | undefined} */
  #nextRow() {
    const { done, value } = this.#rows.next();
    if (done) {
      this.#giveBack();
      return undefined;
    }
    this.#rowsRead += 1;
    return Array.from(value, fromSql);
  }

  #giveBack() {
    if (this.#prepared) this.#db.giveBack(this.#text, this.#prepared);
    this.#prepared = undefined;
  }

  /** Run it to its end. */
  finish() {
    while (this.#nextRow());
  }

  /** @returns {{ done?: boolean, value?: Record<string, unknown> }} */
  next() {
    const row = this.#nextRow();
    return row ? { done: false, value: this.#toObject(row) } : { done: true };
  }

  /** @returns {Record<string, unknown>[]} */
  toArray() {
    return [...this];
  }

  /** @returns {Record<string, unknown>} */
  one() {
    const row = this.#nextRow();
    if (!row) throw new Error("Expected exactly one result from SQL query, but got no results.");
    if (this.#nextRow()) {
      this.finish();
      throw new Error("Expected exactly one result from SQL query, but got multiple results.");
    }
    return this.#toObject(row);
  }

  /** Rows as arrays. */
  *raw() {
    for (let row = this.#nextRow(); row; row = this.#nextRow()) yield row;
  }

  *[Symbol.iterator]() {
    for (let row = this.#nextRow(); row; row = this.#nextRow()) yield this.#toObject(row);
  }

  /** @param {unknown[]} row */
  #toObject(row) {
    return Object.fromEntries(this.columnNames.map((name, index) => [name, row[index]]));
  }
}

/** @param {unknown} value @param {number} index */
function toSql(value, index) {
  if (value === undefined || value === null) return null;
  if (typeof value === "boolean") return Number(value);
  if (typeof value === "number" || typeof value === "string" || typeof value === "bigint") return value;
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  const kind = typeof value === "object" ? value.constructor?.name : typeof value;
  throw new TypeError(
    `Binding ${index + 1} of sql.exec() is a ${kind}. SQL takes strings, numbers, booleans, bytes and null.`,
  );
}

/** @param {unknown} value */
function fromSql(value) {
  if (typeof value === "bigint") return Number(value);
  return value instanceof Uint8Array
    ? value.buffer.slice(value.byteOffset, value.byteOffset + value.byteLength)
    : value;
}
