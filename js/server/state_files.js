/** The files of a live state: which ones they are, and whether they are still there. */

import { statSync } from "node:fs";

/**
 * The identity of the file at `path`: its device and its inode. Copies of a file have other identities.
 *
 * @param {string} path
 * @returns {string | undefined} undefined: there is no such file
 */
export function fileIdentity(path) {
  try {
    const { dev, ino } = statSync(path, { bigint: true });
    return `${dev}:${ino}`;
  } catch {
    return undefined;
  }
}

/** Remembers files, and finds the first one that was removed or replaced since. */
export class StateFiles {
  /** By path. @type {Map<string, string | undefined>} */
  #identities = new Map();

  /** @param {string} path of a file that exists */
  remember(path) {
    this.#identities.set(path, fileIdentity(path));
  }

  /** @param {string} path @returns {string | undefined} */
  identityOf(path) {
    return this.#identities.get(path);
  }

  /** @param {string} path */
  isUnchanged(path) {
    return this.#identities.has(path) && fileIdentity(path) === this.#identities.get(path);
  }

  /** @returns {string | undefined} the path of the first file that was removed or replaced */
  firstChanged() {
    return [...this.#identities.keys()].find((path) => !this.isUnchanged(path));
  }
}
