/**
 * The control channel to the process that has started this host: a socket, which is this host's standard input.
 *
 * The host writes its control messages there, one JSON object a line. The end of the socket means that the other process
 * has ended, or no longer needs the host. Nothing that a workflow prints gets into this channel: its output goes to the
 * standard streams.
 */

import { Socket } from "node:net";

/** Longer texts in control messages are cut. */
const MAX_TEXT_CHARACTERS = 65_536;

/**
 * @typedef {{ ready: { socket: string, secret: string, identity: string, pid: number, version: string } }
 *   | { error: { code: string, message: string, owner?: object | undefined } }
 *   | { waiting: { holder: string, is_shared: boolean } }
 *   | { away: { reason: string } }
 *   | { debugger: boolean }
 *   | { fatal: { code: string, message: string } }
 *   | { left: { signal: string | undefined } }} ControlMessage
 */

export class ControlChannel {
  // Half open: the host has last words for a process that no longer needs it.
  #socket = new Socket({ fd: 0, readable: true, writable: true, allowHalfOpen: true });
  #ended;

  constructor() {
    // Node would open it a second time, and fail, as soon as a module imports `node:process`.
    Object.defineProperty(process, "stdin", { configurable: true, value: undefined });
    /** @type {() => void} */
    let end = () => {};
    /** Resolves when the other process has ended, or no longer needs the host. @type {Promise<void>} */
    this.ended = new Promise((resolve) => {
      end = resolve;
    });
    this.#ended = end;
    this.#socket.on("end", this.#ended);
    this.#socket.on("error", this.#ended);
    this.#socket.resume();
  }

  /** @param {ControlMessage} message @returns {Promise<void>} settles when the operating system has it */
  send(message) {
    return new Promise((resolve) => this.#socket.write(`${JSON.stringify(message, cutText)}\n`, () => resolve()));
  }
}

/** @param {string} _key @param {unknown} value */
function cutText(_key, value) {
  return typeof value === "string" ? value.slice(0, MAX_TEXT_CHARACTERS) : value;
}
