/** Drives a rollback: finds the handlers by a replay of `run()`, and runs them one by one. `RollbackPlan` says which, in what order. */

/** @import { WireError, StepConfig } from "../../bridge/protocol.d.ts" */
/** @import { LogRow } from "../store/store.d.ts" */
/** @import { Attempts } from "./attempts.js" */
/** @import { Pass } from "./pass.js" */
/** @import { Handler } from "./rollback.js" */
/** @import { Step } from "./step.js" */

import { configError } from "./calls.js";
import { resolveConfig, shownConfig } from "./config.js";
import { rollbackMissingError } from "./errors.js";
import { ATTEMPT_SUCCESS } from "./events.js";
import { REPLAY_LIMIT_MS, RollbackPlan } from "./rollback.js";

export class RollbackPass {
  #pass;
  #attempts;
  #leave;
  #plan;
  /** Takes back the end of the search for handlers. @type {(() => void) | null} */
  #cancelSearch = null;

  /**
   * @param {Pass} pass
   * @param {LogRow[]} rows
   * @param {{ attempts: Attempts, leave: () => void }} parts `leave`: the instance has come to its end
   */
  constructor(pass, rows, { attempts, leave }) {
    this.#pass = pass;
    this.#attempts = attempts;
    this.#leave = leave;
    this.#plan = new RollbackPlan(pass.steps, rows);
  }

  /** `run()` may hang where it waits for what no step gives it any more: the search has an end. */
  start() {
    this.#cancelSearch = this.#pass.at(this.#pass.now + REPLAY_LIMIT_MS, () => this.replayed());
  }

  /** @param {{ ref: number, name: string, count: number, config?: object }} handler */
  handlerFound({ ref, name, count, config }) {
    this.#plan.handlerFound(name, count, { ref, config });
  }

  /** All handlers that there are have been found. */
  replayed() {
    if (this.#plan.begun) return;
    this.#plan.begun = true;
    this.#cancelSearch?.();
    this.advance();
  }

  /** The interpreter has given the pass up, and with it all handlers. */
  handlersLost() {
    this.#plan.handlersLost();
    this.advance();
  }

  /** Run the next handler, or end: after the last one, or after the first that fails. */
  advance() {
    if (!this.#plan.begun || this.#pass.ended) return;
    if (this.#plan.failed) return this.#end(false);
    const step = this.#plan.next();
    if (!step) return this.#end(true);
    const handler = this.#plan.handlerOf(step);
    const refused = handler && configError("Rollback", step.name, handler.config, { rollback: true });
    if (!handler || refused) {
      const error = refused ?? rollbackMissingError();
      const { log, now } = this.#pass;
      this.#pass.write((store) => store.rollbackMissing(log, step, now, error));
      return this.#end(false);
    }
    this.#run(step, handler);
  }

  /** @param {Step} step @param {Handler} handler */
  #run(step, handler) {
    const known = this.#plan.handlerStepOf(step);
    if (known) {
      this.#pass.bindRef(known, handler.ref);
      return this.#attempts.arm(known);
    }
    this.#attempts.start(this.#pass.add("rollback", step, handler.ref), resolveConfig(handler.config));
  }

  /**
   * What a handler gets besides the attempt: the error that caused the rollback, and the output of its step.
   *
   * @param {Step} handlerStep
   */
  handlerInput({ name, count }) {
    const step = /** @type {Step} */ (this.#pass.step("do", name, count));
    const config = shownConfig(/** @type {StepConfig} */ (step.config));
    /** @type {WireError} */
    const error = this.#plan.start.triggerError;
    const value =
      step.ended && !step.error ? this.#pass.store.loadValue(this.#pass.number, step, ATTEMPT_SUCCESS) : undefined;
    return { rollback: { error, attempt: step.attempts, config }, ...(value === undefined ? {} : { value }) };
  }

  /** @param {boolean} complete */
  #end(complete) {
    const { start, progress } = this.#plan;
    const { log, now } = this.#pass;
    this.#pass.write((store) => {
      store.rollbackEnded(log, now, complete, progress);
      if (start.trigger) store.instanceTerminated(log, now, start.trigger.source);
      else store.instanceErrored(log, now, start.triggerError);
    });
    this.#leave();
  }

  close() {
    this.#cancelSearch?.();
  }
}
