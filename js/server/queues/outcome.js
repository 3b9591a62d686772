/** What a handler has decided about a batch. It comes from an interpreter that runs users' code, so all of it is checked. */

/** @import { QueueOutcome } from "../../../runtime/handlers/protocol.d.ts" */

import { MAX_DELAY_S } from "./limits.js";

/**
 * @param {any} outcome
 * @returns {QueueOutcome}
 * @throws {TypeError} it is none that a batch can have
 */
export function checkedOutcome(outcome) {
  const { ackAll, explicitAcks, retryBatch, retryMessages } = outcome ?? {};
  const isWhole =
    typeof ackAll === "boolean" &&
    isListOf(explicitAcks, (id) => typeof id === "string") &&
    typeof retryBatch?.retry === "boolean" &&
    isListOf(retryMessages, (/** @type {any} */ message) => typeof message?.msgId === "string");
  if (!isWhole) throw new TypeError("What a queue handler has decided about its messages cannot be read.");
  for (const { delaySeconds } of [retryBatch, ...retryMessages]) checkDelay(delaySeconds);
  return outcome;
}

/** @param {unknown} list @param {(member: any) => boolean} isMember */
function isListOf(list, isMember) {
  return Array.isArray(list) && list.every(isMember);
}

/** @param {unknown} seconds undefined: the consumer's own delay */
export function checkDelay(seconds) {
  if (seconds === undefined) return;
  const isValid = typeof seconds === "number" && Number.isInteger(seconds) && seconds >= 0 && seconds <= MAX_DELAY_S;
  if (isValid) return;
  const given = typeof seconds === "number" ? seconds : `a ${typeof seconds}`;
  throw new TypeError(`delaySeconds is ${given}; it must be a whole number between 0 and ${MAX_DELAY_S}.`);
}
