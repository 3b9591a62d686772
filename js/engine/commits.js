/**
 * Group commit: everything that becomes due in one turn of the event loop, over all instances, is one transaction.
 *
 * Durable first, visible second: what is handed to `after` runs once the transaction that covers it is on the disk.
 * As long as nobody waits to be told, a transaction may stay open for LONGEST_OPEN, so that a step's start and its end are
 * often one commit: half the commits, and nobody can have seen what a crash in between takes back.
 * When a commit fails, memory is ahead of the disk, and nothing that we know can be told to anybody: the engine stops.
 */

/** @import { Store } from "../store/store.d.ts" */
/** @import { Clock } from "./clock.d.ts" */

/** ms after which a transaction is committed that nobody waits for. */
const LONGEST_OPEN = 3;
const UNWRITABLE = "the state file cannot be written";

export class Commits {
  /** @type {Store} */
  #store;
  #defer;
  #clock;
  #onfailure;
  /** @type {{ resolve: () => void, reject?: (error: Error) => void }[]} */
  #after = [];
  #open = false;
  #scheduled = false;
  /** @type {(() => void) | null} */
  #cancelLatest = null;
  #failed = false;

  /**
   * @param {Store} store
   * @param {(run: () => void) => void} defer runs its argument at the end of the turn
   * @param {Clock} clock
   * @param {(error: unknown) => void} onfailure the transaction is lost
   */
  constructor(store, defer, clock, onfailure) {
    this.#store = store;
    this.#defer = defer;
    this.#clock = clock;
    this.#onfailure = onfailure;
  }

  /**
   * Run *write* inside the open transaction. It is committed at the end of the turn if anybody waits for it, soon if not.
   *
   * @template T
   * @param {(store: Store) => T} write synchronous
   * @returns {T}
   */
  write(write) {
    if (this.#failed) throw new StoppedError(UNWRITABLE);
    try {
      if (!this.#open) {
        this.#store.begin();
        this.#open = true;
        this.#cancelLatest = this.#clock.at(this.#clock.now() + LONGEST_OPEN, () => this.flush());
      }
      return write(this.#store);
    } catch (error) {
      this.#fail(error);
      throw new StoppedError(UNWRITABLE, { cause: error });
    }
  }

  /**
   * Run *resolve* once all that is written so far is durable; at the end of the turn where nothing is.
   *
   * @param {() => void} resolve
   */
  after(resolve) {
    this.#after.push({ resolve });
    this.#schedule();
  }

  /**
   * The same, a turn later: whoever waits to be told does not wait for *run* as well.
   *
   * @param {() => void} run
   */
  afterwards(run) {
    this.after(() => this.#defer(run));
  }

  /**
   * The same as `after`, without hurry: with whichever commit comes next.
   *
   * @param {() => void} resolve
   */
  eventually(resolve) {
    if (this.#open) this.#after.push({ resolve });
    else this.after(resolve);
  }

  /**
   * @returns {Promise<void>} settled once all that is written so far is durable
   * @throws {StoppedError} it is lost
   */
  committed() {
    return new Promise((resolve, reject) => {
      if (this.#failed) return reject(new StoppedError(UNWRITABLE));
      this.#after.push({ resolve, reject });
      this.#schedule();
    });
  }

  #schedule() {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#defer(() => this.flush());
  }

  /** Commit what has been written so far. What waits in `after` waits on, until the end of the turn. */
  settle() {
    this.#commit();
    if (this.#after.length > 0) this.#schedule();
  }

  #commit() {
    if (!this.#open) return;
    this.#cancelLatest?.();
    try {
      this.#store.commit();
      this.#open = false;
    } catch (error) {
      this.#fail(error);
      throw new StoppedError(UNWRITABLE, { cause: error });
    }
  }

  flush() {
    this.#scheduled = false;
    if (this.#failed) return;
    try {
      this.#commit();
    } catch {
      return;
    }
    const after = this.#after;
    this.#after = [];
    for (const { resolve } of after) {
      try {
        resolve();
      } catch (error) {
        this.#fail(error);
        return;
      }
    }
  }

  /** Forget what is not committed, as a process does that dies. */
  abandon() {
    this.#failed = true;
    this.#cancelLatest?.();
    this.#after = [];
  }

  /** @param {unknown} error */
  #fail(error) {
    if (this.#failed) return;
    this.#failed = true;
    this.#cancelLatest?.();
    for (const { reject } of this.#after.splice(0)) reject?.(new StoppedError(UNWRITABLE, { cause: error }));
    try {
      this.#store.rollback();
    } catch {
      // Nothing was open, or SQLite has rolled back by itself, as it does when the disk is full.
    }
    if (!(error instanceof StoppedError)) this.#onfailure(error);
  }
}

/** The engine has stopped: somebody has closed it, or the state file cannot be written any more. */
export class StoppedError extends Error {
  /** @param {string} [why] where nobody asked for it @param {ErrorOptions} [options] */
  constructor(why, options) {
    super(why ? `The engine has stopped: ${why}` : "The engine has stopped", options);
    this.name = "StoppedError";
  }
}
