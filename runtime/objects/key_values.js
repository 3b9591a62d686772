/** The keys and values of an object's storage, synchronously. Values are what structured cloning takes. */

/** @import { ObjectDatabase } from "./database.js" */

import { deserialize, serialize } from "node:v8";

/** Cloudflare's limits. */
const MAX_KEY_BYTES = 2048;
const MAX_VALUE_BYTES = 2 * 1024 * 1024;
const MAX_KEYS = 128;

/** @typedef {{ start?: string, startAfter?: string, end?: string, prefix?: string, reverse?: boolean, limit?: number }} ListOptions */

export class KeyValues {
  #db;

  /** @param {ObjectDatabase} db */
  constructor(db) {
    this.#db = db;
  }

  /** @param {string | string[]} keys @returns {any} a Map where several keys are given */
  get(keys) {
    if (!Array.isArray(keys)) return this.#get(checkedKey(keys));
    const found = checkedKeys(keys, "get").map((key) => /** @type {[string, any]} */ ([key, this.#get(key)]));
    return new Map(found.filter(([, value]) => value !== undefined).toSorted(byKey));
  }

  /** @param {string} key */
  #get(key) {
    const row = this.#db.own("SELECT value FROM _cf_KV WHERE key = ?").get(key);
    return row ? deserialize(/** @type {Uint8Array} */ (row.value)) : undefined;
  }

  /** @param {string | Record<string, unknown>} keyOrEntries @param {unknown} [value] */
  put(keyOrEntries, value) {
    const entries = entriesOf(keyOrEntries, value).map(([key, each]) => [checkedKey(key), toBytes(key, each)]);
    if (entries.length === 0) return;
    this.#db.beginWrite();
    const insert = this.#db.own(
      "INSERT INTO _cf_KV (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
    );
    for (const [key, bytes] of entries) insert.run(key, bytes);
  }

  /** @param {string | string[]} keys @returns {boolean | number} how many there were, where several keys are given */
  delete(keys) {
    const list = Array.isArray(keys) ? checkedKeys(keys, "delete") : [checkedKey(keys)];
    this.#db.beginWrite();
    const statement = this.#db.own("DELETE FROM _cf_KV WHERE key = ?");
    const count = list.reduce((sum, key) => sum + Number(statement.run(key).changes), 0);
    return Array.isArray(keys) ? count : count > 0;
  }

  /** @param {ListOptions} [options] @returns {Map<string, any>} */
  list(options) {
    const { start, startAfter, end, prefix, reverse = false, limit } = options ?? {};
    if (start !== undefined && startAfter !== undefined)
      throw new TypeError("list() takes either `start` or `startAfter`, not both.");
    if (limit !== undefined && !(Number.isInteger(limit) && limit > 0))
      throw new TypeError(`The limit of list() must be a positive whole number; it is ${String(limit)}.`);
    /** @type {[string, string | undefined][]} */
    const bounds = [
      ["key >= ?", start],
      ["key > ?", startAfter],
      ["key < ?", end],
      ["key >= ?", prefix || undefined],
      ["substr(key, 1, length(?)) = ?", prefix || undefined],
    ];
    const used = bounds.filter(([, value]) => value !== undefined);
    const where = used.length > 0 ? `WHERE ${used.map(([text]) => text).join(" AND ")}` : "";
    const order = reverse ? "DESC" : "ASC";
    const parameters = used.flatMap(([text, value]) => (text.startsWith("substr") ? [value, value] : [value]));
    const rows = this.#db
      .own(`SELECT key, value FROM _cf_KV ${where} ORDER BY key ${order} LIMIT ?`)
      .all(.../** @type {string[]} */ (parameters), limit ?? -1);
    return new Map(rows.map(({ key, value }) => [String(key), deserialize(/** @type {Uint8Array} */ (value))]));
  }
}

/** @param {unknown} keyOrEntries @param {unknown} value @returns {[string, unknown][]} */
function entriesOf(keyOrEntries, value) {
  if (typeof keyOrEntries === "string") return [[keyOrEntries, value]];
  const entries = keyOrEntries instanceof Map ? [...keyOrEntries] : Object.entries(Object(keyOrEntries));
  checkedKeys(
    entries.map(([key]) => key),
    "put",
  );
  return entries;
}

/** @param {unknown} key */
function checkedKey(key) {
  if (typeof key !== "string") throw new TypeError(`A key of the storage must be a string, not a ${typeof key}.`);
  const bytes = Buffer.byteLength(key);
  if (bytes > MAX_KEY_BYTES)
    throw new RangeError(`A key of the storage has at most ${MAX_KEY_BYTES} bytes; one has ${bytes}.`);
  return key;
}

/** @param {unknown[]} keys @param {string} method */
function checkedKeys(keys, method) {
  if (keys.length > MAX_KEYS)
    throw new RangeError(`${method}() takes at most ${MAX_KEYS} keys at a time; it was given ${keys.length}.`);
  return keys.map(checkedKey);
}

/** @param {string} key @param {unknown} value */
function toBytes(key, value) {
  if (value === undefined) throw new TypeError(`put() was called for '${key}' with undefined, which cannot be stored.`);
  let bytes;
  try {
    bytes = serialize(value);
  } catch (error) {
    throw new TypeError(`The value for '${key}' cannot be stored: ${/** @type {Error} */ (error).message}`, {
      cause: error,
    });
  }
  if (bytes.length > MAX_VALUE_BYTES)
    throw new RangeError(`The value for '${key}' has ${bytes.length} bytes; the storage takes ${MAX_VALUE_BYTES}.`);
  return bytes;
}

/** In the order of their bytes, as `list` has it. @param {[string, any]} a @param {[string, any]} b */
function byKey([a], [b]) {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
