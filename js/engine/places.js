/**
 * Places of workflows with a concurrency limit: an instance needs one to run, and gives it up when it waits or has ended.
 *
 * Here one engine runs all instances of a state, so that those that run are counted in its store.
 */

/** @import { Store } from "../store/store.d.ts" */

/** An instance that is to run, and since when. @typedef {{ number: number, since: number }} Candidate */

/**
 * Who decides which instances have a place.
 *
 * @typedef {object} Places
 * @property {(workflow: string, limit: number, candidates: (count: number) => Candidate[]) => number[]} admit those that may begin
 *   now; `candidates` gives the first ones of those that wait for a place
 */

/** @implements {Places} */
export class OwnPlaces {
  #store;

  /** @param {Store} store */
  constructor(store) {
    this.#store = store;
  }

  /** @type {Places["admit"]} */
  admit(workflow, limit, candidates) {
    const room = limit - this.#store.loadRunningOf(workflow).length;
    return room > 0 ? candidates(room).map(({ number }) => number) : [];
  }
}
