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
 * @property {(workflow: string) => void} onplaces a place of a workflow with a concurrency limit was left
 * @property {(error: unknown) => void} onfailure
 */

export class Routing {
  #attached;
  #sharing;
  #mail;
  /** Parts of instances that other engines run, by number. @type {Map<number, number>} */
  #known = new Map();

  /** @param {AttachedLedger} attached @param {RoutingOptions} options */
  constructor(attached, { clock, runner, carryOut, onplaces, onfailure }) {
    const { ledger, member, store, begun = { held: [], commonVersion: 0 } } = attached;
    this.#attached = attached;
    const acknowledged = () => attached.acknowledged();
    this.#sharing = new Sharing(ledger, member, { clock, store, runner, acknowledged, onfailure }, begun);
    this.#mail = new Mail(ledger, member, { clock, parts: () => this.#sharing.parts, carryOut, onplaces, onfailure });
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

  /** @type {Sharing["hasElsewhere"]} */
  hasElsewhere(workflow, version) {
    return this.#sharing.hasElsewhere(workflow, version);
  }

  /** The parts that this engine runs. */
  get parts() {
    return this.#sharing.parts;
  }

  /** How many parts this engine runs, and how many engines there are. */
  get division() {
    return { parts: this.#sharing.parts.length, engines: this.#sharing.engines.length };
  }

  /** All engines of the state; `isThis`: it is this one. */
  async engines() {
    const { ledger, member } = this.#attached;
    return (await ledger.readEngines()).map((each) => ({ ...each, isThis: each.id === member.id }));
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

  /**
   * Carry something out for many instances of a workflow, at the engines that run them.
   *
   * @param {string} workflow
   * @param {string[]} ids
   * @param {string} method of one that takes ids as its last argument, and answers which of them another engine runs
   * @param {any[]} args the others
   * @param {(ids: string[]) => Promise<string[]>} here
   * @returns {Promise<string[]>} those for which it was not done: another engine has their part by now
   */
  async byHolder(workflow, ids, method, args, here) {
    const { byPart } = await this.#attached.ledger.readHolders();
    const mine = ids.filter((id) => this.holds(workflow, id));
    const groups = Map.groupBy(
      ids.filter((id) => !this.holds(workflow, id)),
      (id) => byPart[partOf(workflow, id)],
    );
    const asked = [...groups.values()].map((group) =>
      this.#mail.call(partOf(workflow, group[0]), method, [...args, group]),
    );
    return (await Promise.all([here(mine), ...asked])).flat();
  }

  /** Have all engines that run instances read what they have in common as it is now. False: one has not done so yet. */
  async commonSeen() {
    const { byPart, commonVersion } = await this.#attached.ledger.readHolders();
    const parts = new Map(byPart.map((holder, part) => [holder, part]));
    parts.delete(this.#attached.member.id);
    const seen = await Promise.all(
      [...parts.values()].map((part) => this.#mail.call(part, "seeCommon", [commonVersion])),
    );
    // A part may have gone to another engine on the way.
    return [...parts.keys()].every((holder, place) => seen[place] === holder);
  }

  /** The same for this engine, which answers with its id. @param {number} version */
  async seeCommon(version) {
    await this.#sharing.seeCommon(version);
    return this.#attached.member.id;
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
