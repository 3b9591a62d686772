/**
 * Places of workflows with a concurrency limit, where several engines run the instances of a state. The ledger has a row for each
 * place that is taken, and for each that is wanted; an engine writes those of the instances that it runs.
 *
 * Of several engines each takes places only where no other one has taken any since it has counted them. A place is left when the
 * ledger knows that its instance does not run: one that is killed has its place until another engine has its part.
 */

/** @import { Clock } from "../engine/clock.d.ts" */
/** @import { Candidate, Places } from "../engine/places.js" */
/** @import { Ledger, Member, PlaceRow, PlacesOfWorkflow } from "./ledger.d.ts" */
/** @import { WorkingSet } from "./working_set.js" */

import { StoppedError } from "../engine/commits.js";
import { LedgerError } from "./ledger_error.js";
import { partOf } from "./parts.js";

/** How often an engine looks for a place that it was not told of, in ms. */
const POLL_MS = 500;
/** How long a free place is kept for the instance that has waited longest, in ms: its engine may have stopped. */
const PATIENCE_MS = 2000;
/** How often an engine counts at once when others are quicker. */
const TRIES = 20;

/**
 * @typedef {object} PlacesOptions
 * @property {Clock} clock
 * @property {WorkingSet} store
 * @property {() => number[]} parts those that this engine holds
 * @property {() => Promise<void>} acknowledged all that is committed is in the ledger
 * @property {() => void} onplaces instances have got a place
 * @property {(error: unknown) => void} onfailure it cannot be continued
 */

/**
 * What an engine knows of the places of a workflow.
 *
 * @typedef {object} Known
 * @property {Set<number>} taken instances that have a place
 * @property {Candidate[]} wanted those that wait for one, and those that begin
 * @property {string} needed what ran and what waited, and the parts, when it was looked last
 * @property {boolean} looking
 * @property {boolean} again
 * @property {() => void} cancel the next look
 * @property {number} turn as it was when a place was first seen to be free
 * @property {number} freeSince
 */

/** @type {Known} */
const NOTHING_KNOWN = {
  taken: new Set(),
  wanted: [],
  needed: "",
  looking: false,
  again: false,
  cancel() {},
  turn: 0,
  freeSince: 0,
};

/** @implements {Places} */
export class SharedPlaces {
  #ledger;
  #member;
  #options;
  /** By workflow. @type {Map<string, Known>} */
  #known = new Map();
  #ended = false;

  /** @param {Ledger} ledger @param {Member} member @param {PlacesOptions} options */
  constructor(ledger, member, options) {
    this.#ledger = ledger;
    this.#member = member;
    this.#options = options;
  }

  /** @type {Places["admit"]} */
  admit(workflow, limit, candidates) {
    const known = this.#of(workflow);
    known.wanted = candidates(limit);
    const numbers = known.wanted.map(({ number }) => number);
    const running = this.#options.store.loadRunningOf(workflow);
    // Most looks for instances that may begin are about other workflows.
    const needed = JSON.stringify([running, numbers, this.#options.parts()]);
    if (needed !== known.needed) this.#look(workflow);
    known.needed = needed;
    return numbers.filter((number) => known.taken.has(number));
  }

  /** Another engine has left a place. @param {string} workflow */
  freed(workflow) {
    const known = this.#known.get(workflow);
    if (known?.wanted.some(({ number }) => !known.taken.has(number))) this.#look(workflow);
  }

  stop() {
    this.#ended = true;
    for (const { cancel } of this.#known.values()) cancel();
  }

  /** @param {string} workflow @returns {Known} */
  #of(workflow) {
    let known = this.#known.get(workflow);
    if (!known) {
      known = { ...NOTHING_KNOWN, taken: new Set() };
      this.#known.set(workflow, known);
    }
    return known;
  }

  /** Look now, or once more after the look that is under way. @param {string} workflow */
  #look(workflow) {
    const known = this.#of(workflow);
    known.again = true;
    if (known.looking || this.#ended) return;
    known.looking = true;
    known.cancel();
    this.#settle(workflow, known)
      .catch((error) => {
        known.again = true;
        // The engine ends, or the database does not answer, which the writer reports: it is asked again.
        const isKnown = error instanceof StoppedError || (error instanceof LedgerError && error.kind === "unavailable");
        if (!isKnown) this.#options.onfailure(error);
      })
      .finally(() => {
        const { clock } = this.#options;
        const isWaiting = known.again || known.wanted.some(({ number }) => !known.taken.has(number));
        if (!isWaiting || known.looking || this.#ended) return;
        known.cancel();
        known.cancel = clock.at(clock.now() + POLL_MS, () => this.#look(workflow));
      });
  }

  /** @param {string} workflow @param {Known} known */
  async #settle(workflow, known) {
    try {
      for (let tries = 0; known.again && !this.#ended && tries < TRIES; tries++)
        await this.#settleOnce(workflow, known);
    } finally {
      // In the turn in which there was nothing to look for again: what comes a moment later begins the next look.
      known.looking = false;
    }
  }

  /** @param {string} workflow @param {Known} known */
  async #settleOnce(workflow, known) {
    known.again = false;
    const before = this.#options.store.loadRunningOf(workflow);
    await this.#options.acknowledged();
    if (this.#ended) return;
    const parts = this.#options.parts();
    const rows = this.#rows(workflow, known, before);
    // What has no place any more may not begin from now on.
    for (const number of known.taken) if (!rows.has(number)) known.taken.delete(number);
    await this.#write(workflow, known, rows, await this.#ledger.readPlaces(workflow, parts));
  }

  /**
   * The rows that this engine is to have: of the instances that run, and of those that want to.
   *
   * @param {string} workflow
   * @param {Known} known
   * @param {number[]} before what ran when what the ledger has now was written
   * @returns {Map<number, PlaceRow>}
   */
  #rows(workflow, { wanted }, before) {
    const { store } = this.#options;
    const row = (/** @type {number} */ instance, since = 0, isTaken = true) => {
      const id = store.nameOf(instance)?.id;
      return { instance, part: id === undefined ? -1 : partOf(workflow, id), since, isTaken };
    };
    const rows = new Map(wanted.map(({ number, since }) => [number, row(number, since, false)]));
    for (const number of [...before, ...store.loadRunningOf(workflow)]) rows.set(number, row(number));
    return rows;
  }

  /** @param {string} workflow @param {Known} known @param {Map<number, PlaceRow>} rows @param {PlacesOfWorkflow} places */
  async #write(workflow, known, rows, places) {
    const { mine, turn } = places;
    const gone = mine.filter(({ instance }) => !rows.has(instance)).map(({ instance }) => instance);
    if (gone.length > 0) await this.#ledger.leavePlaces(this.#member, workflow, gone);
    const had = new Set(mine.filter(({ instance, isTaken }) => isTaken && rows.has(instance)).map(instanceOf));
    // Those that run already, from a time when the workflow had no limit, have a place in any case.
    const running = [...rows.values()].filter(({ instance, isTaken }) => isTaken && !had.has(instance));
    const waiting = [...rows.values()].filter(({ instance, isTaken }) => !isTaken && !had.has(instance));
    const goneTaken = mine.filter(({ instance, isTaken }) => isTaken && !rows.has(instance)).length;
    const free = places.limit === null ? Infinity : places.limit - places.taken + goneTaken - running.length;
    const next = this.#next(known, waiting, places, free);
    const wished = [...running, ...next];
    const taken = wished.length > 0 ? await this.#ledger.takePlaces(this.#member, workflow, wished, turn) : [];
    const listed = new Set(mine.map(instanceOf));
    const fresh = waiting.filter(({ instance }) => !taken.includes(instance) && !listed.has(instance));
    if (fresh.length > 0) await this.#ledger.wantPlaces(this.#member, workflow, fresh);
    known.taken = new Set([...had, ...taken]);
    if (wished.length > taken.length) known.again = true;
    if (taken.length > 0) this.#options.onplaces();
  }

  /**
   * Those of the instances that wait here that are next of all.
   *
   * @param {Known} known
   * @param {PlaceRow[]} waiting
   * @param {PlacesOfWorkflow} places
   * @param {number} free
   */
  #next(known, waiting, { others, turn }, free) {
    const now = this.#options.clock.now();
    const isStillFree = known.turn === turn && free > 0 && waiting.length > 0;
    if (!isStillFree) [known.turn, known.freeSince] = [turn, now];
    const isPatient = now - known.freeSince < PATIENCE_MS;
    const queue = [...waiting, ...(isPatient ? others : [])].sort(
      (one, other) => one.since - other.since || one.instance - other.instance,
    );
    return queue.slice(0, Math.max(0, free)).filter((row) => waiting.includes(row));
  }
}

/** @param {PlaceRow} row */
function instanceOf({ instance }) {
  return instance;
}
