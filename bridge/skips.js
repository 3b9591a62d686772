/**
 * Skips: recorded outcomes that the code does not call any more, and what must be known before one is passed over.
 *
 * The twin of this file is `skips.py`.
 */

/** @import { History } from "./history.js" */
/** @import { Link } from "./link.d.ts" */
/** @import { Session } from "./session.js" */

/** The skips of one session. */
export class Skips {
  #session;
  #history;
  #delivery;
  #link;

  /** @param {Session} session @param {History} history @param {Link<Session>} link */
  constructor(session, history, link) {
    this.#session = session;
    this.#history = history;
    this.#delivery = history.delivery;
    this.#link = link;
  }

  /** Whether the next outcome is one that the code has not called, and may not call any more. */
  get isStalled() {
    return this.#delivery.isStalled;
  }

  /** Whether a timer of the code may make it go on before the next outcome that is known here. */
  get mayCall() {
    if (this.#session.searching || !this.#delivery.isStalled) return this.#delivery.hasTimer();
    return this.#delivery.hasTimerBeforeNext();
  }

  /** Ask the engine for what must be known before an outcome is skipped, if there is anything. */
  askBefore() {
    const isSkip = this.#delivery.isStalled && !this.#session.searching;
    if (this.#history.mayBeRefused || (isSkip && !this.#delivery.times && this.#delivery.hasTimer())) {
      this.#history.mayBeRefused = false;
      this.#readTimes();
    }
  }

  /**
   * Ask when the recorded outcomes became known: timers of the code may have fired before. The answer comes after the
   * refusals of calls that were made before.
   */
  #readTimes() {
    this.#session.exchange("readTimes", "readTimes", {}, (_outcome, text) => {
      const times = /** @type {number[]} */ (JSON.parse(text ?? "[]"));
      this.#delivery.times = times.map((time) => time / 1000);
    });
  }

  /** How many outcomes have been skipped. */
  get count() {
    return this.#delivery.skipped;
  }

  /** Skip recorded outcomes that the code does not call, up to the next that it has called. */
  skip() {
    this.#delivery.skip();
    this.#link.outcomeDue(this.#session);
  }

  /** Take notice of a timer that code of `run()` has set. @param {import("./delivery.js").Timer} timer */
  noteTimer(timer) {
    if (this.#delivery.behind || this.#session.searching) this.#delivery.noteTimer(timer);
  }
}
