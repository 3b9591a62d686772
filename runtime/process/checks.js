/**
 * What a guest process may say. It runs code of the user's, with nothing between that code and its socket: so each message is
 * looked at before the engine, or another pass, can be touched by it.
 *
 * What a user wrote (a name, a configuration, a duration) is the engine's to judge; here is judged what only a guest that is
 * broken, or not one of ours, would send.
 */

/** @import { FromGuest, ToGuest } from "../../bridge/protocol.d.ts" */
/** @import { AttemptEnded } from "../pool/isolate.js" */

import { decode } from "../../bridge/values.js";
import { ProtocolViolation, SenderChecks, shown } from "../pool/sender_checks.js";

/** @typedef {(value: any) => boolean} Rule */
/** @typedef {{ refs: Map<number, number>, last: number }} KnownRefs the refs of a pass, with the latest attempt of each */

const LEVELS = new Set(["debug", "info", "warning", "error", "stdout", "stderr"]);

/** @type {Rule} */
const string = (value) => typeof value === "string";
/** @type {Rule} */
const object = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
/** @type {Rule} */
const natural = (value) => Number.isSafeInteger(value) && value >= 0;
/** @type {Rule} */
const positive = (value) => Number.isSafeInteger(value) && value > 0;
/** @type {Rule} */
const on = (value) => value === true;
/** @type {Rule} */
const anything = () => true;
/** @type {Rule} */
const error = (value) =>
  object(value) &&
  string(value.name) &&
  string(value.message) &&
  (value.retryable === undefined || value.retryable === false) &&
  [value.type, value.args, value.state, value.traceback].every((each) => each === undefined || string(each));
/** @type {Rule} */
const handler = (value) => object(value);

/** @param {Rule} rule @returns {Rule} */
function maybe(rule) {
  return (value) => value === undefined || rule(value);
}

/** The fields of each message besides `type`, `pass` and those of `REFS`. @type {Record<string, Record<string, Rule>>} */
const FIELDS = {
  do: { name: string, count: positive, config: anything, started: maybe(on), rollback: maybe(handler) },
  done: { value: isResult },
  failed: { error },
  delay: { delay: anything, failure: maybe(string) },
  rollback: { name: string, count: positive, config: anything },
  replayed: {},
  sleep: { name: string, count: positive, duration: anything, until: anything },
  waitForEvent: { name: string, count: positive, eventType: anything, timeout: anything },
  call: { workflow: string, method: string, args: object },
  writeChunk: { index: natural, value: isValue },
  progress: { value: isValue },
  readChunk: { name: string, count: positive, index: natural },
  readTimes: {},
  readStreamLimits: {},
  end: { value: isValue },
  fail: { error },
  quiet: { seen: positive },
  log: { level: (value) => LEVELS.has(value), text: string, replay: maybe(on) },
  ended: {},
  // Of guests in tests.
  finding: { kind: string, what: string, file: string, line: positive },
};

/** Which fields name a call, and how. @type {Record<string, Record<string, "new" | "known" | "maybe" | "attempt">>} */
const REFS = {
  do: { ref: "new" },
  done: { ref: "known", attempt: "attempt" },
  failed: { ref: "known", attempt: "attempt" },
  delay: { ref: "known", attempt: "attempt" },
  rollback: { ref: "new" },
  sleep: { ref: "new" },
  waitForEvent: { ref: "new" },
  call: { ref: "new" },
  writeChunk: { ref: "new", step: "known", attempt: "attempt" },
  progress: { ref: "new", step: "known", attempt: "attempt" },
  readChunk: { ref: "new" },
  readTimes: { ref: "new" },
  readStreamLimits: { ref: "new" },
  log: { ref: "maybe" },
  ended: { ref: "known", attempt: "attempt" },
};

/** `SenderChecks`, and each field of each message. */
export class ProtocolChecks extends SenderChecks {
  /** @type {Map<number, KnownRefs>} */
  #passes = new Map();

  /** @param {ToGuest} message that is on its way to the guest */
  sent(message) {
    super.sent(message);
    if (message.type === "start") this.#passes.set(message.pass, { refs: new Map(), last: 0 });
    else if (message.type === "attempt") this.#passes.get(message.pass)?.refs.set(message.ref, message.attempt);
  }

  /** @param {number} pass that lives there no more */
  left(pass) {
    super.left(pass);
    this.#passes.delete(pass);
  }

  /**
   * @param {any} message
   * @returns {message is FromGuest | AttemptEnded} whether it is of a pass that lives there, or the last words of one that did
   * @throws {ProtocolViolation}
   */
  accepts(message) {
    if (!super.accepts(message)) return false;
    const { type, pass, ...rest } = message;
    if (!Object.hasOwn(FIELDS, type)) throw new ProtocolViolation(`what is no message: ${shown(message)}`);
    const known = this.#passes.get(pass);
    if (!known) return this.#isLastWord(message);
    const fields = FIELDS[type];
    const refs = REFS[type] ?? {};
    for (const key of Object.keys(rest)) {
      if (!Object.hasOwn(fields, key) && !Object.hasOwn(refs, key))
        throw new ProtocolViolation(`${type} with ${shown(key)}`);
    }
    for (const key of Object.keys(fields)) {
      if (!fields[key](rest[key])) throw new ProtocolViolation(`${type} with ${key} ${shown(rest[key])}`);
    }
    this.#checkRefs(type, rest, known);
    return true;
  }

  /** @param {any} message */
  #isLastWord({ level, ref }) {
    return LEVELS.has(level) && maybe(natural)(ref);
  }

  /**
   * @param {string} type
   * @param {any} message
   * @param {KnownRefs} known
   */
  #checkRefs(type, message, known) {
    for (const [key, kind] of Object.entries(REFS[type] ?? {})) {
      const value = message[key];
      const fits =
        kind === "new"
          ? positive(value) && value > known.last
          : kind === "known"
            ? known.refs.has(value)
            : kind === "maybe"
              ? value === undefined || known.refs.has(value)
              : positive(value) && value <= (known.refs.get(message.step ?? message.ref) ?? 0);
      if (!fits) throw new ProtocolViolation(`${type} with ${key} ${shown(value)}, which it was never given`);
      if (kind !== "new") continue;
      known.last = value;
      known.refs.set(value, message.started ? 1 : 0);
    }
  }
}

/** @param {any} text */
function isValue(text) {
  if (typeof text !== "string") return false;
  try {
    decode(text);
    return true;
  } catch {
    return false;
  }
}

/** What a step may give: a value, or what stands for a byte stream that it has sent before. @param {any} text */
function isResult(text) {
  if (!text?.startsWith?.('{"$":"stream"')) return isValue(text);
  try {
    const { $: tag, v, ...rest } = JSON.parse(text);
    const { name, count, chunks, bytes, preview } = v;
    const known =
      string(name) && positive(count) && natural(chunks) && natural(bytes) && maybe(string)(preview ?? undefined);
    return tag === "stream" && known && Object.keys(rest).length === 0;
  } catch {
    return false;
  }
}
