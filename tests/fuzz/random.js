/** Seeded chance, and values that nobody expects. */

/** @import { SqliteStore } from "../../js/store/sqlite.js" */

export const SEED = process.env.STEPWELL_SEED ?? String(Math.floor(Math.random() * 2 ** 32));
/** How many cases all files together make in process. The long form has a million. */
const CASES = Number(process.env.STEPWELL_FUZZ_CASES ?? 10_000);

/** How many cases of a kind there are. @param {number} share of all cases */
export const cases = (share) => Math.ceil(CASES * share);

/** Numbers that follow from a seed: the same seed makes the same cases. */
export class Chance {
  #state;

  /** @param {string} [what] the cases that it makes */
  constructor(what = "") {
    this.#state = 17;
    for (const byte of Buffer.from(`${SEED} ${what}`)) this.#state = (Math.imul(this.#state, 31) + byte) | 0;
  }

  /** From 0 to 1. */
  next() {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  /** @param {number} end */
  below(end) {
    return Math.floor(this.next() * end);
  }

  /** @template T @param {readonly T[]} list @returns {T} */
  of(list) {
    return list[this.below(list.length)];
  }

  /** A value of any kind. @returns {any} */
  value(depth = 0) {
    const odd = ODD[this.below(ODD.length)];
    if (depth > 3 || this.next() < 0.7) return typeof odd === "function" ? odd() : odd;
    if (this.next() < 0.5) return Array.from({ length: this.below(4) }, () => this.value(depth + 1));
    return Object.fromEntries(Array.from({ length: this.below(4) }, () => [this.of(KEYS), this.value(depth + 1)]));
  }

  /** *value* with something of it changed. @param {any} value @returns {any} */
  changed(value) {
    if (value === null || typeof value !== "object" || this.next() < 0.1) return this.value();
    /** @type {any} */
    const copy = Array.isArray(value) ? [...value] : { ...value };
    const keys = Object.keys(copy);
    const key = keys.length === 0 || this.next() < 0.1 ? this.of(KEYS) : this.of(keys);
    if (this.next() < 0.15) delete copy[key];
    else copy[key] = this.changed(copy[key]);
    return copy;
  }

  /** Bytes with some of them changed, cut or repeated. @param {Uint8Array} bytes */
  changedBytes(bytes) {
    const copy = Buffer.from(bytes);
    const at = this.below(copy.length);
    const how = this.below(4);
    if (how === 0) return copy.subarray(0, at);
    if (how === 1)
      return Buffer.concat([copy.subarray(0, at), Buffer.alloc(this.below(5000), this.below(256)), copy.subarray(at)]);
    if (how === 2) copy.fill(this.below(256), at, Math.min(copy.length, at + this.below(4096)));
    else for (let i = this.below(8); i >= 0; i--) copy[this.below(copy.length)] = this.below(256);
    return copy;
  }
}

const KEYS = [
  "a",
  "",
  "type",
  "pass",
  "ref",
  "name",
  "count",
  "config",
  "retries",
  "limit",
  "$",
  "v",
  "__proto__",
  "constructor",
  "toString",
];

/** @param {number} depth */
const nested = (depth) => {
  /** @type {unknown} */
  let value = 1;
  for (let i = 0; i < depth; i++) value = [value];
  return value;
};

const ODD = [
  null,
  true,
  false,
  0,
  -0,
  -1,
  1,
  0.5,
  1e17,
  1e300,
  -1e300,
  2 ** 53,
  2 ** 63,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  "",
  "a",
  "-",
  "1 minute",
  "1e300 days",
  "[dynamic]",
  "Infinity",
  "null",
  "{",
  '{"$":"stream","v":{}}',
  '{"$":"object","v":1}',
  "\ud800",
  "\0",
  "\u001b[2J",
  "../../x",
  "x".repeat(300),
  () => "x".repeat(3_000_000),
  () => nested(10),
  () => nested(3000),
  () => "[".repeat(5000),
  [],
  {},
  { retries: { limit: 1e17, delay: 1e300, backoff: "exponential" }, timeout: 1e300 },
  { retries: { limit: -1, delay: "x" } },
];

/**
 * What a state holds, read whole: each instance with its log. Throws where a row cannot be read.
 *
 * @param {SqliteStore} store
 */
export function readAll(store) {
  return store
    .listInstances({ limit: 100, offset: 0 })
    .map((row) => ({ row, log: store.loadLog(row.number), output: store.loadOutput(row.number) }));
}
