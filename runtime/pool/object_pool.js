/**
 * The interpreters in which the Durable Objects of a deployment live. An object is in one of them, from its first event until
 * it has had nothing to do for a while: then its interpreter lets go of it, and the next event makes it anew of its storage.
 */

/** @import { HandlerCall, ObjectTarget, PortMessage } from "../handlers/protocol.d.ts" */
/** @import { HandlerPort } from "../handlers/port.js" */
/** @import { Isolate } from "./isolate.js" */
/** @import { HandlerLog, OpenIsolate } from "./handler_pool.js" */

/** An object that has had nothing to do for that long leaves memory. */
const IDLE_MS = 10_000;
/** How long an interpreter may give no sign of life before new objects go elsewhere. */
const BUSY_AFTER_MS = 1000;
const MAX_ISOLATES = 2;
/** An object that owes so many answers takes no further call. One that calls itself without end would fill the memory. */
const MAX_UNANSWERED = 1000;

/**
 * @typedef {{ isolate: Isolate, loaded: Promise<unknown>, calls: Map<number, { about: unknown, resident: Resident | undefined }> }} Place
 * @typedef {{ target: ObjectTarget, place: Place, calls: number, unanswered: number, idleSince: number }} Resident `calls`: those that are not
 *   settled
 */

export class ObjectPool {
  /** @type {(log: HandlerLog) => void} */
  onlog = () => {};
  /** Set by the owner; what has to be done before an object comes into memory. @type {(target: ObjectTarget) => Promise<void>} */
  onenter = async () => {};
  /** Set by the owner; told that an object has left memory in good order. @type {(target: ObjectTarget) => void} */
  onleave = () => {};
  /** Set by the owner; told of the alarm of an object. @type {(key: string, due: number | null) => void} */
  onalarm = () => {};
  #open;
  #now;
  /** @type {Place[]} */
  #places = [];
  /** Objects that may be in memory, by their keys; undefined: it has left. @type {Map<string, Promise<Resident | undefined>>} */
  #residents = new Map();
  /** @type {NodeJS.Timeout | undefined} */
  #sweep;
  /** @type {Error | undefined} */
  #disposed;

  /**
   * @param {OpenIsolate} open
   * @param {{ now?: () => number }} [options] `now`: ms, for idleness
   */
  constructor(open, { now = () => performance.now() } = {}) {
    this.#open = open;
    this.#now = now;
  }

  /** How many objects may be in memory. */
  get size() {
    return this.#residents.size;
  }

  /** How many calls have not settled. */
  get inFlight() {
    return this.#places.reduce((sum, { calls }) => sum + calls.size, 0);
  }

  get isolates() {
    return this.#places.length;
  }

  /** Start an interpreter before there is an event: later its files may be others. */
  async warm() {
    await (this.#places[0] ?? this.#start()).loaded;
  }

  /**
   * Give an event to an object.
   *
   * @param {ObjectTarget} target
   * @param {(port: HandlerPort) => Promise<HandlerCall>} pack makes the call, whose bodies go by this port
   * @param {{ signal?: AbortSignal | null, about?: unknown }} [options]
   * @returns {Promise<{ reply: any, port: HandlerPort }>}
   */
  async call(target, pack, { signal, about } = {}) {
    const resident = await this.#residentFor(target);
    if (resident.unanswered >= MAX_UNANSWERED) throw overloaded(target);
    const { place } = resident;
    const { isolate } = place;
    resident.calls += 1;
    resident.unanswered += 1;
    isolate.beginCall();
    let id;
    try {
      await place.loaded;
      const { port } = isolate;
      const call = port.call(await pack(port), signal);
      id = call.id;
      place.calls.set(id, { about, resident });
      isolate.callSent();
      return { reply: await call.reply, port };
    } catch (error) {
      if (id === undefined) {
        isolate.endCall();
        this.#settled(resident);
      }
      throw error;
    } finally {
      resident.unanswered -= 1;
    }
  }

  /** @param {ObjectTarget} target @returns {Promise<Resident>} */
  async #residentFor(target) {
    for (;;) {
      if (this.#disposed) throw this.#disposed;
      const known = this.#residents.get(target.key);
      if (!known) break;
      const resident = await known;
      if (resident) return resident;
    }
    const entering = this.#enter(target);
    this.#residents.set(target.key, entering);
    entering.catch(() => this.#forget(target.key, entering));
    this.#sweep ??= setInterval(() => void this.evictIdle(), IDLE_MS).unref();
    return await entering;
  }

  /** @param {ObjectTarget} target @returns {Promise<Resident>} */
  async #enter(target) {
    await this.onenter(target);
    if (this.#disposed) throw this.#disposed;
    return { target, place: this.#placeForObject(), calls: 0, unanswered: 0, idleSince: this.#now() };
  }

  #placeForObject() {
    const [best] = this.#places
      .filter(({ isolate }) => isolate.silenceMs < BUSY_AFTER_MS)
      .toSorted((a, b) => a.calls.size - b.calls.size);
    if (best) return best;
    if (this.#places.length < MAX_ISOLATES) return this.#start();
    return this.#places.toSorted((a, b) => a.isolate.silenceMs - b.isolate.silenceMs)[0];
  }

  #start() {
    const { isolate, loaded } = this.#open();
    /** @type {Place} */
    const place = { isolate, loaded, calls: new Map() };
    this.#places.push(place);
    isolate.onnotice = (message) => this.#notice(place, message);
    isolate.ondeath = () => this.#remove(place);
    isolate.onoutput = (text) => this.onlog({ level: "stdout", text });
    loaded.catch(() => this.#remove(place));
    return place;
  }

  /** @param {Place} place @param {PortMessage} message */
  #notice(place, message) {
    if (message.type === "settled") {
      const call = place.calls.get(message.id);
      if (!call) return;
      place.calls.delete(message.id);
      place.isolate.endCall();
      if (call.resident) this.#settled(call.resident);
    } else if (message.type === "alarm") this.onalarm(message.object, message.due);
    else if (message.type === "log") {
      const about = message.id === undefined ? undefined : place.calls.get(message.id)?.about;
      this.onlog({ level: message.level, text: message.text, ...(about === undefined ? {} : { call: about }) });
    }
  }

  /** @param {Resident} resident */
  #settled(resident) {
    resident.calls -= 1;
    resident.idleSince = this.#now();
  }

  /** Let interpreters let go of objects that have had nothing to do for a while. @param {number} [idleMs] */
  async evictIdle(idleMs = IDLE_MS) {
    const now = this.#now();
    await Promise.all(
      [...this.#residents].map(async ([key, entering]) => {
        const resident = await entering.catch(() => undefined);
        if (!resident || resident.calls > 0 || now - resident.idleSince < idleMs) return;
        await this.#evict(key, entering, resident);
      }),
    );
    if (this.#residents.size > 0) return;
    clearInterval(this.#sweep);
    this.#sweep = undefined;
  }

  /** @param {string} key @param {Promise<Resident | undefined>} entering @param {Resident} resident */
  async #evict(key, entering, resident) {
    const { target, place } = resident;
    const { isolate } = place;
    if (this.#residents.get(key) !== entering) return;
    // Events that come meanwhile wait for what comes of it.
    /** @type {PromiseWithResolvers<Resident | undefined>} */
    const { promise, resolve } = Promise.withResolvers();
    this.#residents.set(key, promise);
    let isGone = true;
    try {
      isGone = (await isolate.port.call({ what: "evict", object: target }).reply).evicted;
      if (isGone) this.onleave(target);
    } catch {
      // The interpreter has ended, and with it the object.
    }
    if (isGone) this.#forget(key, promise);
    else this.#residents.set(key, Promise.resolve(resident));
    resolve(isGone ? undefined : resident);
  }

  /** @param {string} key @param {Promise<Resident | undefined>} entering */
  #forget(key, entering) {
    if (this.#residents.get(key) === entering) this.#residents.delete(key);
  }

  /** @param {Place} place */
  #remove(place) {
    this.#places = this.#places.filter((other) => other !== place);
    for (const [key, entering] of this.#residents)
      void entering.then((resident) => resident?.place === place && this.#forget(key, entering)).catch(() => {});
    place.calls.clear();
    void place.isolate.dispose();
  }

  /** End now: calls that run are ended with *reason*. @param {Error} [reason] */
  async dispose(reason = new Error("The Worker has been stopped.")) {
    this.#disposed ??= reason;
    clearInterval(this.#sweep);
    const places = this.#places;
    this.#places = [];
    this.#residents.clear();
    for (const { isolate } of places) isolate.port.close(reason);
    await Promise.all(places.map(({ isolate }) => isolate.dispose()));
  }
}

/** @param {ObjectTarget} target */
function overloaded({ className, id, name = id }) {
  return Object.assign(
    new Error(
      `Durable Object is overloaded: ${className} '${name}' owes ${MAX_UNANSWERED} answers. Does it call itself, or do objects call each other in a circle?`,
    ),
    { overloaded: true },
  );
}
