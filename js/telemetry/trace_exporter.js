/**
 * Sends the trace of each instance that has ended. Which ones are to be sent is in the state, written with the instance's
 * end, and removed when the receiver has taken the trace: no crash loses one. A crash between the two sends a trace again,
 * with the same ids.
 */

/** @import { Span } from "./instance_spans.js" */

/** How long is waited for more instances to end, in ms. */
const COLLECT_MS = 500;
const INSTANCES_PER_REQUEST = 100;
const MAX_SPANS_PER_REQUEST = 5000;
const FIRST_RETRY_MS = 1000;
const LAST_RETRY_MS = 60_000;

/**
 * @typedef {object} Outbox instances that have ended and whose traces are to be sent
 * @property {(limit: number) => Promise<{ id: number, spans: Span[] }[]>} load the oldest first
 * @property {(ids: number[]) => Promise<void>} remove
 *
 * @typedef {(spans: Span[]) => Promise<{ isRetryable: boolean, problem: string } | undefined>} SendSpans
 */

export class TraceExporter {
  #outbox;
  #send;
  #report;
  #setTimer;
  /** @type {(() => void) | undefined} */
  #cancelTimer;
  /** @type {Promise<boolean> | undefined} */
  #sending;
  #retryMs = 0;
  /** Something has come while it was sent. */
  #more = false;
  #closed = false;

  /**
   * @param {Outbox} outbox
   * @param {SendSpans} send
   * @param {object} options
   * @param {(line: string) => void} options.report a line of text for people
   * @param {(ms: number, run: () => void) => () => void} options.setTimer gives what takes it back
   */
  constructor(outbox, send, { report, setTimer }) {
    this.#outbox = outbox;
    this.#send = send;
    this.#report = report;
    this.#setTimer = setTimer;
  }

  /** Something may be in the outbox. */
  notify() {
    if (this.#sending) this.#more = true;
    if (this.#cancelTimer || this.#sending || this.#closed) return;
    this.#wait(this.#retryMs || COLLECT_MS);
  }

  /** Send all that is in the outbox, as far as the receiver takes it. @returns {Promise<void>} */
  async flush() {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    while (await this.#sendSome());
    if (!this.#more) return;
    this.#more = false;
    this.notify();
  }

  close() {
    this.#closed = true;
    this.#cancelTimer?.();
  }

  /** @param {number} ms */
  #wait(ms) {
    this.#cancelTimer = this.#setTimer(ms, () => {
      this.#cancelTimer = undefined;
      void this.flush().catch((error) => this.#report(`Traces are not sent: ${error.message}`));
    });
  }

  /** @returns {Promise<boolean>} whether there may be more to send now */
  #sendSome() {
    this.#sending ??= this.#sendNext().finally(() => (this.#sending = undefined));
    return this.#sending;
  }

  /** @returns {Promise<boolean>} */
  async #sendNext() {
    const traces = await this.#outbox.load(INSTANCES_PER_REQUEST);
    const fitting = [];
    let spans = 0;
    for (const trace of traces) {
      spans += trace.spans.length;
      if (fitting.length > 0 && spans > MAX_SPANS_PER_REQUEST) break;
      fitting.push(trace);
    }
    if (fitting.length === 0) return false;
    for (let all = fitting.flatMap((each) => each.spans); all.length > 0; all = all.slice(MAX_SPANS_PER_REQUEST)) {
      const refusal = await this.#send(all.slice(0, MAX_SPANS_PER_REQUEST));
      if (refusal?.isRetryable) return this.#retryLater(refusal.problem);
      if (refusal) this.#report(`A trace is not sent: ${refusal.problem}.`);
    }
    if (this.#retryMs > 0) this.#report("Traces are sent again.");
    this.#retryMs = 0;
    await this.#outbox.remove(fitting.map(({ id }) => id));
    return true;
  }

  /** @param {string} problem @returns {false} */
  #retryLater(problem) {
    if (this.#retryMs === 0) this.#report(`Traces cannot be sent (${problem}). They are kept, and sent later.`);
    this.#retryMs = Math.min(LAST_RETRY_MS, this.#retryMs * 2 || FIRST_RETRY_MS);
    if (!this.#closed && !this.#cancelTimer) this.#wait(this.#retryMs);
    return false;
  }
}
