/**
 * Workflows whose code does not load. Their instances wait, and nothing is written of it; the code is tried again from time
 * to time, and when the workflow is saved again.
 */

/** @import { Guest } from "../../bridge/protocol.d.ts" */
/** @import { WorkflowRow } from "../store/store.d.ts" */
/** @import { EngineContext } from "./context.js" */

/** How often code that does not load is tried again. */
const RETRY_BLOCKED_MS = 2000;

/**
 * @typedef {object} BlockedOptions
 * @property {(workflow: WorkflowRow) => Promise<Guest>} guestFor
 * @property {(problem: { workflow: string, error: unknown }) => void} onproblem a workflow is blocked; once for each reason
 * @property {(workflow: string) => void} [onunblocked] the code of a blocked workflow loads again
 * @property {number} [retryBlockedMs] how often blocked code is tried again; 0: never
 * @property {() => void} schedule instances may have a pass now
 */

export class BlockedWorkflows {
  #engine;
  #options;
  /** By workflow. @type {Map<string, { numbers: Set<number>, reason: string }>} */
  #blocked = new Map();
  /** @type {(() => void) | null} */
  #cancel = null;

  /** @param {EngineContext} engine @param {BlockedOptions} options */
  constructor(engine, options) {
    this.#engine = engine;
    this.#options = options;
  }

  /** How many instances wait for code. */
  get size() {
    let size = 0;
    for (const { numbers } of this.#blocked.values()) size += numbers.size;
    return size;
  }

  /** @param {number} number of an instance */
  has(number) {
    for (const { numbers } of this.#blocked.values()) if (numbers.has(number)) return true;
    return false;
  }

  /** @param {string} workflow */
  hasWorkflow(workflow) {
    return this.#blocked.has(workflow);
  }

  /**
   * The code of an instance's workflow does not load.
   *
   * @param {number} number
   * @param {string} workflow
   * @param {unknown} error
   */
  add(number, workflow, error) {
    const reason = String(/** @type {any} */ (error)?.message ?? error);
    const known = this.#blocked.get(workflow);
    const before = known?.reason;
    const numbers = known?.numbers ?? new Set();
    numbers.add(number);
    if (known) known.reason = reason;
    else this.#blocked.set(workflow, { numbers, reason });
    if (reason !== before) this.#options.onproblem({ workflow, error });
    this.#retryLater();
  }

  /** @param {number} number of an instance that another engine runs from now on */
  remove(number) {
    for (const { numbers } of this.#blocked.values()) numbers.delete(number);
  }

  /** Code has been registered anew: all may be tried. */
  clear() {
    this.stop();
    this.#blocked.clear();
  }

  stop() {
    this.#cancel?.();
    this.#cancel = null;
  }

  #retryLater() {
    const { retryBlockedMs = RETRY_BLOCKED_MS } = this.#options;
    if (this.#cancel || retryBlockedMs === 0) return;
    this.#cancel = this.#engine.at(this.#engine.now + retryBlockedMs, () => void this.#retry());
  }

  async #retry() {
    this.#cancel = null;
    await Promise.all([...this.#blocked].map(([workflow, blocked]) => this.#try(workflow, blocked)));
    if (this.#blocked.size > 0 && !this.#engine.stopped) this.#retryLater();
  }

  /** @param {string} workflow @param {{ reason: string }} blocked */
  async #try(workflow, blocked) {
    const row = this.#engine.store.loadWorkflow(workflow);
    try {
      if (row) await this.#options.guestFor(row);
    } catch (error) {
      const reason = String(/** @type {any} */ (error)?.message ?? error);
      if (blocked.reason === reason || this.#engine.stopped) return;
      blocked.reason = reason;
      this.#options.onproblem({ workflow, error });
      return;
    }
    if (this.#blocked.get(workflow) !== blocked || this.#engine.stopped) return;
    this.#blocked.delete(workflow);
    this.#options.onunblocked?.(workflow);
    this.#options.schedule();
  }
}
