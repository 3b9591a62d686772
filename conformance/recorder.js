/** Keeps what callbacks tell of themselves, for a guest in which nothing outlives a pass. */

/** @import { FromGuest, Guest, LostPass, ToGuest } from "../bridge/protocol.d.ts" */

import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { CALL } from "./source.js";

/** @implements {Guest} */
export class Recorder {
  /** @type {(messages: FromGuest[]) => void} */
  onmessages = () => {};
  /** @type {(passes: LostPass[]) => void} */
  onlost = () => {};
  #guest;
  #folder;

  /**
   * @param {Guest & { load(): Promise<unknown> }} guest
   * @param {string} folder that the guest's code reads
   */
  constructor(guest, folder) {
    this.#guest = guest;
    this.#folder = folder;
    guest.onmessages = (messages) => this.onmessages(messages.filter((message) => !this.#keep(message)));
    guest.onlost = (passes) => this.onlost(passes);
  }

  load() {
    return this.#guest.load();
  }

  /** @param {ToGuest} message */
  send(message) {
    this.#guest.send(message);
  }

  dispose() {
    return this.#guest.dispose();
  }

  /** @param {FromGuest} message */
  #keep(message) {
    if (message.type !== "log" || !message.text.startsWith(CALL)) return false;
    for (const line of message.text.split("\n")) {
      const [instance, value] = JSON.parse(line.slice(CALL.length));
      appendFileSync(join(this.#folder, instance), `${value}\n`);
    }
    return true;
  }
}
