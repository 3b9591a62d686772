/**
 * What a guest may send: one schema per message type. A message is checked before anything acts on it, whatever the runtime
 * that it came from.
 *
 * Values are texts here, of which the length counts; what they say is checked where they are read.
 */

/** @import { FromGuest } from "../../bridge/protocol.d.ts" */

import { CHUNK_BYTES, MAX_MESSAGE_TEXT_CHARACTERS, MAX_VALUE_DEPTH } from "./limits.js";
import { isDeeper } from "./value_size.js";

/** How deep and how large what users write as objects may be: configurations, durations, options. */
const MAX_PLAIN_DEPTH = 64;
const MAX_NODES = 100_000;
/** Refs, counts, attempts and indexes. */
const MAX_COUNT = 2 ** 31 - 1;
const MAX_ERROR_FIELDS = 20;
const MAX_CHUNK_CHARACTERS = Math.ceil(CHUNK_BYTES / 3) * 4 + 100;

/** What is wrong with a field's value, as the end of a sentence; undefined where nothing is. @typedef {(value: unknown) => string | undefined} Check */

/** @type {Check} */
const text = (value) => {
  if (typeof value !== "string") return "is not a text";
  return value.length > MAX_MESSAGE_TEXT_CHARACTERS
    ? `has ${value.length} characters; at most ${MAX_MESSAGE_TEXT_CHARACTERS} are allowed`
    : undefined;
};

/** Canonical text. @type {Check} */
const encoded = (value) =>
  text(value) ?? (isDeeper(/** @type {string} */ (value), MAX_VALUE_DEPTH) ? "is nested too deep" : undefined);

/** A chunk of a byte stream: its bytes are base64. @type {Check} */
const chunk = (value) =>
  text(value) ?? (/** @type {string} */ (value).length > MAX_CHUNK_CHARACTERS ? "is larger than a chunk" : undefined);

/** @type {Check} */
const count = (value) =>
  Number.isInteger(value) && Number(value) >= 0 && Number(value) <= MAX_COUNT
    ? undefined
    : `is not a whole number from 0 to ${MAX_COUNT}`;

/** @type {Check} */
const data = (value) => {
  if (typeof value === "string") return text(value);
  let nodes = 0;
  /** @type {{ part: unknown, depth: number }[]} */
  const open = [{ part: value, depth: 0 }];
  for (let next = open.pop(); next; next = open.pop()) {
    const { part, depth } = next;
    if (++nodes > MAX_NODES) return `has more than ${MAX_NODES} parts`;
    if (typeof part === "string") {
      const problem = text(part);
      if (problem) return problem;
    }
    if (typeof part === "bigint" || typeof part === "function" || typeof part === "symbol") return "is not plain data";
    if (typeof part !== "object" || part === null) continue;
    if (depth === MAX_PLAIN_DEPTH) return `is nested deeper than ${MAX_PLAIN_DEPTH}`;
    for (const inner of Object.values(part)) open.push({ part: inner, depth: depth + 1 });
  }
  return undefined;
};

/** @type {Check} */
const object = (value) => {
  if (typeof value !== "object" || value === null) return "is not an object";
  return data(value);
};

/** @type {Check} */
const error = (value) => {
  if (typeof value !== "object" || value === null) return "is not an object";
  const entries = Object.entries(value);
  if (entries.length > MAX_ERROR_FIELDS) return `has more than ${MAX_ERROR_FIELDS} fields`;
  const { name, message } = /** @type {Record<string, unknown>} */ (value);
  if (typeof name !== "string" || typeof message !== "string") return "has no name or no message";
  for (const [key, field] of entries) {
    const fits =
      typeof field === "string" ||
      typeof field === "boolean" ||
      field === undefined ||
      (Array.isArray(field) && field.every((part) => typeof part === "string"));
    if (!fits) return `has a field ${key.slice(0, 100)} that is not a text`;
  }
  return undefined;
};

/** @type {Check} */
const usage = (value) => {
  const { cpuMs, memoryBytes = 0 } = /** @type {Record<string, unknown>} */ (value ?? {});
  return Number.isFinite(cpuMs) && Number.isFinite(memoryBytes) ? undefined : "is not a usage";
};

/** @type {Check} */
const yes = (value) => (value === true ? undefined : "is not true");

const LEVELS = new Set(["debug", "info", "warning", "error", "stdout", "stderr"]);
/** @type {Check} */
const level = (value) => (LEVELS.has(/** @type {string} */ (value)) ? undefined : "is not a level");

/** @param {Check} check @returns {Check} */
const optional = (check) => (value) => (value === undefined ? undefined : check(value));

// What is wrong with a name is said at the call, in upstream's words.
const CALL = { ref: count, name: data, count };
const ATTEMPT = { ref: count, attempt: count };

/** Fields besides `type` and `pass`, in the order in which they are checked. @type {Record<FromGuest["type"], Record<string, Check>>} */
const SCHEMAS = {
  do: { ...CALL, config: optional(data), started: optional(yes), rollback: optional(object) },
  done: { ...ATTEMPT, value: encoded, usage: optional(usage) },
  failed: { ...ATTEMPT, error, usage: optional(usage) },
  delay: { ...ATTEMPT, delay: optional(data), failure: optional(text) },
  rollback: { ref: count, name: text, count, config: optional(data) },
  replayed: {},
  sleep: { ...CALL, duration: optional(data), until: optional(data) },
  waitForEvent: { ...CALL, eventType: optional(data), timeout: optional(data) },
  call: { ref: count, workflow: text, method: text, args: data, step: optional(count) },
  writeChunk: { ref: count, step: count, attempt: count, index: count, value: chunk },
  progress: { ref: count, step: count, attempt: count, value: encoded },
  readTimes: { ref: count },
  readStreamLimits: { ref: count },
  readChunk: { ref: count, name: text, count, index: count },
  end: { value: encoded },
  fail: { error },
  quiet: { seen: count },
  log: { ref: optional(count), level, text, replay: optional(yes) },
};

/** @type {Map<unknown, [string, Check][]>} */
const CHECKS = new Map(Object.entries(SCHEMAS).map(([type, fields]) => [type, Object.entries(fields)]));

/** Messages that wait for an answer: a refusal goes to the call. */
const ANSWERED = new Set([
  "do",
  "sleep",
  "waitForEvent",
  "call",
  "writeChunk",
  "progress",
  "readTimes",
  "readStreamLimits",
  "readChunk",
]);

/**
 * What is wrong with a message, as a sentence; undefined where nothing is.
 *
 * @param {any} message whose `pass` is known
 * @returns {string | undefined}
 */
export function messageProblem(message) {
  const checks = CHECKS.get(message.type);
  if (!checks) return `There is no message ${shown(message.type)}.`;
  for (const [key, check] of checks) {
    const problem = check(message[key]);
    if (problem) return `${key} of ${message.type} ${problem}.`;
  }
  return undefined;
}

/**
 * The call that a message with a problem belongs to, if the guest can be answered there.
 *
 * @param {any} message
 * @returns {number | undefined} its ref
 */
export function refusableRef({ type, ref }) {
  return ANSWERED.has(type) && count(ref) === undefined ? ref : undefined;
}

/** @param {unknown} value */
function shown(value) {
  return typeof value === "string" ? JSON.stringify(value.slice(0, 100)) : `of the type ${typeof value}`;
}
