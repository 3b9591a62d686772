/** One guest for the engines of many tests: each engine has a view of its own, with its own pass numbers. */

/** @import { FromGuest, Guest, LostPass, ToGuest } from "../../bridge/protocol.d.ts" */
/** @import { RestReport } from "../../runtime/pool/virtual_time.js" */

/**
 * What a shared guest needs of the one that it shares. Where its code has real time, it has no `rest`.
 *
 * @typedef {Guest & { hasVirtualTime?: boolean, reload?(): Promise<void>, rest?(): Promise<RestReport[]>, ring?(): void }} TimedGuest
 */

/** By the guest. @type {WeakMap<object, SharedGuest>} */
const known = new WeakMap();

/** The one that all engines share. @param {object} guest */
export function sharedGuestOf(guest) {
  let shared = known.get(guest);
  if (!shared) known.set(guest, (shared = new SharedGuest(/** @type {TimedGuest} */ (guest))));
  return shared;
}

export class SharedGuest {
  /** How many messages have passed, in both directions. */
  activity = 0;
  #guest;
  #lastPass = 0;
  /**
   * By the guest's pass numbers; `quiet` is how many of the messages sent it had read when it was last quiet.
   *
   * @type {Map<number, { view: GuestView, pass: number, sent: number, quiet: number }>}
   */
  #passes = new Map();

  /** @param {TimedGuest} guest */
  constructor(guest) {
    this.#guest = guest;
    guest.onmessages = (messages) => this.#receive(messages);
    guest.onlost = (passes) => this.#lose(passes);
  }

  /** A view for an engine. */
  view() {
    return new GuestView(this);
  }

  /** Let it import its modules anew, where it can: no pass may be there. */
  async reload() {
    await this.#guest.reload?.();
  }

  /** Whether its code rests. @returns {Promise<RestReport[]>} */
  async rest() {
    if (this.#guest.hasVirtualTime && this.#guest.rest) return await this.#guest.rest();
    const busy = [...this.#passes.values()].some(({ sent, quiet }) => sent !== quiet);
    return [{ busy, next: null }];
  }

  ring() {
    if (this.#guest.hasVirtualTime) this.#guest.ring?.();
  }

  /** @param {GuestView} view @param {number} pass its own @returns {number} the guest's */
  add(view, pass) {
    this.#lastPass += 1;
    this.#passes.set(this.#lastPass, { view, pass, sent: 0, quiet: -1 });
    return this.#lastPass;
  }

  /** @param {number} pass the guest's */
  forget(pass) {
    this.#passes.delete(pass);
  }

  /** @param {ToGuest} message with the guest's pass number */
  send(message) {
    this.activity += 1;
    const found = this.#passes.get(message.pass);
    if (found) found.sent += 1;
    this.#guest.send(message);
  }

  /** @param {FromGuest[]} messages */
  #receive(messages) {
    this.activity += messages.length;
    for (const message of messages) {
      const found = this.#passes.get(message.pass);
      if (!found) continue;
      found.quiet = message.type === "quiet" ? message.seen : -1;
      found.view.receive({ ...message, pass: found.pass });
    }
  }

  /** @param {LostPass[]} passes */
  #lose(passes) {
    this.activity += passes.length;
    for (const lost of passes) {
      const found = this.#passes.get(lost.pass);
      this.#passes.delete(lost.pass);
      found?.view.lose({ ...lost, pass: found.pass });
    }
  }
}

/** @implements {Guest} */
export class GuestView {
  /** @type {(messages: FromGuest[]) => void} */
  onmessages = () => {};
  /** @type {(passes: LostPass[]) => void} */
  onlost = () => {};
  #shared;
  /** The guest's pass numbers, by the engine's. @type {Map<number, number>} */
  #passes = new Map();

  /** @param {SharedGuest} shared */
  constructor(shared) {
    this.#shared = shared;
  }

  /** @param {ToGuest} message */
  send(message) {
    if (message.type === "start") this.#passes.set(message.pass, this.#shared.add(this, message.pass));
    const pass = this.#passes.get(message.pass);
    if (pass === undefined) return;
    this.#shared.send({ ...message, pass });
    if (message.type === "drop") this.#forget(message.pass);
  }

  /** @param {FromGuest} message */
  receive(message) {
    this.onmessages([message]);
  }

  /** @param {LostPass} lost */
  lose(lost) {
    this.#passes.delete(lost.pass);
    this.onlost([lost]);
  }

  /** The engine is gone: nothing that its passes still send counts. */
  leave() {
    for (const pass of this.#passes.values()) {
      this.#shared.send({ type: "drop", pass, reason: "the engine has ended" });
      this.#shared.forget(pass);
    }
    this.#passes.clear();
  }

  async dispose() {}

  /** @param {number} pass the engine's */
  #forget(pass) {
    this.#shared.forget(this.#passes.get(pass) ?? 0);
    this.#passes.delete(pass);
  }
}
