/** Workers AI as an interpreter sees it. The host carries it out. */

/** @import { Ask } from "./call.js" */

export class Ai {
  #ask;

  /** @param {Ask} ask */
  constructor(ask) {
    this.#ask = ask;
  }

  /**
   * Run a model.
   *
   * @param {string} model
   * @param {object} inputs
   * @param {{ returnRawResponse?: boolean }} [options]
   */
  async run(model, inputs, options) {
    return await this.#ask([["run", options === undefined ? [model, inputs] : [model, inputs, options]]]);
  }
}
