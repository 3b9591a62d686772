/** `ctx` of a Durable Object. */

/** @import { DurableObjectId } from "./ids.js" */
/** @import { DurableObjectStorage } from "./storage.js" */
/** @import { ObjectSockets } from "./sockets.js" */

/** For so long, in ms, code may keep all events of an object waiting. */
const BLOCK_LIMIT_MS = 30_000;

/**
 * @typedef {object} StateParts
 * @property {DurableObjectId} id
 * @property {DurableObjectStorage} storage
 * @property {() => object} exports
 * @property {() => () => void} block closes the input gate, and gives what opens it
 * @property {(error: Error) => void} reset ends the object in this interpreter: the next event makes it anew of its storage
 * @property {(promise: Promise<unknown>) => void} keep keeps the object in memory until it settles
 * @property {ObjectSockets} sockets
 */

export class DurableObjectState {
  id;
  storage;
  props = {};
  container = undefined;
  #parts;

  /** @param {StateParts} parts */
  constructor(parts) {
    this.#parts = parts;
    this.id = parts.id;
    this.storage = parts.storage;
  }

  get exports() {
    return this.#parts.exports();
  }

  /** @param {unknown} promise */
  waitUntil(promise) {
    const pending = Promise.resolve(promise);
    pending.catch(() => {});
    this.#parts.keep(pending);
  }

  /**
   * Let no event of the object begin before *callback* has ended. The object is reset if it raises, or takes too long.
   *
   * @template T
   * @param {() => Promise<T>} callback
   * @returns {Promise<T>}
   */
  async blockConcurrencyWhile(callback) {
    const open = this.#parts.block();
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer;
    const limit = new Promise((_resolve, reject) => {
      timer = setTimeout(
        () =>
          reject(
            new Error(
              "A call to blockConcurrencyWhile() in a Durable Object waited for too long. The call was canceled and the Durable Object was reset.",
            ),
          ),
        BLOCK_LIMIT_MS,
      );
    });
    try {
      return /** @type {T} */ (await Promise.race([callback(), limit]));
    } catch (error) {
      this.#parts.reset(/** @type {Error} */ (error));
      throw error;
    } finally {
      clearTimeout(timer);
      open();
    }
  }

  /** Reset the object: calls that run are ended with *reason*. @param {string} [reason] */
  abort(reason) {
    const error = new Error(reason === undefined ? "The Durable Object was aborted by its own code." : reason);
    this.#parts.reset(error);
    throw error;
  }

  /** @param {any} socket @param {string[]} [tags] */
  acceptWebSocket(socket, tags) {
    this.#parts.sockets.accept(socket, tags);
  }

  /** @param {string} [tag] */
  getWebSockets(tag) {
    return this.#parts.sockets.list(tag);
  }

  /** @param {any} socket @returns {string[]} */
  getTags(socket) {
    return this.#parts.sockets.tagsOf(socket);
  }

  /** @param {{ request: string, response: string }} [pair] */
  setWebSocketAutoResponse(pair) {
    this.#parts.sockets.autoResponse = pair ?? null;
  }

  getWebSocketAutoResponse() {
    return this.#parts.sockets.autoResponse;
  }

  /** @param {any} socket */
  getWebSocketAutoResponseTimestamp(socket) {
    return this.#parts.sockets.autoResponseTimeOf(socket);
  }

  /** Handlers of sockets have no limit here. */
  setHibernatableWebSocketEventTimeout() {}

  getHibernatableWebSocketEventTimeout() {
    return null;
  }
}
