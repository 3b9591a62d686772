/**
 * A session: the guest's half of one pass, for workflows in JavaScript.
 *
 * It numbers the calls, answers what the log already knows, runs attempts, and tells the engine. It decides nothing else:
 * retries, limits, time and storage are the engine's. `step.js` makes its calls on `Session.port`. The twin of this file
 * is `session.py`.
 */

/** @import { FromGuest, HistoryEntry, ShownConfig, StepKind, ToGuest, WireError } from "./protocol.d.ts" */
/** @import { Callback, StepPort } from "./step.js" */

import { fromWire } from "./errors.js";

/**
 * The way to the engine.
 *
 * @typedef {object} Link
 * @property {(message: FromGuest) => void} post sends a message with the batch of this turn
 * @property {(attempt: () => void) => void} begin calls it after all messages posted so far have left the interpreter
 * @property {(session: Session) => void} touch the session may have come to rest: look at it at the end of this turn
 * @property {(session: Session, ref: number, run: () => Promise<void>) => void} run runs an attempt, so that what its
 *   code prints is known to be its own
 *
 * What a call waits for. `pending`: an answer of the engine that is under way. `running`: its callback. `idle`: a time, an
 * event or a retry.
 * @typedef {"pending" | "running" | "idle"} CallState
 *
 * @typedef {object} Call
 * @property {number} ref
 * @property {StepKind | "rollback" | "call" | "chunk"} kind
 * @property {string} name
 * @property {number} count
 * @property {CallState} state
 * @property {Parameters<StepPort>[3]} settle
 * @property {Callback | undefined} callback
 * @property {Callback | undefined} delay
 * @property {string} userConfig
 * @property {ShownConfig | undefined} config
 * @property {number} attempt the one that runs, or 0
 * @property {string | undefined} value
 * @property {WireError | undefined} failure of its last attempt
 * @property {Attempt | undefined} told the engine's last order
 *
 * @typedef {Extract<ToGuest, { type: "attempt" }>} Attempt
 */

/** Configurations (defaults, user's) that the engine has shown to allow a retry, and what they come to. @type {Map<string, ShownConfig>} */
const merged = new Map();

/** @type {Call["settle"]} */
const NOBODY = () => {};

export class Session {
  /** Messages of the engine received so far; `start` is the first. */
  seen = 1;
  /** @type {Record<CallState, number>} */
  #states = { pending: 0, running: 0, idle: 0 };
  #link;
  #defaults;
  #stepLimit;
  /** @type {Map<string, HistoryEntry>} */
  #history;
  #unreplayed;
  #steps = 0;
  /** @type {Map<string, number>} */
  #counts = new Map();
  /** @type {Map<number, Call>} */
  #calls = new Map();
  #lastRef = 0;
  #held = false;
  #closed = false;
  /** Whether `run()` is called only to find the rollback handlers again. No callback runs then. */
  #rollingBack;
  /** Whether handlers run, and no step may be called any more. */
  #refusing = false;

  /**
   * @param {Extract<ToGuest, { type: "start" }>} start
   * @param {Link} link
   */
  constructor({ pass, defaults, stepLimit, history, rollback }, link) {
    this.pass = pass;
    this.#rollingBack = rollback === true;
    this.#link = link;
    this.#defaults = defaults;
    this.#stepLimit = stepLimit;
    this.#history = new Map(history.map((entry) => [keyOf(entry.kind, entry.name, entry.count), entry]));
    this.#unreplayed = history.filter(({ outcome }) => outcome === "value" || outcome === "error").length;
  }

  /** Whether the log holds results that this pass has yet to come to. A call that is new ends it. */
  get replaying() {
    return this.#unreplayed > 0 || (this.#rollingBack && !this.#refusing);
  }

  get closed() {
    return this.#closed;
  }

  get rollingBack() {
    return this.#rollingBack;
  }

  /** Whether all calls wait for a time, an event or a retry. */
  get idle() {
    const { pending, running, idle } = this.#states;
    return idle > 0 && running === 0 && (pending === 0 || this.#held);
  }

  // Calls ------------------------------------------------------------------------------------------------------------

  /** Where `WorkflowStep` makes its calls. @type {StepPort} */
  port = (kind, name, options, settle, callback, delay, rollback) => {
    // A pass that is over stays where it is: an error would let its code go on in a `catch`.
    if (this.#closed) return;
    if (kind === "writeChunk" || kind === "readChunk") return this.#exchange(kind, name, JSON.parse(options), settle);
    if (this.#refusing) {
      settle("error", JSON.stringify(noSteps()), -1);
      return;
    }
    if (kind === "do" && ++this.#steps > this.#stepLimit) {
      settle("error", JSON.stringify(limitReached(this.#stepLimit)), -1);
      return;
    }
    if (kind === "call") throw new Error("A binding calls the session itself.");
    const count = (this.#counts.get(`${kind} ${name}`) ?? 0) + 1;
    this.#counts.set(`${kind} ${name}`, count);
    const entry = this.#history.get(keyOf(kind, name, count));
    const given = JSON.parse(options);
    if (rollback && this.#rollingBack) this.#register(name, count, rollback, given.rollback);
    if (this.#replay(entry, settle)) return;
    if (!entry) this.#unreplayed = 0;
    const call = this.#add(kind, name, count, { settle, callback, delay });
    if (kind !== "do") return this.#ask(call, given);
    call.userConfig = given.config === undefined ? "" : JSON.stringify(given.config);
    this.#do(call, entry, rollback && (given.rollback ? { config: given.rollback } : {}));
  };

  /**
   * Call *method* of another workflow, or of one of its instances. Until it is answered the pass is not at rest.
   *
   * @param {string} workflow
   * @param {string} method
   * @param {object} args
   * @returns {Promise<string | undefined>} canonical text
   */
  call(workflow, method, args) {
    return new Promise((resolve, reject) => {
      if (this.#closed) return;
      /** @type {Call["settle"]} */
      const settle = (outcome, text) => {
        if (outcome === "value") resolve(text);
        else reject(fromWire(JSON.parse(text ?? "{}")));
      };
      const call = this.#add("call", workflow, 0, { settle, state: "pending" });
      this.#track(call);
      this.#link.post({ type: "call", pass: this.pass, ref: call.ref, workflow, method, args });
    });
  }

  /**
   * Write or read a chunk of a byte stream. Until it is answered the pass is not at rest.
   *
   * @param {"writeChunk" | "readChunk"} type
   * @param {string} name
   * @param {any} options
   * @param {Call["settle"]} settle
   */
  #exchange(type, name, { count, ...more }, settle) {
    const call = this.#add("chunk", name, count, { settle, state: "pending" });
    this.#track(call);
    const { pass } = this;
    const { ref } = call;
    this.#link.post(type === "writeChunk" ? { type, pass, ref, ...more } : { type, pass, ref, name, count, ...more });
  }

  /**
   * @param {Call["kind"]} kind
   * @param {string} name
   * @param {number} count
   * @param {Pick<Call, "settle"> & Partial<Call>} more
   */
  #add(kind, name, count, more) {
    /** @type {Call} */
    const call = { ref: ++this.#lastRef, kind, name, count, userConfig: "", state: "idle", attempt: 0, callback: undefined, delay: undefined, config: undefined, value: undefined, failure: undefined, told: undefined, ...more }; // prettier-ignore
    this.#calls.set(call.ref, call);
    return call;
  }

  /**
   * @param {string} name
   * @param {number} count
   * @param {Callback} callback
   * @param {object | undefined} config
   */
  #register(name, count, callback, config) {
    const call = this.#add("rollback", name, count, { callback, settle: NOBODY });
    this.#track(call);
    const given = config ? { config } : {};
    this.#link.post({ type: "rollback", pass: this.pass, ref: call.ref, name, count, ...given });
  }

  /**
   * @param {HistoryEntry | undefined} entry
   * @param {Call["settle"]} settle
   * @returns {boolean} whether that settles it
   */
  #replay(entry, settle) {
    if (!entry || entry.outcome === "open") {
      if (this.#rollingBack) settle("value", undefined, -1);
      return this.#rollingBack;
    }
    if (entry.outcome === "value") settle("value", entry.kind === "sleep" ? undefined : entry.value, -1);
    else if (entry.outcome === "error") settle("error", JSON.stringify(entry.error), -1);
    else return false;
    this.#unreplayed -= 1;
    return true;
  }

  /**
   * @param {Call} call
   * @param {HistoryEntry | undefined} entry
   * @param {{ config?: object } | undefined} rollback
   */
  #do(call, entry, rollback) {
    const { ref, name, count, userConfig } = call;
    const config = userConfig === "" ? {} : { config: JSON.parse(userConfig) };
    if (entry) call.state = entry.outcome === "open" ? "idle" : "pending";
    else call.state = !this.#held && this.#mayRetry(call) ? "running" : "pending";
    const started = call.state === "running" ? { started: /** @type {const} */ (true) } : {};
    this.#track(call);
    const withRollback = rollback ? { rollback } : {};
    this.#link.post({ type: "do", pass: this.pass, ref, name, count, ...config, ...withRollback, ...started });
    if (call.state !== "running") return;
    call.attempt = 1;
    call.config = userConfig === "" ? this.#defaults : merged.get(this.#configKey(call));
    this.#link.begin(() => this.#begin(call, 1));
  }

  /** Whether an attempt may begin before the engine has it on disk; it must not where there is only one. @param {Call} call */
  #mayRetry(call) {
    return call.userConfig === "" ? this.#defaults.retries.limit !== 0 : merged.has(this.#configKey(call));
  }

  /** @param {Call} call */
  #configKey({ userConfig }) {
    return `${JSON.stringify(this.#defaults)} ${userConfig}`;
  }

  /**
   * @param {Call} call
   * @param {any} options
   */
  #ask(call, options) {
    const { ref, name, count } = call;
    const kind = /** @type {"sleep" | "waitForEvent"} */ (call.kind);
    const { event_type: eventType, ...rest } = options;
    this.#track(call);
    const asked = kind === "sleep" ? rest : { eventType, ...rest };
    this.#link.post({ type: kind, pass: this.pass, ref, name, count, ...asked });
  }

  /** @param {Call} call */
  #track(call) {
    this.#states[call.state] += 1;
    this.#link.touch(this);
  }

  /**
   * @param {Call} call
   * @param {CallState} state
   */
  #move(call, state) {
    this.#states[call.state] -= 1;
    call.state = state;
    this.#track(call);
  }

  // Attempts ---------------------------------------------------------------------------------------------------------

  /**
   * @param {Call} call
   * @param {number} attempt
   */
  #begin(call, attempt) {
    if (this.#closed || call.attempt !== attempt) return;
    this.#link.run(this, call.ref, async () => {
      const run = /** @type {Callback} */ (call.callback);
      const told = call.kind === "rollback" ? rollbackContextOf(call) : contextOf(call, attempt, call.config);
      const { value, error } = JSON.parse(await run(JSON.stringify(told), call.ref));
      // The outcome of an attempt that has timed out no longer counts.
      if (this.#closed || call.attempt !== attempt) return;
      call.attempt = 0;
      call.value = value;
      call.failure = error;
      this.#move(call, error ? "idle" : "pending");
      const { pass } = this;
      const { ref } = call;
      this.#link.post(
        error ? { type: "failed", pass, ref, attempt, error } : { type: "done", pass, ref, attempt, value },
      );
    });
  }

  /**
   * @param {Call} call
   * @param {Extract<ToGuest, { type: "delay" }>} message
   */
  #askDelay(call, { attempt, config, error = call.failure }) {
    this.#move(call, "running");
    this.#link.run(this, call.ref, async () => {
      const told = { ctx: contextOf(call, attempt, config), error: error ?? { name: "Error", message: "" } };
      // The code may have no delay function any more, where the log says that it had one.
      const fixed = () => JSON.stringify({ delay: JSON.parse(call.userConfig || "{}").retries?.delay });
      const answer = JSON.parse(await (call.delay?.(JSON.stringify(told), call.ref) ?? fixed()));
      // The engine may have stopped waiting, and settled the call.
      if (this.#closed || this.#calls.get(call.ref) !== call) return;
      this.#move(call, "idle");
      const said = answer.error ? { failure: `threw an error: ${answer.error.message}` } : { delay: answer.delay };
      this.#link.post({ type: "delay", pass: this.pass, ref: call.ref, attempt, ...said });
    });
  }

  // Messages of the engine -------------------------------------------------------------------------------------------

  /** @param {Exclude<ToGuest, { type: "start" } | { type: "drop" }>} message for this pass */
  receive(message) {
    this.seen += 1;
    this.#link.touch(this);
    if (message.type === "hold") {
      this.#held = message.on;
      return;
    }
    const call = this.#calls.get(message.ref);
    if (!call) return;
    if (message.type === "attempt") this.#startAttempt(call, message);
    else if (message.type === "delay") this.#askDelay(call, message);
    else if (message.type === "expired") this.#expire(call, message.attempt);
    else {
      this.#calls.delete(call.ref);
      this.#states[call.state] -= 1;
      if (message.type === "resolve") call.settle("value", message.value ?? call.value, -1);
      else call.settle("error", JSON.stringify(message.error ?? call.failure), -1);
    }
  }

  /**
   * @param {Call} call
   * @param {Attempt} message
   */
  #startAttempt(call, message) {
    const { attempt, config } = message;
    call.told = message;
    call.config = config;
    call.attempt = attempt;
    if (call.userConfig !== "" && config.retries.limit !== 0) merged.set(this.#configKey(call), config);
    this.#move(call, "running");
    this.#link.begin(() => this.#begin(call, attempt));
  }

  /**
   * The engine has given the attempt up. Its callback may go on, but its outcome no longer counts.
   *
   * @param {Call} call
   * @param {number} attempt
   */
  #expire(call, attempt) {
    const given = call.state === "pending" && call.value !== undefined;
    if (!given && call.attempt !== attempt) return;
    call.attempt = 0;
    call.value = undefined;
    this.#move(call, "idle");
  }

  // The end ----------------------------------------------------------------------------------------------------------

  /** `run()` has returned. @param {string} value */
  end(value) {
    if (this.#endReplay()) return;
    this.#warnOfForgotten();
    this.#link.post({ type: "end", pass: this.pass, value });
  }

  /** Steps that go on when `run()` has returned: nobody will see what becomes of them. A sleep that lost a race is no mistake. */
  #warnOfForgotten() {
    for (const { kind, name } of this.#calls.values()) {
      if (kind !== "do") continue;
      const text = `step.do(${JSON.stringify(name)}) was not awaited: run() has returned without its result`;
      this.#link.post({ type: "log", pass: this.pass, level: "warning", text });
    }
  }

  /** `run()` has thrown. @param {WireError} error */
  fail(error) {
    if (!this.#endReplay()) this.#link.post({ type: "fail", pass: this.pass, error });
  }

  #endReplay() {
    if (this.#rollingBack) {
      this.#refusing = true;
      this.#link.post({ type: "replayed", pass: this.pass });
    }
    return this.#rollingBack;
  }

  /** Take no more calls. Late outcomes of attempts are ignored. */
  close() {
    this.#closed = true;
    this.#calls.clear();
    this.#history.clear();
  }
}

/**
 * @param {Call} call
 * @param {number} attempt
 * @param {ShownConfig | undefined} config
 */
function contextOf({ name, count }, attempt, config) {
  return { step: { name, count }, attempt, config };
}

/** What a rollback handler is told. @param {Call} call */
function rollbackContextOf(call) {
  const { rollback, value: output = null } = /** @type {Attempt} */ (call.told);
  const { error, attempt, config } = /** @type {NonNullable<Attempt["rollback"]>} */ (rollback);
  return { ctx: contextOf(call, attempt, config), error, output, stepName: `${call.name}-${call.count}` };
}

/** @returns {WireError} */
function noSteps() {
  return { name: "WorkflowFatalError", message: "Cannot execute steps during rollback phase" };
}

/**
 * @param {StepKind} kind
 * @param {string} name
 * @param {number} count
 */
function keyOf(kind, name, count) {
  return `${kind} ${count} ${name}`;
}

/** @param {number} limit @returns {WireError} */
function limitReached(limit) {
  const message = `The limit of ${limit} steps has been reached. This limit can be changed in your worker configuration.`;
  return { name: "WorkflowFatalError", message };
}
