/**
 * One live instance: its pass, its steps, and what becomes of every message of the guest.
 *
 * This is the heart of the engine, and larger than the other files. The rules that must stay true:
 *
 * - Durable first, visible second. Whatever tells the guest of an outcome goes through `#afterCommit`.
 * - A step with retry limit 0 has its attempt durable before its callback runs. Any other may start at once.
 * - An attempt that a crash cut short counts. One that merely shared an interpreter with the culprit does not.
 * - The pass number is the fence: once the pass is dropped, what it still sends is not looked at.
 */

/** @import { Encoded, FromGuest, Guest, LostPass, StepConfig, ToGuest, WireError } from "../../bridge/protocol.d.ts" */
/** @import { EventRow, InstanceRow, LogCursor, LogRow, Store } from "../store/store.d.ts" */
/** @import { Commits } from "./commits.js" */
/** @import { Clock } from "./clock.d.ts" */

import { callError } from "./binding.js";
import { checkDo, checkSleep, checkWait, configError } from "./calls.js";
import { resolveConfig, shownConfig, DEFAULT_CONFIG, DYNAMIC } from "./config.js";
import { parseDuration } from "./duration.js";
import {
  delayError,
  fatalError,
  internalError,
  interruptedError,
  rollbackMissingError,
  timeoutError,
} from "./errors.js";
import { ATTEMPT_SUCCESS, targetOf, WAIT_COMPLETE } from "./events.js";
import { isLonger, MAX_VALUE } from "./limits.js";
import { OutputBound } from "./output.js";
import { retryDelay } from "./retry.js";
import { countRollbacks, REPLAY_LIMIT, Rollback } from "./rollback.js";
import { readSteps, Step, stepKey, toHistory } from "./step.js";

/** How long a pass must have been quiet before it is parked, so that short waits do not cost a replay. */
export const PARK_LINGER = 50;
/** How long a delay function may take. */
const DELAY_LIMIT = 5000;
/** The delay where a crash came before the delay function had answered. */
const PLACEHOLDER_DELAY = 1000;

/**
 * What an instance needs of the engine.
 *
 * @typedef {object} Surroundings
 * @property {Commits} commits
 * @property {Clock} clock
 * @property {(number: number, write: (store: Store) => void) => void} write in this turn's transaction; tells subscribers
 * @property {(instance: Instance) => void} release the instance has no pass any more
 * @property {number} keepParked how long the pass of a parked instance is kept where there is room, in ms
 * @property {(instance: Instance) => void} keep its pass may be given up
 * @property {(instance: Instance) => void} unkeep its pass is needed again, or gone
 * @property {(call: Extract<FromGuest, { type: "call" }>, onclose: (cancel: () => void) => void) => Promise<Encoded | undefined>} call
 *   carries out what the guest asks of other workflows
 * @property {(read: (store: Store) => any) => any} read as the store stands, this turn's writes included
 */

export class Instance {
  /** @type {Surroundings} */
  #engine;
  /** @type {Guest} */
  #guest;
  /** @type {LogCursor} */
  #log;
  /** @type {Map<string, Step>} */
  #steps;
  /** Refs of this pass. @type {Map<number, Step>} */
  #refs = new Map();
  /** Events that no wait has taken, oldest first. @type {EventRow[]} */
  #events;
  /** Messages to the guest in this pass so far; `quiet` is compared with it. */
  #sent = 0;
  /** @type {(() => void) | null} */
  #cancelPark = null;
  /** Messages kept back while a pause is pending. @type {ToGuest[] | null} */
  #withheld = null;
  /** `do` calls that came while a pause is pending. @type {Extract<FromGuest, { type: "do" }>[]} */
  #blocked = [];
  /** @type {OutputBound | null} */
  #outputBound = null;
  /** What ends calls that nobody waits for any more. @type {Set<() => void>} */
  #cancelCalls = new Set();
  /** Where this pass undoes what the others have done. @type {Rollback | null} */
  #rollback = null;
  /** Takes back the end of the search for handlers. @type {(() => void) | null} */
  #cancelReplay = null;

  /**
   * @param {Surroundings} engine
   * @param {InstanceRow} row
   * @param {{ rows: LogRow[], events: EventRow[], log: LogCursor, pass: number, guest: Guest }} parts
   */
  constructor(engine, row, { rows, events, log, pass, guest }) {
    this.#engine = engine;
    this.#guest = guest;
    this.#log = log;
    this.#steps = readSteps(rows);
    this.#events = events;
    if (row.status === "rollingBack") this.#rollback = new Rollback(this.#steps, rows);
    this.row = row;
    this.pass = pass;
    this.ended = false;
    /** The log says that the instance waits, and its pass is kept in case it is soon needed. */
    this.parked = false;
  }

  get number() {
    return this.row.number;
  }

  get guest() {
    return this.#guest;
  }

  get pausing() {
    return this.#withheld !== null;
  }

  /**
   * Begin the pass: settle what the last process left behind, set the timers, hand the history to the guest.
   *
   * @param {{ className: string, stepLimit: number }} workflow
   */
  start({ className, stepLimit }) {
    const now = this.#engine.clock.now();
    if (this.#rollback) this.#write((store) => store.instanceTaken(this.number));
    else if (this.row.startedOn === null) this.#write((store) => store.instanceStarted(this.#log, now));
    else if (this.row.status !== "running") this.#write((store) => store.instanceRunning(this.#log, now));
    else this.#write((store) => store.instanceTaken(this.number));
    for (const step of this.#openSteps()) {
      if (step.running) this.#settleFailure(step, interruptedError(), { immediately: true });
      else if (step.kind === "sleep" || step.kind === "waitForEvent") this.#armDue(step);
    }
    if (this.#rollback) this.#limitReplay();
    else this.#serveWaits();
    this.#send({
      type: "start",
      pass: this.pass,
      className,
      event: { timestamp: this.row.createdOn, instanceId: this.row.id, workflowName: this.row.workflow },
      value: this.row.params,
      defaults: DEFAULT_CONFIG,
      stepLimit,
      history: toHistory(this.#steps.values()),
      ...(this.#rollback ? { rollback: true } : {}),
    });
  }

  /** @param {FromGuest} message */
  receive(message) {
    if (message.type === "log") return this.#output(message);
    this.#unpark();
    switch (message.type) {
      case "do":
        return this.#onDo(message);
      case "done":
        return this.#onDone(message);
      case "failed":
        return this.#onFailed(message);
      case "delay":
        return this.#onDelay(message);
      case "rollback":
        return this.#rollback?.found(message.name, message.count, { ref: message.ref, config: message.config });
      case "call":
        return this.#onCall(message);
      case "writeChunk":
        return this.#onWriteChunk(message);
      case "readChunk":
        return this.#onReadChunk(message);
      case "replayed":
        return this.#onReplayed();
      case "sleep":
        return this.#onSleep(message);
      case "waitForEvent":
        return this.#onWait(message);
      case "end":
        return this.#onEnd(message.value);
      case "fail":
        return this.#onFail(message.error);
      case "quiet":
        return this.#onQuiet(message.seen);
    }
  }

  // Steps ------------------------------------------------------------------------------------------------------------

  /** @param {Extract<FromGuest, { type: "do" }>} message */
  #onDo(message) {
    const { ref, name, count, rollback } = message;
    const known = this.#steps.get(stepKey("do", name, count));
    if (known) return this.#attach(known, ref);
    if (this.#rollback) return this.#refuse(ref, fatalError(NO_STEPS));
    if (this.pausing && !message.started) return void this.#blocked.push(message);
    const asked = checkDo(message);
    if ("error" in asked) return this.#refuse(ref, asked.error);
    const { config } = asked;
    const step = this.#add("do", name, count, ref);
    step.config = config;
    step.attempts = 1;
    step.running = true;
    step.hasRollback = rollback !== undefined;
    /** @type {{ config: StepConfig, hasRollback?: true }} */
    const detail = rollback ? { config, hasRollback: true } : { config };
    this.#write((store) => store.stepStarted(this.#log, step, this.#engine.clock.now(), detail));
    this.#armTimeout(step);
    if (!message.started) this.#sendAttempt(step);
  }

  /**
   * A call of a step that the log knows: give its outcome, or go on where it stands.
   *
   * @param {Step} step
   * @param {number} ref
   */
  #attach(step, ref) {
    step.ref = ref;
    this.#refs.set(ref, step);
    if (step.ended) this.#answer(step);
    else if (step.kind === "do" && !step.running) this.#armDue(step);
  }

  /** @param {Step} step */
  #beginAttempt(step) {
    if (this.pausing) return;
    step.due = null;
    step.running = true;
    if (step.again) step.again = false;
    else {
      step.attempts += 1;
      this.#write((store) => store.attemptStarted(this.#log, step, this.#engine.clock.now(), step.attempts));
    }
    this.#armTimeout(step);
    this.#sendAttempt(step);
  }

  /** @param {Step} step */
  #sendAttempt(step) {
    const config = /** @type {StepConfig} */ (step.config);
    const { pass } = this;
    const ref = /** @type {number} */ (step.ref);
    /** @type {ToGuest} */
    const message = {
      type: "attempt",
      pass,
      ref,
      attempt: step.attempts,
      config: shownConfig(config),
      ...(step.kind === "rollback" ? this.#undoing(step) : {}),
    };
    if (config.retries.limit === 0) this.#afterCommit(message);
    else this.#send(message);
  }

  /** @param {Extract<FromGuest, { type: "done" }>} message */
  #onDone({ ref, attempt, value }) {
    const step = this.#runningAttempt(ref, attempt);
    if (!step) return;
    if (isLonger(value, MAX_VALUE)) {
      // The guest believes that the step has ended. It must know better, or it would never come to rest.
      this.#sendNow({ type: "expired", pass: this.pass, ref, attempt });
      const text = `Step ${targetOf(step)} output is too large. Maximum allowed size is 1MiB.`;
      return this.#settleFailure(step, internalError(text));
    }
    step.running = false;
    step.ended = true;
    this.#disarm(step);
    this.#write((store) => store.stepSucceeded(this.#log, step, this.#engine.clock.now(), attempt, value));
    this.#afterCommit({ type: "resolve", pass: this.pass, ref });
    this.#stepSettled(step);
  }

  /** @param {Extract<FromGuest, { type: "writeChunk" }>} message */
  #onWriteChunk({ ref, step: stepRef, attempt, index, value }) {
    const step = this.#runningAttempt(stepRef, attempt);
    // An attempt that has timed out waits for ever, which is what becomes of it anyhow.
    if (!step) return;
    step.streaming = true;
    this.#write((store) => store.chunkWritten(this.number, step, index, value));
    this.#tellCaller({ type: "resolve", pass: this.pass, ref });
  }

  /** @param {Extract<FromGuest, { type: "readChunk" }>} message */
  #onReadChunk({ ref, name, count, index }) {
    const { pass } = this;
    const value = this.#engine.read((store) => store.loadChunk(this.number, { name, count }, index));
    const error = internalError(`Stored output for ${targetOf({ name, count })} is corrupt or incomplete.`);
    this.#tellCaller(
      value === undefined ? { type: "reject", pass, ref, error } : { type: "resolve", pass, ref, value },
    );
  }

  /**
   * Answer code that runs inside a step, also while a pause is pending: the pause waits for that step.
   *
   * @param {ToGuest} answer
   */
  #tellCaller(answer) {
    this.#engine.commits.after(() => {
      if (!this.ended) this.#sendNow(answer);
    });
  }

  /** What a failed attempt has left of a byte stream is of no use to anybody. @param {Step} step */
  #dropChunks(step) {
    if (!step.streaming) return;
    step.streaming = false;
    this.#write((store) => store.chunksDropped(this.number, step));
  }

  /** @param {Extract<FromGuest, { type: "failed" }>} message */
  #onFailed({ ref, attempt, error }) {
    const step = this.#runningAttempt(ref, attempt);
    if (step) this.#settleFailure(step, error, { fromGuest: true });
  }

  /**
   * The step whose current attempt a message speaks of; none for the late word of an attempt that has timed out.
   *
   * @param {number} ref
   * @param {number} attempt
   */
  #runningAttempt(ref, attempt) {
    const step = this.#refs.get(ref);
    return step && step.running && !step.delaying && step.attempts === attempt ? step : undefined;
  }

  /**
   * The step's attempt has failed: retry it later, or fail the step.
   *
   * @param {Step} step
   * @param {WireError} error
   * @param {{ fromGuest?: boolean, immediately?: boolean }} [how] `fromGuest`: the guest holds the error itself;
   *   `immediately`: the attempt was cut by a crash, which no back-off would mend
   */
  #settleFailure(step, error, { fromGuest = false, immediately = false } = {}) {
    const { retries } = /** @type {StepConfig} */ (step.config);
    this.#disarm(step);
    this.#dropChunks(step);
    if (error.retryable === false || step.attempts > Number(retries.limit)) {
      return this.#failStep(step, { error, held: fromGuest });
    }
    const dynamic = retries.delay === DYNAMIC;
    if (immediately) return this.#retry(step, error, dynamic ? PLACEHOLDER_DELAY : 0);
    if (dynamic) return this.#askDelay(step, { error, held: fromGuest });
    this.#retry(step, error, retryDelay(retries, step.attempts));
  }

  /**
   * @param {Step} step
   * @param {WireError} error
   * @param {number} delay in ms
   */
  #retry(step, error, delay) {
    const now = this.#engine.clock.now();
    step.running = false;
    step.delaying = null;
    step.due = now + delay;
    const failed = { attempt: step.attempts, error, retry: delay };
    this.#write((store) => store.attemptFailed(this.#log, step, now, failed));
    if (step.ref !== null) this.#armDue(step);
    this.#pauseIfIdle();
  }

  /**
   * @param {Step} step
   * @param {import("./step.js").Failure} failure of its last attempt
   * @param {WireError} [stepError] what it fails with, if not with that
   */
  #failStep(step, { error, held }, stepError) {
    step.running = false;
    step.delaying = null;
    step.ended = true;
    step.error = stepError ?? error;
    const told = held && !stepError ? {} : { error: step.error };
    const failed = { attempt: step.attempts, error, stepError };
    this.#write((store) => store.stepFailed(this.#log, step, this.#engine.clock.now(), failed));
    if (step.ref !== null) this.#afterCommit({ type: "reject", pass: this.pass, ref: step.ref, ...told });
    this.#stepSettled(step);
  }

  /**
   * The attempt counts as running until the delay function has answered: a crash now finds it cut short.
   *
   * @param {Step} step
   * @param {import("./step.js").Failure} failure
   */
  #askDelay(step, failure) {
    const ref = /** @type {number} */ (step.ref);
    const attempt = step.attempts;
    const config = shownConfig(/** @type {StepConfig} */ (step.config));
    step.delaying = failure;
    const told = failure.held ? {} : { error: failure.error };
    this.#sendNow({ type: "delay", pass: this.pass, ref, attempt, config, ...told });
    this.#setTimer(step, DELAY_LIMIT, () => {
      this.#sendNow({ type: "expired", pass: this.pass, ref, attempt });
      this.#delayFailed(step, "did not return within 5 seconds");
    });
  }

  /** @param {Extract<FromGuest, { type: "delay" }>} message */
  #onDelay({ ref, attempt, delay, failure }) {
    const step = this.#refs.get(ref);
    if (!step?.delaying || step.attempts !== attempt) return;
    this.#disarm(step);
    const ms = parseDuration(delay) ?? -1;
    if (failure !== undefined) return this.#delayFailed(step, failure);
    if (ms < 0) return this.#delayFailed(step, `returned an invalid delay value: ${JSON.stringify(delay)}`);
    const { retries } = /** @type {StepConfig} */ (step.config);
    this.#retry(step, step.delaying.error, retryDelay({ ...retries, delay: ms }, attempt));
  }

  /** @param {Step} step @param {string} reason */
  #delayFailed(step, reason) {
    this.#failStep(step, /** @type {any} */ (step.delaying), delayError(targetOf(step), reason));
  }

  /** @param {Step} step ended */
  #stepSettled(step) {
    if (step.kind === "rollback") this.#rollBackOn();
    else this.#pauseIfIdle();
  }

  /** @param {Extract<FromGuest, { type: "sleep" }>} message */
  #onSleep(message) {
    const { ref, name, count } = message;
    const known = this.#steps.get(stepKey("sleep", name, count));
    if (known) return this.#attach(known, ref);
    if (this.#rollback) return this.#refuse(ref, fatalError(NO_STEPS));
    const now = this.#engine.clock.now();
    const asked = checkSleep(message, now);
    if ("error" in asked) return this.#refuse(ref, asked.error);
    const { ms } = asked;
    const step = this.#add("sleep", name, count, ref);
    step.due = now + ms;
    this.#write((store) => store.sleepStarted(this.#log, step, now, ms));
    this.#armDue(step);
  }

  /** @param {Extract<FromGuest, { type: "waitForEvent" }>} message */
  #onWait(message) {
    const { ref, name, count, eventType } = message;
    const known = this.#steps.get(stepKey("waitForEvent", name, count));
    if (known) return this.#attach(known, ref);
    if (this.#rollback) return this.#refuse(ref, fatalError(NO_STEPS));
    const asked = checkWait(message);
    if ("error" in asked) return this.#refuse(ref, asked.error);
    const { ms } = asked;
    const now = this.#engine.clock.now();
    const step = this.#add("waitForEvent", name, count, ref);
    step.eventType = eventType;
    step.timeout = ms;
    step.due = now + ms;
    this.#write((store) => store.waitStarted(this.#log, step, now, eventType, ms));
    this.#serveWaits();
    if (!step.ended) this.#armDue(step);
  }

  /** Give buffered events to the waits for them: the oldest event to the oldest wait. Each event once, for good. */
  #serveWaits() {
    if (this.#events.length === 0) return;
    const waits = [...this.#steps.values()].filter((step) => step.kind === "waitForEvent" && !step.ended);
    waits.sort((a, b) => a.order - b.order);
    for (const step of waits) {
      const index = this.#events.findIndex((event) => event.type === step.eventType);
      if (index < 0) continue;
      const [event] = this.#events.splice(index, 1);
      this.#unpark();
      this.#disarm(step);
      step.ended = true;
      step.value = eventValue(event);
      const { value } = step;
      this.#write((store) => store.waitCompleted(this.#log, step, this.#engine.clock.now(), event, value));
      this.#answer(step);
    }
  }

  /** @param {EventRow} event already in the store */
  eventReceived(event) {
    this.#events.push(event);
    if (!this.#rollback) this.#serveWaits();
  }

  /**
   * @param {Step} step ended
   */
  #answer(step) {
    const { ref } = step;
    if (ref === null) return;
    if (step.error) return this.#afterCommit({ type: "reject", pass: this.pass, ref, error: step.error });
    if (step.kind === "sleep") return this.#afterCommit({ type: "resolve", pass: this.pass, ref });
    const event = step.kind === "do" ? ATTEMPT_SUCCESS : WAIT_COMPLETE;
    const value = step.value ?? this.#engine.read((store) => store.loadValue(this.number, step, event));
    step.value = null;
    this.#afterCommit({ type: "resolve", pass: this.pass, ref, value });
  }

  /**
   * @param {import("./step.js").Kind} kind
   * @param {string} name
   * @param {number} count
   * @param {number} ref
   */
  #add(kind, name, count, ref) {
    const step = new Step(kind, name, count);
    step.ref = ref;
    step.order = this.#log.seq + 1;
    this.#refs.set(ref, step);
    this.#steps.set(step.key, step);
    return step;
  }

  /**
   * A call that breaks a rule: an ordinary error at the call, and no trace of it in the log.
   *
   * @param {number} ref
   * @param {WireError} error
   */
  #refuse(ref, error) {
    this.#afterCommit({ type: "reject", pass: this.pass, ref, error });
  }

  /**
   * A call by a binding. Its answer is not withheld by a pending pause, which waits for the step that waits for it.
   *
   * @param {Extract<FromGuest, { type: "call" }>} message
   */
  #onCall(message) {
    const { ref } = message;
    const answer = (/** @type {ToGuest} */ told) => {
      if (!this.ended) this.#sendNow(told);
    };
    this.#engine
      .call(message, (cancel) => this.#cancelCalls.add(cancel))
      .then(
        (value) => answer({ type: "resolve", pass: this.pass, ref, ...(value === undefined ? {} : { value }) }),
        (error) => answer({ type: "reject", pass: this.pass, ref, error: callError(error) }),
      );
  }

  // Timers -----------------------------------------------------------------------------------------------------------

  /** @param {Step} step */
  #armDue(step) {
    this.#disarm(step);
    const due = step.due ?? 0;
    const attempted = step.kind === "do" || step.kind === "rollback";
    if (attempted && due <= this.#engine.clock.now()) return this.#beginAttempt(step);
    step.cancelTimer = this.#engine.clock.at(due, () => {
      step.cancelTimer = null;
      this.#fallDue(step);
    });
  }

  /** @param {Step} step */
  #fallDue(step) {
    this.#unpark();
    if (step.kind === "do" || step.kind === "rollback") return this.#beginAttempt(step);
    const now = this.#engine.clock.now();
    step.ended = true;
    if (step.kind === "sleep") this.#write((store) => store.sleepCompleted(this.#log, step, now));
    else {
      const error = timeoutError(step.timeout);
      step.error = error;
      this.#write((store) => store.waitTimedOut(this.#log, step, now, error));
    }
    this.#answer(step);
  }

  /** @param {Step} step */
  #armTimeout(step) {
    const { timeout } = /** @type {StepConfig} */ (step.config);
    const ms = parseDuration(timeout) ?? 0;
    this.#setTimer(step, ms, () => {
      if (step.ref !== null) this.#sendNow({ type: "expired", pass: this.pass, ref: step.ref, attempt: step.attempts });
      this.#settleFailure(step, timeoutError(ms));
    });
  }

  /**
   * @param {Step} step
   * @param {number} ms
   * @param {() => void} run
   */
  #setTimer(step, ms, run) {
    this.#disarm(step);
    step.cancelTimer = this.#engine.clock.at(this.#engine.clock.now() + ms, () => {
      step.cancelTimer = null;
      this.#unpark();
      run();
    });
  }

  /** @param {Step} step */
  #disarm(step) {
    step.cancelTimer?.();
    step.cancelTimer = null;
  }

  // Parking, pausing, ending -----------------------------------------------------------------------------------------

  /** @param {number} seen */
  #onQuiet(seen) {
    if (seen !== this.#sent || this.pausing || this.#isExecuting()) return;
    const { clock } = this.#engine;
    this.#cancelPark = clock.at(clock.now() + PARK_LINGER, () => {
      this.#cancelPark = null;
      this.#park();
    });
  }

  /** Nothing can happen before a time or an event: give up the guest's memory. The log knows all that is needed. */
  #park() {
    const due = Math.min(...this.#openSteps().map((step) => step.due ?? Infinity));
    const now = this.#engine.clock.now();
    if (due === Infinity || due - now < PARK_LINGER) return;
    if (this.#rollback) {
      this.#write((store) => store.instanceDue(this.number, due));
      return this.#leave("park");
    }
    this.#write((store) => store.instanceParked(this.#log, now, due));
    const { keepParked, clock } = this.#engine;
    if (keepParked === 0) return this.#leave("park");
    this.parked = true;
    this.#engine.keep(this);
    this.#cancelPark = clock.at(now + keepParked, () => this.giveUp());
  }

  /** Let go of a pass that was kept although the instance is parked. */
  giveUp() {
    if (this.parked) this.#leave("park");
  }

  /** Something happens in the pass: it is not to be parked now, or is not parked any longer. */
  #unpark() {
    this.#cancelPark?.();
    this.#cancelPark = null;
    if (!this.parked) return;
    this.parked = false;
    this.#engine.unkeep(this);
    this.#write((store) => store.instanceRunning(this.#log, this.#engine.clock.now()));
  }

  /** @returns {"paused" | "waitingForPause"} */
  pause() {
    const now = this.#engine.clock.now();
    if (this.#isExecuting()) {
      this.#withheld = [];
      this.#write((store) => store.instancePausing(this.#log, now));
      this.#sendNow({ type: "hold", pass: this.pass, on: true });
      return "waitingForPause";
    }
    this.#write((store) => store.instancePaused(this.#log, now));
    this.#leave("pause");
    return "paused";
  }

  /** Take back a pause that is pending. */
  unpause() {
    const withheld = this.#withheld ?? [];
    this.#withheld = null;
    this.#write((store) => store.instanceRunning(this.#log, this.#engine.clock.now()));
    this.#sendNow({ type: "hold", pass: this.pass, on: false });
    for (const message of withheld) this.#send(message);
    for (const message of this.#blocked.splice(0)) this.#onDo(message);
    for (const step of this.#openSteps()) {
      if (step.kind === "do" && !step.running && step.ref !== null) this.#armDue(step);
    }
  }

  #pauseIfIdle() {
    if (!this.pausing || this.#isExecuting()) return;
    this.#write((store) => store.instancePaused(this.#log, this.#engine.clock.now()));
    this.#leave("pause");
  }

  #isExecuting() {
    for (const step of this.#refs.values()) if (step.running) return true;
    return false;
  }

  /** Steps that may still move; in a rollback the forward ones may not. */
  #openSteps() {
    const undoing = this.#rollback !== null;
    return [...this.#steps.values()].filter((step) => !step.ended && (step.kind === "rollback") === undoing);
  }

  /** @param {Encoded} output */
  #onEnd(output) {
    if (isLonger(output, MAX_VALUE)) {
      return this.#onFail(internalError("Workflow output is too large. Maximum allowed size is 1MiB."));
    }
    this.#write((store) => store.instanceCompleted(this.#log, this.#engine.clock.now(), output));
    this.#leave("end");
  }

  /** @param {WireError} error */
  #onFail(error) {
    if (this.#rollback) {
      // The interpreter has given the pass up, and with it all handlers.
      this.#rollback.lose();
      return this.#rollBackOn();
    }
    const totalSteps = countRollbacks(this.#steps);
    if (totalSteps > 0) {
      const start = { triggerError: error, totalSteps };
      this.#write((store) => store.rollbackStarted(this.#log, this.#engine.clock.now(), start));
      return this.#leave("rollback");
    }
    this.#write((store) => store.instanceErrored(this.#log, this.#engine.clock.now(), error));
    this.#leave("end");
  }

  /** @param {number} trigger */
  terminate(trigger) {
    this.#write((store) => store.instanceTerminated(this.#log, this.#engine.clock.now(), trigger));
    this.#leave("terminate");
  }

  /**
   * The interpreter is gone. The culprit's attempt is charged; the others begin again as the attempts they were, save those
   * that must not run twice.
   *
   * @param {LostPass} lost
   */
  lost({ blamed }) {
    const { pausing } = this;
    this.#withheld = null;
    this.#close();
    this.#engine.release(this);
    for (const step of this.#openSteps()) {
      if (!step.running) continue;
      if (step.delaying) {
        const { error } = step.delaying;
        step.ref = null;
        this.#retry(step, error, PLACEHOLDER_DELAY);
        continue;
      }
      const charged = step.config?.retries.limit === 0 || (step.ref !== null && blamed.includes(step.ref));
      step.ref = null;
      if (charged) this.#settleFailure(step, interruptedError(), { immediately: true });
      else {
        this.#dropChunks(step);
        step.again = true;
      }
    }
    const now = this.#engine.clock.now();
    if (pausing) this.#write((store) => store.instancePaused(this.#log, now));
    else this.#write((store) => store.instanceDue(this.number, now));
  }

  /** The engine has stopped: no timer may fire any more. The guest is disposed of by whoever owns it. */
  abandon() {
    this.#close();
  }

  /** Steps whose attempt is to begin again free of charge; the next pass of this instance takes them over. */
  uncharged() {
    return [...this.#steps.values()].filter((step) => step.again).map((step) => step.key);
  }

  /** @param {string[]} keys */
  resumeUncharged(keys) {
    for (const key of keys) {
      const step = this.#steps.get(key);
      if (!step || step.ended || !step.running) continue;
      step.running = false;
      step.again = true;
      step.due = 0;
    }
  }

  /**
   * Give up the pass.
   *
   * @param {string} reason
   */
  #leave(reason) {
    this.#forgetParked();
    this.#sendNow({ type: "drop", pass: this.pass, reason });
    this.#close();
    this.#engine.release(this);
  }

  #forgetParked() {
    if (this.parked) this.#engine.unkeep(this);
    this.parked = false;
  }

  #close() {
    this.ended = true;
    this.#forgetParked();
    this.#unpark();
    this.#cancelReplay?.();
    for (const cancel of this.#cancelCalls) cancel();
    for (const step of this.#steps.values()) this.#disarm(step);
  }

  /** Drop the pass without a word in the log: the instance is being deleted or restarted. */
  discard() {
    this.#leave("discard");
  }

  // Rolling back -----------------------------------------------------------------------------------------------------

  /** `run()` may hang where it waits for what no step gives it any more. */
  #limitReplay() {
    const { clock } = this.#engine;
    this.#cancelReplay = clock.at(clock.now() + REPLAY_LIMIT, () => this.#onReplayed());
  }

  /** All handlers that there are have been found. */
  #onReplayed() {
    if (!this.#rollback || this.#rollback.begun) return;
    this.#rollback.begun = true;
    this.#cancelReplay?.();
    this.#rollBackOn();
  }

  /** Run the next handler, or end: after the last one, or after the first that fails. */
  #rollBackOn() {
    const rollback = /** @type {Rollback} */ (this.#rollback);
    if (!rollback.begun || this.ended) return;
    if ([...this.#steps.values()].some((step) => step.kind === "rollback" && step.error))
      return this.#rolledBack(false);
    const step = rollback.next();
    if (!step) return this.#rolledBack(true);
    const handler = rollback.handlerOf(step);
    const refused = handler && configError("Rollback", step.name, handler.config, { rollback: true });
    if (!handler || refused) {
      const error = refused ?? rollbackMissingError();
      this.#write((store) => store.rollbackMissing(this.#log, step, this.#engine.clock.now(), error));
      return this.#rolledBack(false);
    }
    const known = rollback.undoingOf(step);
    if (known) {
      known.ref = handler.ref;
      this.#refs.set(handler.ref, known);
      return this.#armDue(known);
    }
    const undoing = this.#add("rollback", step.name, step.count, handler.ref);
    const config = resolveConfig(handler.config);
    undoing.config = config;
    undoing.attempts = 1;
    undoing.running = true;
    this.#write((store) => store.stepStarted(this.#log, undoing, this.#engine.clock.now(), { config }));
    this.#armTimeout(undoing);
    this.#sendAttempt(undoing);
  }

  /**
   * What a handler is told of the step that it undoes.
   *
   * @param {Step} undoing
   */
  #undoing({ name, count }) {
    const step = /** @type {Step} */ (this.#steps.get(stepKey("do", name, count)));
    const config = shownConfig(/** @type {StepConfig} */ (step.config));
    const error = /** @type {Rollback} */ (this.#rollback).start.triggerError;
    const value =
      step.ended && !step.error ? this.#engine.read((s) => s.loadValue(this.number, step, ATTEMPT_SUCCESS)) : undefined;
    return { rollback: { error, attempt: step.attempts, config }, ...(value === undefined ? {} : { value }) };
  }

  /** @param {boolean} complete */
  #rolledBack(complete) {
    const { start, progress } = /** @type {Rollback} */ (this.#rollback);
    const now = this.#engine.clock.now();
    this.#write((store) => {
      store.rollbackEnded(this.#log, now, complete, progress);
      if (start.trigger) store.instanceTerminated(this.#log, now, start.trigger.source);
      else store.instanceErrored(this.#log, now, start.triggerError);
    });
    this.#leave("end");
  }

  // Output -----------------------------------------------------------------------------------------------------------

  /** @param {Extract<FromGuest, { type: "log" }>} message */
  #output({ ref, level, text, replay }) {
    if (replay) return;
    this.#outputBound ??= new OutputBound(Number(this.#engine.read((store) => store.outputSize(this.number))));
    const kept = this.#outputBound.admit({ level, text });
    if (!kept) return;
    const step = ref === undefined ? undefined : this.#refs.get(ref);
    const row = { at: this.#engine.clock.now(), step: step ? targetOf(step) : null, ...kept };
    this.#write((store) => store.outputWritten(this.number, [row]));
  }

  // Sending ----------------------------------------------------------------------------------------------------------

  /** @param {(store: Store) => void} write */
  #write(write) {
    this.#engine.write(this.number, write);
  }

  /** @param {ToGuest} message */
  #afterCommit(message) {
    this.#engine.commits.after(() => this.#send(message));
  }

  /** @param {ToGuest} message */
  #send(message) {
    if (this.ended) return;
    if (this.#withheld) this.#withheld.push(message);
    else this.#sendNow(message);
  }

  /** @param {ToGuest} message */
  #sendNow(message) {
    this.#unpark();
    this.#sent += 1;
    this.#guest.send(message);
  }
}

const NO_STEPS = "Cannot execute steps during rollback phase";

/**
 * What `wait_for_event` returns, as canonical text. The payload goes in as the text it is.
 *
 * @param {EventRow} event
 */
function eventValue({ payload, type, at }) {
  const timestamp = JSON.stringify({ $: "date", v: new Date(at).toISOString() });
  return `{"payload":${payload},"timestamp":${timestamp},"type":${JSON.stringify(type)}}`;
}
