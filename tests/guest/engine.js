/** An engine of few lines that keeps nothing on disk: it answers what the guest sends, and lets a test do it instead. */

/** @import { FromGuest, Guest, HistoryEntry, ToGuest } from "../../bridge/protocol.d.ts" */

/** @type {any} */
export const DEFAULTS = {
  retries: { limit: 5, delay: 1000, backoff: "exponential" },
  timeout: "10 minutes",
};

let lastPass = 0;

/**
 * @typedef {object} RunOptions
 * @property {unknown} [payload]
 * @property {HistoryEntry[]} [history]
 * @property {number[]} [times] when each outcome of the history became known, in ms after the start
 * @property {boolean} [rollback]
 * @property {number} [seen]
 * @property {boolean} [cut]
 * @property {number} [stepLimit]
 * @property {string} [instance]
 * @property {any} [defaults]
 * @property {(message: any, run: Run) => boolean | void} [answer] gives true where the engine is to say nothing
 */

export class Engine {
  /** @type {Map<number, Run>} */
  #runs = new Map();
  /** @type {Guest} */
  guest;

  /** @param {Guest} guest */
  constructor(guest) {
    this.guest = guest;
    guest.onmessages = (messages) => {
      for (const message of messages) this.#runs.get(message.pass)?.receive(message);
    };
    guest.onlost = (passes) => {
      for (const lost of passes) this.#runs.get(lost.pass)?.lose(lost);
    };
  }

  /**
   * Start a pass.
   *
   * @param {string} className
   * @param {RunOptions} [options]
   */
  start(className, options = {}) {
    const run = new Run(this.guest, className, ++lastPass, options);
    this.#runs.set(run.pass, run);
    run.start();
    return run;
  }

  /**
   * Run to the end. Gives the output, or throws what `run()` raised.
   *
   * @param {string} className
   * @param {RunOptions} [options]
   */
  async run(className, options) {
    return await this.start(className, options).output;
  }
}

export class Run {
  /** Everything the guest has sent. @type {any[]} */
  messages = [];
  /** @type {any[]} */
  logs = [];
  /** @type {any} */
  lost;
  #options;
  #guest;
  #className;
  /** @type {Map<number, any>} */
  #steps = new Map();
  /** @type {{ match: (message: any) => boolean, resolve: (message: any) => void }[]} */
  #waiting = [];

  /**
   * @param {Guest} guest
   * @param {string} className
   * @param {number} pass
   * @param {RunOptions} options
   */
  constructor(guest, className, pass, options) {
    this.#guest = guest;
    this.#className = className;
    this.pass = pass;
    this.#options = options;
    /** What the run gave. @type {Promise<any>} */
    this.output = new Promise((resolve, reject) => {
      this.settle = { resolve, reject };
    });
    this.output.catch(() => {});
  }

  start() {
    const { payload = null, history = [], stepLimit = 10_000, instance = "one", defaults = DEFAULTS } = this.#options;
    const { rollback, seen, cut } = this.#options;
    this.send({
      type: "start",
      className: this.#className,
      event: { timestamp: Date.UTC(2026, 0, 2, 3, 4, 5, 678), instanceId: instance, workflowName: "flow" },
      value: JSON.stringify(payload),
      defaults,
      stepLimit,
      history,
      ...(rollback && { rollback }),
      ...(seen !== undefined && { seen }),
      ...(cut && { cut }),
    });
  }

  /** @param {any} message without its pass */
  send(message) {
    this.#guest.send({ ...message, pass: this.pass });
  }

  /**
   * Wait for a message of the guest that has come, or will.
   *
   * @param {string} type
   * @param {(message: any) => boolean} [where]
   * @returns {Promise<any>}
   */
  next(type, where = () => true) {
    const match = (/** @type {any} */ message) => message.type === type && where(message);
    const found = this.messages.find(match);
    if (found) return Promise.resolve(found);
    return new Promise((resolve) => {
      this.#waiting.push({ match, resolve });
    });
  }

  /** @param {any} message */
  receive(message) {
    this.messages.push(message);
    if (message.type === "log") this.logs.push(message);
    for (const waiting of this.#waiting) if (waiting.match(message)) waiting.resolve(message);
    if (!this.#options.answer?.(message, this)) this.#answer(message);
  }

  /** @param {any} lost */
  lose(lost) {
    this.lost = lost;
    this.settle.reject(Object.assign(new Error(lost.reason), { lost }));
  }

  /** @param {any} message */
  #answer(message) {
    const { type, ref } = message;
    if (type === "do") {
      const config = {
        ...DEFAULTS,
        ...message.config,
        retries: { ...(this.#options.defaults ?? DEFAULTS).retries, ...message.config?.retries },
      };
      this.#steps.set(ref, { config, attempt: 1 });
      if (!message.started) this.send({ type: "attempt", ref, attempt: 1, config });
    } else if (type === "done") this.send({ type: "resolve", ref });
    else if (type === "failed") this.#retry(message);
    else if (type === "sleep") this.send({ type: "resolve", ref });
    else if (type === "readTimes")
      this.send({ type: "resolve", ref, value: JSON.stringify(this.#options.times ?? []) });
    else if (type === "end") this.settle.resolve(JSON.parse(message.value));
    else if (type === "fail") {
      this.settle.reject(Object.assign(new Error(message.error.message), { wire: message.error }));
    }
  }

  /** At once: time is not this engine's business. @param {any} message */
  #retry({ ref, error }) {
    const step = this.#steps.get(ref);
    const { limit } = step.config.retries;
    if (error.retryable !== false && (limit === "Infinity" || step.attempt <= limit)) {
      step.attempt += 1;
      this.send({ type: "attempt", ref, attempt: step.attempt, config: step.config });
    } else this.send({ type: "reject", ref });
  }
}
