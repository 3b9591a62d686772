/**
 * `WebSocketPair`: two ends of a socket in one interpreter. One end goes out with a response of status 101, and is carried on
 * from there by what is attached to it: see `port_sockets.js`, and `js/server/web_sockets.js` for clients of the HTTP listener.
 */

const OPEN = 1;
const CLOSING = 2;
const CLOSED = 3;
const NO_STATUS = 1005;
export const ABNORMAL = 1006;
/** The reason that Cloudflare gives with it. */
export const DISCONNECTED = "WebSocket disconnected without sending Close frame.";
/** Codes that a close frame may not carry, of those below 5000. */
const NOT_FOR_FRAMES = new Set([1004, NO_STATUS, ABNORMAL, 1015]);
const MAX_REASON_BYTES = 123;
/** How many bytes may wait for an end that does not take them. Cloudflare ends a Worker that has used up its memory. */
const MAX_BUFFERED_BYTES = 64 << 20;

const NAMES = /** @type {const} */ (["message", "close", "error"]);

/**
 * Takes what comes to an end of a pair, in the place of its listeners.
 *
 * @typedef {object} Sink
 * @property {(data: string | ArrayBuffer, taken: () => void) => void} message `taken` is to be called when room is there for another
 * @property {(code: number, reason: string) => void} close
 *
 * @typedef {{ data: string | ArrayBuffer, taken: () => void } | { code: number, reason: string }} Incoming
 */

/** Attach a sink to an end of a pair, which accepts it. @type {(socket: PairedSocket, sink: Sink) => void} */
export let attach;
/** Send at an end that has a sink: without the checks of user code. @type {(socket: PairedSocket, data: string | ArrayBuffer, taken: () => void) => void} */
export let pass;
/** Close at an end that has a sink, by any code. @type {(socket: PairedSocket, code: number, reason: string) => void} */
export let shut;

/** Close the Worker's end of a socket that no client has. @param {PairedSocket} accepted */
export function disconnect(accepted) {
  attach(accepted, { message: (_, taken) => taken(), close() {} });
  shut(accepted, ABNORMAL, DISCONNECTED);
}

/** One end of a pair, as user code has it. */
export class PairedSocket extends EventTarget {
  /** How binary messages come: "arraybuffer" or "blob". */
  binaryType = "arraybuffer";
  url = null;
  protocol = "";
  extensions = "";
  readyState = OPEN;
  #peer;
  #accepted = false;
  /** Whether sending is over: by `close()` here, or as the reply to that of the other end. */
  #closedHere = false;
  #buffered = 0;
  /** @type {Sink | undefined} */
  #sink;
  /** What has come before it was accepted. @type {Incoming[]} */
  #early = [];
  /** @type {Map<string, (event: Event) => void>} */
  #handlers = new Map();

  /** @param {PairedSocket} [peer] the other end, if it is there already */
  constructor(peer) {
    super();
    this.#peer = peer ?? new PairedSocket(this);
  }

  get peer() {
    return this.#peer;
  }

  /** How many bytes have been sent and not been taken at the other end. */
  get bufferedAmount() {
    return this.#buffered;
  }

  static {
    for (const name of NAMES) {
      Object.defineProperty(PairedSocket.prototype, `on${name}`, {
        get() {
          return this.#handlers.get(name) ?? null;
        },
        set(handler) {
          const before = this.#handlers.get(name);
          if (before) this.removeEventListener(name, before);
          this.#handlers.delete(name);
          if (typeof handler !== "function") return;
          this.#handlers.set(name, handler);
          this.addEventListener(name, handler);
        },
      });
    }
    attach = (socket, sink) => {
      socket.#sink = sink;
      socket.accept();
    };
    pass = (socket, data, taken) => {
      if (socket.readyState === OPEN) socket.#peer.#receive({ data, taken });
      else taken();
    };
    shut = (socket, code, reason) => socket.#close(code, reason);
  }

  /** Messages are delivered from here on. */
  accept() {
    this.#accepted = true;
    for (const each of this.#early.splice(0)) this.#deliver(each);
  }

  /**
   * @param {string | ArrayBuffer | ArrayBufferView} data
   * @throws {TypeError} it is not accepted, or closed from here
   * @throws {RangeError} the other end does not take what is sent
   */
  send(data) {
    if (!this.#accepted) throw new TypeError("You must call accept() on this WebSocket before sending messages.");
    if (this.#closedHere) throw new TypeError("Can't call WebSocket send() after close().");
    // The other end has gone without a word, of which this one may not know yet.
    if (this.readyState !== OPEN) return;
    const message = typeof data === "string" ? data : copy(data);
    const size = typeof message === "string" ? message.length : message.byteLength;
    if (this.#buffered > 0 && this.#buffered + size > MAX_BUFFERED_BYTES)
      throw new RangeError(
        `The other end of this WebSocket does not read: ${this.#buffered} bytes wait for it. Send less while bufferedAmount is high.`,
      );
    this.#buffered += size;
    this.#peer.#receive({ data: message, taken: () => (this.#buffered -= size) });
  }

  /**
   * @param {number} [code] 1000 to 4999, where close frames may carry it
   * @param {string} [reason]
   * @throws {TypeError} the code or the reason cannot be sent
   */
  close(code, reason = "") {
    // As a reply to the other end's: any code will do.
    if (this.readyState !== OPEN) return;
    if (code === undefined) {
      if (reason !== "") throw new TypeError("If you specify a WebSocket close reason, you must also specify a code.");
    } else if (!Number.isInteger(code) || code < 1000 || code >= 5000 || NOT_FOR_FRAMES.has(code))
      throw new TypeError(`Invalid WebSocket close code: ${code}.`);
    if (new TextEncoder().encode(reason).length > MAX_REASON_BYTES)
      throw new TypeError(`A WebSocket close reason has at most ${MAX_REASON_BYTES} bytes.`);
    this.#close(code ?? NO_STATUS, reason);
  }

  /** @param {number} code @param {string} reason */
  #close(code, reason) {
    if (this.readyState !== OPEN) return;
    this.readyState = CLOSING;
    this.#closedHere = true;
    this.#peer.#receive({ code, reason });
  }

  /** @param {Incoming} incoming */
  #receive(incoming) {
    // In a turn of its own, as from a network.
    queueMicrotask(() => (this.#accepted ? this.#deliver(incoming) : this.#early.push(incoming)));
  }

  /** @param {Incoming} incoming */
  #deliver(incoming) {
    if ("data" in incoming) this.#deliverMessage(incoming.data, incoming.taken);
    else this.#deliverClose(incoming.code, incoming.reason);
  }

  /** @param {string | ArrayBuffer} data @param {() => void} taken */
  #deliverMessage(data, taken) {
    if (this.readyState === CLOSED) return;
    if (this.#sink) return this.#sink.message(data, taken);
    const asBlob = this.binaryType === "blob" && typeof data !== "string";
    try {
      this.dispatchEvent(new MessageEvent("message", { data: asBlob ? new Blob([data]) : data }));
    } finally {
      taken();
    }
  }

  /** @param {number} code @param {string} reason */
  #deliverClose(code, reason) {
    if (this.readyState === CLOSED) return;
    const wasOpen = this.readyState === OPEN;
    this.readyState = CLOSED;
    // The reply to a close: not to one that has cut the connection.
    if (wasOpen && code !== ABNORMAL) this.#closedHere = true;
    if (this.#sink) this.#sink.close(code, reason);
    else this.dispatchEvent(Object.assign(new Event("close"), { code, reason, wasClean: code !== ABNORMAL }));
    if (wasOpen) this.#peer.#receive({ code, reason });
  }
}

/** @param {ArrayBuffer | ArrayBufferView} data @returns {ArrayBuffer} */
function copy(data) {
  if (ArrayBuffer.isView(data))
    return /** @type {ArrayBuffer} */ (data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength));
  if (data instanceof ArrayBuffer) return data.slice(0);
  const kind = typeof data === "object" ? (/** @type {any} */ (data)?.constructor?.name ?? "null") : typeof data;
  throw new TypeError(`A WebSocket sends text, an ArrayBuffer or a view of one, and was given a ${kind}.`);
}

/** A pair of sockets: what is sent to one is received by the other. */
export class WebSocketPair {
  0 = new PairedSocket();
  1 = this[0].peer;
}
