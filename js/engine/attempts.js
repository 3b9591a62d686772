/**
 * Attempts: how a step, or a handler that undoes one, is run until it succeeds or has failed too often.
 *
 * - A step with retry limit 0 has its attempt durable before its callback runs. Any other may start at once.
 * - An attempt that a crash cut short counts. One that merely shared an interpreter with the culprit does not.
 */

/** @import { FromGuest, StepConfig, ToGuest, WireError } from "../../bridge/protocol.d.ts" */
/** @import { Pass } from "./pass.js" */
/** @import { Failure, Step } from "./step.js" */

import { DYNAMIC, shownConfig } from "./config.js";
import { Delays, PLACEHOLDER_DELAY_MS } from "./delays.js";
import { parseDuration } from "./duration.js";
import { boundedError } from "./error_size.js";
import { fatalError, internalError, interruptedError, timeoutError } from "./errors.js";
import { targetOf } from "./events.js";
import { MAX_VALUE_BYTES, STATE_FULL } from "./limits.js";
import { endProgress, reportProgress } from "./progress.js";
import { isLarger } from "./value_size.js";
import { retryDelay } from "./retry.js";

/**
 * @typedef {object} AttemptsOptions
 * @property {(step: Step) => object} handlerInput what a rollback handler gets besides the attempt
 * @property {(step: Step) => void} onended the step has succeeded or failed
 * @property {(error: WireError) => void} onfull the instance stores more than its limit: it cannot continue
 * @property {() => void} onidle an attempt has ended, and the step continues later
 */

export class Attempts {
  #pass;
  #options;
  #delays;

  /**
   * @param {Pass} pass
   * @param {AttemptsOptions} options
   */
  constructor(pass, options) {
    this.#pass = pass;
    this.#options = options;
    this.#delays = new Delays(pass, {
      retry: (step, error, delay) => this.#retry(step, error, delay),
      fail: (step, failure, error) => this.#fail(step, failure, error),
    });
  }

  /**
   * The first attempt of a step that has just been added.
   *
   * @param {Step} step
   * @param {StepConfig} config
   * @param {{ started?: boolean }} [how] the guest has begun it already
   */
  start(step, config, { started = false } = {}) {
    step.config = config;
    step.attempts = 1;
    step.running = true;
    /** @type {{ config: StepConfig, hasRollback?: true }} */
    const detail = step.hasRollback ? { config, hasRollback: true } : { config };
    const { log, now } = this.#pass;
    this.#pass.write((store) => store.stepStarted(log, step, now, detail));
    this.#armTimeout(step);
    if (!started) this.#send(step);
  }

  /** Begin the next attempt when it is due. @param {Step} step */
  arm(step) {
    this.#pass.disarm(step);
    const due = step.due ?? 0;
    if (due <= this.#pass.now) this.#begin(step);
    else this.#pass.arm(step, due, () => this.#begin(step));
  }

  /** @param {Step} step */
  #begin(step) {
    if (this.#pass.held) return;
    step.due = null;
    step.running = true;
    step.usage = undefined;
    if (step.again) step.again = false;
    else {
      step.attempts += 1;
      const { log, now } = this.#pass;
      this.#pass.write((store) => store.attemptStarted(log, step, now, step.attempts));
    }
    this.#armTimeout(step);
    this.#send(step);
  }

  /** @param {Step} step */
  #send(step) {
    const config = /** @type {StepConfig} */ (step.config);
    /** @type {ToGuest} */
    const message = {
      type: "attempt",
      pass: this.#pass.id,
      ref: /** @type {number} */ (step.ref),
      attempt: step.attempts,
      config: shownConfig(config),
      ...(step.kind === "rollback" ? this.#options.handlerInput(step) : {}),
    };
    if (config.retries.limit === 0) this.#pass.afterCommit(message);
    else this.#pass.send(message);
  }

  /** @param {Extract<FromGuest, { type: "done" }>} message */
  done({ ref, attempt, value, usage }) {
    const step = this.#running(ref, attempt);
    if (!step) return;
    step.usage = usage;
    if (isLarger(value, MAX_VALUE_BYTES)) {
      // The guest believes that the step has ended. It must know better, or it would never come to rest.
      this.#pass.sendNow({ type: "expired", pass: this.#pass.id, ref, attempt });
      const text = `Step ${targetOf(step)} output is too large. Maximum allowed size is 1MiB.`;
      return this.#settleFailure(step, internalError(text));
    }
    if (!this.#pass.reserveValue(value)) return this.#overflow(step);
    this.#pass.disarm(step);
    this.#pass.end(step);
    const { log, now } = this.#pass;
    this.#pass.write((store) => store.stepSucceeded(log, step, now, { attempt, value, usage }));
    if (step.reporting) endProgress(this.#pass, step);
    this.#pass.afterCommit({ type: "resolve", pass: this.#pass.id, ref });
    this.#options.onended(step);
  }

  /** @param {Extract<FromGuest, { type: "failed" }>} message */
  failed({ ref, attempt, error, usage }) {
    const step = this.#running(ref, attempt);
    if (!step) return;
    step.usage = usage;
    const kept = boundedError(error);
    // A guest that holds more than is kept is sent what is kept: a replay shows the same.
    this.#settleFailure(step, kept, { fromGuest: kept === error });
  }

  /** @param {Extract<FromGuest, { type: "delay" }>} message */
  delayed(message) {
    this.#delays.answered(message);
  }

  /** @param {Extract<FromGuest, { type: "writeChunk" }>} message */
  writeChunk({ ref, step: stepRef, attempt, index, value }) {
    const step = this.#running(stepRef, attempt);
    if (!step) return this.#refuseLate(ref);
    step.streaming = true;
    if (!this.#pass.reserveChunk()) return this.#overflow(step);
    this.#pass.write((store) => store.chunkWritten(this.#pass.number, step, index, value));
    this.#pass.tellCaller({ type: "resolve", pass: this.#pass.id, ref });
  }

  /** @param {Extract<FromGuest, { type: "progress" }>} message */
  progressed({ ref, step: stepRef, attempt, value }) {
    const step = this.#running(stepRef, attempt);
    if (step) reportProgress(this.#pass, step, { ref, value });
    else this.#refuseLate(ref);
  }

  /** Of an attempt that has timed out. Its call is refused, so that its stream ends and the pass can become idle. @param {number} ref */
  #refuseLate(ref) {
    this.#pass.tellCaller({ type: "reject", pass: this.#pass.id, ref, error: internalError("The attempt is over.") });
  }

  /** There is no room for what the step gives, and trying again cannot help. @param {Step} step */
  #overflow(step) {
    const error = fatalError(STATE_FULL);
    this.#pass.disarm(step);
    this.#pass.discardAttempt(step);
    this.#fail(step, { error, held: false });
    this.#options.onfull(error);
  }

  /** The attempt was cut short by a crash, so a longer delay before the retry would not help. @param {Step} step */
  interrupt(step) {
    this.#settleFailure(step, interruptedError(), { immediately: true });
  }

  /**
   * The interpreter is gone, and this attempt was under way.
   *
   * @param {Step} step
   * @param {{ blamed: boolean }} how
   */
  lost(step, { blamed }) {
    step.ref = null;
    if (step.delaying) return this.#retry(step, step.delaying.error, PLACEHOLDER_DELAY_MS);
    // A step that must not run twice cannot begin again, whatever interrupted it.
    if (blamed || step.config?.retries.limit === 0) return this.interrupt(step);
    this.#pass.discardAttempt(step);
    step.again = true;
  }

  /**
   * The step whose current attempt a message speaks of; none for the late word of an attempt that has timed out.
   *
   * @param {number} ref
   * @param {number} attempt
   */
  #running(ref, attempt) {
    const step = this.#pass.stepByRef(ref);
    return step && step.running && !step.delaying && step.attempts === attempt ? step : undefined;
  }

  /**
   * The step's attempt has failed: retry it later, or fail the step.
   *
   * @param {Step} step
   * @param {WireError} error
   * @param {{ fromGuest?: boolean, immediately?: boolean }} [how] `fromGuest`: the guest holds the error itself
   */
  #settleFailure(step, error, { fromGuest = false, immediately = false } = {}) {
    const { retries } = /** @type {StepConfig} */ (step.config);
    this.#pass.disarm(step);
    this.#pass.discardAttempt(step);
    if (error.retryable === false || step.attempts > Number(retries.limit)) {
      return this.#fail(step, { error, held: fromGuest });
    }
    const dynamic = retries.delay === DYNAMIC;
    if (immediately) return this.#retry(step, error, dynamic ? PLACEHOLDER_DELAY_MS : 0);
    if (dynamic) return this.#delays.ask(step, { error, held: fromGuest });
    this.#retry(step, error, retryDelay(retries, step.attempts));
  }

  /**
   * @param {Step} step
   * @param {WireError} error
   * @param {number} delay in ms
   */
  #retry(step, error, delay) {
    const { log, now } = this.#pass;
    step.running = false;
    step.delaying = null;
    step.due = now + delay;
    const failed = { attempt: step.attempts, error, retry: delay, usage: step.usage };
    this.#pass.write((store) => store.attemptFailed(log, step, now, failed));
    if (step.ref !== null) this.arm(step);
    this.#options.onidle();
  }

  /**
   * @param {Step} step
   * @param {Failure} failure of its last attempt
   * @param {WireError} [stepError] what it fails with, if not with that
   */
  #fail(step, { error, held }, stepError) {
    step.delaying = null;
    step.error = stepError ?? error;
    const sent = held && !stepError ? {} : { error: step.error };
    const failed = { attempt: step.attempts, error, stepError, usage: step.usage };
    this.#pass.end(step);
    const { log, now } = this.#pass;
    this.#pass.write((store) => store.stepFailed(log, step, now, failed));
    if (step.ref !== null) this.#pass.afterCommit({ type: "reject", pass: this.#pass.id, ref: step.ref, ...sent });
    this.#options.onended(step);
  }

  /** @param {Step} step */
  #armTimeout(step) {
    const { timeout } = /** @type {StepConfig} */ (step.config);
    const ms = parseDuration(timeout) ?? 0;
    this.#pass.arm(step, this.#pass.now + ms, () => {
      const { ref, attempts: attempt } = step;
      if (ref !== null) this.#pass.sendNow({ type: "expired", pass: this.#pass.id, ref, attempt });
      this.#settleFailure(step, timeoutError(ms));
    });
  }
}
