/**
 * Errors: how an error becomes data, and data an error again.
 *
 * A `catch` does not see whether a step ran just now or in an earlier pass: what it is given has been data in between.
 * The twin of this file is `errors.py`.
 */

/** @import { WireError } from "./protocol.d.ts" */

import { NonRetryableError, define, identify, isError, isKnown, make, origins, readable } from "./error_classes.js";
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
  /** @type {WireError} */
  const wire = identify(error);
  if (!isError(error)) return wire;
  const origin = origins.get(error);
  if (origin) return origin;
  for (const add of [addFinality, addFields, addCause, addStack]) readable(() => add(wire, error));
  return wire;
}

/** @param {WireError} wire @param {Error} error */
function addFinality(wire, error) {
  const isFinal = error instanceof NonRetryableError || error instanceof NotSerializableError;
  if (isFinal || wire.name === "NonRetryableError") wire.retryable = false;
}

/** Those that can be read and stored. @param {WireError} wire @param {Error} error */
function addFields(wire, error) {
  const keys = Object.keys(error).filter((key) => !NOT_FIELDS.has(key) && encoded(() => Reflect.get(error, key)));
  if (keys.length > 0) wire.state = encode(Object.fromEntries(keys.map((key) => [key, Reflect.get(error, key)])));
}

/** @param {WireError} wire @param {Error} error */
function addCause(wire, error) {
  const cause = Object.hasOwn(error, "cause") ? encoded(() => error.cause) : undefined;
  if (cause !== undefined) wire.cause = cause;
}

/** @param {WireError} wire @param {Error} error */
function addStack(wire, error) {
  if (typeof error.stack === "string") wire.traceback = error.stack;
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

/** What *read* gives, as text. @param {() => unknown} read @returns {string | undefined} nothing where it cannot be stored */
function encoded(read) {
  return readable(() => encode(read()));
}

/** @param {Error} error @param {Record<string, unknown>} fields */
function setFields(error, fields) {
  for (const [key, value] of Object.entries(fields)) {
    Object.defineProperty(error, key, { value, configurable: true, enumerable: true, writable: true });
  }
}
