/** The calls of other workflows that the code of a pass waits for. */

/** @import { Encoded, FromGuest, ToGuest } from "../../bridge/protocol.d.ts" */
/** @import { BindingCall } from "./binding.js" */
/** @import { Pass } from "./pass.js" */

import { accountOf } from "./accounts.js";
import { callError, fatalError } from "./errors.js";
import { MAX_OPEN_CALLS } from "./limits.js";

/** Carries out a call of another workflow. @typedef {(call: BindingCall & { step?: number }, onclose: (cancel: () => void) => void) => Promise<Encoded | undefined>} CarryOut */

export class OpenCalls {
  #pass;
  #carryOut;
  #count = 0;
  /** What ends a call whose answer is not wanted any more. @type {Set<() => void>} */
  #cancels = new Set();

  /** @param {Pass} pass @param {CarryOut} carryOut */
  constructor(pass, carryOut) {
    this.#pass = pass;
    this.#carryOut = carryOut;
  }

  /**
   * Carry out a call by a binding. Its answer is not withheld by a pending pause, which waits for the step that waits for it.
   *
   * @param {Extract<FromGuest, { type: "call" }>} message
   */
  begin(message) {
    const { ref } = message;
    const { id: pass, row } = this.#pass;
    if (this.#count >= MAX_OPEN_CALLS) {
      const problem = `More than ${MAX_OPEN_CALLS} calls of other workflows are open.`;
      return this.#pass.refuse(ref, fatalError(problem));
    }
    this.#count += 1;
    /** @type {() => void} */
    let cancel = () => {};
    const answer = (/** @type {ToGuest} */ reply) => {
      this.#count -= 1;
      this.#cancels.delete(cancel);
      if (!this.#pass.ended) this.#pass.contain(() => this.#pass.sendNow(reply));
    };
    const caller = { workflow: row.workflow, id: row.id };
    this.#carryOut({ ...message, account: accountOf(row.workflow), caller }, (close) => {
      cancel = close;
      this.#cancels.add(close);
    }).then(
      (value) => answer({ type: "resolve", pass, ref, ...(value === undefined ? {} : { value }) }),
      (error) => answer({ type: "reject", pass, ref, error: callError(error) }),
    );
  }

  /** The pass is over, and the answers are not wanted. */
  cancel() {
    for (const cancel of this.#cancels) cancel();
  }
}
