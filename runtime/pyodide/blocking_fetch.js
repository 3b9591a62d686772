/**
 * `fetch` for code that cannot await: the interpreter's thread blocks while the host's thread fetches.
 *
 * The two share a buffer for one part of a response at a time. The host fills it and sets its state; the thread empties it
 * and asks for more. The thread waits in slices, so that Python sees interrupts between them.
 */

const STATE = 0;
const LENGTH = 1;
const HEADER_BYTES = 8;
const PART_BYTES = 1 << 18;

/** What the buffer holds. `_stepwell_pyodide.blocking_fetch` has the same numbers. */
const EMPTY = 0;
const HEAD = 1;
const BODY = 2;
const END = 3;
const FAILURE = 4;

/**
 * @typedef {object} FetchRequest
 * @property {"fetch"} type
 * @property {number} id
 * @property {string} request `{url, method, headers}` as JSON
 * @property {Uint8Array | undefined} body
 * @property {SharedArrayBuffer} shared
 *
 * @typedef {FetchRequest | { type: "fetch-more" | "fetch-end", id: number }} FetchMessage
 */

/** @param {any} message @returns {message is FetchMessage} */
export function isFetchMessage(message) {
  return message?.type === "fetch" || message?.type === "fetch-more" || message?.type === "fetch-end";
}

let requests = 0;

/**
 * In the interpreter's thread.
 *
 * @param {(message: FetchMessage) => void} post
 * @param {string} request
 * @param {Uint8Array | undefined} body
 */
export function openExchange(post, request, body) {
  const id = ++requests;
  const shared = new SharedArrayBuffer(HEADER_BYTES + PART_BYTES);
  const words = new Int32Array(shared, 0, 2);
  post({ type: "fetch", id, request, body, shared });
  return {
    /** Waits at most so long. @param {number} ms @returns {number} the state */
    wait(ms) {
      Atomics.wait(words, STATE, EMPTY, ms);
      return Atomics.load(words, STATE);
    },
    /** A copy of what is there; the host then brings more. */
    take() {
      const part = new Uint8Array(shared, HEADER_BYTES, words[LENGTH]).slice();
      Atomics.store(words, STATE, EMPTY);
      post({ type: "fetch-more", id });
      return part;
    },
    close: () => post({ type: "fetch-end", id }),
  };
}

/** In the host: the requests of one interpreter's thread. */
export class Exchanges {
  /** @type {Map<number, Exchange>} */
  #open = new Map();

  /** @param {FetchMessage} message */
  receive(message) {
    if (message.type === "fetch") {
      const exchange = new Exchange(message);
      this.#open.set(message.id, exchange);
      void exchange.start();
    } else if (message.type === "fetch-more") {
      void this.#open.get(message.id)?.more();
    } else {
      this.#open.get(message.id)?.stop();
      this.#open.delete(message.id);
    }
  }

  /** The thread has ended. */
  stop() {
    for (const exchange of this.#open.values()) exchange.stop();
    this.#open.clear();
  }
}

class Exchange {
  #request;
  #words;
  #part;
  #controller = new AbortController();
  /** @type {ReadableStreamDefaultReader<Uint8Array> | undefined} */
  #reader;
  /** What was read and did not fit. */
  #left = new Uint8Array();

  /** @param {FetchRequest} request */
  constructor(request) {
    this.#request = request;
    this.#words = new Int32Array(request.shared, 0, 2);
    this.#part = new Uint8Array(request.shared, HEADER_BYTES);
  }

  async start() {
    try {
      const { url, method, headers } = JSON.parse(this.#request.request);
      const { body } = this.#request;
      const response = await fetch(url, {
        method,
        headers,
        redirect: "manual",
        signal: this.#controller.signal,
        ...(body ? { body: /** @type {Uint8Array<ArrayBuffer>} */ (body) } : {}),
      });
      this.#reader = response.body?.getReader();
      const { status, statusText } = response;
      this.#fill(HEAD, Buffer.from(JSON.stringify({ status, statusText, headers: [...response.headers] })));
    } catch (error) {
      this.#fail(error);
    }
  }

  async more() {
    try {
      while (this.#left.length === 0) {
        const { done, value } = (await this.#reader?.read()) ?? { done: true, value: undefined };
        if (done) return this.#fill(END, new Uint8Array());
        this.#left = new Uint8Array(value);
      }
      const part = this.#left.subarray(0, PART_BYTES);
      this.#left = this.#left.subarray(part.length);
      this.#fill(BODY, part);
    } catch (error) {
      this.#fail(error);
    }
  }

  stop() {
    this.#controller.abort();
  }

  /** @param {any} error */
  #fail(error) {
    const reason = error?.cause?.message || error?.cause?.code;
    this.#fill(FAILURE, Buffer.from(reason ? `${error.message}: ${reason}` : String(error?.message ?? error)));
  }

  /** @param {number} state @param {Uint8Array} content */
  #fill(state, content) {
    const part = content.subarray(0, PART_BYTES);
    this.#part.set(part);
    this.#words[LENGTH] = part.length;
    Atomics.store(this.#words, STATE, state);
    Atomics.notify(this.#words, STATE);
  }
}
