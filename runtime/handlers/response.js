/**
 * `Response` as user code has it: Node's, which also takes the socket of a WebSocket upgrade, and remembers a body that
 * was given whole, so that no stream is made for it.
 */

/**
 * What each was made of; `encoded`: the body is encoded as the headers say.
 *
 * @type {WeakMap<object, { body: Uint8Array | null | undefined, socket?: object, encoded: boolean }>}
 */
const made = new WeakMap();
const encoder = new TextEncoder();

/** A response of a handler that is data already: a status, headers, and a body that is text or bytes. */
export class PlainResponse {
  #packed;

  /** @param {import("./protocol.d.ts").PackedResponse} packed */
  constructor(packed) {
    this.#packed = packed;
  }

  /** As it crosses a port. */
  get packed() {
    return this.#packed;
  }
}

/** The class that is extended, as it is found: another takes its place. */
const original = Object.getOwnPropertyDescriptor(globalThis, "Response");
/** @type {any} */
let known;

/**
 * The class. It is made when it is first needed, for with the one of Node's that it extends Node loads its HTTP client.
 *
 * @returns {typeof globalThis.Response}
 */
export function guestResponse() {
  known ??= makeClass(
    original && "value" in original ? original.value : Reflect.apply(/** @type {any} */ (original).get, globalThis, []),
  );
  return known;
}

/** @param {typeof globalThis.Response} Original */
function makeClass(Original) {
  /** @type {any} */
  const GuestResponse = class Response extends Original {
    /**
     * @param {any} [body]
     * @param {any} [init]
     */
    constructor(body = null, init = {}) {
      const socket = init?.webSocket ?? undefined;
      if (socket && init.status !== 101) throw new RangeError("Responses with a WebSocket must have status code 101.");
      // Node's knows no other protocol: the status is told by `status` below.
      super(body ?? null, socket ? { ...pick(init), status: 200 } : init);
      made.set(this, { body: wholeBody(body), socket, encoded: init?.encodeBody === "manual" });
    }

    get status() {
      return made.get(this)?.socket ? 101 : super.status;
    }

    /** The socket of a WebSocket upgrade; null: it is no upgrade. */
    get webSocket() {
      return made.get(this)?.socket ?? null;
    }

    // What `fetch` gives is one too.
    static [Symbol.hasInstance](/** @type {unknown} */ value) {
      return value instanceof Original;
    }

    /** @param {unknown} data @param {any} init @returns {Response} */
    static json(data, init = {}) {
      const headers = new Headers(init.headers);
      if (!headers.has("content-type")) headers.set("content-type", "application/json");
      return new GuestResponse(JSON.stringify(data), { ...pick(init), headers });
    }
  };
  return GuestResponse;
}

/** The options of Response, which may be a Response. @param {any} init */
function pick({ status, statusText, headers, webSocket }) {
  return Object.fromEntries(
    Object.entries({ status, statusText, headers, webSocket }).filter(([, value]) => value !== undefined),
  );
}

/** @param {unknown} body @returns {Uint8Array | null | undefined} undefined: it is not at hand as bytes */
function wholeBody(body) {
  if (body === null || body === undefined) return null;
  if (typeof body === "string") return encoder.encode(body);
  if (ArrayBuffer.isView(body)) return new Uint8Array(body.buffer, body.byteOffset, body.byteLength).slice();
  return body instanceof ArrayBuffer ? new Uint8Array(body.slice(0)) : undefined;
}

/** The body of a response that was given whole and has not been read; undefined: it has to be read. @param {Response} response */
export function wholeBodyOf(response) {
  return response.bodyUsed ? undefined : made.get(response)?.body;
}

/** Whether a handler has made it, with headers of its own. @param {object} response */
export function isMade(response) {
  return made.has(response);
}

/** Whether the body is encoded as the headers say. @param {object} response */
export function isEncoded(response) {
  return made.get(response)?.encoded === true;
}

/** The socket of a WebSocket upgrade. @param {object} response */
export function socketOf(response) {
  return made.get(response)?.socket;
}
