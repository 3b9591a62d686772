/**
 * A watchdog: finds out that an isolate answers no more, cuts the code that is to blame where it can, and gives the
 * isolate up where it cannot.
 */

/** @import { Target, Vitals } from "./control.js" */
/** @import { Timer } from "./background.js" */

import { inBackground } from "./background.js";

const TICK = 50;
/** How often an isolate is asked for a sign of life. */
const PERIOD = 1000;
/**
 * How long it may take to answer before an attempt that has timed out is cut. Not long: the time of its next attempt may run
 * already.
 */
const PATIENCE = 50;
/** What code gets that has been cut, to end. */
const MERCY = 500;
/** What the interpreter gets to notice an interrupt; it does not while it is inside one long operation. */
const DEAF = 5000;

/**
 * Why an isolate is given up. `expired`: for an attempt that has been charged already. `run`: for code outside steps.
 *
 * @typedef {"expired" | "run"} Culprit
 *
 * @typedef {object} Watched
 * @property {Vitals} control
 * @property {() => void} ping
 * @property {() => Target[]} expired attempts that have timed out and may still run
 * @property {() => boolean} attempting whether an attempt runs that has not
 * @property {boolean} interruptible whether code can be cut at all, and not only with its interpreter
 * @property {(culprit: Culprit, reason: string) => void} giveUp
 */

export class Watchdog {
  #watched;
  #cpuLimit;
  /** @type {Timer | undefined} */
  #timer;
  #askedAt = 0;
  #missed = 0;
  #turn = 0;
  #answered = true;
  #held = false;
  /** What had timed out when it was asked the last time. @type {Target[]} */
  #asked = [];
  /** What had timed out before it answered: that waits, and does not keep the interpreter. @type {WeakSet<Target>} */
  #harmless = new WeakSet();
  /** @type {number | undefined} */
  #interruptedAt;
  #looks = 0;
  #hits = 0;
  /** @type {number | undefined} */
  #hitAt;

  /**
   * @param {Watched} watched
   * @param {number} cpuLimit how long code outside steps may keep the interpreter to itself, in ms
   */
  constructor(watched, cpuLimit) {
    this.#watched = watched;
    this.#cpuLimit = cpuLimit;
  }

  /** How long the isolate has owed an answer, in ms. */
  get silence() {
    return this.#answered ? 0 : performance.now() - this.#askedAt;
  }

  /**
   * For how long it has owed an answer without beginning or ending to run, in ms. Counted in ticks: while our own thread
   * does nothing else, no answer is heard either.
   */
  get stillness() {
    return this.#missed * TICK;
  }

  /** While somebody debugs, time is theirs. @param {boolean} on */
  hold(on) {
    this.#held = on;
    this.#calm();
  }

  start() {
    this.#timer ??= inBackground(setInterval(() => this.#tick(), TICK));
  }

  stop() {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#calm();
  }

  /** Ask at once: something has timed out. */
  ask() {
    if (!this.#answered || this.#held) return;
    this.#answered = false;
    this.#askedAt = performance.now();
    this.#asked = this.#watched.expired();
    this.#watched.ping();
  }

  /** A sign of life has come. */
  heard() {
    for (const target of this.#asked) this.#harmless.add(target);
    this.#calm();
  }

  #calm() {
    this.#asked = [];
    this.#answered = true;
    this.#missed = 0;
    if (this.#interruptedAt === undefined) return;
    this.#interruptedAt = undefined;
    this.#hitAt = undefined;
    this.#watched.control.calm();
  }

  #tick() {
    if (this.#held) return;
    const { turn } = this.#watched.control;
    this.#missed = this.#answered || turn !== this.#turn ? 0 : this.#missed + 1;
    this.#turn = turn;
    if (this.#answered) {
      if (performance.now() - this.#askedAt >= PERIOD) this.ask();
      return;
    }
    const expired = this.#watched.expired();
    const suspects = expired.filter((target) => !this.#harmless.has(target));
    const overrun = this.silence >= this.#cpuLimit;
    if (!overrun && !this.#isDue(expired, suspects)) return;
    if (this.#interruptedAt === undefined) this.#begin();
    this.#judge(expired.length > 0, suspects.length > 0, overrun);
    // Again and again: what runs may change from one instance to another without an answer in between.
    this.#watched.control.interrupt(expired, overrun);
  }

  /**
   * Whether something that has timed out is to be cut. Where nothing can be cut but the interpreter, that has to be to blame.
   *
   * @param {Target[]} expired
   * @param {Target[]} suspects those that may have kept the interpreter since
   */
  #isDue(expired, suspects) {
    const { interruptible, attempting } = this.#watched;
    if (interruptible) return expired.length > 0 && this.silence >= PATIENCE;
    return suspects.length > 0 && this.silence >= (attempting() ? DEAF : PATIENCE);
  }

  #begin() {
    this.#interruptedAt = performance.now();
    this.#looks = this.#watched.control.looks;
    this.#hits = this.#watched.control.hits;
  }

  /**
   * @param {boolean} expired whether something has timed out
   * @param {boolean} suspected whether that may be what keeps the interpreter
   * @param {boolean} overrun
   */
  #judge(expired, suspected, overrun) {
    const { control } = this.#watched;
    const now = performance.now();
    if (control.hits !== this.#hits) {
      this.#hitAt ??= now;
      if (now - this.#hitAt >= MERCY) {
        if (expired) this.#watched.giveUp("expired", "A step went on after its timeout and could not be interrupted.");
        else this.#watched.giveUp("run", `run() did not end when it was interrupted after ${this.#seconds()}.`);
      }
      return;
    }
    const deaf =
      control.looks === this.#looks && now - (this.#interruptedAt ?? now) >= (this.#watched.interruptible ? DEAF : 0);
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
