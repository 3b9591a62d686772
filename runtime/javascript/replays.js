/**
 * Replays that wait for their code: passes whose next outcome is one that the code has not called.
 *
 * The code may call it after a timer of its own, or not at all any more: where a step ran inside another one, or the code has
 * been changed. It is skipped once nothing but an outcome can make the code go on. The twin of this file is
 * `../python/replays.py`.
 */

/** @import { Session } from "../../bridge/session.js" */

/** How long code that waits for something unknown may take to call a step. */
const PATIENCE_S = 2;
const POLL_INTERVAL_S = 0.02;
/** Known by themselves. */
const TIMERS = new Set(["Immediate", "Timeout"]);

export class Replays {
  #wake;
  #now;
  /** Since when each is watched. @type {Map<Session, number>} */
  #since = new Map();
  /** How many resources keep the thread awake when no pass is there. */
  #own;
  /** @type {NodeJS.Timeout | undefined} */
  #timer;

  /**
   * @param {() => number} now the time in seconds
   * @param {() => void} wake has a turn soon
   */
  constructor(now, wake) {
    this.#now = now;
    this.#wake = wake;
    this.#own = countUnknown();
  }

  /** See to it that *session* goes on. @param {Session} session */
  watch(session) {
    if (!this.#since.has(session)) this.#since.set(session, this.#now());
  }

  /** *session* goes on. @param {Session} session */
  noteProgress(session) {
    if (!session.searching) this.#since.delete(session);
    else if (this.#since.has(session)) this.#since.set(session, this.#now());
  }

  /** *session* is over. @param {Session} session */
  forget(session) {
    this.#since.delete(session);
  }

  /** Skip the outcomes that no code calls, and end searches for handlers that find no more. */
  advance() {
    for (const [session, since] of this.#since) {
      if (session.hasOutcome && !session.isStalled) continue;
      if (!this.#isIdle(session, since)) {
        this.#poll(since);
        continue;
      }
      this.#since.delete(session);
      if (session.isStalled) {
        session.skipOutcome();
        if (session.searching) this.watch(session);
      } else session.endSearch();
    }
  }

  /**
   * Whether nothing but an outcome can make the code of *session* go on.
   *
   * @param {Session} session
   * @param {number} since
   */
  #isIdle(session, since) {
    if (session.mayCall) return false;
    return countUnknown() <= this.#own || this.#now() - since >= PATIENCE_S;
  }

  /** Have a turn soon; later for a pass that has been watched *since* long ago. @param {number} since */
  #poll(since) {
    if (this.#timer) return;
    const delay = Math.min(Math.max(POLL_INTERVAL_S, (this.#now() - since) / 8), PATIENCE_S);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#wake();
    }, delay * 1000);
    this.#timer.unref();
  }
}

/** How many sockets, files and so on can wake this thread. */
function countUnknown() {
  return process.getActiveResourcesInfo().filter((kind) => !TIMERS.has(kind)).length;
}
