/**
 * Byte streams over a port. A sender may be `WINDOW_BYTES` ahead of the reader, so a stream that is not read
 * holds up its writer.
 */

/** @import { PortMessage } from "./protocol.d.ts" */

/** How many bytes may be under way. */
export const WINDOW_BYTES = 256 * 1024;

export class ByteStreams {
  #post;
  #number = 0;
  /** @type {Map<number, OutgoingStream>} */
  #outgoing = new Map();
  /** @type {Map<number, IncomingStream>} */
  #incoming = new Map();

  /** @param {(message: PortMessage) => void} post */
  constructor(post) {
    this.#post = post;
  }

  /** How many streams have a reader that waits for the next chunk. */
  get reading() {
    return [...this.#incoming.values()].filter(({ isAwaited }) => isAwaited).length;
  }

  /**
   * Send what a stream gives.
   *
   * @param {ReadableStream} stream
   * @returns {{ number: number, sent: Promise<void> }} `sent` settles when the stream has ended, however it has
   */
  send(stream) {
    const number = ++this.#number;
    const outgoing = new OutgoingStream(number, stream.getReader(), this.#post);
    this.#outgoing.set(number, outgoing);
    this.#post({ type: "open", stream: number });
    const sent = outgoing.run().finally(() => this.#outgoing.delete(number));
    return { number, sent };
  }

  /**
   * The stream that the other end sends as `number`.
   *
   * @param {number} number
   * @returns {ReadableStream<Uint8Array>}
   */
  receive(number) {
    const incoming = this.#incoming.get(number);
    if (!incoming) throw new Error(`There is no stream ${number}.`);
    return incoming.stream;
  }

  /** End the stream that the other end sends as `number`, without reading it. @param {number} number */
  discard(number) {
    this.#incoming
      .get(number)
      ?.stream.cancel("It has no reader.")
      .catch(() => {});
  }

  /** @param {number} number */
  #open(number) {
    this.#incoming.set(number, new IncomingStream(number, this.#post, () => this.#incoming.delete(number)));
  }

  /** @param {PortMessage} message @returns {boolean} whether it was about a stream */
  take(message) {
    // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- the others are not about streams
    switch (message.type) {
      case "open":
        this.#open(message.stream);
        return true;
      case "chunk":
        this.#incoming.get(message.stream)?.add(message.bytes);
        return true;
      case "end":
        this.#incoming.get(message.stream)?.end();
        return true;
      case "fail":
        this.#incoming.get(message.stream)?.fail(new Error(message.message));
        return true;
      case "pull":
        this.#outgoing.get(message.stream)?.allow(message.bytes);
        return true;
      case "cancel":
        this.#outgoing.get(message.stream)?.cancel(message.reason);
        return true;
      default:
        return false;
    }
  }

  /** The other end has gone. @param {Error} error */
  close(error) {
    for (const incoming of this.#incoming.values()) incoming.fail(error);
    for (const outgoing of this.#outgoing.values()) outgoing.cancel(error.message);
    this.#incoming.clear();
  }
}

class OutgoingStream {
  #number;
  #reader;
  #post;
  #room = WINDOW_BYTES;
  #cancelled = false;
  /** @type {() => void} */
  #wake = () => {};

  /**
   * @param {number} number
   * @param {ReadableStreamDefaultReader} reader
   * @param {(message: PortMessage) => void} post
   */
  constructor(number, reader, post) {
    this.#number = number;
    this.#reader = reader;
    this.#post = post;
  }

  async run() {
    const stream = this.#number;
    try {
      for (;;) {
        while (this.#room <= 0 && !this.#cancelled)
          await new Promise((resolve) => (this.#wake = () => resolve(undefined)));
        if (this.#cancelled) return;
        const { done, value } = await this.#reader.read();
        if (this.#cancelled) return;
        if (done) break;
        const bytes = bytesOf(value);
        this.#room -= bytes.length;
        this.#post({ type: "chunk", stream, bytes });
      }
      this.#post({ type: "end", stream });
    } catch (error) {
      if (!this.#cancelled) this.#post({ type: "fail", stream, message: messageOf(error) });
    }
  }

  /** @param {number} bytes */
  allow(bytes) {
    this.#room += bytes;
    this.#wake();
  }

  /** @param {string} reason */
  cancel(reason) {
    if (this.#cancelled) return;
    this.#cancelled = true;
    this.#wake();
    this.#reader.cancel(new Error(reason)).catch(() => {});
  }
}

class IncomingStream {
  #number;
  #post;
  #gone;
  /** @type {Uint8Array[]} */
  #chunks = [];
  /** @type {ReadableByteStreamController | undefined} */
  #controller;
  #ended = false;
  /** @type {(() => void) | undefined} what is called when there is something to give */
  #pulled;

  /**
   * @param {number} number
   * @param {(message: PortMessage) => void} post
   * @param {() => void} gone
   */
  constructor(number, post, gone) {
    this.#number = number;
    this.#post = post;
    this.#gone = gone;
    this.stream = new ReadableStream(
      {
        type: "bytes",
        start: (controller) => void (this.#controller = controller),
        pull: () => new Promise((resolve) => this.#answerPull(() => resolve(undefined))),
        cancel: (reason) => this.#cancel(reason),
      },
      { highWaterMark: 0 },
    );
  }

  get isAwaited() {
    return this.#pulled !== undefined;
  }

  /** @param {() => void} resolve */
  #answerPull(resolve) {
    this.#pulled = resolve;
    this.#give();
  }

  /** @param {Uint8Array} bytes */
  add(bytes) {
    if (bytes.length === 0) return;
    this.#chunks.push(bytes);
    this.#give();
  }

  end() {
    this.#ended = true;
    this.#give();
  }

  /** @param {Error} error */
  fail(error) {
    this.#gone();
    this.#controller?.error(error);
    this.#pulled?.();
  }

  #give() {
    const pulled = this.#pulled;
    if (!pulled) return;
    const bytes = this.#chunks.shift();
    if (bytes) {
      this.#pulled = undefined;
      const { length } = bytes;
      this.#controller?.enqueue(/** @type {Uint8Array<ArrayBuffer>} */ (bytes));
      this.#post({ type: "pull", stream: this.#number, bytes: length });
      pulled();
    } else if (this.#ended) {
      this.#pulled = undefined;
      this.#gone();
      this.#controller?.close();
      // A reader that brings its own buffer waits for this.
      this.#controller?.byobRequest?.respond(0);
      pulled();
    }
  }

  /** @param {unknown} reason */
  #cancel(reason) {
    this.#gone();
    this.#post({ type: "cancel", stream: this.#number, reason: messageOf(reason) });
  }
}

/**
 * A copy that can be sent: what user code gives may be a part of its interpreter's memory.
 *
 * @param {unknown} chunk
 */
export function bytesOf(chunk) {
  if (ArrayBuffer.isView(chunk)) return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength).slice();
  if (chunk instanceof ArrayBuffer) return new Uint8Array(chunk.slice(0));
  const kind = typeof chunk === "object" ? (chunk?.constructor?.name ?? "null") : typeof chunk;
  throw new TypeError(`A body's stream must give bytes (Uint8Array), and has given a ${kind}.`);
}

/** @param {any} reason */
function messageOf(reason) {
  return String(reason?.message ?? reason ?? "");
}
