/**
 * Refusals: why a value cannot be stored, where it is, and what to use in its place.
 *
 * The twin of this file is `refusal.py`.
 */

/** How many containers deep a value may be. A cycle ends here too, and neither interpreter's stack is near its end. */
export const MAX_DEPTH = 256;

const SHOWN_DEPTH = 12;

/** A value cannot be stored. The message says where it is and what to use instead. */
export class NotSerializableError extends TypeError {
  name = "NotSerializableError";
  retryable = false;
}

/** A step's byte stream cannot be kept. The name is upstream's. */
export class InvalidStepReadableStreamError extends NotSerializableError {
  name = "InvalidStepReadableStreamError";
}

/** A refusal on its way out of the value, gathering the path. */
export class Refusal extends Error {
  /** @type {string[]} */
  #path = [];
  #deepest;

  /**
   * @param {string} what What follows the path, e.g. "is a RegExp".
   * @param {string} remedy What to use instead, as a sentence.
   * @param {object} [deepest] The container in which the depth ended.
   */
  constructor(what, remedy, deepest) {
    super(what);
    this.what = what;
    this.remedy = remedy;
    this.#deepest = deepest;
  }

  /**
   * Note that it happened in `container` at `key`; the same refusal, to be thrown again.
   *
   * @param {object} container
   * @param {string | number} key
   */
  inside(container, key) {
    this.#path.unshift(`[${JSON.stringify(key)}]`);
    // To meet the deepest container again on the way out means that it holds itself.
    if (container === this.#deepest) {
      this.#path = [];
      this.what = "contains itself";
      this.remedy = "Use ids or names in place of references.";
    }
    return this;
  }

  /**
   * The error for people; the value as a whole is called `where`.
   *
   * @param {string} where
   */
  toError(where) {
    const path = this.#path;
    if (path.length > SHOWN_DEPTH) path.splice(SHOWN_DEPTH, path.length, "…");
    return new NotSerializableError(`${where}${path.join("")} ${this.what}, which cannot be stored. ${this.remedy}`);
  }
}

/** @param {object} container Refused because of how deep it is. */
export function refuseDepth(container) {
  return new Refusal(`is nested more than ${MAX_DEPTH} levels deep`, "Flatten it.", container);
}

/** @param {unknown} value Refused because of its type. */
export function refuseKind(value) {
  if (kindOf(value) === "PyProxy") {
    const { type } = /** @type {{ type: string }} */ (value);
    return new Refusal(`is a Python ${type}`, "Use its data, as dicts, lists, str and numbers.");
  }
  return new Refusal(
    `is ${aKind(value)}`,
    REMEDIES[kindOf(value)] ?? "Use its data, as objects, arrays, strings and numbers.",
  );
}

/**
 * What `value` is, as people say it: "a Date", "an ArrayBuffer".
 *
 * @param {unknown} value
 */
export function aKind(value) {
  const kind = kindOf(value);
  return `${/^[aeio]/i.test(kind) ? "an" : "a"} ${kind}`;
}

/**
 * What `value` is, in one word: "Date", "Array", "Promise", "function", "symbol", "Object" for instances of classes.
 *
 * @param {unknown} value
 */
export function kindOf(value) {
  return typeof value === "object" ? Object.prototype.toString.call(value).slice(8, -1) : typeof value;
}

/** @type {Record<string, string>} */
const REMEDIES = {
  __proto__: /** @type {any} */ (null),
  AsyncGenerator: "Use ReadableStream.from() of bytes, as the whole result of a step, or an array.",
  Blob: "Use what its text() or bytes() gives.",
  Headers: "Use Object.fromEntries().",
  Promise: "Use await to get its result.",
  ReadableStream: "Give it as the whole result of a step, or what a reader of it gives.",
  RegExp: "Use its source.",
  Request: "Use what its text(), json() or bytes() gives.",
  Response: "Use what its text(), json() or bytes() gives.",
  SharedArrayBuffer: "Use an ArrayBuffer.",
  URL: "Use its href.",
  URLSearchParams: "Use its toString().",
  function: "Use its result or its name.",
  symbol: "Use its description.",
};
