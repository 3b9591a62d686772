/**
 * The engine's clock in Node and in a page.
 *
 * Times are the wall clock's, which jumps: a machine sleeps, or somebody sets it. After a jump forward what falls due
 * is late by LOOK_MS at most. A jump back moves no time that is due later: the engine's time goes on from where it was,
 * and stays ahead of the wall clock. What means times of day (cron) goes by the wall clock itself.
 */

/** @import { Clock } from "../engine/clock.d.ts" */

/** How often the clock is looked at for timers that are due later than the next look. */
const LOOK_MS = 10_000;
/** By how much the wall clock and the steady clock may differ without a jump. */
const TOLERANCE_MS = 1000;

/**
 * What a clock is made of, as tests hand in their own.
 *
 * @typedef {object} TimeSource
 * @property {() => number} wall ms since 1970; may jump
 * @property {() => number} steady ms; does not jump
 * @property {(run: () => void, ms: number) => () => void} after the result takes it back
 * @property {(run: () => void, ms: number) => (keepsProcess: boolean) => void} look the same; the result says whether the
 *   process stays alive for it, which it does at first
 */

/** @type {TimeSource} */
const SYSTEM = {
  wall: () => Date.now(),
  steady: () => performance.now(),
  after(run, ms) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
  look(run, ms) {
    const timer = setTimeout(run, ms);
    // A page's timers are numbers.
    return (keepsProcess) => void (keepsProcess ? timer.ref?.() : timer.unref?.());
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

/**
 * @typedef {object} Timer
 * @property {number} time
 * @property {() => void} run
 * @property {(() => void) | null} cancel takes back the timer of the machine; null where none is set
 * @property {number} place among those that are far; -1 where it is not one
 */

/**
 * Timers of one measure of time. The machine is given only those that are due soon: most of the others are taken back long before
 * (each attempt has a time limit), and its timers do not notice when the clock jumps.
 */
class Timers {
  #source;
  #now;
  /**
   * Those that are due later than the next look. No set: V8 keeps its deleted entries for a while, and with them all that they
   * refer to, which doubled the engine's time in garbage collection.
   *
   * @type {Timer[]}
   */
  #far = [];
  /** Says whether the process stays alive for the next look; undefined where none will be. @type {((keepsProcess: boolean) => void) | undefined} */
  #keepProcess;

  /** @param {TimeSource} source @param {() => number} now */
  constructor(source, now) {
    this.#source = source;
    this.#now = now;
  }

  /** @param {number} time @param {() => void} run */
  set(time, run) {
    /** @type {Timer} */
    const timer = { time, run, cancel: null, place: -1 };
    this.#arm(timer);
    return () => this.#remove(timer);
  }

  /** @param {Timer} timer */
  #arm(timer) {
    const delay = Math.max(timer.time - this.#now(), 0);
    if (delay > LOOK_MS) return this.#await(timer);
    timer.cancel = this.#source.after(() => this.#ring(timer), delay);
  }

  /** @param {Timer} timer */
  #await(timer) {
    timer.cancel = null;
    timer.place = this.#far.push(timer) - 1;
    if (!this.#keepProcess) this.#lookLater();
    else if (timer.place === 0) this.#keepProcess(true);
  }

  /** @param {Timer} timer */
  #remove(timer) {
    timer.cancel?.();
    if (timer.place === -1) return;
    this.#takeOut(timer);
    if (this.#far.length === 0) this.#keepProcess?.(false);
  }

  /** The last one takes its place. @param {Timer} timer that is far */
  #takeOut(timer) {
    const last = /** @type {Timer} */ (this.#far.pop());
    if (last !== timer) {
      this.#far[timer.place] = last;
      last.place = timer.place;
    }
    timer.place = -1;
  }

  /** @param {Timer} timer */
  #ring(timer) {
    // A timer may ring a millisecond early; the engine must not see its own future.
    if (this.#now() < timer.time) return this.#arm(timer);
    timer.run();
  }

  /** Looks go on until one finds no timer: the next one is often set soon after. */
  #lookLater() {
    this.#keepProcess = this.#source.look(() => {
      this.#keepProcess = undefined;
      const soon = this.#now() + LOOK_MS;
      // What is overdue rings in the order in which it is set.
      const due = this.#far.filter(({ time }) => time <= soon).sort((a, b) => a.time - b.time);
      for (const timer of due) {
        this.#takeOut(timer);
        this.#arm(timer);
      }
      if (this.#far.length > 0) this.#lookLater();
    }, LOOK_MS);
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
