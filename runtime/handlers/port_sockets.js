/** WebSockets that go through a port. Each message is acknowledged when the other end has taken it. */

/** @import { PortMessage, SocketEvent } from "./protocol.d.ts" */
/** @import { PairedSocket } from "./web_socket.js" */

import { ABNORMAL, attach, pass, shut, WebSocketPair } from "./web_socket.js";

/** @typedef {{ socket: PairedSocket, unacknowledged: (() => void)[] }} CarriedSocket */

/** The sockets of one end of a port. */
export class PortSockets {
  #post;
  #number = 0;
  /** Sockets of this end. @type {Map<number, CarriedSocket>} */
  #sent = new Map();
  /** Sockets of the other end. @type {Map<number, CarriedSocket>} */
  #received = new Map();
  /** What is to be given out for them. @type {Map<number, PairedSocket>} */
  #opened = new Map();

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
    // Messages may follow before the other end knows what the socket belongs to.
    this.#post({ type: "socket", socket: number, whose: "ours", event: { open: true } });
    return { number, sent: this.#carry(number, socket, this.#sent, "ours") };
  }

  /** The socket that the other end has sent as `number`. @param {number} number */
  receive(number) {
    const socket = this.#opened.get(number);
    if (!socket) throw new Error(`There is no socket ${number}.`);
    this.#opened.delete(number);
    return socket;
  }

  /** @param {number} number */
  #open(number) {
    const pair = new WebSocketPair();
    this.#opened.set(number, pair[0]);
    void this.#carry(number, pair[1], this.#received, "theirs");
  }

  /** End the socket that the other end has sent as `number`: it has no taker. @param {number} number */
  discard(number) {
    shut(this.receive(number), ABNORMAL, "");
  }

  /**
   * @param {number} number
   * @param {PairedSocket} socket
   * @param {Map<number, CarriedSocket>} ends
   * @param {"ours" | "theirs"} whose has the number
   * @returns {Promise<void>}
   */
  #carry(number, socket, ends, whose) {
    /** @type {CarriedSocket} */
    const carried = { socket, unacknowledged: [] };
    ends.set(number, carried);
    const post = (/** @type {SocketEvent} */ event) => this.#post({ type: "socket", socket: number, whose, event });
    return new Promise((resolve) =>
      attach(socket, {
        message(data, taken) {
          carried.unacknowledged.push(taken);
          post({ data: typeof data === "string" ? data : new Uint8Array(data) });
        },
        close(code, reason) {
          ends.delete(number);
          post({ close: { code, reason } });
          resolve();
        },
      }),
    );
  }

  /** @param {PortMessage} message @returns {boolean} whether it was about a socket */
  take(message) {
    if (message.type !== "socket") return false;
    const { socket: number, whose, event } = message;
    if ("open" in event) this.#open(number);
    const carried = (whose === "ours" ? this.#received : this.#sent).get(number);
    if (!carried) return true;
    if ("taken" in event) carried.unacknowledged.shift()?.();
    else if ("close" in event) shut(carried.socket, event.close.code, event.close.reason);
    else if ("data" in event) {
      const acknowledge = () =>
        this.#post({
          type: "socket",
          socket: number,
          whose: whose === "ours" ? "theirs" : "ours",
          event: { taken: true },
        });
      pass(carried.socket, asData(event.data), acknowledge);
    }
    return true;
  }

  /** The other end of the port has gone. */
  close() {
    for (const { socket } of [...this.#sent.values(), ...this.#received.values()])
      shut(socket, ABNORMAL, "WebSocket disconnected without sending Close frame.");
  }
}

/** @param {string | Uint8Array} data @returns {string | ArrayBuffer} */
function asData(data) {
  if (typeof data === "string") return data;
  const { buffer, byteOffset, byteLength } = data;
  const isWhole = byteOffset === 0 && byteLength === buffer.byteLength;
  return /** @type {ArrayBuffer} */ (isWhole ? buffer : buffer.slice(byteOffset, byteOffset + byteLength));
}
