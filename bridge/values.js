/**
 * Values: the one encoding that serves wire and disk.
 *
 * A value is one line of JSON. What JSON has is written as JSON; everything else is an object with the key `"$"`, a *tag*:
 * `{"$":"date","v":"2026-11-21T05:36:00.123Z"}`. Tags are date, bytes, bigint, number (NaN and the infinities), set, map,
 * error, tuple (in the arguments of an error), undefined, and object, which holds a user's own object that has a key `"$"`. `vectors.json` lists every case. What a
 * step gave may also be one `stream` as a whole: see `streams.js`.
 *
 * A plain JSON integer is always a safe one (up to 2^53 - 1), so that both languages read the same number.
 * The twin of this file is `values.py`.
 */

import { describing, identify, make, origins, partsOf, readable, restoreParts } from "./error_classes.js";
import { MAX_DEPTH, Refusal, kindOf, refuseDepth, refuseKind } from "./refusal.js";

export { MAX_DEPTH, NotSerializableError } from "./refusal.js";

/**
 * Get the canonical text of `value`.
 *
 * @param {unknown} value
 * @param {string} [where] What the value is called in an error message.
 * @returns {string}
 * @throws {NotSerializableError} Something in `value` cannot be stored; the message says where it is.
 */
export function encode(value, where = "result") {
  try {
    return JSON.stringify(prepare(value, MAX_DEPTH));
  } catch (error) {
    throw error instanceof Refusal ? error.toError(where) : error;
  }
}

/**
 * Get the value of canonical `text`.
 *
 * @param {string} text
 * @returns {any}
 */
export function decode(text) {
  const value = JSON.parse(text);
  return text.includes('"$":') ? revive(value) : value;
}

// Value to a value that JSON.stringify writes as it should be. Everything plain is handed on as it is; a container is
// copied only if something in it has to change.

/**
 * @param {unknown} value
 * @param {number} room How many containers may still be opened.
 * @returns {unknown}
 */
function prepare(value, room) {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      return prepareNumber(value);
    case "bigint":
      return { $: "bigint", v: String(value) };
    case "undefined":
      return { $: "undefined" };
    case "object":
      return value === null ? null : prepareObject(value, room);
    case "function":
    case "symbol":
    default:
      throw refuseKind(value);
  }
}

/** @param {number} value */
function prepareNumber(value) {
  if (Number.isSafeInteger(value)) return Object.is(value, -0) ? rawJSON("-0.0") : value;
  if (!Number.isFinite(value)) return { $: "number", v: String(value) };
  // Too large to be exact: a float for Python, and written so that it is one.
  return Number.isInteger(value) && Math.abs(value) < 1e21 ? rawJSON(`${value}.0`) : value;
}

/**
 * @param {any} value
 * @param {number} room
 */
function prepareObject(value, room) {
  if (Array.isArray(value)) return prepareArray(value, room);
  const kind = kindOf(value);
  if (kind === "Object") return prepareFields(value, room);
  if (ArrayBuffer.isView(value)) return prepareBytes(value.buffer, value.byteOffset, value.byteLength, kind);
  switch (kind) {
    case "Date":
      if (Number.isNaN(value.getTime())) throw new Refusal("is an invalid Date", "Use null.");
      return { $: "date", v: value.toISOString() };
    case "ArrayBuffer":
      return prepareBytes(value, 0, value.byteLength, kind);
    case "Map":
      if (!room) throw refuseDepth(value);
      return {
        $: "map",
        v: [...value].map((pair) => pair.map((/** @type {unknown} */ part) => member(value, part, room))),
      };
    case "Set":
      if (!room) throw refuseDepth(value);
      return { $: "set", v: [...value].map((part) => member(value, part, room)) };
    case "Error":
      return { $: "error", v: prepareError(value, room) };
    case "Boolean":
    case "Number":
    case "String":
    case "BigInt":
      return prepare(value.valueOf(), room);
    default:
      throw refuseKind(value);
  }
}

/**
 * @param {Error} error
 * @param {number} room
 */
function prepareError(error, room) {
  const origin = origins.get(error);
  if (origin) {
    const known = ENCODED.filter((key) => origin[key] !== undefined).map((key) => [key, plain(origin[key])]);
    return { ...identify(error), ...Object.fromEntries(known) };
  }
  // Before it is described: an error that is part of itself has no parts there.
  const readers = partsOf(error);
  const parts = describing(error, () => readers.flatMap(([key, read]) => preparePart(key, readable(read), room)));
  return { ...identify(error), ...Object.fromEntries(parts) };
}

/** The parts of an error that are data. */
const ENCODED = /** @type {const} */ (["args", "state", "cause", "context", "notes", "errors"]);

/** A part as JSON has it, of an error whose parts may be text. @param {any} part */
function plain(part) {
  return typeof part === "string" ? JSON.parse(part) : part;
}

/**
 * A part of an error under its key; of its fields those that can be stored. Nothing where none can.
 *
 * @param {string} key
 * @param {any} part
 * @param {number} room
 * @returns {[string, unknown][]}
 */
function preparePart(key, part, room) {
  if (part === undefined || !room) return [];
  if (key === "state") {
    const fields = Object.entries(part).flatMap(([name, field]) => preparePart(`.${name}`, field, room - 1));
    return fields.length === 0
      ? []
      : [[key, Object.fromEntries(fields.map(([name, field]) => [name.slice(1), field]))]];
  }
  try {
    return [[key, prepare(part, room - 1)]];
  } catch {
    return [];
  }
}

/**
 * Get a part of an error as canonical text.
 *
 * @param {string} key
 * @param {unknown} part
 * @returns {string | undefined} nothing where it cannot be stored
 */
export function encodePart(key, part) {
  const [prepared] = preparePart(key, part, MAX_DEPTH);
  return prepared && JSON.stringify(prepared[1]);
}

/**
 * @param {unknown[]} value
 * @param {number} room
 */
function prepareArray(value, room) {
  if (!room) throw refuseDepth(value);
  let result = value;
  for (let index = 0; index < value.length; index++) {
    const item = value[index];
    const prepared = nested(value, index, item, room);
    if (prepared === item) continue;
    if (result === value) result = value.slice();
    result[index] = prepared;
  }
  return result;
}

/**
 * @param {Record<string, unknown>} value
 * @param {number} room
 */
function prepareFields(value, room) {
  if (!room) throw refuseDepth(value);
  const prototype = Object.getPrototypeOf(value);
  // A spread defines properties, so that a key "__proto__" stays one. An instance is copied for the sake of its toJSON.
  let result = prototype === null || prototype === Object.prototype ? value : { ...value };
  for (const key of Object.keys(value)) {
    const item = value[key];
    const prepared = nested(value, key, item, room);
    if (prepared === item) continue;
    if (result === value) result = { ...value };
    result[key] = prepared;
  }
  return Object.hasOwn(result, "$") ? { $: "object", v: Object.entries(result) } : result;
}

/**
 * @param {object} container
 * @param {string | number} key
 * @param {unknown} item
 * @param {number} room
 */
function nested(container, key, item, room) {
  if (typeof item === "string") return item;
  try {
    return prepare(item, room - 1);
  } catch (error) {
    throw error instanceof Refusal ? error.inside(container, key) : error;
  }
}

/**
 * @param {object} container A Map or a Set.
 * @param {unknown} item
 * @param {number} room
 */
function member(container, item, room) {
  return nested(container, kindOf(container), item, room);
}

/**
 * @param {ArrayBufferLike} buffer
 * @param {number} start
 * @param {number} length
 * @param {string} kind
 */
function prepareBytes(buffer, start, length, kind) {
  if (!Object.hasOwn(VIEWS, kind)) throw refuseKind(buffer);
  const bytes = new Uint8Array(buffer, start, length);
  let text = "";
  // In pieces, because the arguments of a call stand on the stack.
  for (let at = 0; at < length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return kind === "Uint8Array" ? { $: "bytes", v: btoa(text) } : { $: "bytes", v: btoa(text), as: kind };
}

// Parsed JSON to value, in place.

/**
 * @param {any} value
 * @returns {any}
 */
function revive(value) {
  if (typeof value !== "object" || value === null) return value;
  if (Object.hasOwn(value, "$")) return reviveTag(value);
  // JSON.parse has made every key an own property, "__proto__" too, so that assigning to it is harmless.
  for (const key of Object.keys(value)) {
    const item = value[key];
    if (typeof item === "object" && item !== null) value[key] = revive(item);
  }
  return value;
}

/** @param {{ $: string, v: any, as?: string }} tagged */
function reviveTag({ $: tag, v, as = "Uint8Array" }) {
  switch (tag) {
    case "bigint":
      return BigInt(v);
    case "bytes":
      return reviveBytes(v, as);
    case "date":
      return new Date(v);
    case "error":
      return reviveError(v);
    case "tuple":
      return revive(v);
    case "map":
      return new Map(revive(v));
    case "number":
      return Number(v);
    case "object":
      return Object.fromEntries(revive(v));
    case "set":
      return new Set(revive(v));
    case "undefined":
      return undefined;
    default:
      throw new Error(`Unknown tag ${JSON.stringify(tag)} in a stored value: it was written by a newer version.`);
  }
}

/** @param {any} data whose parts are JSON yet */
function reviveError(data) {
  const error = make(data);
  const { state, cause, errors } = data;
  // A copy, for what the error was is kept as it is.
  if (state ?? cause ?? errors)
    restoreParts(error, data.type, revive(JSON.parse(JSON.stringify({ state, cause, errors }))));
  return error;
}

/**
 * @param {string} text
 * @param {string} kind
 */
function reviveBytes(text, kind) {
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const View = VIEWS[kind];
  return View === ArrayBuffer ? bytes.buffer : View === Uint8Array ? bytes : new View(bytes.buffer);
}

/** @type {Record<string, any>} */
const VIEWS = {
  ArrayBuffer,
  DataView,
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
};

/** @type {(text: string) => unknown} JSON that is written as it stands; younger than the library that types JSON. */
const rawJSON = /** @type {any} */ (JSON).rawJSON;
