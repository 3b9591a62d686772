/**
 * History: what a pass recalls of earlier passes, and how far it only repeats what they have done.
 *
 * The twin of this file is `history.py`.
 */

/** @import { Call } from "./calls.js" */
/** @import { Link, Loop } from "./link.d.ts" */
/** @import { HistoryEntry, StepKind, ToGuest } from "./protocol.d.ts" */
/** @import { Session } from "./session.js" */
/** @import { Settle } from "./step.js" */

import { Delivery, Outcome } from "./delivery.js";

/** An entry of the history, its place among the outcomes, and the call where it has been made. @typedef {{ entry: HistoryEntry, rank: number, call: Call | undefined }} Known */

/** The history that a session began with. */
export class History {
  /** Whether `run()` does what an earlier pass has done. */
  repeating;
  /** Whether a call was made that the log does not have: the engine may refuse it. */
  mayBeRefused = false;
  #session;
  #link;
  /** @type {Map<string, Known>} */
  #entries = new Map();
  /** How many of the calls that are open in the history have not been made. */
  #uncalled;
  /** How many outcomes an earlier pass was given. */
  #seen;
  /** Whether the earlier pass may not have done all that it could. */
  #wasCut;

  /**
   * Take the history of a `start` message.
   *
   * @param {Extract<ToGuest, { type: "start" }>} start
   * @param {Session} session
   * @param {Link<Session>} link
   * @param {Loop<Session>} loop
   */
  constructor({ history, seen, cut }, session, link, loop) {
    this.#session = session;
    this.#link = link;
    for (const [rank, entry] of history.entries()) this.#entries.set(keyOf(entry), { entry, rank, call: undefined });
    const recorded = history.filter((entry) => entry.outcome !== "open");
    /** Gives the outcomes in order; those that become known in this pass come after those of the history. */
    this.delivery = new Delivery(recorded.length, loop.time());
    this.repeating = history.length > 0;
    this.#uncalled = history.length - recorded.length;
    this.#seen = seen ?? recorded.length;
    this.#wasCut = cut === true;
  }

  /** What the history has of a call. @param {StepKind} kind @param {string} name @param {number} count */
  find(kind, name, count) {
    return this.#entries.get(keyOf({ kind, name, count }));
  }

  /**
   * Give a call what the log has of it, when its turn comes. In a rollback's replay a call without an outcome stays pending,
   * as it was when the run failed.
   *
   * @param {Known | undefined} known
   * @param {Settle} settle
   * @returns {boolean} false where the engine is to be asked
   */
  recall(known, settle) {
    const { outcome } = known?.entry ?? { outcome: "new" };
    if (outcome === "new" && this.delivery.behind) this.mayBeRefused = true;
    if (outcome === "stored") return false;
    if (outcome === "open" || outcome === "new") return this.#session.rollingBack;
    const { entry, rank } = /** @type {Known} */ (known);
    const recorded = new Outcome(settle);
    recorded.arrive(valueOf(entry), entry.outcome === "error" ? entry.error : undefined);
    this.delivery.expect(rank, recorded);
    this.#link.outcomeDue(this.#session);
    return true;
  }

  /**
   * Continue a call whose outcome is not in the history.
   *
   * @param {Call} call
   * @param {Known} known
   */
  adopt(call, known) {
    known.call = call;
    if (known.entry.outcome === "open") {
      call.state = "idle";
      this.#uncalled -= 1;
      this.#endRepetitionAfterCrash();
    } else {
      call.state = "pending";
      call.stored = new Outcome(call.settle);
      this.delivery.expect(known.rank, call.stored);
    }
  }

  /** An outcome has become known of a call that the history has as open. @param {Extract<ToGuest, { type: "recorded" }>} message */
  record({ type: _type, pass: _pass, ...entry }) {
    const known = this.#entries.get(keyOf(entry));
    if (!known || known.entry.outcome !== "open") return;
    known.entry = entry;
    known.rank = this.delivery.record();
    const { call } = known;
    if (call) {
      // The call is on its way to the engine, which answers it.
      call.stored = new Outcome(call.settle);
      this.delivery.expect(known.rank, call.stored);
    } else this.#uncalled -= 1;
    this.#link.outcomeDue(this.#session);
  }

  /** Take notice that `run()` gets the outcome whose turn is *turn*. @param {number} turn */
  noteGiven(turn) {
    if (turn >= this.#seen) this.repeating = false;
    else this.#endRepetitionAfterCrash();
  }

  /** How far an interrupted pass came is unknown. It printed nothing that follows an outcome it did not get. */
  #endRepetitionAfterCrash() {
    if (this.#wasCut && this.#uncalled === 0 && this.delivery.turn >= this.#seen) this.repeating = false;
  }

  /** Forget everything: the pass is over. */
  clear() {
    this.#entries.clear();
    this.delivery.clear();
  }
}

/** @param {HistoryEntry} entry @returns {string | undefined} canonical text; nothing for a sleep */
function valueOf(entry) {
  return entry.outcome === "value" && entry.kind !== "sleep" ? entry.value : undefined;
}

/** @param {{ kind: StepKind, name: string, count: number }} step */
function keyOf({ kind, name, count }) {
  return `${kind} ${count} ${name}`;
}
