/**
 * The queues of a host: messages are rows of the state, and are there once `send` settles. Where several engines share the state, each
 * queue has one that keeps and delivers its messages.
 */

/** @import { Clock } from "../../engine/clock.d.ts" */
/** @import { Commits } from "../../engine/commits.js" */
/** @import { QueueRunner, SharedQueues } from "../../ledger/shared_queues.js" */
/** @import { NewMessage, SqliteQueues } from "../../store/queues.js" */
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
 * @property {Pick<SharedQueues, "run" | "holds" | "delivers" | "send" | "keep">} [shared] which queues this engine has, of an engine that shares
 *   its state; absent: all
 *
 * @typedef {{ body: unknown, delaySeconds?: number | undefined }} SentMessage
 */

/** @implements {QueueRunner} */
export class Queues {
  #context;
  /** By the queue's key. @type {Map<string, Consumer>} */
  #consumers = new Map();
  /** Those that are with a handler, of a consumer that was replaced too. @type {Set<{ key: string, ended: Promise<void> }>} */
  #batches = new Set();

  /** @param {QueueContext} context */
  constructor(context) {
    this.#context = context;
    context.shared?.run(this);
  }

  /**
   * @param {string} account
   * @param {string} queue
   * @param {SentMessage[]} messages
   * @param {{ delaySeconds?: number | undefined }} [options] for messages that say nothing
   * @returns {Promise<void>} settled once they are durable
   * @throws {TypeError} one is too large, or there are too many
   * @throws {import("../../engine/errors.js").WorkflowError} another engine keeps them, and has not answered
   */
  async send(account, queue, messages, { delaySeconds } = {}) {
    const { clock, newId, shared } = this.#context;
    const key = workflowKey(account, queue);
    const now = clock.now();
    const rows = withinLimits(messages).map(({ text, delay = delaySeconds }) => {
      checkDelay(delay);
      return { id: newId().replaceAll("-", ""), body: text, sentOn: now, availableOn: now + 1000 * (delay ?? 0) };
    });
    await (shared ? shared.send(key, rows) : this.keep(key, rows));
  }

  /**
   * Store messages of a queue that this engine has.
   *
   * @param {string} key of the queue
   * @param {NewMessage[]} messages
   * @returns {Promise<void>} settled once they are durable
   */
  async keep(key, messages) {
    const { store, commits } = this.#context;
    commits.write(() => {
      for (const message of messages) store.sent(key, message);
    });
    await commits.committed();
    this.#consumers.get(key)?.check();
  }

  /** Deliver what is due of these queues. @param {(key: string) => boolean} isMeant */
  check(isMeant) {
    for (const [key, consumer] of this.#consumers) if (isMeant(key)) consumer.check();
  }

  /** Settles when the batches of these queues that are with a handler have ended. @param {(key: string) => boolean} isMeant */
  async batchesEnded(isMeant) {
    await Promise.all([...this.#batches].filter(({ key }) => isMeant(key)).map(({ ended }) => ended));
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
    consumer.onbatch = (ended) => {
      const batch = { key, ended };
      this.#batches.add(batch);
      void ended.then(() => this.#batches.delete(batch));
    };
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
