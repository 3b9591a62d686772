/**
 * Byte streams that a test gives as the results of steps: the engine gets their chunks as it does from a guest, and its answers
 * do not reach the guest.
 */

/** @import { FromGuest, ToGuest } from "../../bridge/protocol.d.ts" */

import { fromWire } from "../../bridge/errors.js";
import { keep } from "../../bridge/streams.js";
import { STREAM_LIMITS } from "../engine/limits.js";

/** Guests count their calls from 1, and make fewer. */
const FIRST_REF = 2 ** 30;

/** The streams of one pass. */
export class MockedStreams {
  #send;
  #lastRef = FIRST_REF;
  /** Chunks that the engine has not kept yet, by ref. @type {Map<number, { resolve: () => void, reject: (error: unknown) => void }>} */
  #open = new Map();

  /** @param {(message: FromGuest) => void} send to the engine */
  constructor(send) {
    this.#send = send;
  }

  /**
   * Let the engine keep a stream as the result of an attempt.
   *
   * @param {Uint8Array} bytes
   * @param {{ name: string, count: number }} step
   * @param {{ pass: number, ref: number, attempt: number }} running the attempt
   * @returns {Promise<string>} what the log has in place of a value
   * @throws the attempt is over
   */
  async keep(bytes, step, { pass, ref: stepRef, attempt }) {
    return await keep(
      /** @type {ReadableStream} */ (new Blob([/** @type {any} */ (bytes)]).stream()),
      step,
      async () => STREAM_LIMITS,
      (index, value) => {
        const ref = ++this.#lastRef;
        /** @type {Promise<void>} */
        const kept = new Promise((resolve, reject) => this.#open.set(ref, { resolve, reject }));
        this.#send({ type: "writeChunk", pass, ref, step: stepRef, attempt, index, value });
        return kept;
      },
    );
  }

  /** Take the answer to a chunk. @param {ToGuest} message @returns {boolean} false where it is for the guest */
  take(message) {
    if (message.type !== "resolve" && message.type !== "reject") return false;
    const waiting = this.#open.get(message.ref);
    if (!waiting) return false;
    this.#open.delete(message.ref);
    if (message.type === "resolve") waiting.resolve();
    else waiting.reject(fromWire(/** @type {any} */ (message.error)));
    return true;
  }

  /** The pass has ended: no answers come any more. */
  abandon() {
    for (const { reject } of this.#open.values()) reject(new Error("The pass has ended."));
    this.#open.clear();
  }
}
