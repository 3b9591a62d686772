/** What a handler has as `ctx`: work that goes on after the answer, props, and the Worker's own exports. */

export class ExecutionContext {
  /** What the service binding that calls has as its props. */
  props;
  /** The Worker's own entrypoints, as bindings. */
  exports;
  /** @type {Set<Promise<unknown>>} */
  #pending = new Set();
  #onerror;

  /**
   * @param {{ props?: unknown, exports?: object, onerror?: (error: unknown) => void }} options `onerror` takes what fails after the answer
   */
  constructor({ props = {}, exports = {}, onerror = () => {} } = {}) {
    this.props = props;
    this.exports = exports;
    this.#onerror = onerror;
  }

  /** Let *promise* go on, although the answer has been given. @param {unknown} promise */
  waitUntil(promise) {
    const pending = Promise.resolve(promise).catch(this.#onerror);
    this.#pending.add(pending);
    void pending.finally(() => this.#pending.delete(pending));
  }

  /** There is no origin behind this host. */
  passThroughOnException() {}

  /** Settles when nothing goes on any more. @param {Promise<unknown>[]} others */
  static async settled(/** @type {ExecutionContext} */ context, ...others) {
    await Promise.allSettled(others);
    while (context.#pending.size > 0) await Promise.allSettled(context.#pending);
  }
}
