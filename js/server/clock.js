/**
 * The engine's clock in Node and in a page.
 *
 * Times are the wall clock's, which jumps: a machine sleeps, or somebody sets it. After a jump forward what falls due
 * is late by JUMP_CHECK_MS at most. A jump back moves no time that is due later: the engine's time goes on from where it was,
 * and stays ahead of the wall clock. What means times of day (cron) goes by the wall clock itself.
 */

/** @import { Clock } from "../engine/clock.d.ts" */

/** setTimeout's longest delay; a later time is reached in several. */
const MAX_DELAY_MS = 2 ** 31 - 1;
/** How often timers that are set are compared with the clock. */
const JUMP_CHECK_MS = 10_000;
/** By how much the wall clock and the steady clock may differ without a jump. */
const TOLERANCE_MS = 1000;

/**
 * What a clock is made of, as tests hand in their own.
 *
 * @typedef {object} TimeSource
 * @property {() => number} wall ms since 1970; may jump
 * @property {() => number} steady ms; does not jump
 * @property {(run: () => void, ms: number) => () => void} after the result takes it back
 * @property {(run: () => void, ms: number) => void} afterUnref the same; no process stays alive for it
 */

/** @type {TimeSource} */
const SYSTEM = {
  wall: () => Date.now(),
  steady: () => performance.now(),
  after(run, ms) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
  afterUnref(run, ms) {
    // A page's timers are numbers.
    setTimeout(run, ms).unref?.();
  },
};

/** @implements {Clock} */
export class SystemClock {
  #source;
  #engineTimers;
  #wallTimers;
  #lastWall;
  #lastSteady;
  /** By how much the engine's time is ahead of the wall clock, since that was set back. */
  #ahead = 0;

  /** @param {TimeSource} [source] */
  constructor(source = SYSTEM) {
    this.#source = source;
    this.#lastWall = source.wall();
    this.#lastSteady = source.steady();
    this.#engineTimers = new Timers(source, () => this.now());
    this.#wallTimers = new Timers(source, () => source.wall());
  }

  now() {
    const wall = this.#source.wall();
    const steady = this.#source.steady();
    const jump = wall - this.#lastWall - (steady - this.#lastSteady);
    this.#lastWall = wall;
    this.#lastSteady = steady;
    if (jump < -TOLERANCE_MS || (jump > TOLERANCE_MS && this.#ahead > 0)) {
      this.#ahead = Math.max(0, Math.round(this.#ahead - jump));
    }
    return wall + this.#ahead;
  }

  /** @param {number} time @param {() => void} run */
  at(time, run) {
    return this.#engineTimers.set(time, run);
  }

  wallNow() {
    return this.#source.wall();
  }

  /** @param {number} time @param {() => void} run */
  atWall(time, run) {
    return this.#wallTimers.set(time, run);
  }
}

/** @typedef {{ time: number, fire: () => void, cancel: () => void }} Timer */

/** Timers of one measure of time, set anew when that has jumped. */
class Timers {
  #source;
  #now;
  /** Those that would notice a jump too late. @type {Set<Timer>} */
  #long = new Set();
  /** Whether they will be compared with the clock. Checks go on until one finds no timer: most timers are cancelled soon. */
  #isChecking = false;

  /** @param {TimeSource} source @param {() => number} now */
  constructor(source, now) {
    this.#source = source;
    this.#now = now;
  }

  /** @param {number} time @param {() => void} run */
  set(time, run) {
    const timer = {
      time,
      cancel: () => {},
      fire: () => {
        // A timer may fire a millisecond early; the engine must not see its own future.
        if (this.#now() < time) return this.#arm(timer);
        this.#remove(timer);
        run();
      },
    };
    this.#arm(timer);
    return () => {
      timer.cancel();
      this.#remove(timer);
    };
  }

  /** @param {Timer} timer */
  #remove(timer) {
    this.#long.delete(timer);
  }

  /** @param {Timer} timer */
  #arm(timer) {
    const delay = Math.min(Math.max(timer.time - this.#now(), 0), MAX_DELAY_MS);
    timer.cancel = this.#source.after(timer.fire, delay);
    // A shorter one looks at the clock again soon enough by itself.
    if (delay <= JUMP_CHECK_MS) return this.#remove(timer);
    this.#long.add(timer);
    if (!this.#isChecking) this.#checkLater();
  }

  /** Compare the clock with the steady one as long as long timers are set. */
  #checkLater() {
    this.#isChecking = true;
    const now = this.#now();
    const steady = this.#source.steady();
    const check = () => {
      this.#isChecking = false;
      if (this.#long.size === 0) return;
      const jump = this.#now() - now - (this.#source.steady() - steady);
      this.#checkLater();
      if (Math.abs(jump) > TOLERANCE_MS) this.#armAll();
    };
    this.#source.afterUnref(check, JUMP_CHECK_MS);
  }

  #armAll() {
    // What is overdue fires in the order in which it is set.
    for (const timer of [...this.#long].sort((a, b) => a.time - b.time)) {
      timer.cancel();
      this.#arm(timer);
    }
  }
}

/**
 * Measures how long something takes that must not seem shorter than it was: a lease. Nothing that sets the wall clock back has an
 * effect, and the time counts in which the machine slept.
 *
 * @implements {Clock}
 */
export class SteadyClock {
  #source;
  #lastWall;
  #lastSteady;
  /** For how long the steady clock has stood still, as far as the wall clock tells. */
  #slept = 0;

  /** @param {TimeSource} [source] */
  constructor(source = SYSTEM) {
    this.#source = source;
    this.#lastWall = source.wall();
    this.#lastSteady = source.steady();
  }

  /** ms since any moment. */
  now() {
    const wall = this.#source.wall();
    const steady = this.#source.steady();
    const jump = wall - this.#lastWall - (steady - this.#lastSteady);
    this.#lastWall = wall;
    this.#lastSteady = steady;
    if (jump > TOLERANCE_MS) this.#slept += jump;
    return steady + this.#slept;
  }

  /** @param {number} time @param {() => void} run */
  at(time, run) {
    return this.#source.after(run, Math.max(0, time - this.now()));
  }
}

export const nodeClock = new SystemClock();

/** A clock by the time of another machine. @param {() => number} wall ms since 1970 @returns {Clock} */
export function clockBy(wall) {
  return new SystemClock({ ...SYSTEM, wall: () => Math.floor(wall()) });
}
