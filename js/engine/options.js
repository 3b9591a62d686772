/** Options of calls: what there is, and the nearest right name for one that there is not. */

import { WorkflowError } from "./errors.js";
import { nearest } from "./nearest.js";

/**
 * @param {string} what that takes them, such as "create()"
 * @param {unknown} options
 * @param {readonly string[]} known
 * @throws {WorkflowError} naming an option that is not known
 */
export function checkOptions(what, options, known) {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new WorkflowError("body.invalid", `${what} takes an object, not ${JSON.stringify(options)}`);
  }
  const unknown = Object.keys(options).find((key) => !known.includes(key));
  if (unknown === undefined) return;
  const near = nearest(unknown, known);
  const hint = near === undefined ? `It has: ${known.join(", ")}.` : `Did you mean ${JSON.stringify(near)}?`;
  throw new WorkflowError("body.invalid", `${what} has no option ${JSON.stringify(unknown)}. ${hint}`);
}
