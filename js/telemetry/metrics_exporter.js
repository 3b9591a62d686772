/** Sends all metrics now and then. They are sums since the start of the process: what is not taken is in the next request. */

/** @typedef {() => Promise<{ isRetryable: boolean, problem: string } | undefined>} SendMetrics */

export class MetricsExporter {
  #send;
  #intervalMs;
  #report;
  #setTimer;
  /** @type {(() => void) | undefined} */
  #cancelTimer;
  #isRefused = false;
  #closed = false;

  /**
   * @param {SendMetrics} send
   * @param {object} options
   * @param {number} options.intervalMs
   * @param {(line: string) => void} options.report a line of text for people
   * @param {(ms: number, run: () => void) => () => void} options.setTimer gives what takes it back
   */
  constructor(send, { intervalMs, report, setTimer }) {
    this.#send = send;
    this.#intervalMs = intervalMs;
    this.#report = report;
    this.#setTimer = setTimer;
    this.#wait();
  }

  /** Send them now. @returns {Promise<void>} */
  async flush() {
    const refusal = await this.#send().catch((error) => ({ isRetryable: true, problem: String(error) }));
    if (refusal && !this.#isRefused) this.#report(`Metrics cannot be sent (${refusal.problem}). They are sent later.`);
    if (!refusal && this.#isRefused) this.#report("Metrics are sent again.");
    this.#isRefused = refusal !== undefined;
  }

  close() {
    this.#closed = true;
    this.#cancelTimer?.();
  }

  #wait() {
    if (this.#closed) return;
    this.#cancelTimer = this.#setTimer(this.#intervalMs, () => void this.flush().then(() => this.#wait()));
  }
}
