/**
 * One end of the wire of `protocol.d.ts`: calls in both directions, byte streams, and notices. The host has one for each
 * interpreter, and the interpreter has the other.
 */

/** @import { PortMessage } from "./protocol.d.ts" */

import { fromWire, toWire } from "../../bridge/errors.js";
import { ByteStreams } from "./byte_streams.js";
import { PortSockets } from "./port_sockets.js";

/**
 * @typedef {object} PortOptions
 * @property {(messages: PortMessage[], transfer: ArrayBuffer[]) => void} post sends a list to the other end
 * @property {(call: any, context: CallContext) => Promise<any>} answer what the other end asks
 * @property {(message: PortMessage) => void} [onnotice] takes what is neither a call nor a stream
 * @property {(run: () => void) => void} [soon] when messages are sent that belong together; by default at the end of the turn
 *
 * The state of work that continues after an answer.
 * @typedef {{ isIdle: boolean, whenIdle: () => Promise<void> }} Lasting
 */

/** A call of the other end. Most handlers ask for no signal, and one costs more than the rest of the call. */
export class CallContext {
  /** Set by the one that answers, where work may continue after the answer. The other end gets `settled` when it ends. @type {Lasting | undefined} */
  lasting;
  /** @type {AbortController | undefined} */
  #controller;
  /** @type {((reason: Error) => void)[]} */
  #onabort = [];
  /** @type {Error | undefined} */
  #reason;

  /** @param {number} id */
  constructor(id) {
    this.id = id;
  }

  /** Of the caller's leaving. */
  get signal() {
    this.#controller ??= new AbortController();
    if (this.#reason) this.#controller.abort(this.#reason);
    return this.#controller.signal;
  }

  /** Call *run* when the caller leaves. @param {(reason: Error) => void} run */
  onabort(run) {
    if (this.#reason) run(this.#reason);
    else this.#onabort.push(run);
  }

  /** The caller has left. @param {Error} reason */
  abort(reason) {
    this.#reason ??= reason;
    this.#controller?.abort(this.#reason);
    for (const run of this.#onabort.splice(0)) run(this.#reason);
  }
}

export class HandlerPort {
  streams;
  sockets;
  #post;
  #answer;
  #onnotice;
  #soon;
  #number = 0;
  /** Calls of ours. @type {Map<number, { resolve: (reply: any) => void, reject: (error: Error) => void }>} */
  #calls = new Map();
  /** Calls of the other end. @type {Map<number, CallContext>} */
  #answering = new Map();
  /** @type {PortMessage[]} */
  #outbox = [];
  /** @type {Error | undefined} */
  #closed;

  /** @param {PortOptions} options */
  constructor({ post, answer, onnotice = () => {}, soon = queueMicrotask }) {
    this.#post = post;
    this.#answer = answer;
    this.#onnotice = onnotice;
    this.#soon = soon;
    this.streams = new ByteStreams((message) => this.send(message));
    this.sockets = new PortSockets((message) => this.send(message));
  }

  /** How many calls of ours have no answer yet, and how many streams are being read. */
  get waiting() {
    return this.#calls.size + this.streams.reading;
  }

  /**
   * Ask the other end.
   *
   * @param {object} call
   * @param {AbortSignal | null} [signal] ends the waiting
   * @returns {{ id: number, reply: Promise<any> }} `reply` is rejected with what the other end has raised, as `fromWire` gives it,
   *   with the signal's reason, or with what the port was closed with
   * @throws the same reasons, where nothing is sent
   */
  call(call, signal) {
    const id = ++this.#number;
    if (this.#closed) throw this.#closed;
    signal?.throwIfAborted();
    const abort = () => this.#abort(id, signal?.reason);
    signal?.addEventListener("abort", abort, { once: true });
    const reply = new Promise((resolve, reject) => {
      this.#calls.set(id, { resolve, reject });
      this.send({ type: "call", id, call: /** @type {any} */ (call) });
    });
    return signal ? { id, reply: reply.finally(() => signal.removeEventListener("abort", abort)) } : { id, reply };
  }

  /** @param {number} id @param {any} reason */
  #abort(id, reason) {
    this.send({ type: "abort", id, reason: String(reason?.message ?? reason) });
    this.#calls.get(id)?.reject(reason);
    this.#calls.delete(id);
  }

  /** Send with what else this turn has to say. @param {PortMessage} message */
  send(message) {
    if (this.#closed) return;
    if (this.#outbox.length === 0) this.#soon(() => this.flush());
    this.#outbox.push(message);
  }

  /** Send what there is to say. */
  flush() {
    if (this.#outbox.length === 0 || this.#closed) return;
    const messages = this.#outbox;
    this.#outbox = [];
    this.#post(messages, messages.flatMap(buffersOf));
  }

  /** Take a list of the other end. @param {PortMessage[]} messages */
  receive(messages) {
    for (const message of messages) this.#take(message);
  }

  /** @param {PortMessage} message */
  #take(message) {
    if (this.streams.take(message) || this.sockets.take(message)) return;
    // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- the others are notices
    switch (message.type) {
      case "call":
        void this.#respond(message.id, message.call);
        break;
      case "reply": {
        const call = this.#calls.get(message.id);
        this.#calls.delete(message.id);
        if (call) call.resolve(message.reply);
        else this.#discard(message.reply);
        if (message.settled) this.#onnotice({ type: "settled", id: message.id });
        break;
      }
      case "error":
        this.#calls.get(message.id)?.reject(fromWire(message.error));
        this.#calls.delete(message.id);
        break;
      case "abort":
        this.#answering.get(message.id)?.abort(new DOMException(message.reason, "AbortError"));
        break;
      default:
        this.#onnotice(message);
    }
  }

  /** What an answer that comes too late has brought along. @param {any} reply */
  #discard({ response, value }) {
    const number = (response ?? value?.response ?? value?.request)?.body?.stream ?? value?.stream;
    if (number !== undefined) this.streams.discard(number);
    const socket = (response ?? value?.response)?.socket;
    if (socket !== undefined) this.sockets.discard(socket);
  }

  /** @param {number} id @param {unknown} call */
  async #respond(id, call) {
    const context = new CallContext(id);
    this.#answering.set(id, context);
    try {
      const reply = await this.#answer(call, context);
      const settled = context.lasting?.isIdle === true;
      this.send({ type: "reply", id, reply, ...(settled && { settled }) });
      if (settled) {
        this.#answering.delete(id);
        return;
      }
    } catch (error) {
      this.send({ type: "error", id, error: toWire(error) });
    }
    if (context.lasting) await context.lasting.whenIdle();
    this.#answering.delete(id);
    if (context.lasting) this.send({ type: "settled", id });
  }

  /** The other end has gone. @param {Error} error what waiting calls and streams end with */
  close(error) {
    if (this.#closed) return;
    this.#closed = error;
    for (const { reject } of this.#calls.values()) reject(error);
    this.#calls.clear();
    for (const context of this.#answering.values()) context.abort(error);
    this.#answering.clear();
    this.streams.close(error);
    this.sockets.close();
  }
}

/** What of a message is handed over, not copied. @param {PortMessage} message @returns {ArrayBuffer[]} */
function buffersOf(message) {
  if (message.type === "chunk") return [/** @type {ArrayBuffer} */ (message.bytes.buffer)];
  if (message.type !== "socket" || !("data" in message.event) || typeof message.event.data === "string") return [];
  return [/** @type {ArrayBuffer} */ (message.event.data.buffer)];
}
