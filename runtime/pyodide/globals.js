/** What `import js` gives in a guest: the globals of the web, without the ways to the host. */

const OF_NODE = ["global", "process", "require", "module", "exports"];
const OF_WORKERS = ["postMessage", "onmessage", "onmessageerror", "close", "Worker", "SharedWorker"];
const HIDDEN = new Set(["globalThis", "self", "console", "constructor", ...OF_NODE, ...OF_WORKERS]);

/**
 * The host's own are hidden, not sealed off: a function's constructor still evaluates text in the real global scope. In Node
 * `hide_host.js` takes them away there, too.
 *
 * @param {Record<string, unknown>} own what the guest has in addition, or in place of a global
 * @returns {Record<string, unknown>}
 */
export function guestGlobals(own) {
  /** @type {Record<string, unknown>} */
  const globals = {};
  for (const name of globalNames()) {
    if (HIDDEN.has(name)) continue;
    const settle = (/** @type {unknown} */ value) => {
      Object.defineProperty(globals, name, { value, writable: true, configurable: true, enumerable: true });
      return value;
    };
    // By a getter, for some globals are made when they are first read.
    Object.defineProperty(globals, name, {
      configurable: true,
      enumerable: true,
      get: () => settle(callable(Reflect.get(globalThis, name))),
      set: settle,
    });
  }
  return Object.assign(globals, { globalThis: globals, self: globals }, own);
}

/**
 * Stands for a class of the globals that takes long to be made, until somebody does something with it.
 *
 * @param {() => any} real gives the class
 * @returns {object}
 */
export function lazyClass(real) {
  /** @type {ProxyHandler<any>} */
  const handler = {
    construct: (_, args, target) => Reflect.construct(real(), args, target === standIn ? real() : target),
  };
  for (const trap of /** @type {const} */ (["get", "set", "has", "getPrototypeOf"])) {
    handler[trap] = (/** @type {any} */ _, /** @type {any[]} */ ...args) => {
      if (trap === "get" || trap === "set") args.length -= 1;
      return Reflect.apply(Reflect[trap], Reflect, [real(), ...args]);
    };
  }
  // Only a function made by `function` can be called with `new`.
  const standIn = new Proxy(function () {}, handler);
  return standIn;
}

/** Their names. A worker of a page has some of its globals on its prototypes. */
function globalNames() {
  /** @type {Set<string>} */
  const names = new Set();
  for (let scope = globalThis; scope && scope !== Object.prototype; scope = Object.getPrototypeOf(scope)) {
    for (const name of Object.getOwnPropertyNames(scope)) names.add(name);
  }
  return names;
}

/** A browser's functions refuse to be called on any object but the global one. @param {any} value */
function callable(value) {
  return typeof value === "function" && value.prototype === undefined ? value.bind(globalThis) : value;
}
