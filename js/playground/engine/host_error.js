/** Errors as the page gets them. */

/** @import { HostError, Problem } from "../host.d.ts" */

/** @typedef {{ reason: string, message: string, traceback?: string | undefined, problems?: Problem[] | undefined }} Fault */

/**
 * @param {Fault} fault
 * @returns {HostError}
 */
export function toHostError({ message, ...rest }) {
  return Object.assign(new Error(message), { ...rest, name: /** @type {const} */ ("HostError") });
}
