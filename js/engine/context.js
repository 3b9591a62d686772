/**
 * What the parts of an engine share: the store, its group commit and the clock. An engine makes one.
 *
 * - A pass writes with `commits.writeInstance`, and reads the `store` as it stands.
 * - A command goes through `own`, what creates instances through `transact`.
 * - What reads for callers outside goes through `readDurable`.
 */

/** @import { InstanceRow, Store } from "../store/store.d.ts" */
/** @import { Clock } from "./clock.d.ts" */
/** @import { Acknowledge } from "./commits.js" */

import { Commits, StoppedError } from "./commits.js";
import { WorkflowError } from "./errors.js";
import { findInstance } from "./find.js";
import { MAX_STATE_CHARACTERS } from "./limits.js";
import { Observers } from "./observers.js";
import { Watchers } from "./watchers.js";

/**
 * The ids of traces, where they are sent.
 *
 * @typedef {object} Tracing
 * @property {(number: number) => string} traceOf id of the trace of an instance
 * @property {(trace: string, step: { kind: string, name: string, count: number } | undefined) => string} parentOf a
 *   `traceparent` that names the span of a step; of the instance where it is undefined
 *
 * @typedef {object} ContextOptions
 * @property {Store} store
 * @property {Clock} clock
 * @property {(run: () => void) => void} defer runs its argument at the end of this turn of the event loop
 * @property {Acknowledge} [acknowledge] when a commit is durable; at once where absent
 * @property {() => number} [nextNumber] the number of the next instance; counts on from the store's last one where absent
 * @property {number} [stateLimit] how much an instance may keep, in characters
 * @property {Tracing} [tracing] absent: nothing has a trace
 * @property {boolean} [forceReplay] drop a pass and replay it each time a step, a sleep or a wait has ended
 * @property {(error: unknown) => void} onfailure the engine cannot go on
 */

export class EngineContext {
  /** As it stands, what is not committed yet included. Synchronous: a promise between two writes would tear a fact apart. */
  store;
  commits;
  nextNumber;
  stateLimit;
  forceReplay;
  tracing;
  #clock;
  #onfailure;
  #watchers;
  /** Who follows all instances. */
  observers;
  #stopped = false;

  /** @param {ContextOptions} options */
  constructor({ store, clock, defer, acknowledge, nextNumber, stateLimit, tracing, forceReplay = false, onfailure }) {
    this.store = store;
    this.commits = new Commits(store, {
      defer,
      clock,
      onfailure,
      onwritten: (number) => this.#watchers.touch(number),
      ...(acknowledge ? { acknowledge } : {}),
    });
    this.nextNumber = nextNumber ?? countingFrom(store.lastNumber());
    this.stateLimit = stateLimit ?? MAX_STATE_CHARACTERS;
    this.forceReplay = forceReplay;
    this.tracing = tracing;
    this.#clock = clock;
    this.#onfailure = onfailure;
    this.#watchers = new Watchers(this.commits);
    this.observers = new Observers(store, this.commits);
  }

  get now() {
    return this.#clock.now();
  }

  get stopped() {
    return this.#stopped;
  }

  /** Nothing is read or written for callers any more, and no timer of a pass fires. */
  stop() {
    this.#stopped = true;
  }

  // What passes use --------------------------------------------------------------------------------------------------

  /**
   * Call *run* at a time.
   *
   * @param {number} time ms since 1970
   * @param {() => void} run
   * @returns {() => void} takes it back
   */
  at(time, run) {
    return this.#clock.at(time, () => this.guard(run));
  }

  /** The time of day, as the machine has it. */
  get wallNow() {
    return this.#clock.wallNow?.() ?? this.#clock.now();
  }

  /** Call *run* when the machine has this time. @type {EngineContext["at"]} */
  atWall(time, run) {
    const guarded = () => this.guard(run);
    return this.#clock.atWall?.(time, guarded) ?? this.#clock.at(time, guarded);
  }

  /**
   * Run what a guest or a timer has caused. Where the state cannot be written, that has been reported already.
   *
   * @param {() => void} run
   */
  guard(run) {
    if (this.#stopped) return;
    try {
      run();
    } catch (error) {
      if (!(error instanceof StoppedError)) this.#onfailure(error);
    }
  }

  // What callers outside use -----------------------------------------------------------------------------------------

  /**
   * The one door for commands: carries out *act* on an instance that this engine owns, as `transact` does.
   *
   * @template T
   * @param {string} workflow
   * @param {string} id
   * @param {(row: InstanceRow, store: Store) => T} act synchronous
   * @returns {Promise<T>}
   * @throws {import("./errors.js").WorkflowError} the instance does not exist
   */
  own(workflow, id, act) {
    return this.transact((store) => act(findInstance(store, workflow, id), store));
  }

  /**
   * Carry out *act*, which sees the state as it stands, so that the requests of one turn are one transaction. The answer, a
   * refusal too, is given once all that is durable.
   *
   * @template T
   * @param {(store: Store) => T} act synchronous
   * @returns {Promise<T>}
   */
  async transact(act) {
    if (this.#stopped) throw new StoppedError();
    let answer;
    try {
      answer = act(this.store);
    } catch (error) {
      await this.commits.commitNow();
      throw this.#named(error);
    }
    await this.commits.committed();
    return answer;
  }

  /**
   * Read what is durable: what this turn has written so far is committed first.
   *
   * @template T
   * @param {(store: Store) => T} read synchronous
   * @returns {Promise<T>}
   */
  async readDurable(read) {
    if (this.#stopped) throw new StoppedError();
    const durable = this.commits.commitNow();
    try {
      return read(this.store);
    } catch (error) {
      throw this.#named(error);
    } finally {
      await durable;
    }
  }

  /** Damage with the name of the instance; other errors as they are. @param {any} error */
  #named(error) {
    if (error?.name !== "DamageError") return error;
    const { workflow, id } = this.store.nameOf(error.number) ?? { workflow: "?", id: "?" };
    const message = `(instance.damaged) Instance '${id}' of workflow '${workflow}' is damaged in the state. ${error.message}`;
    return new WorkflowError("instance.damaged", `${message} Set it aside with: stepwell doctor --repair`);
  }

  /** @type {Watchers["add"]} */
  watch(number, notify) {
    return this.#watchers.add(number, notify);
  }
}

/** @param {number} last */
function countingFrom(last) {
  let number = last;
  return () => ++number;
}
