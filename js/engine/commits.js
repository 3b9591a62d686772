/**
 * Group commit: everything that becomes due in one turn of the event loop, over all instances, is one transaction.
 *
 * Durable first, visible second: what is handed to `afterCommit` runs once the transaction that covers it is durable.
 * As long as no caller waits for it, a transaction may stay open for LONGEST_OPEN_MS, so that a step's start and its end are
 * often one commit: half the commits, and no caller has seen what a crash in between takes back.
 * A transaction that the store has committed is durable once `acknowledge` says so. SQLite's are durable at once.
 * When a commit fails, memory is ahead of the disk, and nothing that we know can be told to anybody: the engine stops.
 */

/** @import { Store } from "../store/store.d.ts" */
/** @import { Clock } from "./clock.d.ts" */

/** After this time a transaction is committed for which no caller waits. */
const LONGEST_OPEN_MS = 3;
const UNWRITABLE = "the state file cannot be written";

/** Calls back once all that the store has committed so far is durable. @typedef {(durable: () => void) => void} Acknowledge */

/** A commit of SQLite is durable when it returns. @type {Acknowledge} */
const atOnce = (durable) => durable();

export class Commits {
  /** @type {Store} */
  #store;
  #defer;
  #clock;
  #onfailure;
  #onwritten;
  #acknowledge;
  /** @type {{ resolve: () => void, reject?: (error: Error) => void }[]} */
  #waiting = [];
  #open = false;
  #scheduled = false;
  /** @type {(() => void) | null} */
  #cancelLatest = null;
  #failed = false;

  /**
   * @param {Store} store
   * @param {object} options
   * @param {(run: () => void) => void} options.defer runs its argument at the end of the turn
   * @param {Clock} options.clock
   * @param {(error: unknown) => void} options.onfailure the transaction is lost
   * @param {(number: number) => void} options.onwritten the open transaction adds to an instance
   * @param {Acknowledge} [options.acknowledge]
   */
  constructor(store, { defer, clock, onfailure, onwritten, acknowledge = atOnce }) {
    this.#store = store;
    this.#defer = defer;
    this.#clock = clock;
    this.#onfailure = onfailure;
    this.#onwritten = onwritten;
    this.#acknowledge = acknowledge;
  }

  /** Whether something is written that is not committed. */
  get isOpen() {
    return this.#open;
  }

  /**
   * Run *write* inside the open transaction. It is committed at the end of the turn if anybody waits for it, soon if not.
   *
   * @template T
   * @param {(store: Store) => T} write synchronous
   * @returns {T}
   * @throws what is wrong with what was to be written
   * @throws {StoppedError} the store cannot be written
   */
  write(write) {
    if (this.#failed) throw new StoppedError(UNWRITABLE);
    try {
      if (!this.#open) {
        this.#store.begin();
        this.#open = true;
        this.#cancelLatest = this.#clock.at(this.#clock.now() + LONGEST_OPEN_MS, () => this.flush());
      }
      return write(this.#store);
    } catch (error) {
      // A refusal of the value itself goes to the caller, and the transaction stays open.
      if (this.#open && this.#store.isRefusal(error)) throw error;
      this.#fail(error);
      throw new StoppedError(UNWRITABLE, { cause: error });
    }
  }

  /**
   * The same for the rows of an instance. Its watchers are notified after the commit.
   *
   * @param {number} number of the instance
   * @param {(store: Store) => void} write synchronous
   */
  writeInstance(number, write) {
    this.write(write);
    this.#onwritten(number);
  }

  /**
   * Run *resolve* once all that is written so far is durable; at the end of the turn where nothing is.
   *
   * @param {() => void} resolve
   */
  afterCommit(resolve) {
    this.#waiting.push({ resolve });
    this.#schedule();
  }

  /**
   * The same, a turn later: what else waits for the commit does not wait for *run* as well.
   *
   * @param {() => void} run
   */
  afterCommitNextTurn(run) {
    this.afterCommit(() => this.#defer(run));
  }

  /**
   * The same as `afterCommit`, without hurry: with whichever commit comes next.
   *
   * @param {() => void} resolve
   */
  withNextCommit(resolve) {
    if (this.#open) this.#waiting.push({ resolve });
    else this.afterCommit(resolve);
  }

  /**
   * @returns {Promise<void>} settled once all that is written so far is durable
   * @throws {StoppedError} it is lost
   */
  committed() {
    return new Promise((resolve, reject) => {
      if (this.#failed) return reject(new StoppedError(UNWRITABLE));
      this.#waiting.push({ resolve, reject });
      this.#schedule();
    });
  }

  #schedule() {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#defer(() => this.flush());
  }

  /**
   * Commit what has been written so far. What waits for the commit waits on, until the end of the turn.
   *
   * @returns {Promise<void>} settled once it is durable
   */
  commitNow() {
    this.#commit();
    if (this.#waiting.length > 0) this.#schedule();
    return new Promise((resolve) => this.#acknowledge(resolve));
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
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#acknowledge(() => this.#resolve(waiting));
  }

  /** @param {{ resolve: () => void }[]} waiting */
  #resolve(waiting) {
    if (this.#failed) return;
    for (const { resolve } of waiting) {
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
    this.#waiting = [];
  }

  /** @param {unknown} error */
  #fail(error) {
    if (this.#failed) return;
    this.#failed = true;
    this.#cancelLatest?.();
    for (const { reject } of this.#waiting.splice(0)) reject?.(new StoppedError(UNWRITABLE, { cause: error }));
    try {
      this.#store.rollback();
    } catch {
      // Nothing was open, or SQLite has rolled back by itself, as it does when the disk is full.
    }
    if (!(error instanceof StoppedError)) this.#onfailure(error);
  }
}

/** The engine has stopped: it was closed, or the state file cannot be written any more. */
export class StoppedError extends Error {
  /** @param {string} [why] where no caller asked for it @param {ErrorOptions} [options] */
  constructor(why, options) {
    super(why ? `The engine has stopped: ${why}` : "The engine has stopped", options);
    this.name = "StoppedError";
  }
}
