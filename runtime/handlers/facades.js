/** What `env` has for bindings that the host answers: other Workers, storage and the like. */

/** @import { PackedValue } from "./protocol.d.ts" */
/** @import { HandlerPort } from "./port.js" */

import { toWire } from "../../bridge/errors.js";
import { BINDING_FACADES } from "../bindings/facades.js";
import { DurableObjectNamespace } from "../objects/namespace.js";
import { encode } from "../../bridge/values.js";
import { packValue, unpackValue } from "./packing.js";

/**
 * @typedef {{ kind: "service", service: string, entrypoint?: string, props?: unknown }
 *   | { kind: "host", type: string, options?: Record<string, any> }
 *   | { kind: "refused", message: string }} EnvBinding
 *
 * @typedef {[string, unknown[]][]} CallPath methods, each of what the one before gives, with their arguments
 *
 * Asks the host to carry out a chain of methods.
 * @typedef {(path: CallPath) => Promise<any>} Ask
 */

/**
 * @param {Record<string, EnvBinding>} bindings
 * @param {(call: object) => Promise<any>} ask
 * @param {import("../objects/ids.js").Digest} [digest] absent: there are no namespaces of objects
 * @returns {Record<string, object>}
 */
export function makeFacades(bindings, ask, digest) {
  return Object.fromEntries(
    Object.entries(bindings).map(([name, binding]) => [
      name,
      makeFacade(name, binding, (path) => ask({ what: "binding", binding: name, path }), digest),
    ]),
  );
}

/** @param {string} name @param {EnvBinding} binding @param {Ask} ask @param {import("../objects/ids.js").Digest} [digest] */
function makeFacade(name, binding, ask, digest) {
  if (binding.kind === "refused") return refusing(binding.message);
  // A double of a test answers any method, as another Worker does.
  if (binding.kind === "service" || binding.type === "double") return new Proxy(new Fetcher(ask), METHODS);
  if (binding.type === "durable_object" && digest) {
    const { script_name: script, class_name: className } = binding.options ?? {};
    return new DurableObjectNamespace(JSON.stringify([script, className]), ask, digest);
  }
  const make = BINDING_FACADES[binding.type];
  return make
    ? make(ask)
    : refusing(`env.${name} cannot be used: it is of type ${binding.type}, which is unknown here.`);
}

const asks = new WeakMap();

/** Another Worker: its `fetch`, and the methods of its entrypoint. Upstream's SDK knows it by the name of its class. */
class Fetcher {
  /** @param {Ask} ask */
  constructor(ask) {
    asks.set(this, ask);
  }

  /**
   * @param {any} input
   * @param {any} [init]
   */
  async fetch(input, init) {
    return await asks.get(this)([["fetch", [new Request(input, init)]]]);
  }
}

/** Names that no binding has as a method: JavaScript and Pyodide look for them on any object. */
const NO_METHODS = new Set(["then", "toJSON", "constructor", "dup", "typeof", "js_id", "length"]);

/** @type {ProxyHandler<any>} */
const METHODS = {
  get(target, name) {
    if (typeof name === "symbol" || NO_METHODS.has(name)) return Reflect.get(target, name);
    const own = Reflect.get(target, name);
    if (own !== undefined) return typeof own === "function" ? own.bind(target) : own;
    return (/** @type {unknown[]} */ ...args) => asks.get(target)([[name, args]]);
  },
};

/** Any use of it is an error that says why. @param {string} message */
function refusing(message) {
  return new Proxy(
    {},
    {
      get(target, name) {
        if (typeof name === "symbol" || NO_METHODS.has(name)) return Reflect.get(target, name);
        throw new Error(message);
      },
    },
  );
}

/**
 * What `ctx.exports` is: an entrypoint of the own Worker by each name that is asked for. Called, it gives one with other props.
 *
 * @param {string[]} names
 * @param {(call: object) => Promise<any>} ask
 */
export function makeExports(names, ask) {
  const bind = (/** @type {string} */ entrypoint, /** @type {object} */ more) =>
    new Fetcher((path) => ask({ what: "exports", entrypoint, path, ...more }));
  return Object.fromEntries(
    names.map((name) => {
      const call = (/** @type {{ props?: unknown }} */ { props } = {}) =>
        new Proxy(bind(name, { props: encode(props, "props") }), METHODS);
      const plain = bind(name, {});
      return [name, new Proxy(call, { get: (_, key, receiver) => METHODS.get?.(plain, key, receiver) })];
    }),
  );
}

/**
 * Asks the host by a port.
 *
 * @param {HandlerPort} port
 * @returns {(call: any) => Promise<any>}
 */
export function askBy(port) {
  return async ({ path, ...call }) => {
    const packed = await Promise.all(
      path.map(async (/** @type {[string, unknown[]]} */ [method, args]) => [
        method,
        await packArguments(args, method, port),
      ]),
    );
    const { value } = await withWire(port.call({ ...call, path: packed }).reply);
    return unpackValue(value, port);
  };
}

/**
 * What the host has raised, which other languages read from `wire`.
 *
 * @template T
 * @param {Promise<T>} reply
 */
export async function withWire(reply) {
  try {
    return await reply;
  } catch (error) {
    throw Object.defineProperty(/** @type {any} */ (error), "wire", {
      value: JSON.stringify(toWire(error)),
      configurable: true,
    });
  }
}

/** @param {unknown[]} args @param {string} method @param {HandlerPort} port @returns {Promise<PackedValue[]>} */
async function packArguments(args, method, port) {
  return await Promise.all(
    args.map(async (value, index) => (await packValue(value, `argument ${index + 1} of ${method}()`, port)).packed),
  );
}
