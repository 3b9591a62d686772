/** Bindings whose calls the test process answers: its own objects stand in for what `env` has in production. */

/** @import { CallPath } from "../../runtime/handlers/facades.js" */

import { fromWire } from "../../bridge/errors.js";
import { decode, encode } from "../../bridge/values.js";

/** A call as the test process gets it. @typedef {{ call: number, main: string, binding: string, method: string, args: string }} DoubleCall */

/** What a call came to: canonical text, or an error as data. @typedef {{ value?: string, error?: import("../../bridge/protocol.d.ts").WireError }} DoubleAnswer */

export class Doubles {
  /** @type {Map<number, { resolve: (value: unknown) => void, reject: (error: unknown) => void }>} */
  #open = new Map();
  #lastCall = 0;
  #send;

  /** @param {(call: DoubleCall) => void} send to the test process */
  constructor(send) {
    this.#send = send;
  }

  /** How many calls have no answer yet. */
  get open() {
    return this.#open.size;
  }

  /**
   * Ask the test process.
   *
   * @param {{ deployment: { main: string }, binding: string, path: CallPath }} call
   * @returns {Promise<unknown>}
   */
  ask({ deployment, binding, path: [[method, args], ...rest] }) {
    if (rest.length > 0) throw new Error(`${method}() of a double gives a value: nothing of it can be called.`);
    const call = ++this.#lastCall;
    const text = encode(args, `the arguments of ${binding}.${method}()`);
    return new Promise((resolve, reject) => {
      this.#open.set(call, { resolve, reject });
      this.#send({ call, main: deployment.main, binding, method, args: text });
    });
  }

  /** The test process has answered. @param {number} call @param {DoubleAnswer} answer */
  answer(call, { value, error }) {
    const waiting = this.#open.get(call);
    this.#open.delete(call);
    if (error) waiting?.reject(fromWire(error));
    else waiting?.resolve(value === undefined ? undefined : decode(value));
  }
}
