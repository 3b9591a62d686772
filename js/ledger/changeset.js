/**
 * Reads what SQLite's session extension records: which rows a transaction has changed.
 * The format is that of https://www.sqlite.org/session/sqlite3changeset_start.html ("changeset").
 */

/** @import { Value } from "./ledger.d.ts" */

const TABLE = 0x54;
const INSERT = 18;
const DELETE = 9;

/**
 * @typedef {object} RowChange
 * @property {string} table
 * @property {"insert" | "update" | "delete"} kind
 * @property {(Value | undefined)[]} values in the order of the table's columns: of a new row all, of a deleted one all that it had,
 *   of a changed one those that it had in its primary key and in the columns that have changed
 */

/** @param {Uint8Array} bytes @returns {Generator<RowChange>} */
export function* readChangeset(bytes) {
  const reader = new Reader(bytes);
  let table = "";
  let width = 0;
  while (!reader.atEnd) {
    const kind = reader.byte();
    if (kind === TABLE) {
      width = reader.varint();
      reader.skip(width);
      table = reader.name();
      continue;
    }
    // Whether a trigger has made the change.
    reader.skip(1);
    const values = reader.record(width);
    if (kind === INSERT || kind === DELETE) yield { table, kind: kind === INSERT ? "insert" : "delete", values };
    else {
      // What the row has now is read from the table, where it stands whole.
      reader.record(width);
      yield { table, kind: "update", values };
    }
  }
}

const UNDEFINED = 0;
const INTEGER = 1;
const REAL = 2;
const TEXT = 3;
const NULL = 5;

class Reader {
  #bytes;
  #at = 0;

  /** @param {Uint8Array} bytes */
  constructor(bytes) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get atEnd() {
    return this.#at >= this.#bytes.length;
  }

  byte() {
    return this.#bytes[this.#at++];
  }

  /** @param {number} count of bytes */
  skip(count) {
    this.#at += count;
  }

  /** SQLite's number of variable length. Lengths and counts have at most four bytes here. */
  varint() {
    let value = 0;
    for (;;) {
      const byte = this.byte();
      value = value * 128 + (byte & 0x7f);
      if (byte < 0x80) return value;
    }
  }

  /** A name, which ends with a zero. */
  name() {
    const end = this.#bytes.indexOf(0, this.#at);
    const name = this.#bytes.toString("utf8", this.#at, end);
    this.#at = end + 1;
    return name;
  }

  /** @param {number} width how many columns @returns {(Value | undefined)[]} */
  record(width) {
    return Array.from({ length: width }, () => this.#value());
  }

  /** @returns {Value | undefined} */
  #value() {
    const type = this.byte();
    if (type === UNDEFINED) return undefined;
    if (type === NULL) return null;
    if (type === INTEGER || type === REAL) {
      const value =
        type === INTEGER ? Number(this.#bytes.readBigInt64BE(this.#at)) : this.#bytes.readDoubleBE(this.#at);
      this.#at += 8;
      return value;
    }
    const length = this.varint();
    const start = this.#at;
    this.#at += length;
    if (type !== TEXT) throw new Error("The state has a column of bytes, which no table of a state has.");
    return this.#bytes.toString("utf8", start, this.#at);
  }
}
