/** A request as it has come by a port. Most handlers look at little of it, so that it becomes a `Request` only when it is asked for. */

/** @import { PackedRequest } from "./protocol.d.ts" */
/** @import { ByteStreams } from "./byte_streams.js" */

import { unpackRequest } from "./packing.js";

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export class IncomingRequest {
  #packed;
  #streams;
  #caller;
  /** @type {Request | undefined} */
  #request;

  /**
   * @param {PackedRequest} packed
   * @param {ByteStreams} streams
   * @param {{ signal: AbortSignal }} caller
   */
  constructor(packed, streams, caller) {
    this.#packed = packed;
    this.#streams = streams;
    this.#caller = caller;
  }

  /** The request. @returns {Request} the same one each time */
  get request() {
    this.#request ??= unpackRequest(this.#packed, this.#streams, this.#caller.signal);
    return this.#request;
  }

  /** Of the caller's leaving. */
  get signal() {
    return this.#caller.signal;
  }

  /**
   * The request as data, for an interpreter that makes an object of it.
   *
   * @returns {PackedRequest & { body: string | null } | undefined} undefined: its body is a stream, or is not text
   */
  toData() {
    const { body } = this.#packed;
    if (body === null || typeof body === "string") return { ...this.#packed, body };
    if (!(body instanceof Uint8Array)) return undefined;
    try {
      return { ...this.#packed, body: decoder.decode(body) };
    } catch {
      return undefined;
    }
  }
}

/** What a handler of JavaScript's gets. @param {{ args?: any[], incoming?: IncomingRequest | undefined }} invocation @returns {any[]} */
export function argsOf({ args = [], incoming }) {
  return incoming ? [incoming.request] : args;
}
