/**
 * A mark beside the state: the number of its last log entry. A state that has less was cut: its write-ahead log has lost its
 * tail, or was left behind when the state was copied. SQLite takes such a state for an older one, and says nothing.
 *
 * The mark is written a moment after a commit, and never waited for: it costs no commit anything, and may be behind.
 */

import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";

/** How long after a commit the mark may be written. */
const DELAY_MS = 200;

export class TailMark {
  #path;
  #read;
  #written = -1;
  /** @type {NodeJS.Timeout | undefined} */
  #timer;

  /** @param {string} state path of the state file @param {() => number | undefined} read gives the number of its last log entry; 0: it has none; undefined while a transaction is open */
  constructor(state, read) {
    this.#path = `${state}.mark`;
    this.#read = read;
  }

  /** How many entries are missing at the end, as far as the mark knows. */
  missing() {
    try {
      const { last } = JSON.parse(readFileSync(this.#path, "utf8"));
      return Number.isSafeInteger(last) ? Math.max(0, last - (this.#read() ?? last)) : 0;
    } catch {
      return 0;
    }
  }

  /** Write the mark from now on. */
  start() {
    this.#timer = setInterval(() => this.#write(), DELAY_MS).unref();
  }

  /** Write it for the last time. */
  stop() {
    clearInterval(this.#timer);
    this.#write();
  }

  #write() {
    try {
      const last = this.#read();
      if (last === undefined || last === this.#written) return;
      const draft = `${this.#path}.${process.pid}`;
      writeFileSync(draft, `${JSON.stringify({ last })}\n`, { mode: 0o600 });
      renameSync(draft, this.#path);
      this.#written = last;
    } catch {
      // The disk is full, or the folder is gone: whoever writes the state says so. A mark that is wrong is worse than none.
      rmSync(this.#path, { force: true });
    }
  }
}
