/**
 * The interpreters in which a deployment's handlers run, apart from those of its passes: a handler that spins holds up no
 * workflow. One is enough for many requests that mostly wait; another is started beside one that does not answer.
 */

/** @import { HandlerCall, LogLevel, PortMessage } from "../handlers/protocol.d.ts" */
/** @import { HandlerPort } from "../handlers/port.js" */
/** @import { Isolate } from "./isolate.js" */

/**
 * How long an interpreter may give no sign of life before requests go elsewhere. What a module keeps in its variables is not
 * elsewhere, so this is longer than code computes as a rule.
 */
const BUSY_AFTER_MS = 1000;
const MAX_ISOLATES = 4;
/** An interpreter that has grown past this takes no new requests: WebAssembly's memory never shrinks. */
const MEMORY_MARK_BYTES = 384 << 20;

/**
 * @typedef {object} HandlerLog
 * @property {LogLevel} level
 * @property {string} text
 * @property {unknown} [call] what the caller has given as `about`, where the output is a call's
 *
 * Starts an interpreter and loads the deployment.
 * @typedef {() => { isolate: Isolate, loaded: Promise<unknown> }} OpenIsolate
 *
 * @typedef {{ isolate: Isolate, loaded: Promise<unknown>, calls: Map<number, unknown>, hasFailed?: boolean }} Place `calls`: those that are not
 *   settled; `hasFailed`: it has not loaded the code
 */

export class HandlerPool {
  /** @type {(log: HandlerLog) => void} */
  onlog = () => {};
  #open;
  #maxIsolates;
  /** False where the files of the code have been broken or removed since: the interpreters that have loaded it stay. */
  #canGrow = true;
  /** @type {Place[]} */
  #places = [];
  #retiring = false;
  /** @type {() => void} */
  #onidle = () => {};
  #disposed = false;

  /**
   * @param {OpenIsolate} open
   * @param {{ isolates?: number }} [options] `isolates`: how many at most
   */
  constructor(open, { isolates = MAX_ISOLATES } = {}) {
    this.#open = open;
    this.#maxIsolates = isolates;
  }

  /** How many calls have not settled. */
  get inFlight() {
    return this.#places.reduce((sum, { calls }) => sum + calls.size, 0);
  }

  get isolates() {
    return this.#places.length;
  }

  /** Start an interpreter before there is a call for it. @returns {Promise<unknown>} */
  warm() {
    return (this.#places[0] ?? this.#start()).loaded;
  }

  /**
   * Call a handler.
   *
   * @param {(port: HandlerPort) => Promise<HandlerCall>} pack makes the call, whose bodies go by this port
   * @param {{ signal?: AbortSignal | null, about?: unknown }} [options]
   * @returns {Promise<{ reply: any, port: HandlerPort }>}
   */
  async call(pack, { signal, about } = {}) {
    for (;;) {
      if (this.#disposed) throw new Error("The Worker has been stopped.");
      const place = this.#placeForCall();
      try {
        return await this.#callAt(place, pack, signal, about);
      } catch (error) {
        if (!place.hasFailed || this.#places.length === 0) throw error;
        this.#canGrow = false;
      }
    }
  }

  /**
   * @param {Place} place
   * @param {(port: HandlerPort) => Promise<HandlerCall>} pack
   * @param {AbortSignal | null | undefined} signal
   * @param {unknown} about
   */
  async #callAt(place, pack, signal, about) {
    const { isolate, calls } = place;
    // Counted from here: it may be retired while it loads.
    const waiting = Symbol("waiting");
    calls.set(/** @type {any} */ (waiting), about);
    isolate.beginCall();
    let id;
    try {
      await place.loaded;
      const { port } = isolate;
      const call = port.call(await pack(port), signal);
      id = call.id;
      calls.set(id, about);
      isolate.callSent();
      return { reply: await call.reply, port };
    } catch (error) {
      if (id === undefined) isolate.endCall();
      throw error;
    } finally {
      calls.delete(/** @type {any} */ (waiting));
      if (id === undefined) this.#settled(place);
    }
  }

  #placeForCall() {
    const usable = this.#places.filter(({ isolate }) => isolate.memory < MEMORY_MARK_BYTES);
    // The oldest, so that calls find what others have left in variables wherever that can be.
    const oldest = usable.find(({ isolate }) => isolate.silenceMs < BUSY_AFTER_MS);
    if (oldest) return oldest;
    if (this.#places.length === 0 || (this.#canGrow && usable.length < this.#maxIsolates)) return this.#start();
    return (this.#canGrow ? usable : this.#places).toSorted((a, b) => a.isolate.silenceMs - b.isolate.silenceMs)[0];
  }

  #start() {
    const { isolate, loaded } = this.#open();
    /** @type {Place} */
    const place = { isolate, loaded, calls: new Map() };
    this.#places.push(place);
    isolate.onnotice = (message) => this.#notice(place, message);
    isolate.ondeath = () => this.#handleDeath(place);
    isolate.onoutput = (text) => this.onlog({ level: "stdout", text });
    loaded.catch(() => {
      place.hasFailed = true;
      this.#remove(place);
    });
    return place;
  }

  /** @param {Place} place @param {PortMessage} message */
  #notice(place, message) {
    if (message.type === "settled") {
      if (!place.calls.delete(message.id)) return;
      place.isolate.endCall();
      this.#settled(place);
    } else if (message.type === "log") {
      const about = message.id === undefined ? undefined : place.calls.get(message.id);
      this.onlog({ level: message.level, text: message.text, ...(about === undefined ? {} : { call: about }) });
    }
  }

  /** @param {Place} place */
  #settled(place) {
    if (place.calls.size > 0) return;
    if (place.isolate.memory >= MEMORY_MARK_BYTES) this.#remove(place);
    if (this.#retiring && this.inFlight === 0) this.#onidle();
  }

  /** Its port has told those who wait. @param {Place} place */
  #handleDeath(place) {
    place.calls.clear();
    this.#remove(place);
    if (this.#retiring && this.inFlight === 0) this.#onidle();
  }

  /** @param {Place} place */
  #remove(place) {
    this.#places = this.#places.filter((other) => other !== place);
    void place.isolate.dispose();
  }

  /** End when the calls that run have settled. */
  async retire() {
    this.#retiring = true;
    if (this.inFlight > 0) await new Promise((resolve) => (this.#onidle = () => resolve(undefined)));
    await this.dispose();
  }

  async dispose() {
    this.#disposed = true;
    const places = this.#places;
    this.#places = [];
    this.#onidle();
    await Promise.all(places.map(({ isolate }) => isolate.dispose()));
  }
}
