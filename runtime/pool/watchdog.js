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
 * already. Where that ends the isolate, it must have computed for so long since: on a busy machine a thread that only waits is
 * silent too.
 */
const PONG_TIMEOUT_MS = 50;
/** What code gets that has been cut, to end. */
const GRACE_AFTER_INTERRUPT_MS = 500;
/** What the interpreter gets to notice an interrupt; it does not while it is inside one long operation. */
const INTERRUPT_TIMEOUT_MS = 5000;
/**
 * The limit on code outside steps is one of processor time where that can be measured: on a busy machine a large import may
 * take longer. Code that waits instead has as many times the limit.
 */
const LONGEST_WAIT_LIMITS = 10;

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
 * @property {(() => Promise<number>) | undefined} [cpuTimeMs] gets the processor time that it has used
 * @property {(culprit: Culprit, reason: string) => void} giveUp
 */

const CLOCK = {
  now: () => performance.now(),
  /** @param {() => void} run @param {number} ms */
  every: (run, ms) => inBackground(setInterval(run, ms)),
};

export class Watchdog {
  #watched;
  #cpuLimit;
  #clock;
  /** @type {Timer | undefined} */
  #timer;
  #pingedAt = 0;
  #missed = 0;
  #turn = 0;
  #answered = true;
  #pingIsDue = false;
  #paused = false;
  /** What had timed out when it was asked the last time. @type {InterruptTarget[]} */
  #expiredAtPing = [];
  /** What had timed out before it answered: that waits, and does not keep the interpreter. @type {WeakSet<InterruptTarget>} */
  #harmless = new WeakSet();
  /** The processor time that it has used since it was suspected, in ms; nothing where it is not. @type {CpuTime | undefined} */
  #cpuTime;
  /** The processor time that it has used since it was asked, in ms. @type {CpuTime | undefined} */
  #silentCpuTime;
  /** @type {number | undefined} */
  #interruptedAt;
  #checksBefore = 0;
  #raisedBefore = 0;
  /** @type {number | undefined} */
  #raisedAt;

  /**
   * @param {WatchedIsolate} watched
   * @param {number} cpuLimit how long code outside steps may keep the interpreter to itself, in ms of processor time where that
   *   can be measured
   * @param {typeof CLOCK} [clock]
   */
  constructor(watched, cpuLimit, clock = CLOCK) {
    this.#watched = watched;
    this.#cpuLimit = cpuLimit;
    this.#clock = clock;
  }

  /** How long the isolate has owed an answer, in ms. */
  get silenceMs() {
    return this.#answered ? 0 : this.#clock.now() - this.#pingedAt;
  }

  /**
   * For how long it has owed an answer without beginning or ending to run, in ms. Counted in ticks: while our own thread
   * does nothing else, no answer is heard either.
   */
  get unresponsiveMs() {
    return this.#missed * TICK_MS;
  }

  /** No time limit holds while a debugger is attached. @param {boolean} paused */
  setPaused(paused) {
    this.#paused = paused;
    this.#reset();
  }

  start() {
    this.#timer ??= this.#clock.every(() => this.#tick(), TICK_MS);
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
    this.#pingIsDue = false;
    this.#pingedAt = this.#clock.now();
    this.#expiredAtPing = this.#watched.expired();
    this.#watched.ping();
  }

  /** Ask at the next tick: much may wait for the answer. */
  pingSoon() {
    this.#pingIsDue = true;
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
    this.#cpuTime = undefined;
    this.#silentCpuTime = undefined;
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
      if (this.#pingIsDue || this.#clock.now() - this.#pingedAt >= PING_INTERVAL_MS) this.ping();
      return;
    }
    const expired = this.#watched.expired();
    const suspects = expired.filter((target) => !this.#harmless.has(target));
    const overrun = this.#hasOverrun();
    if (suspects.length > 0) this.#measure();
    if (!overrun && !this.#isDue(expired, suspects)) return;
    if (this.#interruptedAt === undefined) this.#begin();
    this.#giveUpIfDeaf(expired.length > 0, suspects.length > 0, overrun);
    // Again and again: what runs may change from one instance to another without an answer in between.
    this.#watched.control.interrupt(expired, overrun);
  }

  /** Whether code has kept the isolate to itself for too long. */
  #hasOverrun() {
    const { cpuTimeMs } = this.#watched;
    if (!cpuTimeMs) return this.silenceMs >= this.#cpuLimit;
    this.#silentCpuTime ??= new CpuTime(cpuTimeMs);
    void this.#silentCpuTime.measure();
    return this.#silentCpuTime.ms >= this.#cpuLimit || this.silenceMs >= this.#cpuLimit * LONGEST_WAIT_LIMITS;
  }

  /** Measure how much the isolate computes, where an answer is late. */
  #measure() {
    const { cpuTimeMs, interruptible } = this.#watched;
    if (!cpuTimeMs || interruptible || this.silenceMs < PONG_TIMEOUT_MS) return;
    this.#cpuTime ??= new CpuTime(cpuTimeMs);
    void this.#cpuTime.measure();
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
    if (suspects.length === 0) return false;
    if (this.silenceMs >= INTERRUPT_TIMEOUT_MS) return true;
    if (attempting()) return false;
    return this.#cpuTime ? this.#cpuTime.ms >= PONG_TIMEOUT_MS : this.silenceMs >= PONG_TIMEOUT_MS;
  }

  #begin() {
    this.#interruptedAt = this.#clock.now();
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
    const now = this.#clock.now();
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

/** The processor time that an isolate uses from the first measurement on. */
class CpuTime {
  ms = 0;
  #read;
  /** @type {number | undefined} */
  #first;
  #reading = false;

  /** @param {() => Promise<number>} read gets all that it has used, in ms */
  constructor(read) {
    this.#read = read;
  }

  /** Read it again. A thread that gets no processor answers late; one that is ending does not. */
  async measure() {
    if (this.#reading) return;
    this.#reading = true;
    try {
      const ms = await this.#read();
      this.#first ??= ms;
      this.ms = ms - this.#first;
    } catch {
      // It has ended, which its handle reports.
    } finally {
      this.#reading = false;
    }
  }
}
