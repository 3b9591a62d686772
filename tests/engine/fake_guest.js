/**
 * A guest in the test's own thread: workflows are plain async functions, values plain JSON.
 *
 * It keeps to the protocol as a real guest does (counts, history, optimistic starts, quiescence when everything awaited
 * is the engine's), and records what it was told.
 */

/** @import { FromGuest, Guest, LostPass, ShownConfig, ToGuest } from "../../bridge/protocol.d.ts" */

/** @typedef {(event: { payload: any, instanceId: string, workflowName: string }, step: FakeStep) => Promise<unknown>} Run */

/** @implements {Guest} */
export class FakeGuest {
  /** @type {(messages: FromGuest[]) => void} */
  onmessages = () => {};
  /** @type {(passes: LostPass[]) => void} */
  onlost = () => {};
  /** Everything the engine has sent. @type {ToGuest[]} */
  received = [];
  /** @type {Map<number, FakePass>} */
  passes = new Map();

  /** @param {Run} run */
  constructor(run) {
    this.run = run;
  }

  /** @param {ToGuest} message */
  send(message) {
    this.received.push(message);
    queueMicrotask(() => {
      if (message.type === "start") {
        const pass = new FakePass(this, message);
        this.passes.set(message.pass, pass);
        pass.begin(message);
      } else this.passes.get(message.pass)?.receive(message);
      if (message.type === "drop") this.passes.delete(message.pass);
    });
  }

  /** The interpreter dies. @param {(pass: number) => number[]} [blame] */
  die(blame = () => []) {
    const lost = [...this.passes.keys()].map((pass) => ({ pass, blamed: blame(pass), reason: "it died" }));
    this.passes.clear();
    this.onlost(lost);
  }

  async dispose() {}
}

class FakePass {
  #seen = 0;
  #ref = 0;
  /** @type {Map<number, { resolve: (value: any) => void, reject: (error: any) => void, value?: string, error?: any, run?: (attempt: number, config: ShownConfig, message?: any) => void, delay?: (input: any) => any, ctx?: object }>} */
  #open = new Map();
  /** @type {Map<string, number>} */
  #counts = new Map();
  running = 0;

  /** @param {FakeGuest} guest @param {Extract<ToGuest, { type: "start" }>} start */
  constructor(guest, start) {
    this.guest = guest;
    this.pass = start.pass;
    this.defaults = start.defaults;
    this.history = new Map(start.history.map((entry) => [`${entry.kind} ${entry.count} ${entry.name}`, entry]));
    this.#seen = 1;
    this.hold = false;
    /** Where the pass rolls back: whether handlers are still being looked for. */
    this.phase = start.rollback ? "replay" : "forward";
  }

  /** @param {Extract<ToGuest, { type: "start" }>} start */
  begin(start) {
    const { guest } = this;
    const { instanceId, workflowName } = start.event;
    const event = { payload: JSON.parse(start.value), instanceId, workflowName };
    const done = guest.run(event, new FakeStep(this));
    if (this.phase === "replay") {
      const replayed = () => {
        this.phase = "rollback";
        this.post({ type: "replayed", pass: this.pass });
      };
      done.then(replayed, replayed);
      return;
    }
    done.then(
      (value) => this.post({ type: "end", pass: this.pass, value: JSON.stringify(value ?? null) }),
      (error) => this.post({ type: "fail", pass: this.pass, error: wire(error) }),
    );
    this.#settle();
  }

  /** @param {FromGuest} message */
  post(message) {
    if (this.guest.passes.get(this.pass) === this) this.guest.onmessages([message]);
  }

  /** @param {ToGuest} message */
  receive(message) {
    this.#seen += 1;
    if (message.type === "hold") this.hold = message.on;
    if (message.type === "attempt") this.#open.get(message.ref)?.run?.(message.attempt, message.config, message);
    if (message.type === "delay") void this.#delay(message);
    if (message.type === "resolve") {
      const call = this.#open.get(message.ref);
      const text = message.value ?? call?.value;
      call?.resolve(text === undefined ? undefined : JSON.parse(text));
      this.#open.delete(message.ref);
    }
    if (message.type === "reject") {
      const call = this.#open.get(message.ref);
      call?.reject(
        message.error ? Object.assign(new Error(message.error.message), { name: message.error.name }) : call.error,
      );
      this.#open.delete(message.ref);
    }
    this.#settle();
  }

  /** @param {Extract<ToGuest, { type: "delay" }>} message */
  async #delay({ pass, ref, attempt, config, error }) {
    const call = /** @type {any} */ (this.#open.get(ref));
    const answer = (/** @type {object} */ result) =>
      this.post(/** @type {any} */ ({ type: "delay", pass, ref, attempt, ...result }));
    try {
      const input = { ctx: { ...call.ctx, attempt, config }, error: error ?? call.error };
      answer({ delay: await call.delay(input) });
    } catch (thrown) {
      answer({ failure: `threw an error: ${/** @type {Error} */ (thrown).message}` });
    } finally {
      this.#settle();
    }
  }

  /** Say that nothing can move without the engine, once this turn's microtasks are through. */
  #settle() {
    setImmediate(() => {
      if (this.running === 0 && this.#open.size > 0) this.post({ type: "quiet", pass: this.pass, seen: this.#seen });
    });
  }

  /**
   * @param {"do" | "sleep" | "waitForEvent"} kind
   * @param {string} name
   * @param {object} rest
   * @param {((ctx: any) => any) | null} callback
   * @param {{ rollback?: (input: any) => any, rollbackConfig?: object }} [undo]
   * @returns {Promise<any>}
   */
  call(kind, name, rest, callback, undo) {
    if (this.phase === "rollback") {
      const message = "Cannot execute steps during rollback phase";
      return Promise.reject(Object.assign(new Error(message), { name: "WorkflowFatalError" }));
    }
    const count = (this.#counts.get(`${kind} ${name}`) ?? 0) + 1;
    this.#counts.set(`${kind} ${name}`, count);
    const entry = this.history.get(`${kind} ${count} ${name}`);
    if (this.phase === "replay") {
      if (undo?.rollback) this.#handler(name, count, undo);
      if (entry?.outcome === "open" || entry === undefined) return Promise.resolve(undefined);
    }
    if (entry?.outcome === "value") return Promise.resolve(kind === "sleep" ? undefined : JSON.parse(entry.value));
    if (entry?.outcome === "error")
      return Promise.reject(Object.assign(new Error(entry.error.message), { name: entry.error.name }));
    const ref = ++this.#ref;
    const delay = /** @type {any} */ (rest).config?.retries?.delay;
    if (typeof delay === "function") {
      const { config } = /** @type {any} */ (rest);
      rest = { config: { ...config, retries: { ...config.retries, delay: "[dynamic]" } } };
    }
    if (undo) rest = { ...rest, rollback: undo.rollbackConfig ? { config: undo.rollbackConfig } : {} };
    const started = kind === "do" && !entry && !this.hold && !("config" in rest);
    const message = { type: kind, pass: this.pass, ref, name, count, ...rest, ...(started ? { started } : {}) };
    return new Promise((resolve, reject) => {
      const run =
        callback &&
        ((/** @type {number} */ attempt, /** @type {ShownConfig} */ config) =>
          void this.#attempt(ref, callback, { step: { name, count }, attempt, config }));
      const ctx = { step: { name, count } };
      this.#open.set(ref, { resolve, reject, ctx, ...(run ? { run } : {}), ...(delay ? { delay } : {}) });
      this.post(/** @type {FromGuest} */ (message));
      if (started) run?.(1, this.defaults);
    });
  }

  /** @param {string} name @param {number} count @param {{ rollback?: (input: any) => any, rollbackConfig?: object }} undo */
  #handler(name, count, { rollback, rollbackConfig: config }) {
    const ref = ++this.#ref;
    const step = { name, count };
    /** @param {number} attempt @param {ShownConfig} _config @param {any} message */
    const run = (attempt, _config, message) => {
      const { error, ...forward } = message.rollback;
      const output = message.value === undefined ? undefined : JSON.parse(message.value);
      const input = { ctx: { step, ...forward }, error, output, stepName: `${name}-${count}` };
      void this.#attempt(ref, () => rollback?.(input), { step, attempt, config: forward.config });
    };
    this.#open.set(ref, { resolve() {}, reject() {}, run });
    this.post({ type: "rollback", pass: this.pass, ref, ...step, ...(config ? { config } : {}) });
  }

  /** @param {number} ref @param {(ctx: any) => any} callback @param {{ step: object, attempt: number, config: ShownConfig }} ctx */
  async #attempt(ref, callback, ctx) {
    const { pass } = this;
    const { attempt } = ctx;
    const call = this.#open.get(ref);
    if (!call) return;
    this.running += 1;
    try {
      const value = JSON.stringify((await callback(ctx)) ?? null);
      call.value = value;
      this.post({ type: "done", pass, ref, attempt, value });
    } catch (error) {
      call.error = error;
      this.post({ type: "failed", pass, ref, attempt, error: wire(error) });
    } finally {
      this.running -= 1;
      this.#settle();
    }
  }
}

export class FakeStep {
  #pass;

  /** @param {FakePass} pass */
  constructor(pass) {
    this.#pass = pass;
  }

  /**
   * @param {string} name
   * @param {any} config
   * @param {((ctx: any) => any) | { rollback: (input: any) => any, rollbackConfig?: object }} [callback]
   * @param {{ rollback?: (input: any) => any, rollbackConfig?: object }} [undo]
   */
  do(name, config, callback, undo) {
    /** @type {any} */
    const second = callback;
    if (typeof config === "function") return this.#pass.call("do", name, {}, config, second);
    return this.#pass.call("do", name, { config }, second, undo);
  }

  /** @param {string} name @param {number | string} duration */
  sleep(name, duration) {
    return this.#pass.call("sleep", name, { duration }, null);
  }

  /** @param {string} name @param {number} until */
  sleepUntil(name, until) {
    return this.#pass.call("sleep", name, { until }, null);
  }

  /** @param {string} name @param {{ type: string, timeout?: number | string }} options */
  waitForEvent(name, { type, timeout }) {
    return this.#pass.call(
      "waitForEvent",
      name,
      { eventType: type, ...(timeout === undefined ? {} : { timeout }) },
      null,
    );
  }
}

/** @param {any} error */
function wire(error) {
  const { name, message } = error;
  return { name, message, ...(name === "NonRetryableError" ? { retryable: /** @type {const} */ (false) } : {}) };
}

export class NonRetryableError extends Error {
  name = "NonRetryableError";
}
