/** A chain of methods on a binding: what is synchronous in Cloudflare's interface is recorded, what gives a promise sends it all. */

import { pack, unpack } from "./codec.js";

/**
 * @typedef {[string, unknown[]][]} CallPath methods, each of what the one before gives, with their arguments
 *
 * Asks the host; see `runtime/handlers/facades.js`.
 * @typedef {(path: CallPath) => Promise<any>} Ask
 */

/** @type {WeakMap<object, { ask: Ask, path: CallPath }>} */
const chains = new WeakMap();

/** What records. Its properties are those of Cloudflare's class of the same name, and no others. */
// oxlint-disable-next-line typescript/no-extraneous-class -- a base class
export class Chain {
  /** @param {Ask} ask @param {CallPath} [path] what leads to it */
  constructor(ask, path = []) {
    chains.set(this, { ask, path });
  }
}

/** @param {object} chain @returns {{ ask: Ask, path: CallPath }} */
function chainOf(chain) {
  const found = chains.get(chain);
  if (!found) throw new TypeError("Illegal invocation");
  return found;
}

/**
 * A further object on the way, by a class of the facades.
 *
 * @template {Chain} T
 * @param {object} from
 * @param {new (ask: Ask, path: CallPath) => T} Class
 * @param {string} method
 * @param {unknown[]} args
 * @returns {T}
 */
export function extend(from, Class, method, args) {
  const { ask, path } = chainOf(from);
  return new Class(ask, [...path, [method, withoutTrailing(args)]]);
}

/**
 * Carry out what was recorded, and then *method*.
 *
 * @param {object} from
 * @param {string} method
 * @param {unknown[]} args
 * @param {(name: string, data: any) => unknown} [untag] makes objects of classes
 * @returns {Promise<{ result: any, bookmark?: string }>}
 */
export async function call(from, method, args, untag = noClass) {
  const { ask, path } = chainOf(from);
  const message = await pack({ path: [...path, [method, withoutTrailing(args)]] }, { tag: tagChain, untag });
  const { value, error } = await unpack(await ask([["call", [message]]]), { tag: tagChain, untag });
  if (error) throw error;
  return value;
}

/** A prepared statement as an argument is carried out at the other end. @param {object} value @returns {[string, unknown] | undefined} */
function tagChain(value) {
  const chain = chains.get(value);
  return chain && ["chain", chain.path];
}

/** @param {string} name @returns {never} */
function noClass(name) {
  throw new TypeError(`A binding has given a value of kind '${name}', which is unknown here.`);
}

/** Leaves out trailing undefined arguments: Python gives undefined for arguments that are left out. @param {unknown[]} args */
function withoutTrailing(args) {
  let length = args.length;
  while (length > 0 && args[length - 1] === undefined) length--;
  return args.slice(0, length);
}
