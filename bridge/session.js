/**
 * A session: the guest's half of one pass, for workflows in JavaScript.
 *
 * It numbers the calls, gives the outcomes that the log has, runs attempts, and sends the rest to the engine. It decides
 * nothing else: retries, limits, time and storage are the engine's. How callbacks run is in `attempt_runner.js`, what the log knows in
 * `history.js`, and which of its outcomes are passed over in `skips.js`. `step.js` makes its calls on `Session.port`. The twin of
 * this file is `session.py`.
 */

/** @import { CallState } from "./calls.js" */
/** @import { Known } from "./history.js" */
/** @import { Link, Loop } from "./link.d.ts" */
/** @import { StepKind, ToGuest, WireError } from "./protocol.d.ts" */
/** @import { Callback, Settle, StepPort } from "./step.js" */

import { AttemptRunner } from "./attempt_runner.js";
import { Call, UNORDERED } from "./calls.js";
import { Outcome } from "./delivery.js";
import { fromWire } from "./errors.js";
import { History } from "./history.js";
import { wellFormed } from "./json_text.js";
import { toPlain } from "./plain.js";
import { Skips } from "./skips.js";

/** @type {Settle} */
const ignore = () => {};

export class Session {
  /** Messages of the engine received so far; `start` is the first. */
  seen = 1;
  /** How many calls are idle. */
  #idle = 0;
  #link;
  #loop;
  #stepLimit;
  #history;
  #delivery;
  /** `Loop.drains` when the latest outcome was given: one at a time. */
  #givenIn = -1;
  /** How many answers of bindings, and for chunks, are on their way. */
  #openAnswers = 0;
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
   * Begin from a `start` message.
   *
   * @param {Extract<ToGuest, { type: "start" }>} start
   * @param {Link<Session>} link
   * @param {Loop<Session>} loop
   */
  constructor(start, link, loop) {
    this.pass = start.pass;
    /** The id of the instance's trace, where traces are sent. */
    this.trace = start.trace;
    this.#rollingBack = start.rollback === true;
    this.#link = link;
    this.#loop = loop;
    /** The configuration of a step that has none. */
    this.defaults = start.defaults;
    this.#stepLimit = start.stepLimit;
    this.#history = new History(start, this, link, loop);
    this.#delivery = this.#history.delivery;
    this.skips = new Skips(this, this.#history, link);
    this.attempts = new AttemptRunner(this, link, loop);
  }

  /** Whether `run()` repeats what an earlier pass has done, and printed. */
  get replaying() {
    return this.#history.repeating || this.searching;
  }

  /** Whether `run()` is being replayed to find the rollback handlers. */
  get searching() {
    return this.#rollingBack && !this.#refusing;
  }

  get closed() {
    return this.#closed;
  }

  get rollingBack() {
    return this.#rollingBack;
  }

  /** Whether all calls wait for a time, an event or a retry; on hold, what the engine owes does not count. */
  get idle() {
    if (this.#delivery.waiting) return false;
    if (this.#idle === 0 || this.#idle === this.#calls.size) return this.#idle > 0;
    return this.#held && [...this.#calls.values()].every(({ state }) => state !== "running");
  }

  // Calls ------------------------------------------------------------------------------------------------------------

  /** Where `WorkflowStep` makes its calls. @type {StepPort} */
  port = (kind, name, text, settle, callback, delay, rollback) => {
    // A pass that is over stays where it is: an error would let its code go on in a `catch`.
    if (this.#closed) return;
    const options = JSON.parse(text);
    return this.#call(
      kind,
      typeof name === "string" ? wellFormed(name) : toPlain(name, "The name of this call"),
      options,
      settle,
      callback,
      delay,
      rollback,
    );
  };

  /**
   * @param {Parameters<StepPort>[0]} kind
   * @param {string} name
   * @param {any} options
   * @param {Settle} settle
   * @param {Callback} [callback]
   * @param {Callback} [delay]
   * @param {Callback} [rollback]
   */
  #call(kind, name, options, settle, callback, delay, rollback) {
    if (kind === "writeChunk" || kind === "readChunk" || kind === "readStreamLimits" || kind === "progress") {
      return this.exchange(kind, name, options, settle);
    }
    if (kind === "call") throw new Error("A binding calls the session itself.");
    if (this.#refusing) return settle("error", JSON.stringify(noSteps()), -1);
    if (kind === "do" && ++this.#steps > this.#stepLimit) {
      return settle("error", JSON.stringify(limitReached(this.#stepLimit)), -1);
    }
    const count = this.#nextCount(kind, name);
    if (rollback && this.#rollingBack) this.#register(name, count, rollback, options.rollback);
    const known = this.#history.find(kind, name, count);
    if (this.#history.recall(known, settle)) return;
    const call = this.#add(new Call(kind, name, count, settle));
    if (kind !== "do") return this.#ask(call, known, options);
    call.callback = callback;
    call.delay = delay;
    call.userConfig = options.config === undefined ? "" : JSON.stringify(options.config);
    this.#do(call, known, rollback && (options.rollback ? { config: options.rollback } : {}));
  }

  /** Name and count of the step that is called *ref*; undefined once it has ended. @param {number} ref */
  identity(ref) {
    const call = this.#calls.get(ref);
    return call && { name: call.name, count: call.count };
  }

  /**
   * Call *method* of another workflow, or of one of its instances. Until it is answered the pass is not quiet.
   *
   * @param {string} workflow
   * @param {string} method
   * @param {object} args
   * @param {number} [step] the ref of the step whose code calls
   * @returns {Promise<string | undefined>} canonical text
   */
  call(workflow, method, args, step) {
    return new Promise((resolve, reject) => {
      if (this.#closed) return;
      const plain = toPlain(args, `The arguments of ${method}()`);
      /** @type {Settle} */
      const settle = (outcome, text) => {
        if (outcome === "value") resolve(text);
        else reject(fromWire(JSON.parse(text ?? "{}")));
      };
      const call = this.#add(new Call("call", workflow, 0, settle));
      this.#openAnswers += 1;
      this.#track(call);
      const from = this.trace === undefined || step === undefined ? {} : { step };
      this.#link.post({ type: "call", pass: this.pass, ref: call.ref, workflow, method, args: plain, ...from });
    });
  }

  /**
   * Write or read a chunk of a byte stream, read the limits of streams or the times of outcomes, or report progress. Until it
   * is answered the pass is not quiet.
   *
   * @param {"writeChunk" | "readChunk" | "readStreamLimits" | "readTimes" | "progress"} type
   * @param {string} name
   * @param {any} options
   * @param {Settle} settle
   */
  exchange(type, name, { count, ...more }, settle) {
    const call = this.#add(new Call("exchange", name, count, settle));
    this.#openAnswers += 1;
    this.#track(call);
    const { pass } = this;
    const { ref } = call;
    this.#link.post(type === "readChunk" ? { type, pass, ref, name, count, ...more } : { type, pass, ref, ...more });
  }

  /**
   * Count a call: which one of its kind and name it is.
   *
   * @param {StepKind} kind
   * @param {string} name
   */
  #nextCount(kind, name) {
    const key = `${kind} ${name}`;
    const count = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.set(key, count);
    return count;
  }

  /** A number that grows with each message of the engine and with each call. */
  get progress() {
    return this.seen + this.#lastRef;
  }

  /** @param {Call} call */
  #add(call) {
    call.ref = ++this.#lastRef;
    this.#calls.set(call.ref, call);
    return call;
  }

  /**
   * @param {string} name
   * @param {number} count
   * @param {Callback} handler
   * @param {object | undefined} config
   */
  #register(name, count, handler, config) {
    const call = this.#add(new Call("rollback", name, count, ignore));
    call.callback = handler;
    call.state = "idle";
    this.#track(call);
    this.#link.post({ type: "rollback", pass: this.pass, ref: call.ref, name, count, ...(config ? { config } : {}) });
  }

  /**
   * @param {Call} call
   * @param {Known | undefined} known
   * @param {{ config?: object } | undefined} rollback
   */
  #do(call, known, rollback) {
    const { ref, name, count, userConfig } = call;
    const config = userConfig === "" ? {} : { config: JSON.parse(userConfig) };
    if (known) this.#history.adopt(call, known);
    // What the callback does would not be undone where the engine refuses the rollback's configuration.
    else if (this.#held || rollback?.config || !this.attempts.mayRetry(call)) call.state = "pending";
    else call.state = "running";
    const started = call.state === "running" ? { started: /** @type {const} */ (true) } : {};
    const withRollback = rollback ? { rollback } : {};
    this.#track(call);
    this.#link.post({ type: "do", pass: this.pass, ref, name, count, ...config, ...withRollback, ...started });
    if (call.state !== "running") return;
    call.attempt = 1;
    call.config = this.attempts.firstConfig(call);
    this.#link.begin(this, call, 1);
  }

  /**
   * @param {Call} call
   * @param {Known | undefined} known
   * @param {any} options
   */
  #ask(call, known, { event_type: eventType, ...timing }) {
    const { ref, name, count } = call;
    const kind = /** @type {"sleep" | "waitForEvent"} */ (call.kind);
    call.state = "idle";
    if (known) this.#history.adopt(call, known);
    this.#track(call);
    const details = kind === "sleep" ? timing : { eventType, ...timing };
    this.#link.post({ type: kind, pass: this.pass, ref, name, count, ...details });
  }

  /** @param {Call} call */
  #track(call) {
    if (call.state === "idle") this.#idle += 1;
    this.#link.touch(this);
  }

  /**
   * Change the state of a call.
   *
   * @param {Call} call
   * @param {CallState} state
   */
  move(call, state) {
    this.#idle += Number(state === "idle") - Number(call.state === "idle");
    call.state = state;
    this.#link.touch(this);
  }

  /** Whether *call* has not come to its end yet. @param {Call} call */
  has(call) {
    return this.#calls.get(call.ref) === call;
  }

  // Messages of the engine -------------------------------------------------------------------------------------------

  /** Take a message of the engine for this pass. @param {Exclude<ToGuest, { type: "start" } | { type: "drop" }>} message */
  receive(message) {
    this.seen += 1;
    this.#link.touch(this);
    if (message.type === "hold") {
      this.#held = message.on;
      return;
    }
    if (message.type === "recorded") return this.#history.record(message);
    const call = this.#calls.get(message.ref);
    if (!call) return;
    if (message.type === "attempt") this.attempts.start(call, message);
    else if (message.type === "delay") this.attempts.askDelay(call, message);
    else if (message.type === "expired") this.attempts.expire(call, message.attempt);
    else {
      this.#calls.delete(call.ref);
      if (call.state === "idle") this.#idle -= 1;
      if (message.type === "resolve") this.#finish(call, message.value ?? call.value, undefined);
      else this.#reject(call, message);
    }
  }

  /**
   * @param {Call} call
   * @param {Extract<ToGuest, { type: "reject" }>} message
   */
  #reject(call, { error = call.failure ?? { name: "Error", message: "The step failed." }, refused }) {
    // A refusal is in no log: a replay makes the same call, and is refused again.
    if (refused) this.#settle(call, undefined, error);
    else this.#finish(call, undefined, error);
  }

  /**
   * The call has come to its end: its caller is told when all that became known before has been given.
   *
   * @param {Call} call
   * @param {string | undefined} text
   * @param {WireError | undefined} error
   */
  #finish(call, text, error) {
    if (UNORDERED.has(call.kind)) return this.#settle(call, text, error);
    if (call.stored) call.stored.arrive(text, error);
    else if (this.#givenIn === this.#loop.drains || this.#delivery.behind) {
      const outcome = new Outcome(call.settle);
      outcome.arrive(text, error);
      this.#delivery.add(outcome);
    } else {
      this.#history.repeating = false;
      return this.#settle(call, text, error);
    }
    this.#link.outcomeDue(this);
  }

  /**
   * Tell the caller now.
   *
   * @param {Call} call
   * @param {string | undefined} text
   * @param {WireError | undefined} error
   */
  #settle(call, text, error) {
    if (call.kind === "rollback") return; // no code awaits it
    if (UNORDERED.has(call.kind)) {
      this.#openAnswers -= 1;
      if (this.#delivery.waiting) this.#link.outcomeDue(this);
    } else this.#givenIn = this.#loop.drains;
    this.#tell(call.settle, text, error);
  }

  /**
   * @param {Settle} settle
   * @param {string | undefined} text
   * @param {WireError | undefined} error
   */
  #tell(settle, text, error) {
    // To make an error anew is to run the user's code.
    this.#loop.runAsRun(this, () => {
      if (error) settle("error", JSON.stringify(error), -1);
      else settle("value", text, -1);
    });
  }

  // Outcomes ---------------------------------------------------------------------------------------------------------

  /**
   * Give the code its next outcome. To be called when the code has done all that it could.
   *
   * @returns {boolean} whether the outcome was here
   */
  giveOutcome() {
    const { turn } = this.#delivery;
    const outcome = this.#delivery.take(this.#loop.time());
    if (!outcome) return false;
    this.#givenIn = this.#loop.drains;
    this.#history.noteGiven(turn);
    this.#tell(outcome.settle, outcome.text, outcome.error);
    return true;
  }

  /** Whether an outcome is known that has not been given. */
  get hasOutcome() {
    return this.#delivery.waiting;
  }

  /** Whether answers are on their way that are in no log. */
  get hasOpenAnswers() {
    return this.#openAnswers > 0;
  }

  /** `run()` has done all that it can without a new outcome, and so all that an earlier pass has done. */
  endRepetition() {
    this.#history.repeating = false;
  }

  // The end ----------------------------------------------------------------------------------------------------------

  /** `run()` has returned. @param {string} value */
  end(value) {
    this.endSearch();
    if (this.#rollingBack) return;
    this.#warnOfForgotten();
    this.#link.post({ type: "end", pass: this.pass, value });
  }

  /** Name the steps that still run, because no code will see their outcomes. A sleep may have lost a race. */
  #warnOfForgotten() {
    for (const { kind, name } of this.#calls.values()) {
      if (kind !== "do") continue;
      const text = `step.do(${JSON.stringify(name)}) was not awaited: run() has returned without its result`;
      this.#link.post({ type: "log", pass: this.pass, level: "warning", text });
    }
  }

  /** `run()` has thrown. @param {WireError} error */
  fail(error) {
    this.endSearch();
    if (!this.#rollingBack) this.#link.post({ type: "fail", pass: this.pass, error });
  }

  /** All rollback handlers have been found: `run()` is over, or can do no more. */
  endSearch() {
    if (!this.searching) return;
    this.#refusing = true;
    this.#link.post({ type: "replayed", pass: this.pass });
  }

  /** Take no more calls. Late outcomes of attempts are ignored. */
  close() {
    this.#closed = true;
    for (const call of this.#calls.values()) call.cancelAttempt();
    this.#calls.clear();
    this.#idle = 0;
    this.#history.clear();
  }
}

/** @returns {WireError} */
function noSteps() {
  return { name: "WorkflowFatalError", message: "Cannot execute steps during rollback phase" };
}

/** @param {number} limit @returns {WireError} */
function limitReached(limit) {
  const message = `The limit of ${limit} steps has been reached. This limit can be changed in your worker configuration.`;
  return { name: "WorkflowFatalError", message };
}
