/** A pass on hold: no attempt begins, because a pause is pending, or a command waits for the end of attempts that run. */

/** @import { FromGuest } from "../../bridge/protocol.d.ts" */
/** @import { Pass } from "./pass.js" */
/** @import { Step } from "./step.js" */

/** @typedef {Extract<FromGuest, { type: "do" }>} DoCall */

export class Hold {
  /** Whether a pause is pending. */
  pausing = false;
  /** Calls of steps that came while no attempt may begin. @type {DoCall[]} */
  calls = [];
  #pass;
  #call;
  #arm;
  #onpaused;
  /** Commands that wait for the end of attempts. @type {Set<{ isAwaited: (step: Step) => boolean, resolve: () => void }>} */
  #waiting = new Set();
  #isLast = false;

  /**
   * @param {Pass} pass
   * @param {object} options
   * @param {(message: DoCall) => void} options.call makes a call of a step that had to wait
   * @param {(step: Step) => void} options.arm begins a step's attempt when it is due
   * @param {() => void} options.onpaused the pause is there: the pass ends
   */
  constructor(pass, { call, arm, onpaused }) {
    this.#pass = pass;
    this.#call = call;
    this.#arm = arm;
    this.#onpaused = onpaused;
  }

  /** @returns {"paused" | "waitingForPause"} */
  pause() {
    if (!this.#pass.isExecuting()) {
      this.#endPass();
      return "paused";
    }
    const { log, now } = this.#pass;
    this.#pass.write((store) => store.instancePausing(log, now));
    this.pausing = true;
    this.#pass.hold();
    return "waitingForPause";
  }

  /** Take back a pause that is pending. */
  unpause() {
    const { log, now } = this.#pass;
    this.#pass.write((store) => store.instanceRunning(log, now));
    this.pausing = false;
    if (this.#waiting.size > 0 || this.#isLast) return;
    this.#pass.release();
    for (const message of this.calls.splice(0)) this.#call(message);
    for (const step of this.#pass.open()) {
      if (step.kind === "do" && !step.running && step.ref !== null) this.#arm(step);
    }
  }

  /** Let nothing begin any more until the pass is dropped: what runs is all that is waited for. */
  beginNothing() {
    if (this.#isLast) return;
    this.#isLast = true;
    this.#pass.hold();
  }

  attemptEnded() {
    if (this.pausing && !this.#pass.isExecuting()) this.#endPass();
    this.#resolveWaiting();
  }

  /** The pass has ended, and its attempts with it. */
  passEnded() {
    this.#resolveWaiting();
  }

  #endPass() {
    const { log, now } = this.#pass;
    this.#pass.write((store) => store.instancePaused(log, now));
    this.#onpaused();
  }

  /**
   * Let nothing begin, and wait until no attempt of these steps is under way, or the pass has ended.
   *
   * @param {(step: Step) => boolean} isAwaited
   * @returns {Promise<void> | undefined} undefined where none is
   */
  attemptsEnded(isAwaited) {
    if (!this.#pass.isExecuting(isAwaited)) return undefined;
    this.#pass.hold();
    return new Promise((resolve) => this.#waiting.add({ isAwaited, resolve }));
  }

  #resolveWaiting() {
    for (const awaited of this.#waiting) {
      if (!this.#pass.ended && this.#pass.isExecuting(awaited.isAwaited)) continue;
      this.#waiting.delete(awaited);
      awaited.resolve();
    }
  }
}
