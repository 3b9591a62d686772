/**
 * A watchdog: finds out that an isolate answers no more, cuts the code that is to blame where it can, and gives the
 * isolate up where it cannot.
 */

/** @import { InterruptTarget, InterpreterVitals } from "./control.js" */
/** @import { Timer } from "./background.js" */

import { inBackground } from "./background.js";

const TICK_MS = 50;
/** How often an isolate is asked for a sign of life. */
const PING_INTERVAL_MS = 1000;
/**
 * How long it may take to answer before an attempt that has timed out is cut. Not long: the time of its next attempt may run
 * already.
 */
const PONG_TIMEOUT_MS = 50;
/** What code gets that has been cut, to end. */
const GRACE_AFTER_INTERRUPT_MS = 500;
/** What the interpreter gets to notice an interrupt; it does not while it is inside one long operation. */
const INTERRUPT_TIMEOUT_MS = 5000;

/**
 * Why an isolate is given up. `expired`: for an attempt that has been charged already. `run`: for code outside steps.
 *
 * @typedef {"expired" | "run"} Culprit
 *
 * @typedef {object} WatchedIsolate
 * @property {InterpreterVitals} control
 * @property {() => void} ping
 * @property {() => InterruptTarget[]} expired attempts that have timed out and may still run
 * @property {() => boolean} attempting whether an attempt runs that has not
 * @property {boolean} interruptible whether code can be cut at all, and not only with its interpreter
 * @property {(culprit: Culprit, reason: string) => void} giveUp
 */

export class Watchdog {
  #watched;
  #cpuLimit;
  /** @type {Timer | undefined} */
  #timer;
  #pingedAt = 0;
  #missed = 0;
  #turn = 0;
  #answered = true;
  #paused = false;
  /** What had timed out when it was asked the last time. @type {InterruptTarget[]} */
  #expiredAtPing = [];
  /** What had timed out before it answered: that waits, and does not keep the interpreter. @type {WeakSet<InterruptTarget>} */
  #harmless = new WeakSet();
  /** @type {number | undefined} */
  #interruptedAt;
  #checksBefore = 0;
  #raisedBefore = 0;
  /** @type {number | undefined} */
  #raisedAt;

  /**
   * @param {WatchedIsolate} watched
   * @param {number} cpuLimit how long code outside steps may keep the interpreter to itself, in ms
   */
  constructor(watched, cpuLimit) {
    this.#watched = watched;
    this.#cpuLimit = cpuLimit;
  }

  /** How long the isolate has owed an answer, in ms. */
  get silenceMs() {
    return this.#answered ? 0 : performance.now() - this.#pingedAt;
  }

  /**
   * For how long it has owed an answer without beginning or ending to run, in ms. Counted in ticks: while our own thread
   * does nothing else, no answer is heard either.
   */
  get unresponsiveMs() {
    return this.#missed * TICK_MS;
  }

  /** While somebody debugs, time is theirs. @param {boolean} paused */
  setPaused(paused) {
    this.#paused = paused;
    this.#reset();
  }

  start() {
    this.#timer ??= inBackground(setInterval(() => this.#tick(), TICK_MS));
  }

  stop() {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#reset();
  }

  /** Ask at once: something has timed out. */
  ping() {
    if (!this.#answered || this.#paused) return;
    this.#answered = false;
    this.#pingedAt = performance.now();
    this.#expiredAtPing = this.#watched.expired();
    this.#watched.ping();
  }

  /** A sign of life has come. */
  pongReceived() {
    for (const target of this.#expiredAtPing) this.#harmless.add(target);
    this.#reset();
  }

  #reset() {
    this.#expiredAtPing = [];
    this.#answered = true;
    this.#missed = 0;
    if (this.#interruptedAt === undefined) return;
    this.#interruptedAt = undefined;
    this.#raisedAt = undefined;
    this.#watched.control.clearInterrupt();
  }

  #tick() {
    if (this.#paused) return;
    const { turn } = this.#watched.control;
    this.#missed = this.#answered || turn !== this.#turn ? 0 : this.#missed + 1;
    this.#turn = turn;
    if (this.#answered) {
      if (performance.now() - this.#pingedAt >= PING_INTERVAL_MS) this.ping();
      return;
    }
    const expired = this.#watched.expired();
    const suspects = expired.filter((target) => !this.#harmless.has(target));
    const overrun = this.silenceMs >= this.#cpuLimit;
    if (!overrun && !this.#isDue(expired, suspects)) return;
    if (this.#interruptedAt === undefined) this.#begin();
    this.#giveUpIfDeaf(expired.length > 0, suspects.length > 0, overrun);
    // Again and again: what runs may change from one instance to another without an answer in between.
    this.#watched.control.interrupt(expired, overrun);
  }

  /**
   * Whether something that has timed out is to be cut. Where nothing can be cut but the interpreter, that has to be to blame.
   *
   * @param {InterruptTarget[]} expired
   * @param {InterruptTarget[]} suspects those that may have kept the interpreter since
   */
  #isDue(expired, suspects) {
    const { interruptible, attempting } = this.#watched;
    if (interruptible) return expired.length > 0 && this.silenceMs >= PONG_TIMEOUT_MS;
    return suspects.length > 0 && this.silenceMs >= (attempting() ? INTERRUPT_TIMEOUT_MS : PONG_TIMEOUT_MS);
  }

  #begin() {
    this.#interruptedAt = performance.now();
    this.#checksBefore = this.#watched.control.interruptChecks;
    this.#raisedBefore = this.#watched.control.interruptsRaised;
  }

  /**
   * @param {boolean} expired whether something has timed out
   * @param {boolean} suspected whether that may be what keeps the interpreter
   * @param {boolean} overrun
   */
  #giveUpIfDeaf(expired, suspected, overrun) {
    const { control } = this.#watched;
    const now = performance.now();
    if (control.interruptsRaised !== this.#raisedBefore) {
      this.#raisedAt ??= now;
      if (now - this.#raisedAt >= GRACE_AFTER_INTERRUPT_MS) {
        if (expired) this.#watched.giveUp("expired", "A step went on after its timeout and could not be interrupted.");
        else this.#watched.giveUp("run", `run() did not end when it was interrupted after ${this.#seconds()}.`);
      }
      return;
    }
    const deaf =
      control.interruptChecks === this.#checksBefore &&
      now - (this.#interruptedAt ?? now) >= (this.#watched.interruptible ? INTERRUPT_TIMEOUT_MS : 0);
    if (!deaf) return;
    if (suspected || (expired && overrun && !this.#watched.attempting())) {
      this.#watched.giveUp(
        "expired",
        "The interpreter did not answer after the timeout of a step and took no interrupt.",
      );
    } else if (overrun && !this.#watched.attempting()) {
      this.#watched.giveUp("run", `run() kept the interpreter to itself for more than ${this.#seconds()}.`);
    }
  }

  #seconds() {
    return `${this.#cpuLimit / 1000} s`;
  }
}
