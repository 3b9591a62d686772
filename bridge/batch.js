/**
 * A batch: what one turn of one side has to say to the other, as one text.
 *
 * The first line is the JSON array of messages. Each encoded value stands on a line of its own below, and the
 * message holds the number of that line. So values are copied, never parsed or escaped again, on their way
 * between an interpreter and the database. A `resolve` without a value, of which there is one for every step, is
 * `[pass, ref]`. The twin of this file is `batch.py`.
 */

/** @import { FromGuest, ToGuest } from "./protocol.d.ts" */

/**
 * @param {(ToGuest | FromGuest)[]} messages
 * @returns {string}
 */
export function packBatch(messages) {
  /** @type {string[]} */
  const lines = [""];
  lines[0] = JSON.stringify(messages.map((message) => extract(message, lines)));
  return lines.join("\n");
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
