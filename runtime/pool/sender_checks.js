/**
 * Whether an interpreter speaks of its own passes. User code in it may have got hold of its guest: what it says of a pass that
 * lives elsewhere must not reach the engine.
 */

/** @import { ToGuest } from "../../bridge/protocol.d.ts" */

/** The interpreter has sent what no guest of ours sends. */
export class ProtocolViolation extends Error {}

/** So many passes that are over are remembered. */
const MAX_PASSES_REMEMBERED = 10_000;

/** The passes of one interpreter: those that live there, and the latest of those that are over. */
export class SenderChecks {
  /** @type {Set<number>} */
  #passes = new Set();
  /** What they said may be under way, and they may have last words. @type {Set<number>} */
  #over = new Set();

  /** @param {ToGuest} message that is on its way to the guest */
  sent({ type, pass }) {
    if (type === "start") this.#passes.add(pass);
  }

  /** @param {number} pass that lives there no more */
  left(pass) {
    this.#passes.delete(pass);
    this.#over.add(pass);
    if (this.#over.size > MAX_PASSES_REMEMBERED) this.#over.delete(this.#over.values().next().value ?? 0);
  }

  /**
   * @param {any} message
   * @returns {boolean} whether it is of a pass that lives there, or the last words of one that did
   * @throws {ProtocolViolation}
   */
  accepts(message) {
    if (typeof message !== "object" || message === null || typeof message.type !== "string")
      throw new ProtocolViolation(`what is no message: ${shown(message)}`);
    const { type, pass, text } = message;
    if (this.#passes.has(pass)) return true;
    if (!this.#over.has(pass))
      throw new ProtocolViolation(`${type.slice(0, 40)} of pass ${shown(pass)}, which it was never given`);
    // What is printed after the end is shown, and changes nothing.
    return type === "log" && typeof text === "string";
  }
}

/** @param {unknown} value @returns {string} the beginning of its text, for people */
export function shown(value) {
  let text;
  try {
    text = JSON.stringify(value) ?? "missing";
  } catch {
    text = typeof value;
  }
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
