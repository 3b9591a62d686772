/** What a handler has as `ctx`: work that goes on after the answer, props, and the Worker's own exports. */

export class ExecutionContext {
  /** What the service binding that calls has as its props. */
  props;
  /** The Worker's own entrypoints, as bindings. */
  exports;
  #held = 0;
  /** @type {(() => void)[]} */
  #onidle = [];
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
    const release = ExecutionContext.hold(this);
    void Promise.resolve(promise).catch(this.#onerror).finally(release);
  }

  /** There is no origin behind this host. */
  passThroughOnException() {}

  // Of the host: user code has the methods of instances.

  /**
   * Something continues, until what this gives is called.
   *
   * @param {ExecutionContext} context
   * @returns {() => void}
   */
  static hold(context) {
    context.#held += 1;
    return () => {
      context.#held -= 1;
      if (context.#held === 0) for (const run of context.#onidle.splice(0)) run();
    };
  }

  /** Whether a service binding has given it props. @param {ExecutionContext} context */
  static hasProps({ props }) {
    return typeof props !== "object" || props === null || Object.keys(props).length > 0;
  }

  /** Whether nothing continues. @param {ExecutionContext} context */
  static isIdle(context) {
    return context.#held === 0;
  }

  /** Settles when nothing continues any more. @param {ExecutionContext} context */
  static async settled(context) {
    while (context.#held > 0) await new Promise((resolve) => void context.#onidle.push(() => resolve(undefined)));
  }
}
