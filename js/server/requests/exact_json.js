/**
 * JSON whose numbers keep what was written.
 *
 * `JSON.parse` makes a double of every number: 616581622363398142 changes its value, and 1.0 becomes 1, which is another
 * number for Python. Here an integer that a double cannot hold becomes a BigInt, and a whole number with a decimal point
 * becomes raw JSON. `encode` of the bridge stores both as they are.
 */

import { RequestError } from "./request_error.js";

/** Python reads no longer integers. */
const MAX_DIGITS = 4300;
const INTEGER = /^-?\d+$/;

/** @type {(text: string) => object} JSON that is written as it stands; younger than the library that types JSON. */
const rawJSON = /** @type {any} */ (JSON).rawJSON;

/** @typedef {{ source?: string }} ReviverContext what was read, for a number, text, boolean or null */

/**
 * The value of JSON `text`, whose nesting is bounded.
 *
 * @param {string} text
 * @returns {any}
 * @throws {RequestError | SyntaxError} a number is out of range; or it is not JSON
 */
export function parseExactJson(text) {
  const parse =
    /** @type {(text: string, reviver: (key: string, value: any, context: ReviverContext) => any) => any} */ (
      JSON.parse
    );
  return parse(text, (_key, value, { source = "" }) =>
    typeof value === "number" ? exactNumber(value, source) : value,
  );
}

/**
 * @param {number} value
 * @param {string} source
 */
function exactNumber(value, source) {
  if (INTEGER.test(source)) {
    if (Number.isSafeInteger(value)) return value === 0 ? 0 : value;
    if (source.length > MAX_DIGITS)
      throw new RequestError(400, `The body holds an integer of ${source.length} digits; the limit is ${MAX_DIGITS}.`);
    return BigInt(source);
  }
  if (!Number.isFinite(value)) throw new RequestError(400, `The body holds the number ${source}, which is too large.`);
  return Number.isInteger(value) ? rawJSON(floatText(value)) : value;
}

/** A whole number as canonical text that both languages read as a float. @param {number} value */
function floatText(value) {
  if (Object.is(value, -0)) return "-0.0";
  return Math.abs(value) < 1e21 ? `${value}.0` : String(value);
}
