/** Classes of errors: what an error is called and says, and the class that it is of when it comes back. */

/** @import { WireError } from "./protocol.d.ts" */

import { wellFormed } from "./json_text.js";
import { InvalidStepReadableStreamError, NotSerializableError } from "./refusal.js";
import { writeShallow } from "./shallow_json.js";

/** UTF-8 of a message that is kept. */
const MAX_ERROR_MESSAGE_BYTES = 16 * 1024;
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
  if (!isError(error)) return { name: "Error", message: cut(readable(() => describe(error), UNREADABLE)) };
  const { name, message, type } = origins.get(error) ?? {
    name: readable(() => wellFormed(nameOf(error)), "Error"),
    message: cut(readable(() => describe(error.message), UNREADABLE)),
    type: readable(() => userTypes.get(error.constructor)),
  };
  return type === undefined ? { name, message } : { name, message, type };
}

/** A text that can be kept: at most 16 KiB, with a word about the rest, and well-formed. @param {string} text */
function cut(text) {
  if (text.length * 3 <= MAX_ERROR_MESSAGE_BYTES) return wellFormed(text);
  const bytes = new TextEncoder().encode(wellFormed(text));
  if (bytes.length <= MAX_ERROR_MESSAGE_BYTES) return wellFormed(text);
  const start = new TextDecoder().decode(bytes.subarray(0, MAX_ERROR_MESSAGE_BYTES), { stream: true });
  return `${start}… [${bytes.length.toLocaleString("en")} bytes]`;
}

/** What else an error has that is kept: fields, cause, and the errors of an AggregateError. @typedef {"state" | "cause" | "errors"} Part */

/**
 * The parts of `error`, each read when it is asked for. One that is part of itself, or the ninth of a chain, has none.
 *
 * @param {Error} error
 * @returns {[Part, () => unknown][]}
 */
export function partsOf(error) {
  if (described.includes(error) || described.length >= LONGEST_CHAIN) return [];
  return [
    ["state", () => fieldsOf(error)],
    ["cause", () => (Object.hasOwn(error, "cause") ? error.cause : undefined)],
    ["errors", () => (error instanceof AggregateError ? error.errors : undefined)],
  ];
}

/**
 * Know, while *describe* runs, that `error` is being described.
 *
 * @template T
 * @param {Error} error
 * @param {() => T} describe
 */
export function describing(error, describe) {
  described.push(error);
  try {
    return describe();
  } finally {
    described.pop();
  }
}

/** @type {Error[]} */
const described = [];
const LONGEST_CHAIN = 8;
/** Fields of an error that are kept in other ways. */
const NOT_FIELDS = new Set(["name", "message", "stack", "cause", "retryable", "errors"]);

/** @param {Error} error @returns {Record<string, unknown> | undefined} */
function fieldsOf(error) {
  const keys = Object.keys(error).filter((key) => !NOT_FIELDS.has(key));
  return keys.length === 0
    ? undefined
    : Object.fromEntries(keys.map((key) => [key, readable(() => Reflect.get(error, key))]));
}

/**
 * Give `error` its parts back, decoded.
 *
 * @param {Error} error
 * @param {string | undefined} type
 * @param {Partial<Record<Part, any>>} parts
 */
export function restoreParts(error, type, { state, cause, errors }) {
  // The attributes of a Python exception are for Python.
  if (state !== undefined && (type === undefined || isKnown(type))) {
    for (const [key, value] of Object.entries(state)) {
      Object.defineProperty(error, key, { value, configurable: true, enumerable: true, writable: true });
    }
  }
  if (cause !== undefined) define(error, "cause", cause);
  if (errors !== undefined) define(error, "errors", errors);
}

/**
 * What *read* gives, or *otherwise* where it throws. Getters and proxies of user code run while an error is read: an error
 * that cannot be read in full is reported in part.
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
 * @param {"name" | "stack" | "cause" | "errors"} key
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

/** @param {unknown} thrown A value other than an error. */
function describe(thrown) {
  try {
    return typeof thrown === "string" ? thrown : (writeShallow(thrown, (part) => part) ?? String(thrown));
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
