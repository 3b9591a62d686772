/**
 * An engine's lease in the ledger: prolonged in good time, and watched by a clock of its own.
 *
 * Whether an engine lives is for the ledger to say (`dead`), not for the lease: a write of a dead engine is refused. The lease
 * says how long an engine may be unreachable before others may declare it dead. An engine whose lease is about to be over
 * holds: it tells its guests nothing until the lease is prolonged.
 */

/** @import { Clock } from "../engine/clock.d.ts" */
/** @import { Ledger, Member } from "./ledger.d.ts" */

/** What part of a lease passes between two renewals, and after which part without one an engine holds. */
const RENEWAL = 0.25;
/** The longest time between two renewals: one whose connection was lost shows that it lives by connecting anew. */
const LONGEST_RENEWAL_MS = 2000;
const HOLD = 0.7;
/** How soon a renewal is repeated that the database did not answer, in ms. */
const RETRY_MS = 200;

export class Lease {
  #ledger;
  #member;
  #options;
  /** When the last good renewal was sent. */
  #renewed;
  /** @type {(() => void)[]} */
  #held = [];
  /** @type {(() => void) | null} */
  #cancel = null;
  #ended = false;

  /**
   * @param {Pick<Ledger, "renew">} ledger
   * @param {Member} member
   * @param {object} options
   * @param {Clock} options.clock
   * @param {number} options.leaseMs
   * @param {number} options.joined when it was sent that the engine joins
   * @param {() => void} options.onfenced the engine was declared dead
   */
  constructor(ledger, member, options) {
    this.#ledger = ledger;
    this.#member = member;
    this.#options = options;
    this.#renewed = options.joined;
    this.#plan(renewalOf(options.leaseMs));
  }

  get isCurrent() {
    return this.#options.clock.now() - this.#renewed < this.#options.leaseMs * HOLD;
  }

  /** Run *tell* now, or once the lease is prolonged. @param {() => void} tell */
  whenCurrent(tell) {
    if (this.#ended) return;
    if (this.#held.length === 0 && this.isCurrent) tell();
    else this.#held.push(tell);
  }

  /** Nothing that is held is told any more. */
  end() {
    this.#ended = true;
    this.#held = [];
    this.#cancel?.();
  }

  /** @param {number} ms until the next renewal */
  #plan(ms) {
    const { clock } = this.#options;
    this.#cancel = clock.at(clock.now() + ms, () => void this.#renew());
  }

  async #renew() {
    const { clock, leaseMs, onfenced } = this.#options;
    const sent = clock.now();
    let next = renewalOf(leaseMs);
    try {
      const alive = await this.#ledger.renew(this.#member, leaseMs);
      if (this.#ended) return;
      if (!alive) return onfenced();
      this.#renewed = sent;
      for (const tell of this.#held.splice(0)) tell();
    } catch {
      // The database does not answer. The writer reports that.
      next = RETRY_MS;
    }
    if (!this.#ended) this.#plan(next);
  }
}

/** @param {number} leaseMs */
function renewalOf(leaseMs) {
  return Math.min(leaseMs * RENEWAL, LONGEST_RENEWAL_MS);
}
