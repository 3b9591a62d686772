/** Who follows all instances: what each commit has added to their logs and output. */

/** @import { LogRow, OutputRow, Store } from "../store/store.d.ts" */
/** @import { Commits } from "./commits.js" */

import { entries } from "./events.js";

/** Of how many instances the names are kept in memory. */
const MAX_NAMES = 10_000;

/**
 * Exactly one of `entry`, `line` and `deleted` is there.
 *
 * @typedef {object} Addition
 * @property {string} workflow its key
 * @property {string} id of the instance
 * @property {number} number of the instance
 * @property {import("../store/store.d.ts").LogEntry} [entry] of the log, without the value of a step
 * @property {OutputRow} [line] that its code has printed
 * @property {true} [deleted] the instance is gone
 *
 * @typedef {(additions: Addition[]) => void} Observe takes what one commit has added, in the order in which it was written
 */

export class Observers {
  #store;
  #commits;
  /** @type {Set<Observe>} */
  #observers = new Set();
  /** Of the open transaction. @type {Addition[]} */
  #additions = [];
  /** @type {Map<number, { workflow: string, id: string }>} */
  #names = new Map();

  /** @param {Store} store @param {Commits} commits */
  constructor(store, commits) {
    this.#store = store;
    this.#commits = commits;
  }

  /**
   * Call *observe* after each commit that has added something. It must not throw, and must not keep the engine waiting.
   *
   * @param {Observe} observe
   * @returns {() => void} ends it
   */
  add(observe) {
    this.#observers.add(observe);
    this.#store.observer = {
      appended: (number, row) => {
        const named = this.#named(number);
        for (const entry of entries([{ ...row, value: null }])) this.#note({ ...named, entry });
      },
      printed: (number, lines) => {
        const named = this.#named(number);
        for (const line of lines) this.#note({ ...named, line });
      },
      deleted: (number) => this.#note({ ...this.#named(number), deleted: true }),
    };
    return () => {
      this.#observers.delete(observe);
      if (this.#observers.size === 0) this.#store.observer = undefined;
    };
  }

  /** @param {Addition} addition */
  #note(addition) {
    if (this.#additions.length === 0) this.#commits.withNextCommit(() => this.#deliver());
    this.#additions.push(addition);
  }

  #deliver() {
    const additions = this.#additions;
    this.#additions = [];
    for (const observe of this.#observers) observe(additions);
  }

  /** @param {number} number */
  #named(number) {
    let name = this.#names.get(number);
    if (!name) {
      const { workflow = "", id = "" } = this.#store.nameOf(number) ?? {};
      if (this.#names.size >= MAX_NAMES) this.#names.clear();
      name = { workflow, id };
      this.#names.set(number, name);
    }
    return { ...name, number };
  }
}
