/** A guest as one engine of the suite sees it: with passes of its own, and knowing whether anything is under way. */

/** @import { FromGuest, Guest, LostPass, ToGuest } from "../bridge/protocol.d.ts" */

let lastPass = 0;

/** @implements {Guest} */
export class GuestView {
  /** @type {(messages: FromGuest[]) => void} */
  onmessages = () => {};
  /** @type {(passes: LostPass[]) => void} */
  onlost = () => {};
  /** Sees each message before the engine does; true takes it away. @type {(message: FromGuest) => boolean} */
  intercept = () => false;
  /** Messages of the engine so far. */
  sent = 0;
  /** What the workflow's console was told. */
  said = "";
  #guest;
  /** The engine's pass numbers, by those of the guest, which serves many engines. @type {Map<number, number>} */
  #passes = new Map();
  /** @type {Map<number, { number: number, sent: number, quiet: number }>} */
  #live = new Map();
  /** @type {Set<() => void>} */
  #waiting = new Set();

  /** @param {Guest} guest */
  constructor(guest) {
    this.#guest = guest;
    guest.onmessages = (messages) => this.#receive(messages);
    guest.onlost = (passes) => this.#lose(passes);
  }

  /** Whether every pass waits for a time or an event. */
  get atRest() {
    return [...this.#live.values()].every(({ sent, quiet }) => sent === quiet);
  }

  get live() {
    return this.#live.size;
  }

  /** When the guest says something next. */
  async activity() {
    await new Promise((resolve) => this.#waiting.add(() => resolve(undefined)));
  }

  /** @param {ToGuest} message */
  send(message) {
    let pass = this.#live.get(message.pass);
    if (!pass) {
      if (message.type !== "start") return;
      pass = { number: ++lastPass, sent: 0, quiet: -1 };
      this.#live.set(message.pass, pass);
      this.#passes.set(pass.number, message.pass);
    }
    pass.sent += 1;
    this.sent += 1;
    this.#guest.send({ ...message, pass: pass.number });
    if (message.type === "drop") this.#forget(pass.number);
  }

  /** @param {FromGuest[]} messages */
  #receive(messages) {
    for (const message of messages) {
      const number = this.#passes.get(message.pass);
      if (number === undefined) continue;
      const pass = /** @type {{ quiet: number }} */ (this.#live.get(number));
      if (message.type === "quiet") pass.quiet = message.seen;
      else if (message.type === "log" && !message.replay) this.said += `${message.text}\n`;
      else pass.quiet = -1;
      const mine = { ...message, pass: number };
      if (this.intercept(mine)) continue;
      this.onmessages([mine]);
    }
    for (const tell of this.#waiting) tell();
    this.#waiting.clear();
  }

  /** @param {LostPass[]} passes */
  #lose(passes) {
    for (const lost of passes) {
      const number = this.#passes.get(lost.pass);
      this.#forget(lost.pass);
      if (number !== undefined) this.onlost([{ ...lost, pass: number }]);
    }
    for (const tell of this.#waiting) tell();
  }

  /** @param {number} number the guest's */
  #forget(number) {
    this.#live.delete(this.#passes.get(number) ?? -1);
    this.#passes.delete(number);
  }

  /** The engine is gone: nothing that the guest still says reaches anybody. */
  leave() {
    for (const number of this.#passes.keys()) this.#guest.send({ type: "drop", pass: number, reason: "crash" });
    this.#passes.clear();
    this.#live.clear();
  }

  async dispose() {}
}
