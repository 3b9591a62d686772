/** Options of calls: what there is, and the nearest right name for one that there is not. */

import { nearest } from "./nearest.js";
import { writeShallow } from "./shallow_json.js";

/** An unknown option, or a value other than an options object. The caller gets a TypeError, as in Python. */
export class OptionError extends TypeError {}

/**
 * @param {string} what that takes them, such as "create()"
 * @param {unknown} options
 * @param {readonly string[]} known
 * @throws {OptionError} naming an option that is not known
 */
export function checkOptions(what, options, known) {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new OptionError(`${what} takes an object, not ${writeShallow(options, (part) => part) ?? String(options)}.`);
  }
  const unknown = Object.keys(options).find((key) => !known.includes(key));
  if (unknown === undefined) return;
  const near = nearest(unknown, known);
  const hint = near === undefined ? `It has: ${known.join(", ")}.` : `Did you mean ${JSON.stringify(near)}?`;
  throw new OptionError(`${what} has no option ${JSON.stringify(unknown)}. ${hint}`);
}
