/** Values that callers hand over as canonical text: params, payloads and what forks put in the place of results. */

import { WorkflowError } from "./errors.js";
import { MAX_VALUE_DEPTH } from "./limits.js";
import { isDeeper } from "./value_size.js";

/**
 * @param {string} what as the beginning of the refusal
 * @param {unknown} text
 * @throws {WorkflowError} no guest could read it
 */
export function checkValue(what, text) {
  if (typeof text !== "string" || !isJson(text)) throw new WorkflowError("body.invalid", `${what} is not a value`);
  if (isDeeper(text, MAX_VALUE_DEPTH)) {
    throw new WorkflowError("body.invalid", `${what} is nested too deep. Flatten it.`);
  }
}

/** @param {string} text */
function isJson(text) {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
