/**
 * `WebSocketPair`: two ends of a socket in one interpreter. One end goes out with a response of status 101; the port carries
 * on what it is sent.
 */

/** @import { PortMessage, SocketEvent } from "./protocol.d.ts" */

const OPEN = 1;
const CLOSING = 2;
const CLOSED = 3;
const NO_STATUS = 1005;
const ABNORMAL = 1006;

const NAMES = /** @type {const} */ (["message", "close", "error"]);

/** One end of a pair, as user code has it. */
class PairedSocket extends EventTarget {
  /** How binary messages come: "arraybuffer" or "blob". */
  binaryType = "arraybuffer";
  url = null;
  protocol = "";
  extensions = "";
  readyState = OPEN;
  #peer;
  #accepted = false;
  /** What has come before it was accepted. @type {Event[]} */
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
  }

  /** Messages are delivered from here on. */
  accept() {
    this.#accepted = true;
    for (const event of this.#early.splice(0)) this.#deliver(event);
  }

  /** @param {string | ArrayBuffer | ArrayBufferView} data */
  send(data) {
    if (this.readyState !== OPEN) throw new TypeError("Can't call WebSocket send() after close().");
    this.#peer.#receive(new MessageEvent("message", { data: typeof data === "string" ? data : copy(data) }));
  }

  /** @param {number} [code] @param {string} [reason] */
  close(code = NO_STATUS, reason = "") {
    if (this.readyState !== OPEN) return;
    this.readyState = CLOSING;
    this.#peer.#receive(closeEvent(code, reason));
  }

  /** @param {Event} event */
  #receive(event) {
    // In a turn of its own, as from a network.
    queueMicrotask(() => (this.#accepted ? this.#deliver(event) : this.#early.push(event)));
  }

  /** @param {Event} event */
  #deliver(event) {
    if (this.readyState === CLOSED) return;
    if (event.type !== "close") {
      this.dispatchEvent(event instanceof MessageEvent && this.binaryType === "blob" ? withBlob(event) : event);
      return;
    }
    const wasOpen = this.readyState === OPEN;
    this.readyState = CLOSED;
    this.dispatchEvent(event);
    const { code, reason } = /** @type {any} */ (event);
    if (wasOpen) this.#peer.#receive(closeEvent(code, reason));
  }
}

/** @param {number} code @param {string} reason */
function closeEvent(code, reason) {
  return Object.assign(new Event("close"), { code, reason, wasClean: code !== ABNORMAL });
}

/** @param {ArrayBuffer | ArrayBufferView} data */
function copy(data) {
  return ArrayBuffer.isView(data)
    ? data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength)
    : data.slice(0);
}

/** @param {MessageEvent} event */
function withBlob(event) {
  return event.data instanceof ArrayBuffer ? new MessageEvent("message", { data: new Blob([event.data]) }) : event;
}

/** A pair of sockets: what is sent to one is received by the other. */
export class WebSocketPair {
  0 = new PairedSocket();
  1 = this[0].peer;
}

/** The sockets that go through a port, at either end of it. */
export class PortSockets {
  #post;
  #number = 0;
  /** Sockets of this end. @type {Map<number, any>} */
  #sent = new Map();
  /** Sockets of the other end. @type {Map<number, any>} */
  #received = new Map();

  /** @param {(message: PortMessage) => void} post */
  constructor(post) {
    this.#post = post;
  }

  /**
   * Let the other end have a socket.
   *
   * @param {any} socket
   * @returns {{ number: number, sent: Promise<void> }} `sent` settles when it has closed
   */
  send(socket) {
    const number = ++this.#number;
    return { number, sent: this.#couple(number, socket, this.#sent, "ours") };
  }

  /** The socket that the other end has sent as `number`. @param {number} number */
  receive(number) {
    const pair = new WebSocketPair();
    void this.#couple(number, pair[1], this.#received, "theirs");
    return pair[0];
  }

  /**
   * @param {number} number
   * @param {any} socket
   * @param {Map<number, any>} ends
   * @param {"ours" | "theirs"} whose has the number
   * @returns {Promise<void>}
   */
  #couple(number, socket, ends, whose) {
    ends.set(number, socket);
    const post = (/** @type {SocketEvent} */ event) => this.#post({ type: "socket", socket: number, whose, event });
    const closed = /** @type {Promise<void>} */ (
      new Promise((resolve) => {
        socket.addEventListener("close", (/** @type {any} */ { code, reason }) => {
          ends.delete(number);
          post({ close: { code, reason } });
          resolve();
        });
      })
    );
    socket.addEventListener("message", (/** @type {MessageEvent} */ { data }) =>
      post({ data: typeof data === "string" ? data : new Uint8Array(data) }),
    );
    socket.accept();
    return closed;
  }

  /** @param {PortMessage} message @returns {boolean} whether it was about a socket */
  take(message) {
    if (message.type !== "socket") return false;
    const ends = message.whose === "ours" ? this.#received : this.#sent;
    const socket = ends.get(message.socket);
    const { event } = message;
    if (!socket) return true;
    if ("data" in event) socket.send(event.data);
    else socket.close(event.close.code, event.close.reason);
    return true;
  }

  /** The other end of the port has gone. */
  close() {
    for (const socket of [...this.#sent.values(), ...this.#received.values()]) socket.close(ABNORMAL, "");
  }
}
