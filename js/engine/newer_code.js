/**
 * Instances that have run newer code than this engine has, which another engine has. They wait, and nothing is written of it, until
 * this engine has the code or that one is gone; but for a limited time, for code that has another version need not differ in what matters.
 */

/** @import { InstanceRow, WorkflowRow } from "../store/store.d.ts" */
/** @import { EngineContext } from "./context.js" */

/** How often it is looked whether they still have to wait. */
const LOOK_AGAIN_MS = 2000;
/** How long an instance waits at most: the time in which engines are replaced one after the other. */
export const LONGEST_WAIT_MS = 300_000;

/** Whether another engine has the code that the instance has run, and that code is newer. @typedef {(row: InstanceRow, workflow: WorkflowRow) => boolean} HasNewer */

export class NewerCode {
  #engine;
  #options;
  /** @type {Set<number>} */
  #waiting = new Set();
  /** Since when each instance has waited. @type {Map<number, number>} */
  #since = new Map();
  /** Workflows of which it was said. @type {Set<string>} */
  #reported = new Set();
  /** @type {(() => void) | null} */
  #cancel = null;

  /** @param {EngineContext} engine @param {{ hasNewer?: HasNewer | undefined, onnewer?: ((workflow: string) => void) | undefined, schedule: () => void }} options */
  constructor(engine, options) {
    this.#engine = engine;
    this.#options = options;
  }

  /** How many instances wait. */
  get size() {
    return this.#waiting.size;
  }

  /** @param {number} number of an instance */
  has(number) {
    return this.#waiting.has(number);
  }

  /**
   * Whether an instance that is to have a pass waits from now on.
   *
   * @param {number} number
   * @param {WorkflowRow} workflow
   */
  hold(number, workflow) {
    const { hasNewer, onnewer } = this.#options;
    if (!hasNewer) return false;
    const { store, now } = this.#engine;
    const row = store.loadInstanceByNumber(number);
    const since = this.#since.get(number) ?? now;
    if (!row || now - since >= LONGEST_WAIT_MS || !hasNewer(row, workflow)) {
      this.#since.delete(number);
      return false;
    }
    this.#since.set(number, since);
    this.#waiting.add(number);
    if (!this.#reported.has(workflow.name)) onnewer?.(workflow.name);
    this.#reported.add(workflow.name);
    this.#cancel ??= this.#engine.at(now + LOOK_AGAIN_MS, () => this.#lookAgain());
    return true;
  }

  /** @param {number} number of an instance that another engine runs from now on */
  remove(number) {
    this.#since.delete(number);
    this.#waiting.delete(number);
  }

  #lookAgain() {
    this.#cancel = null;
    this.#waiting.clear();
    this.#options.schedule();
  }

  stop() {
    this.#cancel?.();
  }
}
