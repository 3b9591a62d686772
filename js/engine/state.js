/**
 * The state, as all that deals with requests shares it: it is read as it is on the disk, changed in the transaction of this
 * turn, and whoever watches an instance is told of what a commit has added to it.
 */

/** @import { Store } from "../store/store.d.ts" */
/** @import { Clock } from "./clock.d.ts" */
/** @import { Commits } from "./commits.js" */

import { StoppedError } from "./commits.js";

export class State {
  /** @type {Store} */
  #store;
  /** @type {Commits} */
  #commits;
  #clock;
  /** @type {Map<number, Set<() => void>>} */
  #watchers = new Map();
  /** Instances whose watchers are to be told after the next commit. @type {Set<number>} */
  #touched = new Set();
  #stopped = false;

  /** @param {Store} store @param {Commits} commits @param {Clock} clock */
  constructor(store, commits, clock) {
    this.#store = store;
    this.#commits = commits;
    this.#clock = clock;
  }

  get now() {
    return this.#clock.now();
  }

  stop() {
    this.#stopped = true;
  }

  /**
   * Do what somebody asks for. *act* sees the state as it stands, what is not committed yet included, so that requests of one
   * turn are one transaction. Its answer, a refusal too, is given once all that is durable.
   *
   * @template T
   * @param {(store: Store) => T} act synchronous
   * @returns {Promise<T>}
   */
  async carryOut(act) {
    if (this.#stopped) throw new StoppedError();
    let answer;
    try {
      answer = act(this.#store);
    } catch (error) {
      this.#commits.settle();
      throw error;
    }
    await this.#commits.committed();
    return answer;
  }

  /**
   * Read what is durable: what this turn has written so far is committed first.
   *
   * @template T
   * @param {(store: Store) => T} read
   * @returns {T}
   */
  read(read) {
    if (this.#stopped) throw new StoppedError();
    this.#commits.settle();
    return read(this.#store);
  }

  /**
   * Write in this turn's transaction what nobody watches.
   *
   * @template T
   * @param {(store: Store) => T} write
   * @returns {T}
   */
  write(write) {
    return this.#commits.write(write);
  }

  /**
   * Write in this turn's transaction what concerns an instance.
   *
   * @param {number} number
   * @param {(store: Store) => void} write
   */
  writeOf(number, write) {
    this.#commits.write(write);
    if (!this.#watchers.has(number) || this.#touched.has(number)) return;
    this.#touched.add(number);
    this.#commits.eventually(() => {
      this.#touched.delete(number);
      for (const notify of this.#watchers.get(number) ?? []) notify();
    });
  }

  /**
   * Call *notify* after each commit that has added to the instance's log or output.
   *
   * @param {number} number
   * @param {() => void} notify
   * @returns {() => void} ends it
   */
  watch(number, notify) {
    const watchers = this.#watchers.get(number) ?? new Set();
    this.#watchers.set(number, watchers);
    watchers.add(notify);
    return () => {
      watchers.delete(notify);
      if (watchers.size === 0) this.#watchers.delete(number);
    };
  }
}
