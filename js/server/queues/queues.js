/** The queues of a host: messages are rows of the state, and are there once `send` settles. */

/** @import { Clock } from "../../engine/clock.d.ts" */
/** @import { Commits } from "../../engine/commits.js" */
/** @import { SqliteQueues } from "../../store/queues.js" */
/** @import { ConsumerSettings, Deliver } from "./consumer.js" */

import { encode } from "../../../bridge/values.js";
import { workflowKey } from "../../engine/accounts.js";
import { Consumer } from "./consumer.js";
import { MAX_BATCH_BYTES, MAX_BATCH_MESSAGES, MAX_MESSAGE_BYTES } from "./limits.js";
import { checkDelay } from "./outcome.js";

/**
 * What a queue is made of, as tests hand in their own.
 *
 * @typedef {object} QueueContext
 * @property {SqliteQueues} store
 * @property {Pick<Commits, "write" | "committed">} commits
 * @property {Clock} clock
 * @property {() => string} newId
 * @property {(line: string) => void} [report] a line of text for people
 *
 * @typedef {{ body: unknown, delaySeconds?: number | undefined }} SentMessage
 */

export class Queues {
  #context;
  /** By the queue's key. @type {Map<string, Consumer>} */
  #consumers = new Map();

  /** @param {QueueContext} context */
  constructor(context) {
    this.#context = context;
  }

  /**
   * @param {string} account
   * @param {string} queue
   * @param {SentMessage[]} messages
   * @param {{ delaySeconds?: number | undefined }} [options] for messages that say nothing
   * @returns {Promise<void>} settled once they are durable
   * @throws {TypeError} one is too large, or there are too many
   */
  async send(account, queue, messages, { delaySeconds } = {}) {
    const { store, commits, clock, newId } = this.#context;
    const key = workflowKey(account, queue);
    const now = clock.now();
    const rows = withinLimits(messages).map(({ text, delay = delaySeconds }) => {
      checkDelay(delay);
      return { id: newId().replaceAll("-", ""), body: text, sentOn: now, availableOn: now + 1000 * (delay ?? 0) };
    });
    commits.write(() => {
      for (const row of rows) store.sent(key, row);
    });
    await commits.committed();
    this.#consumers.get(key)?.check();
  }

  /**
   * Deliver the messages of a queue, until the result is called.
   *
   * @param {string} account
   * @param {string} queue
   * @param {ConsumerSettings} settings
   * @param {Deliver} deliver
   * @returns {() => void}
   */
  consume(account, queue, settings, deliver) {
    const key = workflowKey(account, queue);
    const { deadLetterQueue } = settings;
    const deadLetterKey = deadLetterQueue === undefined ? undefined : workflowKey(account, deadLetterQueue);
    const consumer = new Consumer({ ...this.#context, queue, key, deadLetterKey, settings, deliver });
    consumer.onmoved = (other) => this.#consumers.get(other)?.check();
    this.#consumers.get(key)?.stop();
    this.#consumers.set(key, consumer);
    consumer.check();
    return () => {
      consumer.stop();
      if (this.#consumers.get(key) === consumer) this.#consumers.delete(key);
    };
  }
}

/** @param {SentMessage[]} messages */
function withinLimits(messages) {
  if (!Array.isArray(messages)) throw new TypeError("Messages of a queue are a list.");
  if (messages.length === 0) throw new TypeError("sendBatch() needs at least one message.");
  if (messages.length > MAX_BATCH_MESSAGES)
    throw new TypeError(`sendBatch() takes at most ${MAX_BATCH_MESSAGES} messages; it was given ${messages.length}.`);
  const texts = messages.map(({ body, delaySeconds }) => ({ text: encode(body, "body"), delay: delaySeconds }));
  const sizes = texts.map(({ text }) => Buffer.byteLength(text));
  const largest = Math.max(...sizes);
  if (largest > MAX_MESSAGE_BYTES)
    throw new TypeError(`A message of a queue has at most ${MAX_MESSAGE_BYTES} bytes; one has ${largest}.`);
  const all = sizes.reduce((sum, size) => sum + size, 0);
  if (all > MAX_BATCH_BYTES)
    throw new TypeError(`sendBatch() takes at most ${MAX_BATCH_BYTES} bytes; it was given ${all}.`);
  return texts;
}
