/**
 * Errors: how an error becomes data, and data an error again.
 *
 * A `catch` does not see whether a step ran just now or in an earlier pass: what it is given has been data in between.
 * The twin of this file is `errors.py`.
 */

/** @import { WireError } from "./protocol.d.ts" */

import { NonRetryableError, define, identify, isError, isKnown, make, origins } from "./error_classes.js";
import { NotSerializableError } from "./refusal.js";
import { decode, encode } from "./values.js";

export { NonRetryableError, WorkflowTimeoutError, knowErrors } from "./error_classes.js";

/**
 * Get `error`, which may be anything that was thrown, as data.
 *
 * @param {unknown} error
 * @returns {WireError}
 */
export function toWire(error) {
  if (!isError(error)) return identify(error);
  const origin = origins.get(error);
  if (origin) return origin;
  /** @type {WireError} */
  const wire = identify(error);
  if (
    wire.name === "NonRetryableError" ||
    error instanceof NonRetryableError ||
    error instanceof NotSerializableError
  ) {
    wire.retryable = false;
  }
  const state = encodedFields(error);
  if (state !== undefined) wire.state = state;
  const cause = Object.hasOwn(error, "cause") ? encoded(error.cause) : undefined;
  if (cause !== undefined) wire.cause = cause;
  if (typeof error.stack === "string") wire.traceback = error.stack;
  return wire;
}

/**
 * Get the error of `wire`: of the class that it was, if that is at hand, with the fields and the cause of the original
 * where they could be stored.
 *
 * @param {WireError} wire
 * @returns {Error}
 */
export function fromWire(wire) {
  const { type, state, cause, traceback } = wire;
  const error = make(wire);
  if (traceback !== undefined) define(error, "stack", traceback);
  // The attributes of a Python exception are for Python.
  if (state !== undefined && (type === undefined || isKnown(type))) setFields(error, decode(state));
  if (cause !== undefined) define(error, "cause", decode(cause));
  return error;
}

/** What an error has that is told in other ways. */
const NOT_FIELDS = new Set(["name", "message", "stack", "cause", "retryable"]);

/** @param {Error} error */
function encodedFields(error) {
  const fields = Object.entries(error).filter(([key, value]) => !NOT_FIELDS.has(key) && encoded(value) !== undefined);
  return fields.length === 0 ? undefined : encode(Object.fromEntries(fields));
}

/** @param {unknown} value @returns {string | undefined} nothing where it cannot be stored */
function encoded(value) {
  try {
    return encode(value);
  } catch {
    return undefined;
  }
}

/** @param {Error} error @param {Record<string, unknown>} fields */
function setFields(error, fields) {
  for (const [key, value] of Object.entries(fields)) {
    Object.defineProperty(error, key, { value, configurable: true, enumerable: true, writable: true });
  }
}
