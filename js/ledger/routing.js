/** Where an instance is run: by this engine, or by the one that holds its part. */

/** @import { Clock } from "../engine/clock.d.ts" */
/** @import { AttachedLedger } from "./attached_ledger.js" */
/** @import { PartRunner } from "./sharing.js" */

import { Mail } from "./mail.js";
import { partOf, partOfSlot } from "./parts.js";
import { Sharing } from "./sharing.js";

/** Of how many instances that other engines run the parts are remembered. */
const MAX_KNOWN = 10_000;

/**
 * @typedef {object} RoutingOptions
 * @property {Clock} clock
 * @property {PartRunner} runner
 * @property {(method: string, args: any[]) => Promise<unknown>} carryOut what another engine asks
 * @property {(error: unknown) => void} onfailure
 */

export class Routing {
  #attached;
  #sharing;
  #mail;
  /** Parts of instances that other engines run, by number. @type {Map<number, number>} */
  #known = new Map();

  /** @param {AttachedLedger} attached @param {RoutingOptions} options */
  constructor(attached, { clock, runner, carryOut, onfailure }) {
    const { ledger, member, store, begun = { held: [], commonVersion: 0 } } = attached;
    this.#attached = attached;
    const acknowledged = () => attached.acknowledged();
    this.#sharing = new Sharing(ledger, member, { clock, store, runner, acknowledged, onfailure }, begun);
    this.#mail = new Mail(ledger, member, { clock, parts: () => this.#sharing.parts, carryOut, onfailure });
  }

  start() {
    this.#sharing.start();
    this.#mail.start();
  }

  /** Run instances, after having been idle. */
  activate() {
    this.#sharing.activate();
  }

  stop() {
    this.#sharing.stop();
    this.#mail.stop();
  }

  /** Whether this engine runs the instance of this name, whether it exists or not. @param {string} workflow @param {string} id */
  holds(workflow, id) {
    return this.#sharing.holds(workflow, id);
  }

  /** Whether this engine has the instance of this number. @param {number} number */
  has(number) {
    return this.#attached.store.nameOf(number) !== undefined;
  }

  /**
   * Carry something out where the instance of this name is run.
   *
   * @template T
   * @param {string} workflow
   * @param {string} id
   * @param {string} method
   * @param {any[]} args
   * @param {() => Promise<T>} here
   * @returns {Promise<T>}
   */
  async byName(workflow, id, method, args, here) {
    if (this.holds(workflow, id)) return await here();
    return await this.#mail.call(partOf(workflow, id), method, args);
  }

  /**
   * The same, for the instance of this number.
   *
   * @template T
   * @param {number} number
   * @param {string} method
   * @param {any[]} args
   * @param {() => Promise<T>} here
   * @returns {Promise<T>}
   */
  async byNumber(number, method, args, here) {
    if (this.has(number)) return await here();
    const part = await this.#partOfNumber(number);
    if (part === undefined || this.#sharing.parts.includes(part)) return await here();
    return await this.#mail.call(part, method, args);
  }

  /** @param {number} number @returns {Promise<number | undefined>} */
  async #partOfNumber(number) {
    const known = this.#known.get(number);
    if (known !== undefined) return known;
    const slot = await this.#attached.ledger.readSlot(number);
    if (slot === undefined) return undefined;
    if (this.#known.size >= MAX_KNOWN) this.#known.clear();
    const part = partOfSlot(slot);
    this.#known.set(number, part);
    return part;
  }
}
