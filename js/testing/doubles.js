/** Test doubles: objects of the test process that answer what workflows ask of their bindings. */

import { toWire } from "../../bridge/errors.js";
import { decode, encode } from "../../bridge/values.js";

/** Whether an entry is the value of a variable, and not an object whose methods answer calls. @param {unknown} entry */
export function isVariable(entry) {
  if (typeof entry === "function") return false;
  if (typeof entry !== "object" || entry === null) return true;
  const prototype = Object.getPrototypeOf(entry);
  if (Array.isArray(entry) || entry instanceof Date || ArrayBuffer.isView(entry)) return true;
  return (prototype === Object.prototype || prototype === null) && !hasMethods(entry);
}

/** @param {object} entry */
function hasMethods(entry) {
  return Object.values(entry).some((value) => typeof value === "function");
}

/** @param {string} main @param {string} binding */
export function doubleKey(main, binding) {
  return JSON.stringify([main, binding]);
}

/**
 * Carry out a call of a double.
 *
 * @param {Map<string, any>} doubles
 * @param {{ main: string, binding: string, method: string, args: string }} call
 * @returns {Promise<object>} `value` or `error`, as the host takes them
 */
export async function answerCall(doubles, { main, binding, method, args }) {
  try {
    const double = doubles.get(doubleKey(main, binding));
    if (typeof double?.[method] !== "function")
      throw new TypeError(`The double of env.${binding} has no method ${method}().`);
    const result = await double[method](.../** @type {unknown[]} */ (decode(args)));
    return { value: encode(result, `the result of ${binding}.${method}()`) };
  } catch (error) {
    return { error: toWire(error) };
  }
}
