/**
 * Errors: how an error becomes data, and data an error again.
 *
 * The twin of this file is `errors.py`.
 */

/** @import { WireError } from "./protocol.d.ts" */

import { InvalidStepReadableStreamError, NotSerializableError } from "./refusal.js";

/** Thrown by a step to say that trying again cannot help. */
export class NonRetryableError extends Error {
  /**
   * @param {string} message
   * @param {string} [name]
   */
  constructor(message, name = "NonRetryableError") {
    super(message);
    this.name = name;
  }
}

/** An attempt took longer than its timeout, or no event came in time. */
export class WorkflowTimeoutError extends Error {
  name = "WorkflowTimeoutError";
}

/**
 * What an error that came from elsewhere was, for the way back: a Python exception that JavaScript has passed on is
 * again the same one in Python.
 *
 * @type {WeakMap<object, WireError>}
 */
const origins = new WeakMap();

/**
 * Get `error`, which may be anything that was thrown, as data.
 *
 * @param {unknown} error
 * @returns {WireError}
 */
export function toWire(error) {
  if (!isError(error)) return { name: "Error", message: describe(error) };
  const origin = origins.get(error);
  if (origin) return origin;
  /** @type {WireError} */
  const wire = { name: nameOf(error), message: describe(error.message) };
  if (
    wire.name === "NonRetryableError" ||
    error instanceof NonRetryableError ||
    error instanceof NotSerializableError
  ) {
    wire.retryable = false;
  }
  if (typeof error.stack === "string") wire.traceback = error.stack;
  return wire;
}

/**
 * Get the error of `wire`: of the class of that name where JavaScript has one, otherwise an `Error` with that name.
 *
 * @param {WireError} wire
 * @returns {Error}
 */
export function fromWire(wire) {
  const Class = CLASSES[wire.name] ?? (wire.retryable === false ? NonRetryableError : Error);
  const error = new Class(wire.message);
  if (error.name !== wire.name) define(error, "name", wire.name);
  if (wire.traceback !== undefined) define(error, "stack", wire.traceback);
  origins.set(error, wire);
  return error;
}

/**
 * The name of `error`'s class as people know it.
 *
 * @param {Error} error
 */
function nameOf(error) {
  const { name } = error;
  if (typeof name === "string" && name !== "" && name !== "Error") return name;
  return error.constructor?.name || "Error";
}

/**
 * @param {unknown} value
 * @returns {value is Error}
 */
function isError(value) {
  return value instanceof Error || Object.prototype.toString.call(value) === "[object Error]";
}

/** @param {unknown} thrown Something that is no error. */
function describe(thrown) {
  try {
    return typeof thrown === "string" ? thrown : (JSON.stringify(thrown) ?? String(thrown));
  } catch {
    return String(thrown);
  }
}

/**
 * @param {Error} error
 * @param {"name" | "stack"} key
 * @param {string} value
 */
function define(error, key, value) {
  Object.defineProperty(error, key, { value, configurable: true, writable: true });
}

/** @type {Record<string, new (message: string) => Error>} */
const CLASSES = {
  __proto__: /** @type {any} */ (null),
  Error,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
  NonRetryableError,
  InvalidStepReadableStreamError,
  NotSerializableError,
  WorkflowTimeoutError,
};
