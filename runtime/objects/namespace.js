/** What `env` has for a namespace of Durable Objects: ids, and stubs that call an object wherever it lives. */

/** @import { CallPath } from "../handlers/facades.js" */
/** @import { Digest } from "./ids.js" */

import { DurableObjectId, IdFactory } from "./ids.js";

/** Asks the host: the object first, then the method. @typedef {(path: CallPath) => Promise<any>} Ask */

export class DurableObjectNamespace {
  #key;
  #ask;
  #digest;
  #ids;

  /** @param {string} key @param {Ask} ask @param {Digest} digest */
  constructor(key, ask, digest) {
    this.#key = key;
    this.#ask = ask;
    this.#digest = digest;
    this.#ids = new IdFactory(key, digest);
  }

  /** @param {string} name */
  idFromName(name) {
    if (name === undefined) throw new TypeError("idFromName() needs a name.");
    return this.#ids.fromName(name);
  }

  /** @param {string} text */
  idFromString(text) {
    return this.#ids.fromString(text);
  }

  newUniqueId() {
    return this.#ids.unique();
  }

  /** The stub of an object. @param {DurableObjectId} id */
  get(id) {
    if (!(id instanceof DurableObjectId))
      throw new TypeError("get() takes an id: what idFromName(), idFromString() or newUniqueId() gives.");
    this.#ids.fromString(String(id));
    return new Proxy(new DurableObject(id, this.#ask), METHODS);
  }

  /** The stub of the object of a name. @param {string} name */
  getByName(name) {
    return this.get(this.idFromName(name));
  }

  /** A namespace whose ids are others. @param {string} name */
  jurisdiction(name) {
    return new DurableObjectNamespace(`${this.#key} ${name}`, this.#ask, this.#digest);
  }
}

/** A stub. Upstream's SDK knows it by the name of its class. */
class DurableObject {
  #ask;
  id;

  /** @param {DurableObjectId} id @param {Ask} ask */
  constructor(id, ask) {
    this.id = id;
    this.#ask = ask;
  }

  get name() {
    return this.id.name;
  }

  /** @param {any} input @param {any} [init] */
  async fetch(input, init) {
    return await this.call("fetch", [new Request(input, init)]);
  }

  /** @param {string} method @param {unknown[]} args */
  async call(method, args) {
    return await this.#ask([
      ["object", [String(this.id), this.id.name ?? null]],
      [method, args],
    ]);
  }
}

/** Names that no object has as a method: JavaScript and Pyodide look for them on any object. */
const NO_METHODS = new Set(["then", "toJSON", "constructor", "dup", "typeof", "js_id", "length"]);

/** Any other name is a method of the object. @type {ProxyHandler<any>} */
const METHODS = {
  get(target, name) {
    if (typeof name === "symbol" || NO_METHODS.has(name)) return Reflect.get(target, name);
    if (name === "id" || name === "name") return target[name];
    if (name === "fetch") return (/** @type {any[]} */ ...args) => target.fetch(...args);
    return (/** @type {unknown[]} */ ...args) => target.call(name, args);
  },
};
