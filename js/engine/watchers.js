/** The watchers that are notified when a commit has added to an instance's log or output. */

/** @import { Commits } from "./commits.js" */

export class Watchers {
  #commits;
  /** @type {Map<number, Set<() => void>>} */
  #watchers = new Map();
  /** Instances whose watchers are notified after the next commit. @type {Set<number>} */
  #touched = new Set();

  /** @param {Commits} commits */
  constructor(commits) {
    this.#commits = commits;
  }

  /**
   * Call *notify* after each commit that has added to the instance.
   *
   * @param {number} number
   * @param {() => void} notify
   * @returns {() => void} ends it
   */
  add(number, notify) {
    const watchers = this.#watchers.get(number) ?? new Set();
    this.#watchers.set(number, watchers);
    watchers.add(notify);
    return () => {
      watchers.delete(notify);
      if (watchers.size === 0 && this.#watchers.get(number) === watchers) this.#watchers.delete(number);
    };
  }

  /** The open transaction adds to the instance. @param {number} number */
  touch(number) {
    if (!this.#watchers.has(number) || this.#touched.has(number)) return;
    this.#touched.add(number);
    this.#commits.withNextCommit(() => {
      this.#touched.delete(number);
      for (const notify of this.#watchers.get(number) ?? []) notify();
    });
  }
}
