/**
 * Divides a state among engines: each holds equally many parts, runs the instances of those, and delivers the messages of their queues.
 *
 * A part changes its holder in one of two ways. Its holder dies: no write of it has an effect afterwards, so what the database has of
 * the part is all that there is. Or its holder gives it up: it has ended what ran, and all that it has written is acknowledged.
 */

/** @import { Clock } from "../engine/clock.d.ts" */
/** @import { Holders, Ledger, Member } from "./ledger.d.ts" */
/** @import { WorkingSet } from "./working_set.js" */

import { LedgerError } from "./ledger_error.js";
import { ALL_PARTS, partOf, shareOf } from "./parts.js";

/** How often an engine looks who lives and who holds what, in ms. */
const LOOK_MS = 750;
/** How long attempts and batches may run on after another engine is to have their part; those that take longer begin again there. */
const GRACE_MS = 30_000;

/**
 * What an engine does with instances and queues that it gets, and with those that it gives away.
 *
 * @typedef {object} PartRunner
 * @property {() => void} commitNow ends the open transaction
 * @property {(numbers: number[], parts: number[]) => void} takeUp continue instances that are in the working set now, and deliver the
 *   messages of these parts' queues
 * @property {() => void} commonChanged workflows, schedules or tokens are not what they were
 * @property {(isMeant: (number: number) => boolean, graceMs: number, part: number) => Promise<void>} hold begin nothing of these
 *   instances and of this part's queues, and wait for their attempts and batches
 * @property {(numbers: number[], isMeant: (number: number) => boolean, part: number) => void} letGo end their passes
 *
 * @typedef {object} SharingOptions
 * @property {Clock} clock
 * @property {WorkingSet} store
 * @property {PartRunner} runner
 * @property {() => Promise<void>} acknowledged all that is committed is in the ledger
 * @property {(error: unknown) => void} onfailure it cannot be continued
 */

export class Sharing {
  #ledger;
  #member;
  #options;
  /** Whose instances are in the working set. @type {Set<number>} */
  #held;
  /** @type {Set<number>} */
  #leaving = new Set();
  /** The living holder of each part, as it was read last. @type {(number | null)[]} */
  #byPart = [];
  /** The versions of workflows that other engines have. @type {Set<string>} */
  #versionsOfOthers = new Set();
  /** The versions that this engine has said it has. */
  #announced = "";
  #commonVersion;
  /** The look that is under way, or the last one: two of them could read what is common in one order and take it in in the other. */
  #looking = Promise.resolve();
  /** How many parts were given up. */
  #given = 0;
  /** @type {(() => void) | null} */
  #cancel = null;
  #ended = false;

  /**
   * @param {Ledger} ledger
   * @param {Member} member
   * @param {SharingOptions} options
   * @param {{ held: number[], commonVersion: number }} begun what the working set has
   */
  constructor(ledger, member, options, { held, commonVersion }) {
    this.#ledger = ledger;
    this.#member = member;
    this.#options = options;
    this.#held = new Set(held);
    this.#commonVersion = commonVersion;
  }

  /** Whether this engine runs the instance of this name, whether it exists or not. @param {string} workflow @param {string} id */
  holds(workflow, id) {
    return this.#held.has(partOf(workflow, id));
  }

  /** The parts that this engine runs. */
  get parts() {
    return [...this.#held];
  }

  /** Whether another living engine has this version of a workflow. @param {string} workflow @param {string} version */
  hasElsewhere(workflow, version) {
    return this.#versionsOfOthers.has(versionText(workflow, version));
  }

  /** The engines that run parts, as they were read last. */
  get engines() {
    return [...new Set(this.#byPart.filter((each) => each !== null))];
  }

  start() {
    this.#plan(0);
  }

  /** Run instances, after having been idle. */
  activate() {
    this.#announce();
  }

  /** Say that this engine runs instances, once the database answers. */
  #announce() {
    this.#ledger.beginSharing(this.#member).catch((error) => {
      if (!(error instanceof LedgerError && error.kind === "unavailable")) return this.#options.onfailure(error);
      const { clock } = this.#options;
      if (!this.#ended) clock.at(clock.now() + LOOK_MS, () => this.#announce());
    });
  }

  stop() {
    this.#ended = true;
    this.#cancel?.();
  }

  /** @param {number} ms */
  #plan(ms) {
    if (this.#ended) return;
    const { clock } = this.#options;
    this.#cancel = clock.at(clock.now() + ms, () => {
      this.#lookNext()
        .catch((error) => {
          // The database does not answer, which the writer reports: it is asked again.
          if (!(error instanceof LedgerError && error.kind === "unavailable")) this.#options.onfailure(error);
        })
        .finally(() => this.#plan(LOOK_MS));
    });
  }

  #lookNext() {
    const look = this.#looking.then(() => this.#look());
    this.#looking = look.catch(() => {});
    return look;
  }

  /** Resolves when this engine has read what all engines have in common as it was in this version, or later. @param {number} version */
  async seeCommon(version) {
    while (!this.#ended && this.#commonVersion < version) await this.#lookNext();
  }

  async #look() {
    await this.#ledger.declareDead(this.#member);
    const given = this.#given;
    const holders = await this.#ledger.readHolders();
    if (this.#ended) return;
    this.#byPart = holders.byPart;
    const others = holders.sharing.filter(({ id }) => id !== this.#member.id);
    this.#versionsOfOthers = new Set(others.flatMap(({ versions }) => versions));
    await this.#announceVersions();
    if (holders.commonVersion !== this.#commonVersion) await this.#readCommon(holders.commonVersion);
    await this.#balance(holders, given === this.#given);
  }

  /** Say which code this engine has, where that has changed. */
  async #announceVersions() {
    const workflows = this.#options.store.loadWorkflows();
    const versions = workflows.map(({ name, versionId }) => versionText(name, versionId));
    if (versions.join() === this.#announced) return;
    await this.#ledger.announce(this.#member, versions);
    this.#announced = versions.join();
  }

  /** @param {number} version */
  async #readCommon(version) {
    const rows = await this.#commonRows();
    if (!rows || this.#ended) return;
    const { store, runner } = this.#options;
    runner.commitNow();
    store.adoptCommon(rows, (part) => this.#held.has(part));
    this.#commonVersion = version;
    runner.commonChanged();
  }

  /** What all engines have in common; undefined where this one has changed it meanwhile. */
  async #commonRows() {
    const { store, acknowledged } = this.#options;
    const before = store.commonCommits;
    await acknowledged();
    const rows = await store.readCommon(this.#ledger);
    return store.commonCommits === before ? rows : undefined;
  }

  /** @param {Holders} holders @param {boolean} isCurrent no part was given up since they were read */
  async #balance({ sharing, byPart }, isCurrent) {
    const { id } = this.#member;
    const share = shareOf(
      sharing.map((member) => member.id),
      id,
    );
    // What this engine has taken, but could not read at the time.
    const isUnread = (/** @type {number} */ part) =>
      byPart[part] === id && !this.#held.has(part) && !this.#leaving.has(part);
    const unread = isCurrent ? ALL_PARTS.filter(isUnread) : [];
    const wanted = share - this.#held.size - unread.length;
    const taken = wanted > 0 && isCurrent ? await this.#ledger.takeParts(this.#member, wanted) : [];
    const fresh = [...new Set([...unread, ...taken])];
    if (fresh.length > 0) await this.#takeUp(fresh);
    const staying = [...this.#held].filter((part) => !this.#leaving.has(part));
    this.#giveUp(staying.slice(share));
  }

  /** @param {number[]} parts */
  async #takeUp(parts) {
    const { store, runner } = this.#options;
    let common = await this.#commonRows();
    while (!common && !this.#ended) common = await this.#commonRows();
    const rows = await store.readParts(this.#ledger, parts);
    if (!common || this.#ended) return;
    runner.commitNow();
    store.adoptCommon(common, (part) => this.#held.has(part));
    for (const part of parts) this.#held.add(part);
    runner.takeUp(store.adopt(rows), parts);
  }

  /** @param {number[]} parts */
  #giveUp(parts) {
    for (const part of parts) {
      this.#leaving.add(part);
      this.#handOver(part).catch((error) => {
        if (!(error instanceof LedgerError && error.kind === "unavailable")) this.#options.onfailure(error);
      });
    }
  }

  /** @param {number} part */
  async #handOver(part) {
    const { store, runner, acknowledged } = this.#options;
    const isMeant = (/** @type {number} */ number) => store.isOfPart(number, part);
    await runner.hold(isMeant, GRACE_MS, part);
    if (this.#ended) return;
    // In one turn: no request sees an instance that is half gone.
    const numbers = store.numbersOf(part);
    runner.letGo(numbers, isMeant, part);
    runner.commitNow();
    this.#held.delete(part);
    store.drop(numbers);
    store.dropQueues(part);
    await acknowledged();
    while (!this.#ended) {
      try {
        await this.#ledger.giveUp(this.#member, [part]);
        this.#given += 1;
        break;
      } catch (error) {
        if (!(error instanceof LedgerError && error.kind === "unavailable")) throw error;
        const { clock } = this.#options;
        await new Promise((resolve) => clock.at(clock.now() + LOOK_MS, () => resolve(undefined)));
      }
    }
    this.#leaving.delete(part);
  }
}

/** @param {string} workflow @param {string} version */
function versionText(workflow, version) {
  return `${workflow} ${version}`;
}
