/**
 * The WebSockets that an object has accepted with `ctx.acceptWebSocket`. They stay open while the object is not in memory: what
 * they receive are events of it, which bring it back.
 */

import { deserialize, serialize } from "node:v8";
import { noteHibernating } from "./hibernation.js";

/** Cloudflare's limits. */
const MAX_TAGS = 10;
const MAX_TAG_LENGTH = 256;
const MAX_ATTACHMENT_BYTES = 16 * 1024;

/**
 * @typedef {{ tags: string[], answered: Date | null }} Accepted
 * @typedef {(method: "webSocketMessage" | "webSocketClose" | "webSocketError", args: unknown[]) => void} OnSocketEvent
 */

export class ObjectSockets {
  /** What a message is answered with, in place of an event. @type {{ request: string, response: string } | null} */
  autoResponse = null;
  #onevent;
  /** @type {Map<any, Accepted>} */
  #accepted = new Map();

  /** @param {OnSocketEvent} onevent */
  constructor(onevent) {
    this.#onevent = onevent;
  }

  get size() {
    return this.#accepted.size;
  }

  /** @param {any} socket @param {string[]} [tags] */
  accept(socket, tags = []) {
    if (typeof socket?.addEventListener !== "function" || typeof socket.accept !== "function")
      throw new TypeError("acceptWebSocket() takes one of the two sockets of a WebSocketPair.");
    if (this.#accepted.has(socket)) throw new TypeError("acceptWebSocket() has been called for this socket before.");
    const unique = [...new Set(Array.from(tags, String))];
    if (unique.length > MAX_TAGS)
      throw new TypeError(`acceptWebSocket() takes at most ${MAX_TAGS} tags; it was given ${unique.length}.`);
    const long = unique.find(({ length }) => length > MAX_TAG_LENGTH);
    if (long !== undefined)
      throw new TypeError(`A tag of a WebSocket has at most ${MAX_TAG_LENGTH} characters; one has ${long.length}.`);
    /** @type {Accepted} */
    const entry = { tags: unique, answered: null };
    this.#accepted.set(socket, entry);
    noteHibernating(socket);
    addAttachment(socket);
    socket.addEventListener("message", (/** @type {{ data: string | ArrayBuffer }} */ { data }) => {
      if (this.autoResponse !== null && data === this.autoResponse.request) {
        entry.answered = new Date();
        socket.send(this.autoResponse.response);
      } else this.#onevent("webSocketMessage", [socket, data]);
    });
    socket.addEventListener("close", (/** @type {any} */ { code, reason, wasClean }) => {
      if (!this.#accepted.delete(socket)) return;
      this.#onevent("webSocketClose", [socket, code, reason, wasClean]);
    });
    socket.addEventListener("error", (/** @type {any} */ { error }) =>
      this.#onevent("webSocketError", [socket, error]),
    );
    socket.accept();
  }

  /** @param {string} [tag] @returns {any[]} */
  list(tag) {
    return [...this.#accepted]
      .filter(([, { tags }]) => tag === undefined || tags.includes(tag))
      .map(([socket]) => socket);
  }

  /** @param {any} socket */
  tagsOf(socket) {
    const entry = this.#accepted.get(socket);
    if (!entry) throw new TypeError("getTags() takes a socket that acceptWebSocket() has accepted.");
    return [...entry.tags];
  }

  /** @param {any} socket */
  autoResponseTimeOf(socket) {
    return this.#accepted.get(socket)?.answered ?? null;
  }
}

/** A value that stays with a socket while the object is not in memory. @param {any} socket */
function addAttachment(socket) {
  /** @type {Uint8Array | undefined} */
  let attachment;
  Object.defineProperties(socket, {
    serializeAttachment: {
      value(/** @type {unknown} */ value) {
        const bytes = serialize(value);
        if (bytes.length > MAX_ATTACHMENT_BYTES)
          throw new RangeError(
            `An attachment has at most ${MAX_ATTACHMENT_BYTES} bytes; this one has ${bytes.length}.`,
          );
        attachment = bytes;
      },
    },
    deserializeAttachment: { value: () => (attachment === undefined ? null : deserialize(attachment)) },
  });
}
