/**
 * Delay functions: the workflow's own say in when a failed attempt is tried again.
 *
 * The attempt counts as running until its function has answered: a crash in between finds it cut short.
 */

/** @import { FromGuest, StepConfig, WireError } from "../../bridge/protocol.d.ts" */
/** @import { Pass } from "./pass.js" */
/** @import { Failure, Step } from "./step.js" */

import { shownConfig } from "./config.js";
import { parseDuration } from "./duration.js";
import { delayError } from "./errors.js";
import { targetOf } from "./events.js";
import { MAX_DURATION_MS } from "./limits.js";
import { retryDelay } from "./retry.js";

/** How long a delay function may take. */
const DELAY_LIMIT_MS = 5000;
const INVALID = 'returned an invalid delay value (expected a number of ms or a duration string like "30 seconds")';
/** The delay where a crash came before the delay function had answered. */
export const PLACEHOLDER_DELAY_MS = 1000;

/**
 * @typedef {object} DelaysOptions
 * @property {(step: Step, error: WireError, delay: number) => void} retry
 * @property {(step: Step, failure: Failure, error: WireError) => void} fail
 */

export class Delays {
  #pass;
  #options;

  /**
   * @param {Pass} pass
   * @param {DelaysOptions} options
   */
  constructor(pass, options) {
    this.#pass = pass;
    this.#options = options;
  }

  /**
   * @param {Step} step
   * @param {Failure} failure of the attempt
   */
  ask(step, failure) {
    const { id: pass, now } = this.#pass;
    const ref = /** @type {number} */ (step.ref);
    const attempt = step.attempts;
    const config = shownConfig(/** @type {StepConfig} */ (step.config));
    step.delaying = failure;
    const sent = failure.held ? {} : { error: failure.error };
    this.#pass.sendNow({ type: "delay", pass, ref, attempt, config, ...sent });
    this.#pass.arm(step, now + DELAY_LIMIT_MS, () => {
      this.#pass.sendNow({ type: "expired", pass, ref, attempt });
      this.#fail(step, "did not return within 5 seconds");
    });
  }

  /** @param {Extract<FromGuest, { type: "delay" }>} message */
  answered({ ref, attempt, delay, failure }) {
    const step = this.#pass.stepByRef(ref);
    if (!step?.delaying || step.attempts !== attempt) return;
    this.#pass.disarm(step);
    const ms = parseDuration(delay) ?? -1;
    if (failure !== undefined) return this.#fail(step, failure);
    const shown = delay === undefined ? "undefined" : JSON.stringify(delay).slice(0, 200);
    if (ms < 0) return this.#fail(step, `${INVALID}: ${shown}`);
    if (ms > MAX_DURATION_MS) return this.#fail(step, `returned a delay of more than 365 days: ${shown}`);
    const { retries } = /** @type {StepConfig} */ (step.config);
    this.#options.retry(step, step.delaying.error, retryDelay({ ...retries, delay: ms }, attempt));
  }

  /** @param {Step} step @param {string} reason as the end of a sentence */
  #fail(step, reason) {
    this.#options.fail(step, /** @type {Failure} */ (step.delaying), delayError(targetOf(step), reason));
  }
}
