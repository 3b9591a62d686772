/**
 * One live instance: what becomes of every message of its guest, and how its pass begins, pauses and ends.
 *
 * What a step goes through is in `attempts.js` and `waits.js`, what keeps steps from beginning in `hold.js`; what they all
 * share is in `pass.js`. The pass number is the
 * fence: once the pass is dropped, what it still sends is not looked at.
 */

/** @import { Encoded, FromGuest, Guest, LostPass, WireError } from "../../bridge/protocol.d.ts" */
/** @import { EventRow, InstanceRow, LogCursor, LogRow } from "../store/store.d.ts" */
/** @import { EngineContext } from "./context.js" */
/** @import { Step } from "./step.js" */

import { Attempts } from "./attempts.js";
import { checkDo } from "./calls.js";
import { boundedError } from "./error_size.js";
import { fatalError, faultError, internalError } from "./errors.js";
import { targetOf } from "./events.js";
import { MAX_SLEEPS_AND_WAITS, MAX_VALUE_BYTES } from "./limits.js";
import { answerRead } from "./guest_reads.js";
import { Hold } from "./hold.js";
import { OpenCalls } from "./open_calls.js";
import { isLarger } from "./value_size.js";
import { messageProblem, refusableRef } from "./messages.js";
import { OutputBound } from "./output.js";
import { Parking } from "./parking.js";
import { Pass } from "./pass.js";
import { Renewal } from "./renewal.js";
import { countRollbacks } from "./rollback.js";
import { RollbackPass } from "./rollback_pass.js";
import { startOf } from "./start_message.js";
import { firstUnseen, inOrder, isOpenWait, isResting, toHistory } from "./step.js";
import { Waits } from "./waits.js";

/**
 * What has the live instances: the scheduler.
 *
 * @typedef {object} InstanceOwner
 * @property {(instance: Instance) => void} released the instance has no pass any more
 * @property {(instance: Instance) => void} parked its pass may be given up
 * @property {(instance: Instance) => void} woken its pass is needed again, or gone
 * @property {(instance: Instance, error: unknown) => void} faulted an exception has ended it
 * @property {import("./open_calls.js").CarryOut} call carries out a guest's call of another workflow
 *
 * @typedef {object} InstanceParts
 * @property {LogRow[]} rows
 * @property {EventRow[]} events that no wait has taken
 * @property {LogCursor} log
 * @property {number} [unseenFrom] log number from which on the pass before was given no outcome, where that is known
 * @property {number} pass its number
 * @property {Guest} guest
 * @property {number} keepParkedMs how long the pass of a parked instance is kept where there is room
 */

export class Instance {
  #engine;
  #owner;
  #guest;
  #pass;
  #attempts;
  #waits;
  #parking;
  /** Where this pass undoes what the others have done. @type {RollbackPass | null} */
  #rollback = null;
  #hold;
  #stepLimit = 0;
  /** Where traces are sent. @type {string | undefined} */
  #trace;
  /** @type {OutputBound | null} */
  #outputBound = null;
  #openCalls;
  /** Log number from which on no earlier pass was given the outcomes; Infinity where the last pass was cut. */
  #unseenFrom;
  #renewal;

  /**
   * @param {EngineContext} engine
   * @param {InstanceOwner} owner
   * @param {InstanceRow} row
   * @param {InstanceParts} parts
   */
  constructor(engine, owner, row, { events, keepParkedMs, unseenFrom, ...parts }) {
    this.#engine = engine;
    this.#owner = owner;
    this.#guest = parts.guest;
    this.#pass = new Pass(engine, row, parts);
    this.#unseenFrom = unseenFrom ?? firstUnseen(parts.rows);
    this.#attempts = new Attempts(this.#pass, {
      handlerInput: (step) => /** @type {RollbackPass} */ (this.#rollback).handlerInput(step),
      onended: (step) => this.#stepEnded(step),
      onfull: (error) => this.#errored(error),
      onidle: () => this.#hold.attemptEnded(),
    });
    this.#hold = new Hold(this.#pass, {
      call: (message) => this.#onDo(message),
      arm: (step) => this.#attempts.arm(step),
      onpaused: () => this.#leave("pause"),
    });
    this.#openCalls = new OpenCalls(this.#pass, ({ step, ...call }, onclose) =>
      owner.call({ ...call, ...this.#traceparent(step) }, onclose),
    );
    this.#waits = new Waits(this.#pass, events, (step) => this.#renewal.replayIfForced(step));
    this.#parking = new Parking(this.#pass, {
      keepParkedMs,
      onparked: () => owner.parked(this),
      onwoken: () => owner.woken(this),
      leave: () => this.#leave("park"),
    });
    this.#renewal = new Renewal(this.#pass, engine, {
      hold: this.#hold,
      giveUp: () => this.#parking.giveUp(),
      leave: () => this.#leave("replay"),
    });
    this.#pass.onactivity = () => this.#parking.wake();
    this.#pass.onfault = (error) => this.#faulted(error);
    if (this.#pass.rollingBack) {
      const leave = () => this.#leave("end");
      this.#rollback = new RollbackPass(this.#pass, parts.rows, { attempts: this.#attempts, leave });
    }
  }

  /** Log number from which on the pass before was given no outcomes, where the next one is a forced replay. */
  get nextUnseenFrom() {
    return this.#renewal.unseenFrom;
  }

  get number() {
    return this.#pass.number;
  }

  /** Where its pass runs. */
  get guest() {
    return this.#guest;
  }

  get id() {
    return this.#pass.row.id;
  }

  get workflow() {
    return this.#pass.row.workflow;
  }

  get pass() {
    return this.#pass.id;
  }

  /** Whether a pause is pending. */
  get pausing() {
    return this.#hold.pausing;
  }

  /**
   * Begin the pass: settle what the last process left behind, set the timers, hand the history to the guest.
   *
   * @param {{ className: string, stepLimit: number }} workflow
   */
  start({ className, stepLimit }) {
    this.#stepLimit = stepLimit;
    const { log, now, number, row, steps } = this.#pass;
    const cut = this.#unseenFrom === Infinity && log.seq > 0;
    const unseenFrom = Math.min(this.#unseenFrom, log.seq + 1);
    this.#pass.write((store) => {
      if (this.#rollback || (row.startedOn !== null && row.status === "running")) store.instanceTaken(number);
      else if (row.startedOn === null) store.instanceStarted(log, now);
      else store.instanceRunning(log, now);
    });
    for (const step of this.#pass.open()) {
      if (step.running) this.#attempts.interrupt(step);
    }
    if (this.#rollback) this.#rollback.start();
    else this.#waits.catchUp();
    const ended = inOrder(steps);
    const firstUnseenRank = ended.findIndex(({ endOrder }) => endOrder >= unseenFrom);
    this.#trace = this.#engine.tracing?.traceOf(number);
    this.#pass.send({
      type: "start",
      pass: this.pass,
      className,
      ...startOf(row),
      stepLimit,
      history: toHistory(steps, { ended }),
      ...(firstUnseenRank < 0 ? {} : { seen: firstUnseenRank }),
      ...(cut ? { cut } : {}),
      ...(this.#rollback ? { rollback: true } : {}),
      ...(this.#trace === undefined ? {} : { trace: this.#trace }),
    });
    // No attempt is under way that the engine does not know when the pass is dropped.
    if (this.#engine.forceReplay) this.#pass.sendNow({ type: "hold", pass: this.pass, on: true });
  }

  /** @param {FromGuest} message */
  receive(message) {
    try {
      this.#take(message);
    } catch (error) {
      this.#engine.guard(() => this.#pass.fault(error));
    }
  }

  /**
   * @param {FromGuest} message
   * @throws {Error} it is not one that a guest may send, and no call can be refused for it
   */
  #take(message) {
    const problem = messageProblem(message);
    if (problem !== undefined) {
      const ref = refusableRef(message);
      if (ref === undefined) throw new TypeError(problem);
      return this.#pass.refuse(ref, fatalError(`The call cannot be made: ${problem}`));
    }
    if (message.type === "log") return this.#onOutput(message);
    this.#parking.wake();
    switch (message.type) {
      case "do":
        return this.#onDo(message);
      case "done":
        return this.#attempts.done(message);
      case "failed":
        return this.#attempts.failed(message);
      case "delay":
        return this.#attempts.delayed(message);
      case "rollback":
        return this.#rollback?.handlerFound(message);
      case "call":
        return this.#openCalls.begin(message);
      case "writeChunk":
        return this.#attempts.writeChunk(message);
      case "progress":
        return this.#attempts.progressed(message);
      case "readChunk":
      case "readTimes":
      case "readStreamLimits":
        return answerRead(this.#pass, message);
      case "replayed":
        return this.#rollback?.replayed();
      case "sleep":
        if (this.#admit(message) === "new") this.#waits.sleep(message);
        return;
      case "waitForEvent":
        if (this.#admit(message) === "new") this.#waits.wait(message);
        return;
      case "end":
        return this.#onEnd(message.value);
      case "fail":
        return this.#onFail(message.error);
      case "quiet":
        return this.#parking.quiet(message.seen);
    }
  }

  // Steps ------------------------------------------------------------------------------------------------------------

  /**
   * Let a call of a step in. The call of a step that the log knows gets the outcome, or the step continues from where it is.
   *
   * @param {Extract<FromGuest, { type: "do" | "sleep" | "waitForEvent" }>} call
   * @returns {"new" | "known" | "refused"} `new`: the log does not know the step, which may begin
   */
  #admit({ type, ref, name, count }) {
    const step = this.#pass.step(type, name, count);
    if (step) {
      this.#pass.bindRef(step, ref);
      if (step.ended) this.#pass.settleCall(step);
      else if (step.kind === "do" && !step.running) this.#attempts.arm(step);
      return "known";
    }
    const problem = this.#rollback ? NO_STEPS : this.#limitProblem(type);
    if (problem === undefined) return "new";
    this.#pass.refuse(ref, fatalError(problem));
    return "refused";
  }

  /** Why the instance cannot have a further step of this kind. Guests count too, but any code may run in them. @param {string} type */
  #limitProblem(type) {
    if (type === "do") {
      const count = this.#pass.stepCount + this.#hold.calls.length;
      return count < this.#stepLimit ? undefined : stepLimitReached(this.#stepLimit);
    }
    if (this.#pass.restCount < MAX_SLEEPS_AND_WAITS) return undefined;
    return `The limit of ${MAX_SLEEPS_AND_WAITS} sleeps and waits has been reached.`;
  }

  /** @param {Extract<FromGuest, { type: "do" }>} message */
  #onDo(message) {
    if (this.#admit(message) !== "new") return;
    const { ref, rollback, started = false } = message;
    if (this.#pass.held && !started) return void this.#hold.calls.push(message);
    const checked = checkDo(message);
    if ("error" in checked) return this.#pass.refuse(ref, checked.error);
    const step = this.#pass.add("do", message, ref);
    step.hasRollback = rollback !== undefined;
    this.#attempts.start(step, checked.config, { started });
  }

  /** @param {Step} step */
  #stepEnded(step) {
    if (step.kind === "rollback") this.#rollback?.advance();
    else this.#hold.attemptEnded();
    this.#renewal.replayIfForced(step);
  }

  /** @param {EventRow} event already in the store */
  eventReceived(event) {
    this.#waits.received(event);
  }

  /**
   * End the sleep of these steps, their wait for the next attempt, or their wait for an event. The store says so already.
   *
   * @param {string[]} keys
   */
  fallDue(keys) {
    for (const key of keys) {
      const step = this.#pass.steps.get(key);
      if (!step || !(isResting(step) || isOpenWait(step))) continue;
      step.due = this.#pass.now;
      if (step.kind !== "do") this.#waits.arm(step);
      else if (step.ref !== null) this.#attempts.arm(step);
    }
  }

  /** @param {Extract<FromGuest, { type: "log" }>} message */
  #onOutput({ ref, level, text, replay }) {
    if (replay) return;
    this.#outputBound ??= new OutputBound(this.#pass.store.outputSize(this.number));
    const kept = this.#outputBound.take({ level, text });
    if (kept.length === 0) return;
    const step = ref === undefined ? undefined : this.#pass.stepByRef(ref);
    const origin = { at: this.#pass.now, step: step ? targetOf(step) : null };
    const rows = kept.map((line) => ({ ...origin, ...line }));
    this.#pass.write((store) => store.outputWritten(this.number, rows));
  }

  /** @returns {"paused" | "waitingForPause"} */
  pause() {
    return this.#hold.pause();
  }

  /** Take back a pause that is pending. */
  unpause() {
    this.#hold.unpause();
  }

  /**
   * Let nothing begin, and wait until no attempt of these steps is under way, or the pass has ended.
   *
   * @param {(step: Step) => boolean} isAwaited
   * @returns {Promise<void> | undefined} undefined where none is
   */
  attemptsEnded(isAwaited) {
    return this.#hold.attemptsEnded(isAwaited);
  }

  /** Begin no attempt any more: the instance is to continue elsewhere, or in another process. */
  beginNothing() {
    this.#hold.beginNothing();
  }

  /** Whether an attempt is under way. */
  get isExecuting() {
    return this.#pass.isExecuting();
  }

  /** End the pass when no attempt of it runs: the next one runs newer code. */
  moveToNewCode() {
    if (!this.#rollback) this.#pass.contain(() => this.#renewal.moveToNewCode());
  }

  // Ending -----------------------------------------------------------------------------------------------------------

  /** @param {Encoded} output */
  #onEnd(output) {
    if (isLarger(output, MAX_VALUE_BYTES)) {
      return this.#onFail(internalError("Workflow output is too large. Maximum allowed size is 1MiB."));
    }
    const { log, now } = this.#pass;
    this.#pass.write((store) => store.instanceCompleted(log, now, output));
    this.#leave("end");
  }

  /** @param {WireError} thrown */
  #onFail(thrown) {
    const error = boundedError(thrown);
    if (this.#rollback) return this.#rollback.handlersLost();
    const { log, now } = this.#pass;
    const totalSteps = countRollbacks(this.#pass.steps);
    if (totalSteps > 0) {
      this.#pass.write((store) => store.rollbackStarted(log, now, { triggerError: error, totalSteps }));
      return this.#leave("rollback");
    }
    this.#errored(error);
  }

  /** @param {unknown} error an exception that is not the workflow's */
  #faulted(error) {
    this.#owner.faulted(this, error);
    this.#errored(faultError(error));
  }

  /** It has come to its end, and nothing is undone. @param {WireError} error */
  #errored(error) {
    if (this.#pass.ended) return;
    const { log, now } = this.#pass;
    this.#pass.write((store) => store.instanceErrored(log, now, error));
    this.#leave("end");
  }

  /** @param {number} trigger */
  terminate(trigger) {
    const { log, now } = this.#pass;
    this.#pass.write((store) => store.instanceTerminated(log, now, trigger));
    this.#leave("terminate");
  }

  /**
   * The interpreter is gone. The culprit's attempt is charged; the others begin again as the attempts they were, save those
   * that must not run twice.
   *
   * @param {LostPass} lost
   */
  lost(lost) {
    this.#pass.contain(() => this.#lose(lost));
  }

  /** @param {LostPass} lost */
  #lose({ blamed }) {
    const { pausing } = this;
    this.#close();
    this.#owner.released(this);
    for (const step of this.#pass.open()) {
      if (step.running) this.#attempts.lost(step, { blamed: step.ref !== null && blamed.includes(step.ref) });
    }
    const { log, now } = this.#pass;
    if (pausing) this.#pass.write((store) => store.instancePaused(log, now));
    else this.#pass.write((store) => store.instanceDue(this.number, now));
  }

  /** Steps whose attempt is to begin again free of charge; the next pass of this instance takes them over. */
  uncharged() {
    return [...this.#pass.steps.values()].filter((step) => step.again).map((step) => step.key);
  }

  /** @param {string[]} keys */
  resumeUncharged(keys) {
    for (const key of keys) {
      const step = this.#pass.steps.get(key);
      if (!step || step.ended || !step.running) continue;
      step.running = false;
      step.again = true;
      step.due = 0;
    }
  }

  /** Let go of a pass that was kept although the instance is parked. */
  giveUp() {
    this.#parking.giveUp();
  }

  /**
   * Drop the pass without a word in the log: the instance is being deleted or restarted.
   *
   * @returns {string[]} keys of the steps whose attempt is cut, and may begin again free of charge
   */
  discard() {
    const cut = this.#pass.open().filter((step) => step.running && step.config?.retries.limit !== 0);
    for (const step of cut) this.#pass.discardAttempt(step);
    this.#leave("discard");
    return cut.map((step) => step.key);
  }

  /** The trace parent of the instances that this instance's step creates. @param {number | undefined} ref */
  #traceparent(ref) {
    if (this.#trace === undefined) return {};
    const step = ref === undefined ? undefined : this.#pass.stepByRef(ref);
    const named = step && { kind: this.#rollback ? "rollback" : "step", name: step.name, count: step.count };
    return { traceparent: this.#engine.tracing?.parentOf(this.#trace, named) };
  }

  /** The engine has stopped: no timer may fire any more. The guest's owner disposes of it. */
  abandon() {
    this.#close();
  }

  /**
   * Give up the pass.
   *
   * @param {string} reason
   */
  #leave(reason) {
    this.#parking.forget();
    this.#pass.sendNow({ type: "drop", pass: this.pass, ...(reason === "end" ? {} : { reason }) });
    this.#close();
    this.#owner.released(this);
  }

  #close() {
    this.#parking.forget();
    this.#pass.close();
    this.#rollback?.close();
    this.#hold.passEnded();
    this.#openCalls.cancel();
  }
}

/** @param {number} limit upstream's text */
function stepLimitReached(limit) {
  return `The limit of ${limit} steps has been reached. This limit can be changed in your worker configuration.`;
}

const NO_STEPS = "Cannot execute steps during rollback phase";
