/** What a message can hold of an object of the user's. */

import { identify } from "./error_classes.js";
import { aKind } from "./refusal.js";
import { writeShallow } from "./shallow_json.js";

/** What the engine takes at most. Whatever is not so deep can be written as JSON wherever that is done. */
const MAX_PLAIN_DEPTH = 64;

/**
 * `value` as data, which is read here once: `toJSON()` and getters may throw, or give something else the next time. What
 * JSON would leave out is told as what it is, for the engine's complaint.
 *
 * @param {unknown} value
 * @param {string} what the beginning of the error's sentence
 * @returns {any}
 * @throws {TypeError} JSON cannot hold it, or it is nested deeper than 64 levels.
 */
export function toPlain(value, what) {
  let plain;
  try {
    plain = JSON.parse(writeShallow({ value }, named)).value;
  } catch (error) {
    throw new TypeError(`${what} cannot be sent: ${identify(error).message.split("\n")[0]}`, { cause: error });
  }
  if (depthOf(plain) > MAX_PLAIN_DEPTH) {
    throw new TypeError(`${what} cannot be sent: nested deeper than ${MAX_PLAIN_DEPTH} levels`);
  }
  return plain;
}

/** @param {unknown} item */
function named(item) {
  return typeof item === "function" || typeof item === "symbol" ? { $: aKind(item) } : item;
}

/** How many containers deep it is. @param {unknown} value plain data */
function depthOf(value) {
  let depth = 0;
  for (let level = [value]; ; depth++) {
    const containers = level.filter((part) => typeof part === "object" && part !== null);
    if (containers.length === 0) return depth;
    level = containers.flatMap((part) => Object.values(part));
  }
}
