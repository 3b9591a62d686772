/** A batch of a queue as its handler is given it, and what the handler decides about its messages. */

/** @import { PackedBatch, QueueOutcome } from "./protocol.d.ts" */

import { decode } from "../../bridge/values.js";

export class MessageBatch {
  #ackAll = false;
  /** @type {{ retry: boolean, delaySeconds?: number }} */
  #retryBatch = { retry: false };

  /** @param {PackedBatch} batch */
  constructor({ queue, messages }) {
    this.queue = queue;
    this.messages = messages.map((message) => new Message(message));
  }

  /** All messages are done. */
  ackAll() {
    this.#ackAll = true;
  }

  /** All messages, save those that are done, come again. @param {{ delaySeconds?: number }} [options] */
  retryAll({ delaySeconds } = {}) {
    this.#retryBatch = delaySeconds === undefined ? { retry: true } : { retry: true, delaySeconds };
  }

  /** @returns {QueueOutcome} */
  get outcome() {
    const retried = this.messages.flatMap(({ id, decision }) =>
      decision === undefined || decision === "ack"
        ? []
        : [decision.delaySeconds === undefined ? { msgId: id } : { msgId: id, delaySeconds: decision.delaySeconds }],
    );
    return {
      ackAll: this.#ackAll,
      retryBatch: this.#retryBatch,
      explicitAcks: this.messages.filter(({ decision }) => decision === "ack").map(({ id }) => id),
      retryMessages: retried,
    };
  }
}

class Message {
  /** @type {"ack" | { delaySeconds?: number } | undefined} */
  #decision;

  /** @param {PackedBatch["messages"][number]} message */
  constructor({ id, timestamp, attempts, body }) {
    this.id = id;
    this.timestamp = new Date(timestamp);
    this.attempts = attempts;
    this.body = decode(body);
  }

  /** The first decision about a message counts. */
  get decision() {
    return this.#decision;
  }

  /** It is done. */
  ack() {
    this.#decision ??= "ack";
  }

  /** It comes again. @param {{ delaySeconds?: number }} [options] */
  retry(options = {}) {
    this.#decision ??= options ?? {};
  }
}
