/**
 * Replays that wait for their code: passes whose next outcome is one that the code has not called.
 *
 * The code may call it after a timer of its own, or not at all any more: where a step ran inside another one, or the code has
 * been changed. It is skipped once nothing but an outcome can make the code go on. The twin of this file is
 * `../python/replays.py`.
 */

/** @import { Session } from "../../bridge/session.js" */

/** So often code is looked at that waits for something unknown, before it is taken for code that calls no step. */
const MAX_LOOKS = 100;
/** Time between two looks. A machine that is slow takes longer for them, as it does for the code. */
const POLL_INTERVAL_S = 0.02;
const MAX_POLL_INTERVAL_S = 2;
/** Known by themselves. */
const TIMERS = new Set(["Immediate", "Timeout"]);

/** What is known of a replay since its code has called a step or was given an outcome. */
class WatchedReplay {
  /** How often its code was found to wait for something unknown. */
  looks = 0;

  /** @param {number} since in seconds */
  constructor(since) {
    this.since = since;
  }
}

export class Replays {
  #wake;
  #now;
  #countCalls;
  /** @type {Map<Session, WatchedReplay>} */
  #watched = new Map();
  /** How many resources keep the thread awake when no pass is there. */
  #own;
  /** The timer of the next look, and when that is due. @type {{ timer: NodeJS.Timeout, due: number } | undefined} */
  #nextLook;
  /** Whether the timer has fired since the replays were last looked at. */
  #lookIsDue = false;

  /**
   * @param {() => number} now the time in seconds
   * @param {() => void} wake has a turn soon
   * @param {() => number} countCalls how many calls of bindings are under way
   */
  constructor(now, wake, countCalls) {
    this.#now = now;
    this.#wake = wake;
    this.#countCalls = countCalls;
    this.#own = countUnknown();
  }

  /** See to it that *session* goes on. @param {Session} session */
  watch(session) {
    if (!this.#watched.has(session)) this.#watched.set(session, new WatchedReplay(this.#now()));
  }

  /** *session* goes on. @param {Session} session */
  noteProgress(session) {
    if (!session.searching) this.#watched.delete(session);
    else if (this.#watched.has(session)) this.#watched.set(session, new WatchedReplay(this.#now()));
  }

  /** *session* is over. @param {Session} session */
  forget(session) {
    this.#watched.delete(session);
  }

  /** Skip the outcomes that no code calls, and end searches for handlers that find no more. */
  advance() {
    const lookIsDue = this.#lookIsDue;
    this.#lookIsDue = false;
    for (const [session, watched] of this.#watched) {
      if (session.hasOutcome && !session.skips.isStalled) continue;
      if (!session.hasOpenAnswers) session.skips.askBefore();
      if (session.hasOpenAnswers || session.skips.mayCall) {
        watched.looks = 0;
        // Later for one that has been watched for long.
        this.#poll((this.#now() - watched.since) / 8);
        continue;
      }
      if (lookIsDue) watched.looks += 1;
      const isAwaited = this.#countCalls() > 0 || countUnknown() > this.#own;
      if (isAwaited && watched.looks < MAX_LOOKS) {
        this.#poll(POLL_INTERVAL_S);
        continue;
      }
      this.#watched.delete(session);
      if (session.skips.isStalled) {
        session.skips.skip();
        if (session.searching) this.watch(session);
      } else session.endSearch();
    }
  }

  /** Have a look after so many seconds, or sooner. @param {number} delay */
  #poll(delay) {
    const interval = Math.min(Math.max(POLL_INTERVAL_S, delay), MAX_POLL_INTERVAL_S);
    const due = this.#now() + interval;
    if (this.#nextLook && this.#nextLook.due <= due) return;
    clearTimeout(this.#nextLook?.timer);
    const timer = setTimeout(() => {
      this.#nextLook = undefined;
      this.#lookIsDue = true;
      this.#wake();
    }, interval * 1000);
    timer.unref();
    this.#nextLook = { timer, due };
  }
}

/** How many sockets, files and so on can wake this thread. */
function countUnknown() {
  return process.getActiveResourcesInfo().filter((kind) => !TIMERS.has(kind)).length;
}
