/**
 * Attempts: how the callbacks of a pass are run, and its functions that say how long to wait before the next attempt.
 *
 * Which attempts there are is the engine's decision. The twin of this file is `attempt_runner.py`.
 */

/** @import { Attempt, Call } from "./calls.js" */
/** @import { Link, Loop } from "./link.d.ts" */
/** @import { ShownConfig, ToGuest, WireError } from "./protocol.d.ts" */
/** @import { Session } from "./session.js" */
/** @import { Callback } from "./step.js" */

import { askDelay, rollbackContext, toContext } from "./contexts.js";

/** Configurations (defaults, user's) that the engine has shown to allow a retry, merged. @type {Map<string, ShownConfig>} */
const retryable = new Map();

/** The attempts of one session. */
export class AttemptRunner {
  #session;
  #link;
  #loop;

  /** @param {Session} session @param {Link<Session>} link @param {Loop<Session>} loop */
  constructor(session, link, loop) {
    this.#session = session;
    this.#link = link;
    this.#loop = loop;
  }

  /**
   * Begin the attempt that the engine asks for.
   *
   * @param {Call} call
   * @param {Attempt} message
   */
  start(call, message) {
    const { attempt, config } = message;
    call.order = message;
    call.config = config;
    call.attempt = attempt;
    if (call.userConfig !== "" && config.retries.limit !== 0) retryable.set(this.#configKey(call), config);
    this.#session.move(call, "running");
    this.#link.begin(this.#session, call, attempt);
  }

  /** Whether an attempt may begin before the engine has it on disk; it must not where there is only one. @param {Call} call */
  mayRetry(call) {
    return call.userConfig === "" ? this.#session.defaults.retries.limit !== 0 : retryable.has(this.#configKey(call));
  }

  /** @param {Call} call */
  #configKey({ userConfig }) {
    return `${JSON.stringify(this.#session.defaults)} ${userConfig}`;
  }

  /** The configuration of a first attempt that begins before the engine has it on disk. @param {Call} call */
  firstConfig(call) {
    return call.userConfig === "" ? this.#session.defaults : retryable.get(this.#configKey(call));
  }

  /**
   * Run the callback of *call* once.
   *
   * @param {Call} call
   * @param {number} attempt
   */
  run(call, attempt) {
    if (!this.#isCurrent(call, attempt)) return;
    this.#loop.beginNow(this.#session, call.ref, async () => {
      const run = /** @type {Callback} */ (call.callback);
      const input = call.kind === "rollback" ? rollbackContext(call) : toContext(call, attempt, call.config);
      // What listeners of the signal print is the attempt's.
      const takeAbort = (/** @type {() => void} */ abort) =>
        (call.abort = () => this.#loop.beginNow(this.#session, call.ref, async () => abort()));
      const { value, error } = JSON.parse(await run(JSON.stringify(input), call.ref, takeAbort));
      if (this.#isCurrent(call, attempt)) this.#endAttempt(call, attempt, value, error);
      else if (!this.#session.closed) this.#link.ended(this.#session, call.ref, attempt);
    });
  }

  /**
   * @param {Call} call
   * @param {number} attempt
   * @param {string} value
   * @param {WireError | undefined} error
   */
  #endAttempt(call, attempt, value, error) {
    call.attempt = 0;
    call.abort = undefined;
    call.value = value;
    call.failure = error;
    this.#session.move(call, error ? "idle" : "pending");
    const { pass } = this.#session;
    const { ref } = call;
    if (error) this.#link.post({ type: "failed", pass, ref, attempt, error });
    else this.#link.post({ type: "done", pass, ref, attempt, value });
  }

  /**
   * Whether the outcome of *attempt* is that of *call*: it has not timed out.
   *
   * @param {Call} call
   * @param {number} attempt
   */
  #isCurrent(call, attempt) {
    return !this.#session.closed && call.attempt === attempt;
  }

  /**
   * The engine has given the attempt up. Its callback may go on, but its outcome no longer counts.
   *
   * @param {Call} call
   * @param {number} attempt
   */
  expire(call, attempt) {
    const isDone = call.state === "pending" && call.value !== undefined;
    if (!isDone && call.attempt !== attempt) return;
    call.attempt = 0;
    call.value = undefined;
    this.#session.move(call, "idle");
    call.cancelAttempt();
  }

  /**
   * Call the delay function of a step, and tell the engine what it gives.
   *
   * @param {Call} call
   * @param {Extract<ToGuest, { type: "delay" }>} message
   */
  askDelay(call, message) {
    this.#session.move(call, "running");
    this.#loop.beginNow(this.#session, call.ref, async () => {
      const answer = await askDelay(call, message);
      // The engine may have stopped waiting, and settled the call.
      if (!this.#session.has(call)) return;
      this.#session.move(call, "idle");
      this.#link.post({ type: "delay", pass: this.#session.pass, ref: call.ref, attempt: message.attempt, ...answer });
    });
  }
}
