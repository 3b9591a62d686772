/** How much of an error is kept, so that large errors do not fill the state. */

/** @import { WireError } from "../../bridge/protocol.d.ts" */

import { MAX_ERROR_DATA_CHARACTERS, MAX_ERROR_MESSAGE_CHARACTERS, MAX_ERROR_NAME_CHARACTERS } from "./limits.js";

/** What people read, and is cut. The rest is encoded: the largest of it is left out first. */
const SHOWN = new Set(["name", "message", "traceback", "retryable"]);

/**
 * The error as it is kept: a long message is cut, and data beyond the limit is left out. A note says so.
 *
 * @param {WireError} error
 * @returns {WireError} the same object where it is small enough
 */
export function boundedError(error) {
  const { name, message, type, traceback } = error;
  const size = [type, traceback, error.args, error.state, error.cause].reduce(
    (sum, text) => sum + (text?.length ?? 0),
    0,
  );
  if (
    message.length <= MAX_ERROR_MESSAGE_CHARACTERS &&
    size <= MAX_ERROR_DATA_CHARACTERS &&
    name.length <= MAX_ERROR_NAME_CHARACTERS
  ) {
    return error;
  }
  /** @type {WireError} */
  const kept = {
    ...error,
    name: cut(name, MAX_ERROR_NAME_CHARACTERS),
    message: cut(message, MAX_ERROR_MESSAGE_CHARACTERS),
  };
  // People read the traceback: half of the room is its own.
  const room = MAX_ERROR_DATA_CHARACTERS / 2;
  const data = Object.entries(kept).filter(([key]) => !SHOWN.has(key));
  let total = lengthOf(Object.fromEntries(data));
  const left = [];
  for (const [key, field] of data.toSorted(([, a], [, b]) => lengthOf({ b }) - lengthOf({ a }))) {
    if (total <= room) break;
    Reflect.deleteProperty(kept, key);
    total -= lengthOf({ field });
    left.push(`${key} (${lengthOf({ field })} characters)`);
  }
  const note = left.length === 0 ? "" : `\n[Left out, for it was too large: ${left.join(", ")}]`;
  if (traceback !== undefined || note !== "") kept.traceback = cutInTheMiddle(traceback ?? "", room) + note;
  return kept;
}

/** @param {object} fields texts, or lists of them @returns {number} in characters */
function lengthOf(fields) {
  let length = 0;
  for (const field of Object.values(fields)) {
    if (typeof field === "string") length += field.length;
    else if (Array.isArray(field)) length += lengthOf(field);
  }
  return length;
}

/** @param {string} text @param {number} limit in characters, the note not counted */
function cut(text, limit) {
  if (text.length <= limit) return text;
  return `${text.slice(0, limit).toWellFormed()}… [${text.length - limit} more characters]`;
}

/** Both ends of a traceback say more than its middle. @param {string} text @param {number} limit */
function cutInTheMiddle(text, limit) {
  if (text.length <= limit) return text;
  const half = limit / 2;
  const left = text.length - limit;
  return `${text.slice(0, half).toWellFormed()}\n… [${left} characters left out]\n${text.slice(-half).toWellFormed()}`;
}
