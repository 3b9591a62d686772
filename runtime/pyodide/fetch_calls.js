/** Calls of fetch handlers as data: requests that have come together enter Python together, and responses come out as data. */

/** @import { ExecutionContext } from "../handlers/execution_context.js" */
/** @import { PackedRequest } from "../handlers/protocol.d.ts" */

import { fromWire } from "../../bridge/errors.js";
import { unpackRequest } from "../handlers/packing.js";
import { PlainResponse } from "../handlers/response.js";

/** Headers of responses that are remembered, by their text: most handlers give few different ones. */
const MAX_HEADERS = 100;

const encoder = new TextEncoder();

/**
 * @typedef {object} FetchCall
 * @property {number} id
 * @property {string | undefined} entrypoint
 * @property {PackedRequest & { body: string | null }} request
 * @property {() => AbortSignal} signal of the caller's leaving
 * @property {ExecutionContext} context
 * @property {(response: Response | PlainResponse) => void} resolve
 * @property {(error: Error) => void} reject
 * @property {() => void} settle nothing of it runs any more
 */

export class FetchCalls {
  #enter;
  /** Those that have not settled. @type {Map<number, FetchCall>} */
  #calls = new Map();
  /** Those that Python does not know yet. @type {FetchCall[]} */
  #waiting = [];
  /** @type {Map<string, [string, string][]>} */
  #headers = new Map();

  /** @param {(calls: string) => void} enter hands over calls, in a turn of Python's */
  constructor(enter) {
    this.#enter = enter;
  }

  /** @param {FetchCall} call */
  begin(call) {
    this.#calls.set(call.id, call);
    if (this.#waiting.length === 0) queueMicrotask(() => this.#enterAll());
    this.#waiting.push(call);
  }

  #enterAll() {
    const calls = this.#waiting;
    this.#waiting = [];
    this.#enter(
      JSON.stringify(
        calls.map(({ id, entrypoint, request }) => ({ number: id, entrypoint: entrypoint ?? null, request })),
      ),
    );
  }

  /** What Python calls. */
  get host() {
    return {
      fetch_answered: this.#answer.bind(this),
      fetch_answered_by: (/** @type {number} */ id, /** @type {Response} */ response) =>
        this.#calls.get(id)?.resolve(response),
      fetch_failed: (/** @type {number} */ id, /** @type {string} */ wire) =>
        this.#calls.get(id)?.reject(fromWire(JSON.parse(wire))),
      fetch_settled: (/** @type {number} */ id) => {
        this.#calls.get(id)?.settle();
        this.#calls.delete(id);
      },
      make_request: this.#makeRequest.bind(this),
    };
  }

  /**
   * @param {number} id
   * @param {number} status
   * @param {string} headers names and values as JSON
   * @param {string | Uint8Array | undefined} body
   */
  #answer(id, status, headers, body) {
    const packed = { status, statusText: "", headers: this.#headersOf(headers), body: body ?? null };
    this.#calls.get(id)?.resolve(new PlainResponse(packed));
  }

  /** @param {string} text */
  #headersOf(text) {
    const known = this.#headers.get(text);
    if (known) return known;
    /** @type {[string, string][]} */
    const headers = JSON.parse(text);
    if (this.#headers.size >= MAX_HEADERS) this.#headers.clear();
    this.#headers.set(text, headers);
    return headers;
  }

  /**
   * The object of a request, for code that asks for more than there is as data.
   *
   * @param {number} id
   * @param {string} data as JSON
   * @param {boolean} used its body has been read
   */
  #makeRequest(id, data, used) {
    const { body, ...head } = JSON.parse(data);
    const packed = { ...head, body: body === null ? null : encoder.encode(body) };
    const request = unpackRequest(packed, /** @type {any} */ (undefined), this.#calls.get(id)?.signal());
    if (used) void request.body?.cancel();
    return request;
  }
}
