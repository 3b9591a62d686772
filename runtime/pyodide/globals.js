/** What `import js` gives in a guest: the globals of the web, without the ways of Node to the host. */

const HIDDEN = new Set(["global", "globalThis", "self", "process", "require", "module", "exports", "console"]);

/**
 * Node's own are hidden, not sealed off: a function's constructor still evaluates text in the real global scope.
 *
 * @param {Record<string, unknown>} own what the guest has in addition, or in place of a global
 * @returns {Record<string, unknown>}
 */
export function guestGlobals(own) {
  /** @type {Record<string, unknown>} */
  const globals = {};
  for (const name of Object.getOwnPropertyNames(globalThis)) {
    if (HIDDEN.has(name)) continue;
    // By a getter, for some globals are made when they are first read.
    Object.defineProperty(globals, name, {
      configurable: true,
      enumerable: true,
      get: () => /** @type {any} */ (globalThis)[name],
      set(value) {
        Object.defineProperty(globals, name, { value, writable: true, configurable: true });
      },
    });
  }
  return Object.assign(globals, { globalThis: globals, self: globals }, own);
}
