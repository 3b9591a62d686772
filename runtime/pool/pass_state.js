/** A pass as the pool sees it: which attempts run and which calls wait, from the messages that it gets and sends. */

/** @import { FromGuest, ToGuest } from "../../bridge/protocol.d.ts" */
/** @import { InterruptTarget } from "./control.js" */

export class PassState {
  /** Attempts that run, by ref. @type {Map<number, number>} */
  running = new Map();
  /** Attempts that have timed out, whose callback may still run. @type {InterruptTarget[]} */
  expired = [];

  /** @param {Extract<ToGuest, { type: "start" }>} start */
  constructor({ pass, event }) {
    this.pass = pass;
    /** The instance, over all its passes. */
    this.key = JSON.stringify([event.workflowName, event.instanceId]);
  }

  /** @param {ToGuest} message */
  sent(message) {
    if (message.type === "attempt") this.running.set(message.ref, message.attempt);
    else if (message.type === "expired") {
      const { pass, ref, attempt } = message;
      if (this.running.get(ref) === attempt) this.running.delete(ref);
      this.expired.push({ pass, ref, attempt });
    }
  }

  /**
   * The callback of an attempt that had timed out has ended.
   *
   * @param {{ ref: number, attempt: number }} ended
   */
  attemptEnded({ ref, attempt }) {
    this.expired = this.expired.filter((target) => target.ref !== ref || target.attempt !== attempt);
  }

  /**
   * @param {FromGuest} message
   * @returns {boolean} whether the pass is over
   */
  received(message) {
    if (message.type === "do") {
      if (message.started) this.running.set(message.ref, 1);
    } else if (message.type === "done" || message.type === "failed") {
      if (this.running.get(message.ref) === message.attempt) this.running.delete(message.ref);
    }
    return message.type === "end" || message.type === "fail";
  }
}
