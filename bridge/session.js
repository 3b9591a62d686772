/**
 * A session: the guest's half of one pass, for workflows in JavaScript.
 *
 * It numbers the calls, gives the outcomes that the log has, runs attempts, and sends the rest to the engine. It decides
 * nothing else: retries, limits, time and storage are the engine's. `step.js` makes its calls on `Session.port`. The twin of
 * this file is `session.py`.
 */

/** @import { Attempt, CallState } from "./calls.js" */
/** @import { Link, Loop } from "./link.d.ts" */
/** @import { HistoryEntry, ShownConfig, StepKind, ToGuest, WireError } from "./protocol.d.ts" */
/** @import { Callback, Settle, StepPort } from "./step.js" */

import { Call, UNORDERED } from "./calls.js";
import { askDelay, rollbackContext, toContext } from "./contexts.js";
import { Delivery, Outcome } from "./delivery.js";
import { fromWire } from "./errors.js";
import { wellFormed } from "./json_text.js";
import { toPlain } from "./plain.js";

/** Configurations (defaults, user's) that the engine has shown to allow a retry, merged. @type {Map<string, ShownConfig>} */
const merged = new Map();

/** @type {Settle} */
const ignore = () => {};

/** An entry of the history, its place among the outcomes, and the call where it has been made. @typedef {{ entry: HistoryEntry, rank: number, call: Call | undefined }} Known */

export class Session {
  /** Messages of the engine received so far; `start` is the first. */
  seen = 1;
  /** How many calls are idle. */
  #idle = 0;
  #link;
  #loop;
  #defaults;
  #stepLimit;
  /** @type {Map<string, Known>} */
  #history = new Map();
  #delivery;
  /** `Loop.drains` when the latest outcome was given: one at a time. */
  #givenIn = -1;
  /** How many answers of bindings, and for chunks, are on their way. */
  #openAnswers = 0;
  /** Whether a call was made that the log does not have: the engine may refuse it. */
  #mayBeRefused = false;
  /** Whether `run()` does what an earlier pass has done. */
  #repeating;
  /** How many of the calls that are open in the history have not been made. */
  #uncalled;
  /** How many outcomes an earlier pass was given. */
  #seenOutcomes;
  /** Whether the earlier pass may not have done all that it could. */
  #wasCut;
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
  constructor({ pass, defaults, stepLimit, history, rollback, seen, cut }, link, loop) {
    this.pass = pass;
    this.#rollingBack = rollback === true;
    this.#link = link;
    this.#loop = loop;
    this.#defaults = defaults;
    this.#stepLimit = stepLimit;
    for (const [rank, entry] of history.entries()) this.#history.set(keyOf(entry), { entry, rank, call: undefined });
    const recorded = history.filter((entry) => entry.outcome !== "open");
    this.#delivery = new Delivery(recorded.length, loop.time());
    this.#repeating = history.length > 0;
    this.#uncalled = history.length - recorded.length;
    this.#seenOutcomes = seen ?? recorded.length;
    this.#wasCut = cut === true;
  }

  /** Whether `run()` repeats what an earlier pass has done, and printed. */
  get replaying() {
    return this.#repeating || this.searching;
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
    if (kind === "writeChunk" || kind === "readChunk" || kind === "readStreamLimits") {
      return this.#exchange(kind, name, options, settle);
    }
    if (kind === "call") throw new Error("A binding calls the session itself.");
    if (this.#refusing) return settle("error", JSON.stringify(noSteps()), -1);
    if (kind === "do" && ++this.#steps > this.#stepLimit) {
      return settle("error", JSON.stringify(limitReached(this.#stepLimit)), -1);
    }
    const count = this.#nextCount(kind, name);
    if (rollback && this.#rollingBack) this.#register(name, count, rollback, options.rollback);
    const known = this.#history.get(keyOf({ kind, name, count }));
    if (this.#recall(known, settle)) return;
    const call = this.#add(new Call(kind, name, count, settle));
    if (kind !== "do") return this.#ask(call, known, options);
    call.callback = callback;
    call.delay = delay;
    call.userConfig = options.config === undefined ? "" : JSON.stringify(options.config);
    this.#do(call, known, rollback && (options.rollback ? { config: options.rollback } : {}));
  }

  /**
   * Call *method* of another workflow, or of one of its instances. Until it is answered the pass is not quiet.
   *
   * @param {string} workflow
   * @param {string} method
   * @param {object} args
   * @returns {Promise<string | undefined>} canonical text
   */
  call(workflow, method, args) {
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
      this.#link.post({ type: "call", pass: this.pass, ref: call.ref, workflow, method, args: plain });
    });
  }

  /**
   * Write or read a chunk of a byte stream, or read the limits of streams. Until it is answered the pass is not quiet.
   *
   * @param {"writeChunk" | "readChunk" | "readStreamLimits"} type
   * @param {string} name
   * @param {any} options
   * @param {Settle} settle
   */
  #exchange(type, name, { count, ...more }, settle) {
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
   * Give a call what the log has of it, when its turn comes. In a rollback's replay a call without an outcome stays pending,
   * as it was when the run failed.
   *
   * @param {Known | undefined} known
   * @param {Settle} settle
   * @returns {boolean} false where the engine is to be asked
   */
  #recall(known, settle) {
    const { outcome } = known?.entry ?? { outcome: "new" };
    if (outcome === "new" && this.#delivery.behind) this.#mayBeRefused = true;
    if (outcome === "stored") return false;
    if (outcome === "open" || outcome === "new") return this.#rollingBack;
    const { entry, rank } = /** @type {Known} */ (known);
    const recorded = new Outcome(settle);
    recorded.arrive(valueOf(entry), entry.outcome === "error" ? entry.error : undefined);
    this.#delivery.expect(rank, recorded);
    this.#link.outcomeDue(this);
    return true;
  }

  /**
   * Continue a call whose outcome is not in the history.
   *
   * @param {Call} call
   * @param {Known} known
   */
  #adopt(call, known) {
    known.call = call;
    if (known.entry.outcome === "open") {
      call.state = "idle";
      this.#uncalled -= 1;
      this.#endRepetitionAfterCrash();
    } else {
      call.state = "pending";
      call.stored = new Outcome(call.settle);
      this.#delivery.expect(known.rank, call.stored);
    }
  }

  /**
   * @param {Call} call
   * @param {Known | undefined} known
   * @param {{ config?: object } | undefined} rollback
   */
  #do(call, known, rollback) {
    const { ref, name, count, userConfig } = call;
    const config = userConfig === "" ? {} : { config: JSON.parse(userConfig) };
    if (known) this.#adopt(call, known);
    else call.state = !this.#held && this.#mayRetry(call) ? "running" : "pending";
    const started = call.state === "running" ? { started: /** @type {const} */ (true) } : {};
    const withRollback = rollback ? { rollback } : {};
    this.#track(call);
    this.#link.post({ type: "do", pass: this.pass, ref, name, count, ...config, ...withRollback, ...started });
    if (call.state !== "running") return;
    call.attempt = 1;
    call.config = userConfig === "" ? this.#defaults : merged.get(this.#configKey(call));
    this.#link.begin(this, call, 1);
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
   * @param {Known | undefined} known
   * @param {any} options
   */
  #ask(call, known, { event_type: eventType, ...timing }) {
    const { ref, name, count } = call;
    const kind = /** @type {"sleep" | "waitForEvent"} */ (call.kind);
    call.state = "idle";
    if (known) this.#adopt(call, known);
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
   * @param {Call} call
   * @param {CallState} state
   */
  #move(call, state) {
    this.#idle += Number(state === "idle") - Number(call.state === "idle");
    call.state = state;
    this.#link.touch(this);
  }

  // Attempts ---------------------------------------------------------------------------------------------------------

  /**
   * Run the callback of *call* once.
   *
   * @param {Call} call
   * @param {number} attempt
   */
  attempt(call, attempt) {
    if (!this.#isCurrent(call, attempt)) return;
    this.#loop.beginNow(this, call.ref, async () => {
      const run = /** @type {Callback} */ (call.callback);
      const input = call.kind === "rollback" ? rollbackContext(call) : toContext(call, attempt, call.config);
      const { value, error } = JSON.parse(await run(JSON.stringify(input), call.ref, (abort) => (call.abort = abort)));
      if (this.#isCurrent(call, attempt)) this.#endAttempt(call, attempt, value, error);
      else if (!this.#closed) this.#link.ended(this, call.ref, attempt);
    });
  }

  /**
   * @param {Call} call
   * @param {number} attempt
   * @param {string} value
   * @param {WireError | undefined} error
   */
  #endAttempt(call, attempt, value, error) {
    call.attempt = 0;
    call.abort = undefined;
    call.value = value;
    call.failure = error;
    this.#move(call, error ? "idle" : "pending");
    const { pass } = this;
    const { ref } = call;
    if (error) this.#link.post({ type: "failed", pass, ref, attempt, error });
    else this.#link.post({ type: "done", pass, ref, attempt, value });
  }

  /**
   * Whether the outcome of *attempt* is that of *call*: it has not timed out.
   *
   * @param {Call} call
   * @param {number} attempt
   */
  #isCurrent(call, attempt) {
    return !this.#closed && call.attempt === attempt;
  }

  /**
   * The engine has given the attempt up. Its callback may go on, but its outcome no longer counts.
   *
   * @param {Call} call
   * @param {number} attempt
   */
  #expire(call, attempt) {
    const isDone = call.state === "pending" && call.value !== undefined;
    if (!isDone && call.attempt !== attempt) return;
    call.attempt = 0;
    call.value = undefined;
    this.#move(call, "idle");
    call.cancelAttempt();
  }

  /**
   * @param {Call} call
   * @param {Extract<ToGuest, { type: "delay" }>} message
   */
  #askDelay(call, message) {
    this.#move(call, "running");
    this.#loop.beginNow(this, call.ref, async () => {
      const answer = await askDelay(call, message);
      // The engine may have stopped waiting, and settled the call.
      if (this.#closed || this.#calls.get(call.ref) !== call) return;
      this.#move(call, "idle");
      this.#link.post({ type: "delay", pass: this.pass, ref: call.ref, attempt: message.attempt, ...answer });
    });
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
    if (message.type === "recorded") return this.#record(message);
    const call = this.#calls.get(message.ref);
    if (!call) return;
    if (message.type === "attempt") this.#startAttempt(call, message);
    else if (message.type === "delay") this.#askDelay(call, message);
    else if (message.type === "expired") this.#expire(call, message.attempt);
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
      this.#repeating = false;
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
    if (call.kind === "rollback") return; // nobody waits for it
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

  /** An outcome has become known of a call that the history has as open. @param {Extract<ToGuest, { type: "recorded" }>} message */
  #record({ type: _type, pass: _pass, ...entry }) {
    const known = this.#history.get(keyOf(entry));
    if (!known || known.entry.outcome !== "open") return;
    known.entry = entry;
    known.rank = this.#delivery.record();
    const { call } = known;
    if (call) {
      // The call is on its way to the engine, which answers it.
      call.stored = new Outcome(call.settle);
      this.#delivery.expect(known.rank, call.stored);
    } else this.#uncalled -= 1;
    this.#link.outcomeDue(this);
  }

  /**
   * @param {Call} call
   * @param {Attempt} message
   */
  #startAttempt(call, message) {
    const { attempt, config } = message;
    call.order = message;
    call.config = config;
    call.attempt = attempt;
    if (call.userConfig !== "" && config.retries.limit !== 0) merged.set(this.#configKey(call), config);
    this.#move(call, "running");
    this.#link.begin(this, call, attempt);
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
    if (turn >= this.#seenOutcomes) this.#repeating = false;
    else this.#endRepetitionAfterCrash();
    this.#tell(outcome.settle, outcome.text, outcome.error);
    return true;
  }

  /** Whether an outcome is known that has not been given. */
  get hasOutcome() {
    return this.#delivery.waiting;
  }

  /** Whether the next outcome is one that the code has not called, and may not call any more. */
  get isStalled() {
    return this.#delivery.isStalled;
  }

  /** Whether answers are on their way that are in no log. */
  get hasOpenAnswers() {
    return this.#openAnswers > 0;
  }

  /** Whether a timer of the code may make it go on before the next outcome that is known here. */
  get mayCall() {
    if (this.searching || !this.#delivery.isStalled) return this.#delivery.hasTimer();
    return this.#delivery.hasTimerBeforeNext();
  }

  /** Ask the engine for what must be known before an outcome is skipped, if there is anything. */
  askBeforeSkip() {
    const isSkip = this.#delivery.isStalled && !this.searching;
    if (this.#mayBeRefused || (isSkip && !this.#delivery.times && this.#delivery.hasTimer())) {
      this.#mayBeRefused = false;
      this.#readTimes();
    }
  }

  /**
   * Ask when the recorded outcomes became known: timers of the code may have fired before. The answer comes after the
   * refusals of calls that were made before.
   */
  #readTimes() {
    const call = this.#add(
      new Call("exchange", "readTimes", 0, (_outcome, text) => {
        const times = /** @type {number[]} */ (JSON.parse(text ?? "[]"));
        this.#delivery.times = times.map((time) => time / 1000);
      }),
    );
    this.#openAnswers += 1;
    this.#track(call);
    this.#link.post({ type: "readTimes", pass: this.pass, ref: call.ref });
  }

  /** How many outcomes have been skipped. */
  get skipped() {
    return this.#delivery.skipped;
  }

  /** Skip recorded outcomes that the code does not call, up to the next that it has called. */
  skipOutcome() {
    this.#delivery.skip();
    this.#link.outcomeDue(this);
  }

  /** Take notice of a timer that code of `run()` has set. @param {import("./delivery.js").Timer} timer */
  noteTimer(timer) {
    if (this.#delivery.behind || this.searching) this.#delivery.noteTimer(timer);
  }

  /** `run()` has done all that it can without a new outcome, and so all that an earlier pass has done. */
  endRepetition() {
    this.#repeating = false;
  }

  /** Nobody knows how far a pass came that was cut: what it has not been given, it has not printed. */
  #endRepetitionAfterCrash() {
    if (this.#wasCut && this.#uncalled === 0 && this.#delivery.turn >= this.#seenOutcomes) this.#repeating = false;
  }

  // The end ----------------------------------------------------------------------------------------------------------

  /** `run()` has returned. @param {string} value */
  end(value) {
    this.endSearch();
    if (this.#rollingBack) return;
    this.#warnOfForgotten();
    this.#link.post({ type: "end", pass: this.pass, value });
  }

  /** Name the steps that still run: nobody will see what becomes of them. A sleep may have lost a race. */
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
    this.#delivery.clear();
  }
}

/** @param {HistoryEntry} entry @returns {string | undefined} canonical text; nothing for a sleep */
function valueOf(entry) {
  return entry.outcome === "value" && entry.kind !== "sleep" ? entry.value : undefined;
}

/** @returns {WireError} */
function noSteps() {
  return { name: "WorkflowFatalError", message: "Cannot execute steps during rollback phase" };
}

/** @param {{ kind: StepKind, name: string, count: number }} step */
function keyOf({ kind, name, count }) {
  return `${kind} ${count} ${name}`;
}

/** @param {number} limit @returns {WireError} */
function limitReached(limit) {
  const message = `The limit of ${limit} steps has been reached. This limit can be changed in your worker configuration.`;
  return { name: "WorkflowFatalError", message };
}
