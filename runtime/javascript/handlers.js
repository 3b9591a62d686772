/** Handlers of a deployment in JavaScript: which there are, and how they are called. */

/** @import { Handlers } from "../pool/pool.js" */
/** @import { Invocation } from "../handlers/dispatcher.js" */

import { argsOf } from "../handlers/incoming_request.js";
import { DurableObject, WorkerEntrypoint } from "./workers.js";

/** Methods of objects that the host calls. */
const OBJECT_EVENTS = ["fetch", "alarm", "webSocketMessage", "webSocketClose", "webSocketError"];

const CALLED_BY_HOST = ["fetch", "scheduled", "queue"];

export class ModuleHandlers {
  #exports;
  #env;
  /** Durable Objects, by their keys. @type {Map<string, any>} */
  #objects = new Map();

  /**
   * @param {Record<string, any>} exports of the main module
   * @param {object} env
   */
  constructor(exports, env) {
    this.#exports = exports;
    this.#env = env;
  }

  /** @returns {Handlers} */
  describe() {
    const { default: main, ...named } = this.#exports;
    const entries = Object.entries(named);
    return {
      default: methodsOf(main),
      entrypoints: Object.fromEntries(
        entries.filter(([, value]) => isEntrypoint(value)).map(([name, value]) => [name, methodsOf(value)]),
      ),
      objects: entries.filter(([, value]) => isClassOf(value, DurableObject)).map(([name]) => name),
    };
  }

  /** @param {Omit<Invocation, "id" | "onabort">} invocation */
  async invoke({ entrypoint = "default", method, context, object: called, ...given }) {
    const target = this.#exports[entrypoint];
    const args = argsOf(given);
    if (called) return await this.#invokeObject(target, entrypoint, method, args, called);
    if (isClassOf(target, WorkerEntrypoint)) {
      const object = new target(context, this.#env);
      return await checked(object[method], entrypoint, method).apply(object, args);
    }
    // Those of an object get what an entrypoint has in its fields.
    return await checked(target?.[method], entrypoint, method).call(target, ...args, this.#env, context);
  }

  /** @param {any} Class @param {string} name @param {string} method @param {any[]} args @param {NonNullable<Invocation["object"]>} called */
  async #invokeObject(Class, name, method, args, { key, parts }) {
    if (method === "destructor") return void this.#objects.delete(key);
    if (method === "constructor") {
      if (typeof Class !== "function") throw missing(`The Worker exports no class ${name}.`);
      const made = new Class(parts.state, this.#env);
      this.#objects.set(key, made);
      return OBJECT_EVENTS.filter((event) => typeof made[event] === "function");
    }
    const object = this.#objects.get(key);
    const found = NO_METHODS.has(method) ? undefined : object?.[method];
    if (typeof found !== "function") throw missing(`The Durable Object class ${name} has no method ${method}().`);
    return await found.apply(object, args);
  }
}

/** What every object has, and is no method of the user's. */
const NO_METHODS = new Set(Object.getOwnPropertyNames(Object.prototype));

/** @param {string} text */
function missing(text) {
  return Object.assign(new TypeError(text), { name: "MissingHandlerError" });
}

/** @param {any} handler @param {string} entrypoint @param {string} method */
function checked(handler, entrypoint, method) {
  if (typeof handler === "function") return handler;
  throw Object.assign(new TypeError(`${entrypoint} has no ${method}().`), { name: "MissingHandlerError" });
}

/** @param {any} value */
function isEntrypoint(value) {
  if (typeof value === "function") return isClassOf(value, WorkerEntrypoint);
  return (
    typeof value === "object" && value !== null && CALLED_BY_HOST.some((name) => typeof value[name] === "function")
  );
}

/** @param {any} value @param {Function} base */
function isClassOf(value, base) {
  return typeof value === "function" && value.prototype instanceof base;
}

/** @param {any} value an exported class or object @returns {string[]} */
function methodsOf(value) {
  if (typeof value === "object" && value !== null)
    return CALLED_BY_HOST.filter((name) => typeof value[name] === "function");
  if (!isClassOf(value, WorkerEntrypoint)) return [];
  const names = new Set();
  for (let each = value.prototype; each !== WorkerEntrypoint.prototype; each = Object.getPrototypeOf(each)) {
    for (const name of Object.getOwnPropertyNames(each)) {
      const isMethod = typeof Object.getOwnPropertyDescriptor(each, name)?.value === "function";
      if (isMethod && name !== "constructor") names.add(name);
    }
  }
  return [...names];
}
