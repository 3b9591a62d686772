/**
 * Delivers the messages of one queue in batches: at least once, and in no promised order. A message is acknowledged after the
 * handler has returned, so a crash delivers it again, and so does another engine that takes over the queue.
 */

/** @import { QueueOutcome } from "../../../runtime/handlers/protocol.d.ts" */
/** @import { QueueMessageRow } from "../../store/queues.js" */
/** @import { QueueContext } from "./queues.js" */

import { decode } from "../../../bridge/values.js";
import { StoppedError } from "../../engine/commits.js";
import { checkedOutcome } from "./outcome.js";

/**
 * @typedef {object} ConsumerSettings
 * @property {number} [maxBatchSize] how many messages a batch has at most
 * @property {number} [maxBatchTimeoutMs] how long a batch waits to be full
 * @property {number} [maxRetries] a message is delivered once more often at most
 * @property {number} [maxConcurrency] how many batches are with the handler at a time
 * @property {number} [retryDelayMs] where the handler says nothing
 * @property {string} [deadLetterQueue] takes what has been delivered too often; without it that is deleted
 *
 * @typedef {{ id: string, timestamp: number, attempts: number, body: unknown }} DeliveredMessage
 *
 * Calls the handler. It rejects where the handler has raised; the error has the decisions before as `queueOutcome`.
 * @typedef {(batch: { queue: string, messages: DeliveredMessage[] }) => Promise<QueueOutcome>} Deliver
 */

/** Cloudflare's, but for the concurrency, which it decides by the backlog. */
const DEFAULTS = { maxBatchSize: 10, maxBatchTimeoutMs: 5000, maxRetries: 3, maxConcurrency: 1, retryDelayMs: 0 };

/** How soon a dead letter is handed over again that another engine has not acknowledged. */
const HAND_OVER_AGAIN_MS = 1000;

export class Consumer {
  /** Told that a message has been moved to another queue. @type {(key: string) => void} */
  onmoved = () => {};
  /** A batch is with the handler, until this settles. @type {(ended: Promise<void>) => void} */
  onbatch = () => {};
  #context;
  #settings;
  /** Messages that are with the handler. @type {Set<number>} */
  #taken = new Set();
  #running = 0;
  #stopped = false;
  /** @type {(() => void) | undefined} */
  #cancelTimer;

  /**
   * @param {QueueContext & { queue: string, key: string, deadLetterKey: string | undefined, settings: ConsumerSettings, deliver: Deliver }} context
   */
  constructor(context) {
    this.#context = context;
    this.#settings = { ...DEFAULTS, ...context.settings };
  }

  /** Deliver what is due, and set the timer for what becomes due. */
  check() {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    const { clock } = this.#context;
    const { maxBatchSize, maxBatchTimeoutMs, maxConcurrency } = this.#settings;
    while (this.#delivers && this.#running < maxConcurrency) {
      const waiting = this.#waiting();
      if (waiting.length === 0) return;
      const now = clock.now();
      const available = waiting.filter(({ availableOn }) => availableOn <= now);
      const due = waiting[0].availableOn + maxBatchTimeoutMs;
      if (available.length < maxBatchSize && due > now) {
        const full = waiting[maxBatchSize - 1]?.availableOn ?? Infinity;
        this.#cancelTimer = clock.at(Math.min(due, full), () => this.check());
        return;
      }
      this.onbatch(this.#deliver(available));
    }
  }

  stop() {
    this.#stopped = true;
    this.#cancelTimer?.();
  }

  /** Whether a batch may begin. */
  get #delivers() {
    const { shared, key } = this.#context;
    return !this.#stopped && (shared?.delivers(key) ?? true);
  }

  /** Whether the messages are this engine's. @param {string} key of a queue */
  #holds(key) {
    return this.#context.shared?.holds(key) ?? true;
  }

  /** The messages that are with no handler, as many as a batch has. */
  #waiting() {
    const { store, key } = this.#context;
    const { maxBatchSize } = this.#settings;
    const rows = store.next(key, maxBatchSize + this.#taken.size);
    return rows.filter(({ number }) => !this.#taken.has(number)).slice(0, maxBatchSize);
  }

  /** @param {QueueMessageRow[]} rows */
  async #deliver(rows) {
    const { store, commits } = this.#context;
    this.#running += 1;
    for (const { number } of rows) this.#taken.add(number);
    try {
      commits.write(() => rows.forEach(({ number }) => store.delivered(number)));
      await commits.committed();
      const outcome = await this.#outcomeOf(rows);
      const letters = commits.write(() => this.#settle(rows, outcome));
      await commits.committed();
      await Promise.all(letters.map((row) => this.#handOver(row)));
    } catch {
      // The state cannot be written: the engine stops, and says so. The messages come again.
      this.stop();
    } finally {
      this.#running -= 1;
      for (const { number } of rows) this.#taken.delete(number);
      const { deadLetterKey } = this.#context;
      if (deadLetterKey !== undefined) this.onmoved(deadLetterKey);
      this.check();
    }
  }

  /**
   * What becomes of a batch: what its handler has decided. All of it comes again where the handler has raised, where its
   * decision cannot be carried out, and where a message cannot be read: no message stops the queue.
   *
   * @param {QueueMessageRow[]} rows
   * @returns {Promise<QueueOutcome>}
   */
  async #outcomeOf(rows) {
    const { queue, deliver, report = () => {} } = this.#context;
    const { messages, unreadable } = readable(rows);
    for (const { id } of unreadable) report(`Message ${id} of queue '${queue}' is damaged. It is not delivered.`);
    const retryMessages = unreadable.map(({ id }) => ({ msgId: id }));
    if (messages.length === 0) return { ...RETRY_ALL, retryMessages };
    const given = await deliver({ queue, messages }).catch(outcomeOfFailure);
    try {
      const outcome = checkedOutcome(given);
      return { ...outcome, retryMessages: [...retryMessages, ...outcome.retryMessages] };
    } catch (error) {
      report(`Queue '${queue}': ${/** @type {Error} */ (error).message} Its messages come again.`);
      return RETRY_ALL;
    }
  }

  /**
   * Carry out what was decided. Of messages that another engine has by now nothing is here, and so nothing is changed.
   *
   * @param {QueueMessageRow[]} rows
   * @param {QueueOutcome} outcome
   * @returns {QueueMessageRow[]} dead letters, which another engine is to have: they stay until it has them
   */
  #settle(rows, { ackAll, explicitAcks, retryBatch, retryMessages }) {
    const { store, clock } = this.#context;
    /** @type {QueueMessageRow[]} */
    const letters = [];
    for (const row of rows) {
      const retry = retryMessages.find(({ msgId }) => msgId === row.id);
      const isRetried = retry !== undefined || (retryBatch.retry && !ackAll && !explicitAcks.includes(row.id));
      if (!isRetried) store.acknowledged(row.number);
      else if (row.attempts < this.#settings.maxRetries) {
        const seconds = retry?.delaySeconds ?? retryBatch.delaySeconds;
        const delayMs = seconds === undefined ? this.#settings.retryDelayMs : 1000 * seconds;
        store.delayed(row.number, clock.now() + delayMs);
      } else if (!this.#giveUp(row)) letters.push(row);
    }
    return letters;
  }

  /** @param {QueueMessageRow} row @returns {boolean} false: another engine has the queue of dead letters */
  #giveUp({ number }) {
    const { store, clock, deadLetterKey } = this.#context;
    if (deadLetterKey === undefined) store.acknowledged(number);
    else if (this.#holds(deadLetterKey)) store.moved(number, deadLetterKey, clock.now());
    else return false;
    return true;
  }

  /**
   * Bring a dead letter to the engine that has its queue. It is deleted here after that engine has it: what fails in between leaves it
   * twice, and never loses it.
   *
   * @param {QueueMessageRow} row
   */
  async #handOver({ number, id, body, sentOn }) {
    const { store, commits, clock, queue, key, deadLetterKey, shared, report = () => {} } = this.#context;
    if (!shared || deadLetterKey === undefined) return;
    while (shared.holds(key)) {
      try {
        await shared.keep(deadLetterKey, [{ id, body, sentOn, availableOn: clock.now() }]);
        commits.write(() => store.acknowledged(number));
        return await commits.committed();
      } catch (error) {
        if (error instanceof StoppedError) throw error;
        const { message } = /** @type {Error} */ (error);
        report(`Dead letter ${id} of queue '${queue}' is handed over again: ${message}`);
        await new Promise((resolve) => clock.at(clock.now() + HAND_OVER_AGAIN_MS, () => resolve(undefined)));
      }
    }
  }
}

/** @type {QueueOutcome} */
const RETRY_ALL = { ackAll: false, explicitAcks: [], retryBatch: { retry: true }, retryMessages: [] };

/**
 * What becomes of the messages of a handler that raises: what it had acknowledged before stays so, the rest comes again.
 *
 * @param {Error & { queueOutcome?: QueueOutcome }} error
 * @returns {QueueOutcome}
 */
function outcomeOfFailure({ queueOutcome = RETRY_ALL }) {
  return { ...queueOutcome, retryBatch: { ...queueOutcome.retryBatch, retry: true } };
}

/** @param {QueueMessageRow[]} rows */
function readable(rows) {
  /** @type {DeliveredMessage[]} */
  const messages = [];
  /** @type {QueueMessageRow[]} */
  const unreadable = [];
  for (const row of rows) {
    try {
      messages.push(toMessage(row));
    } catch {
      unreadable.push(row);
    }
  }
  return { messages, unreadable };
}

/** @param {QueueMessageRow} row @returns {DeliveredMessage} */
function toMessage({ id, sentOn, attempts, body }) {
  return { id, timestamp: sentOn, attempts: attempts + 1, body: decode(body) };
}
