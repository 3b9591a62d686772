/** Classes of errors: what an error is called and says, and the class that it is of when it comes back. */

/** @import { WireError } from "./protocol.d.ts" */

import { InvalidStepReadableStreamError, NotSerializableError } from "./refusal.js";

const UNREADABLE = "<it cannot be read what this error says>";

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

/** The user's own classes, by what `type` says of them. @type {Map<string, Function>} */
const userClasses = new Map();
/** The same the other way. @type {WeakMap<Function, string>} */
const userTypes = new WeakMap();

/**
 * What an error that came from elsewhere was, for the way back: a Python exception that JavaScript has passed on is
 * again the same one in Python.
 *
 * @type {WeakMap<object, WireError>}
 */
export const origins = new WeakMap();

/**
 * Find the classes of errors among *exports* again when an error of theirs comes back.
 *
 * @param {string} module what it is called, the same in every process
 * @param {object} exports
 */
export function knowErrors(module, exports) {
  for (const [name, value] of Object.entries(exports)) {
    if (typeof value !== "function" || !(value.prototype instanceof Error) || userTypes.has(value)) continue;
    userClasses.set(`${module}:${name}`, value);
    userTypes.set(value, `${module}:${name}`);
  }
}

/**
 * Whether the class that `type` names is one of those that are known here.
 *
 * @param {string} type
 */
export function isKnown(type) {
  return userClasses.has(type);
}

/**
 * What `error`, which may be anything that was thrown, is and says.
 *
 * @param {unknown} error
 * @returns {Pick<WireError, "name" | "message" | "type">}
 */
export function identify(error) {
  if (!isError(error)) return { name: "Error", message: readable(() => describe(error), UNREADABLE) };
  const { name, message, type } = origins.get(error) ?? {
    name: readable(() => nameOf(error), "Error"),
    message: readable(() => describe(error.message), UNREADABLE),
    type: readable(() => userTypes.get(error.constructor)),
  };
  return type === undefined ? { name, message } : { name, message, type };
}

/**
 * What *read* gives, or *otherwise* where it throws. User code takes part when an error is read, by getters and proxies: what
 * cannot be told in full is told in part, or nobody would hear of it.
 *
 * @template T, [U=undefined]
 * @param {() => T} read
 * @param {U} [otherwise]
 * @returns {T | U}
 */
export function readable(read, otherwise) {
  try {
    return read();
  } catch {
    return /** @type {U} */ (otherwise);
  }
}

/**
 * Get the error of `wire`: of the class that it was, or that JavaScript has under that name; otherwise an `Error` with that
 * name.
 *
 * @param {Pick<WireError, "name" | "message" | "type" | "retryable">} wire
 * @returns {Error}
 */
export function make(wire) {
  const { name, message, type, retryable } = wire;
  const Class = CLASSES[name] ?? (retryable === false ? NonRetryableError : Error);
  const error = new Class(message);
  const own = type === undefined ? undefined : userClasses.get(type);
  // Past its constructor, which may take anything.
  if (own) Object.setPrototypeOf(error, own.prototype);
  if (error.name !== name) define(error, "name", name);
  origins.set(error, wire);
  return error;
}

/**
 * @param {unknown} value
 * @returns {value is Error}
 */
export function isError(value) {
  return readable(() => value instanceof Error || Object.prototype.toString.call(value) === "[object Error]", false);
}

/**
 * Give `error` a field that is not enumerable, as its own are.
 *
 * @param {Error} error
 * @param {"name" | "stack" | "cause"} key
 * @param {unknown} value
 */
export function define(error, key, value) {
  Object.defineProperty(error, key, { value, configurable: true, writable: true });
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

/** @param {unknown} thrown Something that is no error. */
function describe(thrown) {
  try {
    return typeof thrown === "string" ? thrown : (JSON.stringify(thrown) ?? String(thrown));
  } catch {
    return String(thrown);
  }
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
