/**
 * Rollbacks: which handlers undo an instance's steps, in which order, and how far that has come.
 *
 * Handlers are functions, which cannot be stored. So an instance rolls back in a pass of its own, whether the process died
 * in between or not: `run()` is replayed to find the handlers again, and then they run one by one, the step that started
 * last first. A handler runs as a step does, with attempts of its own; the log says which have finished.
 */

/** @import { Step } from "./step.js" */
/** @import { LogRow, RollbackStart } from "../store/store.d.ts" */

import { ROLLBACK_START } from "./events.js";
import { stepKey } from "./step.js";

/** How long `run()` may take to come to its end in the replay; what is found by then is what there is. */
export const REPLAY_LIMIT_MS = 60_000;

/**
 * How many handlers a rollback would run.
 *
 * @param {Map<string, Step>} steps
 */
export function countRollbacks(steps) {
  return stepsWithHandlers(steps).length;
}

/** @param {Map<string, Step>} steps in the order in which they are to be undone */
function stepsWithHandlers(steps) {
  return [...steps.values()].filter((step) => step.hasRollback).sort((a, b) => b.order - a.order);
}

/** A handler that the replay has found. @typedef {{ ref: number, config: object | undefined }} Handler */

export class RollbackPlan {
  #steps;
  /** @type {Map<string, Handler>} */
  #handlers = new Map();
  /** Whether handlers run; before that they are looked for. */
  begun = false;

  /**
   * @param {Map<string, Step>} steps of the instance, handlers included as they are begun
   * @param {LogRow[]} rows
   */
  constructor(steps, rows) {
    this.#steps = steps;
    const row = rows.findLast(({ event }) => event === ROLLBACK_START);
    /** @type {RollbackStart} */
    this.start = JSON.parse(row?.detail ?? "{}");
  }

  /**
   * @param {string} name
   * @param {number} count
   * @param {Handler} handler
   */
  handlerFound(name, count, handler) {
    this.#handlers.set(stepKey("do", name, count), handler);
  }

  /** The interpreter has given the pass up, and with it all handlers. */
  handlersLost() {
    this.begun = true;
    this.#handlers.clear();
  }

  /** @param {Step} step */
  handlerOf(step) {
    return this.#handlers.get(step.key);
  }

  /** The step that is to be undone next. */
  next() {
    return stepsWithHandlers(this.#steps).find((step) => !this.handlerStepOf(step)?.ended);
  }

  /** The handler's own step, once it has begun. @param {Step} step */
  handlerStepOf({ name, count }) {
    return this.#steps.get(stepKey("rollback", name, count));
  }

  /** Whether a handler has failed for good: then the others do not run. */
  get failed() {
    return [...this.#steps.values()].some((step) => step.kind === "rollback" && step.error !== null);
  }

  get progress() {
    const done = stepsWithHandlers(this.#steps).filter((step) => {
      const handlerStep = this.handlerStepOf(step);
      return handlerStep?.ended && !handlerStep.error;
    });
    return { totalSteps: this.start.totalSteps, completedSteps: done.length };
  }
}
