/** A call of `step.do`, `step.sleep` or `step.waitForEvent`, and how far it has come. The twin of this file is `calls.py`. */

/** @import { Outcome } from "./delivery.js" */
/** @import { ShownConfig, StepKind, ToGuest, WireError } from "./protocol.d.ts" */
/** @import { Callback, Settle } from "./step.js" */

/**
 * What a call waits for. `pending`: an answer of the engine that is under way. `running`: its callback. `idle`: a time, an
 * event or a retry.
 * @typedef {"pending" | "running" | "idle"} CallState
 *
 * @typedef {StepKind | "rollback" | "call" | "exchange"} CallKind
 *
 * @typedef {Extract<ToGuest, { type: "attempt" }>} Attempt
 */

/** Kinds of calls whose answers are in no log: they are given as soon as they are here. @type {ReadonlySet<CallKind>} */
export const UNORDERED = new Set(/** @type {const} */ (["call", "exchange", "rollback"]));

/** One call; `Session` alone changes it. */
export class Call {
  ref = 0;
  /** @type {CallState} */
  state = "pending";
  /** @type {Callback | undefined} */
  callback;
  /** @type {Callback | undefined} */
  delay;
  /** The user's configuration as JSON text; empty without one. */
  userConfig = "";
  /** The full configuration of the last attempt. @type {ShownConfig | undefined} */
  config;
  /** The attempt that runs and has not timed out; 0 if none does. */
  attempt = 0;
  /** The last attempt's result as canonical text. @type {string | undefined} */
  value;
  /** What the last attempt threw. @type {WireError | undefined} */
  failure;
  /** The engine's last `attempt` message. @type {Attempt | undefined} */
  order;
  /** Where the log has the outcome: its place among the others. @type {Outcome | undefined} */
  stored;
  /** Ends the signal of the attempt that runs. @type {(() => void) | undefined} */
  abort;

  /**
   * Describe a call that has not been sent yet.
   *
   * @param {CallKind} kind
   * @param {string} name
   * @param {number} count
   * @param {Settle} settle takes the outcome
   */
  constructor(kind, name, count, settle) {
    this.kind = kind;
    this.name = name;
    this.count = count;
    this.settle = settle;
  }

  /** Let the callback that runs know that its outcome no longer counts. */
  cancelAttempt() {
    this.abort?.();
    this.abort = undefined;
  }
}
