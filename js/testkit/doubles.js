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
  #underWay = 0;
  #send;

  /** @param {(call: DoubleCall) => void} send to the test process */
  constructor(send) {
    this.#send = send;
  }

  /** How many calls have no answer yet, with those that something else answers. */
  get open() {
    return this.#open.size + this.#underWay;
  }

  /**
   * Count a call that something real answers, which is no double.
   *
   * @template T
   * @param {Promise<T>} answer
   * @returns {Promise<T>}
   */
  async during(answer) {
    this.#underWay += 1;
    try {
      return await answer;
    } finally {
      this.#underWay -= 1;
    }
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

  /** A person looks at the code by a debugger, or no longer: that is real, too. @param {boolean} on */
  hold(on) {
    this.#underWay += on ? 1 : -1;
  }

  /** The test process has answered. @param {number} call @param {DoubleAnswer} answer */
  answer(call, { value, error }) {
    const waiting = this.#open.get(call);
    this.#open.delete(call);
    if (error) waiting?.reject(fromWire(error));
    else waiting?.resolve(value === undefined ? undefined : decode(value));
  }
}
