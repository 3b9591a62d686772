/**
 * A pass, as all that deals with it shares it: its steps, its place in the log, its timers and the way to its guest.
 *
 * What tells the guest of an outcome goes through `afterCommit`: durable first, visible second.
 */

/** @import { Guest, ToGuest, WireError } from "../../bridge/protocol.d.ts" */
/** @import { InstanceRow, LogCursor, LogRow, Store } from "../store/store.d.ts" */
/** @import { EngineContext } from "./context.js" */
/** @import { LoggedKind } from "./step.js" */

import { StoppedError } from "./commits.js";
import { boundedError } from "./error_size.js";
import { ATTEMPT_SUCCESS, WAIT_COMPLETE } from "./events.js";
import { CHUNK_BYTES } from "./limits.js";
import { outcomeOf, readSteps, Step, stepKey } from "./step.js";

export class Pass {
  #engine;
  #guest;
  /** Messages to the guest so far; `quiet` is compared with it. */
  #sent = 0;
  /** Messages that would let `run()` continue, while it may not. @type {ToGuest[] | null} */
  #withheld = null;
  /** A pause is pending. */
  held = false;
  /** By what the guest calls them. @type {Map<number, Step>} */
  #refs = new Map();
  /** Something happens in the pass. */
  onactivity = () => {};
  /** Ends the instance for good; set by it. @type {(error: unknown) => void} */
  onfault = (error) => {
    throw error;
  };
  ended = false;
  /** Steps that have not ended, in the order of their starts: few of many. @type {Set<Step>} */
  #unended = new Set();
  /** Size of the values that the instance keeps, in characters. */
  #values;
  #stepCount = 0;
  /** How many chunks of byte streams it keeps; counted when it begins to matter. @type {number | null} */
  #chunks = null;
  /** Size of its steps' reported progress; counted when it begins to matter. @type {number | null} */
  #progressSize = null;

  /**
   * @param {EngineContext} engine
   * @param {InstanceRow} row
   * @param {{ rows: LogRow[], log: LogCursor, pass: number, guest: Guest }} parts
   */
  constructor(engine, row, { rows, log, pass, guest }) {
    this.#engine = engine;
    this.#guest = guest;
    this.row = row;
    this.id = pass;
    /** @type {LogCursor} */
    this.log = log;
    /** All that the instance has, in the order of their starts. @type {Map<string, Step>} */
    this.steps = readSteps(rows);
    for (const step of this.steps.values()) {
      if (step.kind === "do") this.#stepCount += 1;
      if (!step.ended) this.#unended.add(step);
    }
    this.#values = rows.reduce((size, { value }) => size + (value?.length ?? 0), 0);
    /** Steps undo what others have done; `run()` cannot begin any. */
    this.rollingBack = row.status === "rollingBack";
  }

  get number() {
    return this.row.number;
  }

  get now() {
    return this.#engine.now;
  }

  /** How many messages the guest has been sent. */
  get sent() {
    return this.#sent;
  }

  // Steps ------------------------------------------------------------------------------------------------------------

  /**
   * @param {LoggedKind} kind
   * @param {string} name
   * @param {number} count
   */
  step(kind, name, count) {
    return this.steps.get(stepKey(kind, name, count));
  }

  /** How many steps of `run()` the instance has. */
  get stepCount() {
    return this.#stepCount;
  }

  /** How many sleeps and waits it has. */
  get restCount() {
    return this.steps.size - this.#stepCount;
  }

  /**
   * @param {LoggedKind} kind
   * @param {{ name: string, count: number }} call
   * @param {number} ref
   */
  add(kind, { name, count }, ref) {
    const step = new Step(kind, name, count);
    step.order = this.log.seq + 1;
    this.steps.set(step.key, step);
    this.#unended.add(step);
    if (kind === "do") this.#stepCount += 1;
    this.bindRef(step, ref);
    return step;
  }

  /**
   * From now on the guest calls the step by this number.
   *
   * @param {Step} step
   * @param {number} ref
   */
  bindRef(step, ref) {
    if (step.ref !== null) this.#refs.delete(step.ref);
    step.ref = ref;
    this.#refs.set(ref, step);
  }

  /** The step that the guest calls by this number. @param {number} ref */
  stepByRef(ref) {
    return this.#refs.get(ref);
  }

  /** The step ends with the row that is written next. @param {Step} step */
  end(step) {
    step.running = false;
    step.ended = true;
    step.endOrder = this.log.seq + 1;
    step.endedAt = this.now;
    this.#unended.delete(step);
  }

  /** Steps that may still move; in a rollback the forward ones may not. */
  open() {
    return [...this.#unended].filter((step) => (step.kind === "rollback") === this.rollingBack);
  }

  /** Whether an attempt is under way. @param {(step: Step) => boolean} [isMeant] */
  isExecuting(isMeant = () => true) {
    for (const step of this.#unended) if (step.running && step.ref !== null && isMeant(step)) return true;
    return false;
  }

  // Time and storage -------------------------------------------------------------------------------------------------

  /** @param {(store: Store) => void} write in this turn's transaction */
  write(write) {
    this.#engine.commits.writeInstance(this.number, write);
  }

  /** Count a further value. @param {string} value @returns {boolean} whether the instance may keep it */
  reserveValue(value) {
    this.#values += value.length;
    return this.#fits();
  }

  /** Count a further chunk of a byte stream. @returns {boolean} whether the instance may keep it */
  reserveChunk() {
    this.#chunks = this.#countChunks() + 1;
    return this.#fits();
  }

  #fits() {
    return this.#values + this.#countChunks() * CHUNK_BYTES <= this.#engine.stateLimit;
  }

  #countChunks() {
    return (this.#chunks ??= this.store.countChunks(this.number));
  }

  /** Delete what a failed attempt has left of a byte stream, and mark what it has reported as superseded. @param {Step} step */
  discardAttempt(step) {
    if (step.reporting) {
      step.reporting = false;
      const { number, now } = this;
      this.write((store) => store.progressSuperseded(number, step, now));
    }
    if (!step.streaming) return;
    step.streaming = false;
    this.#chunks = null;
    this.write((store) => store.chunksDropped(this.number, step));
  }

  /** Count a further item of progress: the oldest ones make room for it. @param {number} size @param {number} limit */
  makeRoomForProgress(size, limit) {
    this.#progressSize = (this.#progressSize ?? this.store.progressSize(this.number)) + size;
    if (this.#progressSize <= limit) return;
    this.write((store) => store.progressHalved(this.number, this.now));
    this.#progressSize = null;
  }

  /** As it stands, what is not committed yet included. */
  get store() {
    return this.#engine.store;
  }

  // Faults -----------------------------------------------------------------------------------------------------------

  /**
   * Run what a timer or a commit of the pass causes, or who leads its instance.
   *
   * @param {() => void} run
   */
  contain(run) {
    try {
      run();
    } catch (error) {
      this.fault(error);
    }
  }

  /**
   * An exception ends this instance alone, and so that no replay comes to it again, for good.
   *
   * @param {unknown} error
   * @throws {StoppedError} no instance can be written
   */
  fault(error) {
    if (error instanceof StoppedError) throw error;
    this.onfault(error);
  }

  // Time -------------------------------------------------------------------------------------------------------------

  /**
   * @param {number} time
   * @param {() => void} run
   */
  at(time, run) {
    return this.#engine.at(time, () => this.contain(run));
  }

  /**
   * Set the step's one timer.
   *
   * @param {Step} step
   * @param {number} time
   * @param {() => void} run
   */
  arm(step, time, run) {
    this.disarm(step);
    step.cancelTimer = this.at(time, () => {
      step.cancelTimer = null;
      this.onactivity();
      run();
    });
  }

  /** @param {Step} step */
  disarm(step) {
    step.cancelTimer?.();
    step.cancelTimer = null;
  }

  // Sending ----------------------------------------------------------------------------------------------------------

  /** Send the outcome of a step that has ended to its call. @param {Step} step */
  settleCall(step) {
    const { ref } = step;
    if (ref === null) return this.#announce(step);
    if (step.error) return this.afterCommit({ type: "reject", pass: this.id, ref, error: step.error });
    if (step.kind === "sleep") return this.afterCommit({ type: "resolve", pass: this.id, ref });
    const event = step.kind === "do" ? ATTEMPT_SUCCESS : WAIT_COMPLETE;
    const value = step.value ?? /** @type {string} */ (this.store.loadValue(this.number, step, event));
    step.value = null;
    this.afterCommit({ type: "resolve", pass: this.id, ref, value });
  }

  /** Send the outcome of a step that the guest has not called yet: it comes before those that become known later. @param {Step} step */
  #announce(step) {
    // Before the pass begins it is part of the history.
    if (this.#sent > 0) this.afterCommit({ type: "recorded", pass: this.id, ...outcomeOf(step) });
  }

  /**
   * A call that breaks a rule: an ordinary error at the call, and no trace of it in the log.
   *
   * @param {number} ref
   * @param {WireError} error
   */
  refuse(ref, error) {
    this.afterCommit({ type: "reject", pass: this.id, ref, error: boundedError(error), refused: true });
  }

  /** @param {ToGuest} message */
  afterCommit(message) {
    this.#engine.commits.afterCommit(() => this.contain(() => this.send(message)));
  }

  /**
   * Answer code that runs inside a step, also while a pause is pending: the pause waits for that step.
   *
   * @param {ToGuest} message
   */
  tellCaller(message) {
    this.#engine.commits.afterCommit(() => {
      if (!this.ended) this.contain(() => this.sendNow(message));
    });
  }

  /** @param {ToGuest} message */
  send(message) {
    if (this.ended) return;
    if (this.#withheld) this.#withheld.push(message);
    else this.sendNow(message);
  }

  /** @param {ToGuest} message */
  sendNow(message) {
    this.onactivity();
    this.#sent += 1;
    this.#guest.send(message);
  }

  /** A pause is pending: the guest begins no attempt by itself, and `run()` may not continue. */
  hold() {
    this.held = true;
    this.withhold();
    this.sendNow({ type: "hold", pass: this.id, on: true });
  }

  /** The pause is taken back. */
  release() {
    this.held = false;
    // Where replays are forced, the guest begins no attempt by itself at all.
    if (!this.#engine.forceReplay) this.sendNow({ type: "hold", pass: this.id, on: false });
    this.sendWithheld();
  }

  /** From now on `run()` may not continue. */
  withhold() {
    this.#withheld ??= [];
  }

  /** `run()` may continue, unless a pause is pending. */
  sendWithheld() {
    if (this.held) return;
    const withheld = this.#withheld ?? [];
    this.#withheld = null;
    for (const message of withheld) this.send(message);
  }

  /** No timer fires any more, and nothing is sent. */
  close() {
    this.ended = true;
    this.#withheld = null;
    for (const step of this.steps.values()) this.disarm(step);
  }
}
