/**
 * Errors: how an error becomes data, and data an error again.
 *
 * A `catch` does not see whether a step ran just now or in an earlier pass: its error was stored as data in between.
 * The twin of this file is `errors.py`.
 */

/** @import { WireError } from "./protocol.d.ts" */

import {
  NonRetryableError,
  define,
  describing,
  identify,
  isError,
  make,
  origins,
  partsOf,
  readable,
  restoreParts,
} from "./error_classes.js";
import { wellFormed } from "./json_text.js";
import { NotSerializableError } from "./refusal.js";
import { decode, encodePart } from "./values.js";

export { NonRetryableError, WorkflowTimeoutError, knowErrors } from "./error_classes.js";

/** What is kept of the data of an error, as canonical text. */
const MAX_ERROR_DATA_CHARACTERS = 64 * 1024;

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
  if (origin) return withEncodedParts(origin);
  for (const add of [addFinality, addParts, addStack]) readable(() => add(wire, error));
  return wire;
}

/** @param {WireError} wire @param {Error} error */
function addFinality(wire, error) {
  const isFinal = error instanceof NonRetryableError || error instanceof NotSerializableError;
  if (isFinal || wire.name === "NonRetryableError") wire.retryable = false;
}

/** Those that can be read and stored, as far as there is room. @param {WireError} wire @param {Error} error */
function addParts(wire, error) {
  let room = MAX_ERROR_DATA_CHARACTERS;
  const dropped = [];
  for (const [key, read] of partsOf(error)) {
    const text = readable(() => describing(error, () => encodePart(key, read())));
    if (text === undefined) continue;
    room -= text.length;
    if (room >= 0) wire[key] = text;
    else dropped.push(`${key} (${text.length.toLocaleString("en")} characters)`);
  }
  if (dropped.length > 0) {
    wire.traceback = `[Not kept, beyond ${MAX_ERROR_DATA_CHARACTERS.toLocaleString("en")} characters: ${dropped.join(", ")}.]`;
  }
}

/** @param {WireError} wire @param {Error} error */
function addStack(wire, error) {
  if (typeof error.stack !== "string") return;
  const stack = wellFormed(error.stack.length > MAX_STACK_CHARACTERS ? shorten(error.stack) : error.stack);
  wire.traceback = wire.traceback === undefined ? stack : `${stack}\n${wire.traceback}`;
}

/** A longer stack loses its middle. */
const MAX_STACK_CHARACTERS = 16_384;

/** @param {string} stack */
function shorten(stack) {
  return `${stack.slice(0, MAX_STACK_CHARACTERS / 2)}\n  [...]\n${stack.slice(-MAX_STACK_CHARACTERS / 2)}`;
}

/**
 * Get the error of `wire`: of the class that it was, if that is at hand, with the fields and the cause of the original
 * where they could be stored.
 *
 * @param {WireError} wire
 * @returns {Error}
 */
export function fromWire(wire) {
  const error = make(wire);
  if (wire.traceback !== undefined) define(error, "stack", wire.traceback);
  const parts = PARTS.filter((key) => wire[key] !== undefined).map((key) => [key, decode(wire[key] ?? "null")]);
  restoreParts(error, wire.type, Object.fromEntries(parts));
  return error;
}

const PARTS = /** @type {const} */ (["state", "cause", "errors"]);
/** All that an error has as canonical text. */
const ENCODED = /** @type {const} */ (["args", "state", "cause", "context", "notes", "errors"]);

/** `origin` with its parts as text: of an error that stood inside a value, they are what JSON has of it. @param {any} origin @returns {WireError} */
function withEncodedParts(origin) {
  const parts = ENCODED.filter((key) => origin[key] !== undefined && typeof origin[key] !== "string");
  return { ...origin, ...Object.fromEntries(parts.map((key) => [key, JSON.stringify(origin[key])])) };
}
