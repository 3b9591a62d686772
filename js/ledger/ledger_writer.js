/**
 * Brings the commits of a working set to the ledger, one write at a time and in order. What is committed while a write is under
 * way is the next write, so that batches grow with the load.
 *
 * Nothing counts as durable before the ledger has acknowledged the write that covers it. While the database does not answer, the
 * engine holds: the write is sent again when the database is back. It is the same write, and to write it twice changes nothing.
 */

/** @import { Clock } from "../engine/clock.d.ts" */
/** @import { Change, Ledger, Member } from "./ledger.d.ts" */
/** @import { Lease } from "./lease.js" */

import { LedgerError } from "./ledger_error.js";
import { Tails } from "./tails.js";
import { addChanges } from "./batch.js";

/** How long to wait before a write is sent again, in ms: at first, and at most. */
const FIRST_RETRY_MS = 50;
const LONGEST_RETRY_MS = 1000;

/** A write, and who waits for it. @typedef {{ changes: Map<string, Map<string, Change>>, waiting: (() => void)[] }} Write */

/**
 * @typedef {object} WriterOptions
 * @property {Clock} clock
 * @property {Lease} lease
 * @property {(reason: string) => void} onfenced this engine may write no more: another one continues
 * @property {(error: unknown) => void} onfailure the ledger refuses a write for good
 * @property {(isHeld: boolean, reason: string) => void} onhold the database does not answer, or answers again
 */

export class LedgerWriter {
  #ledger;
  #member;
  #options;
  /** What is committed and not sent yet. */
  #open = newWrite();
  /** What is sent and not acknowledged. @type {Write | undefined} */
  #sent;
  #tails = new Tails();
  #ended = false;
  #held = false;
  /** @type {(() => void)[]} */
  #idle = [];

  /** @param {Pick<Ledger, "write" | "readTails" | "reconnect">} ledger @param {Member} member @param {WriterOptions} options */
  constructor(ledger, member, options) {
    this.#ledger = ledger;
    this.#member = member;
    this.#options = options;
  }

  /** A commit of the working set is to be written. @param {Change[]} changes */
  add(changes) {
    if (this.#ended) return;
    addChanges(this.#open.changes, changes);
    this.#pump();
  }

  /** Call back once all that was added so far is in the ledger. @type {import("../engine/commits.js").Acknowledge} */
  acknowledge = (durable) => {
    if (this.#ended) return;
    // What has nothing of its own to be written waits for the write under way: a result may depend on it.
    const last = this.#open.changes.size > 0 ? this.#open : this.#sent;
    if (last) last.waiting.push(durable);
    else this.#options.lease.whenCurrent(durable);
  };

  /** Resolves when all that was added is acknowledged, or can never be. @returns {Promise<void>} */
  async drained() {
    if (this.#sent && !this.#ended) await new Promise((resolve) => this.#idle.push(() => resolve(undefined)));
  }

  /** Send nothing more, and acknowledge nothing. */
  end() {
    this.#ended = true;
    this.#options.lease.end();
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  #pump() {
    if (this.#sent || this.#ended) return;
    if (this.#open.changes.size === 0) {
      for (const resolve of this.#idle.splice(0)) resolve();
      return;
    }
    this.#sent = this.#open;
    this.#open = newWrite();
    this.#deliver(this.#sent).catch((error) => this.#fail(error));
  }

  /** @param {Write} write */
  async #deliver(write) {
    if (!(await this.#written(write)) || this.#ended) return;
    this.#tails.acknowledge(write.changes);
    this.#sent = undefined;
    // The next write is on its way before the results of this one cause more.
    this.#pump();
    for (const durable of write.waiting) this.#options.lease.whenCurrent(durable);
  }

  /** Write it, however often the database has to be asked. @param {Write} write @returns {Promise<boolean>} */
  async #written(write) {
    for (let retry = FIRST_RETRY_MS; ; retry = Math.min(retry * 2, LONGEST_RETRY_MS)) {
      try {
        if (this.#held && !(await this.#isContinued(write))) return this.#fence("The database went back in time.");
        if (this.#ended) return false;
        const isAlive = await this.#ledger.write(this.#member, write.changes);
        if (!isAlive) return this.#fence("Another engine has taken over.");
        this.#hold(false, "");
        return true;
      } catch (error) {
        if (!(error instanceof LedgerError) || error.kind !== "unavailable") throw error;
        if (this.#ended) return false;
        this.#hold(true, error.message);
      }
      const { clock } = this.#options;
      await new Promise((resolve) => clock.at(clock.now() + retry, () => resolve(undefined)));
      if (this.#ended) return false;
    }
  }

  /** Whether the database still has all that it has acknowledged. @param {Write} write that may have been written or not */
  async #isContinued({ changes }) {
    await this.#ledger.reconnect();
    const { instances } = this.#tails;
    if (instances.length === 0) return true;
    return this.#tails.countLost(await this.#ledger.readTails(instances), changes) === 0;
  }

  /** @param {boolean} held @param {string} reason */
  #hold(held, reason) {
    if (held === this.#held) return;
    this.#held = held;
    this.#options.onhold(held, reason);
  }

  /** @param {string} reason */
  #fence(reason) {
    if (!this.#ended) {
      this.end();
      this.#options.onfenced(reason);
    }
    return false;
  }

  /** @param {unknown} error */
  #fail(error) {
    if (this.#ended) return;
    this.end();
    this.#options.onfailure(error);
  }
}

/** @returns {Write} */
function newWrite() {
  return { changes: new Map(), waiting: [] };
}
