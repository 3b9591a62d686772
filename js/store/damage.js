/** What tells altered rows of a state from right ones. */

/** @import { LogRow } from "./store.d.ts" */

/** A row of an instance cannot be read, or is not what was written. */
export class DamageError extends Error {
  /**
   * @param {number} number of the instance
   * @param {string} what as a sentence
   * @param {ErrorOptions} [options]
   */
  constructor(number, what, options) {
    super(what, options);
    this.name = "DamageError";
    this.number = number;
  }
}

/**
 * The checksum of a log entry: over all that never changes, so without `due`. It finds accidents, and is no seal.
 *
 * @param {Pick<LogRow, "seq" | "event" | "next" | "name" | "count" | "at" | "attempt" | "value" | "detail">} row
 * @param {string} [covered] a text of the instance that the entry vouches for: params, output
 * @returns {number} 32 bits
 */
export function checksumOf({ seq, event, next, name, count, at, attempt, value, detail }, covered) {
  let hash = mixed(mixed(mixed(OFFSET, seq), event), next ?? ABSENT);
  hash = mixed(mixed(mixed(hash, count ?? ABSENT), attempt ?? ABSENT), at);
  // What `at` has beyond 32 bits.
  hash = mixed(hash, at / 2 ** 32);
  if (name !== null) hash = hashed(hash ^ 4, name);
  if (value !== null) hash = hashed(hash ^ 1, value);
  if (detail !== null) hash = mixed(hash ^ 2, hashOfDetail(detail));
  if (covered !== undefined) hash = hashed(hash ^ 3, covered);
  return hash >>> 0;
}

const OFFSET = 0x811c9dc5;
const PRIME = 0x01000193;
/** Stands for null. */
const ABSENT = -1;

/** One round of FNV-1a over 32 bits at a time. @param {number} hash @param {number} value of which the lower 32 bits count */
function mixed(hash, value) {
  return Math.imul(hash ^ value, PRIME);
}

/** FNV-1a over UTF-16. @param {number} start @param {string} text */
function hashed(start, text) {
  let hash = start;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), PRIME);
  return hash;
}

let latest = { detail: "", hash: OFFSET };

/** The hash of a detail. Entries that follow each other often have the same one: the configuration of a step. @param {string} detail */
function hashOfDetail(detail) {
  if (detail !== latest.detail) latest = { detail, hash: hashed(OFFSET, detail) };
  return latest.hash;
}

/**
 * Read rows of an instance. What SQLite cannot hand over, such as an integer that no JavaScript number holds, is damage.
 *
 * @template T
 * @param {() => number} numberOf of the instance; called where there is damage
 * @param {() => T} read
 * @returns {T}
 * @throws {DamageError}
 */
export function readable(numberOf, read) {
  try {
    return read();
  } catch (error) {
    if (/** @type {any} */ (error)?.code !== "ERR_OUT_OF_RANGE") throw error;
    throw new DamageError(numberOf(), "A number in its row is too large.", { cause: error });
  }
}
