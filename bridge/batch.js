/**
 * A batch: what one turn of one side has to say to the other, as one text.
 *
 * The first line is the JSON array of messages. Each encoded value stands on a line of its own below, and the
 * message holds the number of that line. So values are copied, never parsed or escaped again, on their way
 * between an interpreter and the database. A `resolve` without a value, of which there is one for every step, is
 * `[pass, ref]`. The twin of this file is `batch.py`.
 */

/** @import { FromGuest, ToGuest } from "./protocol.d.ts" */

/** What is to be said, collected as text. It is used again and again. */
export class Batch {
  /** @type {string[]} */
  #messages = [];
  #lines = [""];

  get isEmpty() {
    return this.#messages.length === 0;
  }

  /**
   * Add a message. One that JSON cannot hold is not added, and changes nothing for the others.
   *
   * @param {ToGuest | FromGuest} message
   * @throws {TypeError | RangeError}
   */
  add(message) {
    this.#messages.push(JSON.stringify(extract(message, this.#lines)));
  }

  /** The text of all that has been added since last time. */
  pack() {
    this.#lines[0] = `[${this.#messages.join(",")}]`;
    const text = this.#lines.join("\n");
    this.#messages = [];
    this.#lines = [""];
    return text;
  }
}

/**
 * @param {(ToGuest | FromGuest)[]} messages
 * @returns {string}
 */
export function packBatch(messages) {
  const batch = new Batch();
  for (const message of messages) batch.add(message);
  return batch.pack();
}

/**
 * @param {any} message
 * @param {string[]} lines
 */
function extract(message, lines) {
  if (message.type === "resolve" && message.value === undefined) return [message.pass, message.ref];
  let header = message;
  if (typeof message.value === "string") header = { ...message, value: lines.push(message.value) - 1 };
  if (message.history) {
    header = { ...header, history: message.history.map((/** @type {any} */ entry) => extract(entry, lines)) };
  }
  return header;
}

/**
 * @template {ToGuest | FromGuest} M
 * @param {string} text
 * @returns {M[]}
 */
export function unpackBatch(text) {
  const lines = text.split("\n");
  const messages = JSON.parse(lines[0]);
  for (const [index, message] of messages.entries()) {
    if (Array.isArray(message)) messages[index] = { type: "resolve", pass: message[0], ref: message[1] };
    else restore(message, lines);
  }
  return messages;
}

/**
 * @param {any} message
 * @param {string[]} lines
 */
function restore(message, lines) {
  if (message.value !== undefined) message.value = lines[message.value];
  if (message.history) for (const entry of message.history) restore(entry, lines);
}
