/**
 * An engine's half of a ledger: it joins, waits until it holds the state, fills its working set, and from then on brings what the
 * engine commits to the database.
 *
 * An engine that has a state to itself holds all its parts; others wait, and one of them takes over when the holder is dead. An
 * engine that shares the state holds some parts (`sharing.js`), and waits only until it has the first.
 */

/** @import { Clock } from "../engine/clock.d.ts" */
/** @import { Change, Ledger, Member } from "./ledger.d.ts" */

import { LedgerError } from "./ledger_error.js";
import { LedgerWriter } from "./ledger_writer.js";
import { Lease } from "./lease.js";
import { Numbers } from "./numbers.js";
import { ALL_PARTS, shareOf } from "./parts.js";
import { WorkingSet } from "./working_set.js";

/** How often an engine that waits looks whether the holder is dead, in ms. */
const POLL_MS = 250;

/**
 * @typedef {object} AttachOptions
 * @property {Clock} clock
 * @property {string} name of this engine, for people
 * @property {number} leaseMs
 * @property {boolean} [shares] run the state together with other engines
 * @property {boolean} [idle] of an engine that shares the state: hold no part while others hold them
 * @property {(onchanges: (changes: Change[]) => void) => WorkingSet} [openStore] makes the empty working set
 * @property {(holder: Member) => boolean} onheld another engine holds the state, or one of several a part; false: this one waits no longer
 */

/** The state is held by an engine that lives. */
export class HeldError extends Error {
  /** @param {Member} holder */
  constructor(holder) {
    super(`engine ${holder.id} (${holder.name}) holds it`);
    this.name = "HeldError";
    this.holder = holder;
  }
}

/**
 * What becomes of an engine whose ledger is lost: `fenced`: another engine continues.
 *
 * @typedef {{ onfenced: (reason: string) => void, onfailure: (error: unknown) => void, onhold: (isHeld: boolean, reason: string) => void }} Handlers
 */

export class AttachedLedger {
  #ledger;
  #member;
  #writer;
  /** The engine's state. */
  store;
  #numbers;
  /** @type {Handlers} */
  handlers = { onfenced: () => {}, onfailure: () => {}, onhold: () => {} };
  /** With which parts an engine begins that shares the state. @type {Begun | undefined} */
  begun;

  /**
   * Join, wait for the state, and load it.
   *
   * @param {Ledger} ledger that is open
   * @param {AttachOptions} options
   * @returns {Promise<AttachedLedger>}
   * @throws {HeldError | LedgerError}
   */
  static async attach(ledger, options) {
    const { clock, name, leaseMs, shares = false, idle = false } = options;
    const joined = clock.now();
    const member = await ledger.join(name, leaseMs, { shares: shares && !idle });
    /** @type {AttachedLedger | undefined} */
    let attached;
    let isFenced = false;
    const lease = new Lease(ledger, member, {
      clock,
      leaseMs,
      joined,
      onfenced() {
        isFenced = true;
        attached?.fence("Another engine has declared this one dead.");
      },
    });
    try {
      const begun = await wait(ledger, member, options, () => isFenced);
      const numbers = new Numbers(ledger, await ledger.reserveNumbers());
      attached = new AttachedLedger(ledger, member, lease, numbers, options);
      attached.begun = begun;
      await attached.store.load(ledger, begun?.held);
      if (shares) attached.store.countFor(member.id);
      if (isFenced) throw new LedgerError("unavailable", "this engine was declared dead while it read the state");
      return attached;
    } catch (error) {
      lease.end();
      await ledger.leave(member).catch(() => {});
      throw error;
    }
  }

  /** @param {Ledger} ledger @param {Member} member @param {Lease} lease @param {Numbers} numbers @param {AttachOptions} options */
  constructor(ledger, member, lease, numbers, { clock, openStore = (onchanges) => new WorkingSet(onchanges) }) {
    this.#ledger = ledger;
    this.#member = member;
    this.#numbers = numbers;
    this.#writer = new LedgerWriter(ledger, member, {
      clock,
      lease,
      onfenced: (reason) => this.handlers.onfenced(reason),
      onfailure: (error) => this.handlers.onfailure(error),
      onhold: (isHeld, reason) => this.handlers.onhold(isHeld, reason),
    });
    this.store = openStore((changes) => this.#writer.add(changes));
  }

  /** The engine in the ledger. */
  get member() {
    return this.#member;
  }

  get acknowledge() {
    return this.#writer.acknowledge;
  }

  get nextNumber() {
    return this.#numbers.next;
  }

  /** @param {string} reason */
  fence(reason) {
    this.#writer.end();
    this.handlers.onfenced(reason);
  }

  /** The ledger itself, for what an engine asks that shares the state. */
  get ledger() {
    return this.#ledger;
  }

  /** What is committed so far is acknowledged. @returns {Promise<void>} */
  acknowledged() {
    return new Promise((resolve) => this.#writer.acknowledge(resolve));
  }

  /** What is committed is acknowledged, or the database does not answer and it never will be. @returns {Promise<void>} */
  drained() {
    return this.#writer.drained();
  }

  /** Let the next engine have the state. */
  async leave() {
    this.#writer.end();
    await this.#ledger.leave(this.#member).catch(() => {});
    await this.#ledger.close();
  }
}

/** @typedef {{ held: number[], commonVersion: number }} Begun the parts that an engine begins with; what it has read of the common tables */

/**
 * Wait until this engine holds the state, or a part of it.
 *
 * @param {Ledger} ledger
 * @param {Member} member
 * @param {AttachOptions} options
 * @param {() => boolean} isFenced
 * @returns {Promise<Begun | undefined>} of an engine that shares the state
 */
async function wait(ledger, member, { clock, onheld, shares, idle = false }, isFenced) {
  for (;;) {
    // First: the state may be held by an engine that has just been killed.
    await ledger.declareDead(member);
    const { begun, holder } = shares
      ? await takeShare(ledger, member, idle)
      : { begun: undefined, holder: await ledger.take(member) };
    if (!holder) return begun;
    if (!onheld(holder)) throw new HeldError(holder);
    await new Promise((resolve) => clock.at(clock.now() + POLL_MS, () => resolve(undefined)));
    if (isFenced()) throw new LedgerError("unavailable", "this engine was declared dead while it waited");
  }
}

/** @param {Ledger} ledger @param {Member} member @param {boolean} idle @returns {Promise<{ begun?: Begun, holder?: Member }>} `holder`: others hold all parts */
async function takeShare(ledger, member, idle) {
  const { sharing, byPart, commonVersion } = await ledger.readHolders();
  const share = shareOf(
    sharing.map(({ id }) => id),
    member.id,
  );
  const known = ALL_PARTS.filter((part) => byPart[part] === member.id);
  const taken = share > known.length ? await ledger.takeParts(member, share - known.length) : [];
  const held = [...known, ...taken];
  if (held.length > 0 || idle) return { begun: { held, commonVersion } };
  const others = (await ledger.readEngines()).filter(({ id, isDead }) => id !== member.id && !isDead);
  return { holder: others.find(({ parts }) => parts > 0) ?? others[0] ?? member };
}
