/**
 * Delivery: which outcome a pass gets next.
 *
 * A replay gives the outcomes of the log in the order in which they became known, whatever the order of the calls is; an
 * outcome that becomes known meanwhile comes after them. The twin of this file is `delivery.py`.
 */

/** @import { WireError } from "./protocol.d.ts" */
/** @import { Settle } from "./step.js" */

/** A timer may have fired a little before the outcome that the log has before it. */
const MARGIN_S = 0.25;
const MANY_TIMERS = 64;

/** A timer of code. @typedef {{ readonly due: number, readonly isSet: boolean }} Timer `due` in seconds of the loop's time */

/** What becomes of one call, and its caller. */
export class Outcome {
  isHere = false;
  /** Canonical text of the value; undefined for nothing. @type {string | undefined} */
  text;
  /** The error as data, in place of a value. @type {WireError | undefined} */
  error;

  /** Stand for an outcome that is not here yet. @param {Settle} settle */
  constructor(settle) {
    this.settle = settle;
  }

  /**
   * Take what the call has come to.
   *
   * @param {string | undefined} text
   * @param {WireError | undefined} error
   */
  arrive(text, error) {
    this.text = text;
    this.error = error;
    this.isHere = true;
  }
}

/**
 * The outcomes of one pass, in order.
 *
 * An outcome has a rank: its place in the log. The pass gets the outcome whose turn it is, once its call is made and the
 * outcome is here.
 */
export class Delivery {
  /** Seconds from the start of the instance to each recorded outcome, where that has been asked for. @type {number[] | undefined} */
  times;
  #recorded;
  /** The rank whose turn it is. */
  #turn = 0;
  /** Calls whose outcomes are recorded, and not given yet, by rank. @type {Map<number, Outcome>} */
  #called = new Map();
  /** Outcomes that were skipped, and whose calls came late. @type {Outcome[]} */
  #late = [];
  /** Outcomes that have become known in this pass, after those of the log. @type {Outcome[]} */
  #live = [];
  /** The rank of the latest outcome that was given in its turn, and when: the two clocks are set by it. */
  #given;
  /** Timers of code that waits, and `#given` when they were set. @type {{ timer: Timer, rank: number, at: number }[]} */
  #timers = [];
  /** How many outcomes were skipped because their calls were missing. */
  skipped = 0;

  /**
   * Begin a pass.
   *
   * @param {number} recorded how many outcomes the log has
   * @param {number} now in seconds
   */
  constructor(recorded, now) {
    this.#recorded = recorded;
    this.#given = { rank: -1, at: now };
  }

  /** Whether an outcome that becomes known now has to wait for others. */
  get behind() {
    return this.#turn < this.#recorded || this.waiting;
  }

  /** Whether a caller waits for an outcome that is known. */
  get waiting() {
    return this.#called.size > 0 || this.#late.length > 0 || this.#live.length > 0;
  }

  /** How many recorded outcomes have been given or skipped. */
  get turn() {
    return this.#turn;
  }

  /**
   * Note that the call with the recorded *outcome* has been made.
   *
   * @param {number} rank
   * @param {Outcome} outcome
   */
  expect(rank, outcome) {
    if (rank < this.#turn) this.#late.push(outcome);
    else this.#called.set(rank, outcome);
  }

  /** Note an outcome that has become known in this pass. @param {Outcome} outcome */
  add(outcome) {
    this.#live.push(outcome);
  }

  /** Add an outcome to the recorded ones that has become known before its call; gives its rank. */
  record() {
    // Those that wait in `#live` have become known before it, and are given a rank that is lower.
    for (const outcome of this.#live.splice(0)) this.#called.set(this.#recorded++, outcome);
    return this.#recorded++;
  }

  /**
   * The outcome whose turn it is; nothing where its call has not been made, or the outcome is on its way.
   *
   * @param {number} now in seconds
   * @returns {Outcome | undefined}
   */
  take(now) {
    if (this.#late.length > 0) return this.#late[0].isHere ? this.#late.shift() : undefined;
    if (this.#turn >= this.#recorded) return this.#live.shift();
    const outcome = this.#called.get(this.#turn);
    if (!outcome?.isHere) return undefined;
    this.#called.delete(this.#turn);
    this.#given = { rank: this.#turn, at: now };
    this.#turn += 1;
    return outcome;
  }

  /** Whether outcomes wait for an outcome whose call is missing. */
  get isStalled() {
    if (!this.waiting || this.#late.length > 0 || this.#turn >= this.#recorded) return false;
    if (this.#called.has(this.#turn)) return false;
    return this.#called.size === 0 || (this.#called.get(this.#nextRank())?.isHere ?? false);
  }

  /** Note that code has set *timer*. @param {Timer} timer */
  noteTimer(timer) {
    const { length } = this.#timers;
    if (length >= MANY_TIMERS && (length & (length - 1)) === 0) this.#forgetTimers();
    this.#timers.push({ timer, ...this.#given });
  }

  #forgetTimers() {
    this.#timers = this.#timers.filter(({ timer }) => timer.isSet);
  }

  /** Whether a timer of the code is set. */
  hasTimer() {
    this.#forgetTimers();
    return this.#timers.length > 0;
  }

  /** Whether a timer is set that could have fired before the outcome became known that a skip would lead to. */
  hasTimerBeforeNext() {
    this.#forgetTimers();
    const latest = this.#timeOf(this.#nextRank()) + MARGIN_S;
    return this.#timers.some(({ timer, rank, at }) => this.#timeOf(rank) + timer.due - at <= latest);
  }

  /** When a recorded outcome became known, in seconds; the start of the instance for -1. @param {number} rank */
  #timeOf(rank) {
    if (rank < 0 || !this.times?.length) return 0;
    return this.times[Math.min(rank, this.times.length - 1)];
  }

  /** The lowest rank that has been called; the last one where only later outcomes wait. */
  #nextRank() {
    if (this.#called.size === 0) return this.#recorded - 1;
    for (let rank = this.#turn; ; rank++) if (this.#called.has(rank)) return rank;
  }

  /** Go on to the next outcome that can be given: the code does not call those before it, or only later. */
  skip() {
    const rank = this.#called.size === 0 ? this.#recorded : this.#nextRank();
    this.skipped += rank - this.#turn;
    this.#turn = rank;
  }

  /** Forget everything: the pass is over. */
  clear() {
    this.#called.clear();
    this.#late = [];
    this.#live = [];
    this.#turn = this.#recorded;
  }
}
