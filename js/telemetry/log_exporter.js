/**
 * Sends what workflows print, a moment after it is durable. What the receiver does not take is kept in memory for a while, and no
 * longer: lines are in the state, and a receiver that is away must not cost the host its memory.
 */

/** @import { LogRecord } from "./otlp_logs.js" */

const RECORDS_PER_REQUEST = 1000;
const MAX_WAITING = 10_000;
const FIRST_RETRY_MS = 1000;
const LAST_RETRY_MS = 60_000;

/** @typedef {(records: LogRecord[]) => Promise<{ isRetryable: boolean, problem: string } | undefined>} SendRecords */

export class LogExporter {
  #send;
  #report;
  #setTimer;
  #delayMs;
  /** @type {LogRecord[]} */
  #waiting = [];
  #dropped = 0;
  #retryMs = 0;
  /** @type {(() => void) | undefined} */
  #cancelTimer;
  /** @type {Promise<void> | undefined} */
  #sending;
  #closed = false;

  /**
   * @param {SendRecords} send
   * @param {object} options
   * @param {number} options.delayMs how long is waited for more lines
   * @param {(line: string) => void} options.report a line of text for people
   * @param {(ms: number, run: () => void) => () => void} options.setTimer gives what takes it back
   */
  constructor(send, { delayMs, report, setTimer }) {
    this.#send = send;
    this.#delayMs = delayMs;
    this.#report = report;
    this.#setTimer = setTimer;
  }

  /** @param {LogRecord} record */
  add(record) {
    if (this.#closed) return;
    if (this.#waiting.length >= MAX_WAITING) this.#dropped += 1;
    else this.#waiting.push(record);
    this.#wait(this.#delayMs);
  }

  /** Send all that waits, as far as the receiver takes it. @returns {Promise<void>} */
  flush() {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#sending ??= this.#sendAll().then(() => {
      this.#sending = undefined;
      if (this.#waiting.length > 0) this.#wait(this.#retryMs || this.#delayMs);
    });
    return this.#sending;
  }

  close() {
    this.#closed = true;
    this.#cancelTimer?.();
  }

  /** @param {number} ms */
  #wait(ms) {
    if (this.#cancelTimer || this.#sending || this.#closed) return;
    this.#cancelTimer = this.#setTimer(ms, () => void this.flush());
  }

  async #sendAll() {
    while (this.#waiting.length > 0) {
      const some = this.#waiting.slice(0, RECORDS_PER_REQUEST);
      const refusal = await this.#send(some);
      if (refusal?.isRetryable) return this.#retryLater(refusal.problem);
      this.#waiting.splice(0, some.length);
      if (refusal) this.#report(`${some.length} log records are not sent: ${refusal.problem}.`);
      if (this.#retryMs > 0) this.#report(`Logs are sent again.${this.#droppedWords()}`);
      this.#retryMs = this.#dropped = 0;
    }
  }

  #droppedWords() {
    return this.#dropped === 0 ? "" : ` ${this.#dropped} records were dropped meanwhile.`;
  }

  /** @param {string} problem */
  #retryLater(problem) {
    if (this.#retryMs === 0)
      this.#report(`Logs cannot be sent (${problem}). The newest ${MAX_WAITING} lines are kept, and sent later.`);
    this.#retryMs = Math.min(LAST_RETRY_MS, this.#retryMs * 2 || FIRST_RETRY_MS);
  }
}
