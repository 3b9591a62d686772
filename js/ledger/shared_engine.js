/**
 * An engine that shares its state with others. It runs the instances of the parts that it holds; what is asked of others it asks the
 * engines that run them. Lists are read from the ledger.
 */

/** @import { Clock } from "../engine/clock.d.ts" */
/** @import { EngineOptions } from "../engine/engine.js" */
/** @import { AttachedLedger } from "./attached_ledger.js" */

import { Engine } from "../engine/engine.js";
import { WorkflowError } from "../engine/errors.js";
import { listInstances, readActivity, searchInstances, sortInstances } from "./read_copy.js";
import { RoutedCommands, RoutedCreator } from "./routed_commands.js";
import { Routing } from "./routing.js";

/** How often a follower asks another engine what an instance has added, in ms. */
const WATCH_MS = 200;
/** How soon a schedule that could not be carried out is tried again, in ms. */
const MISSED_MS = 1000;

/** What other engines may ask for. */
const METHODS = new Set(["get", "find", "log", "chunk", "output", "additions"]);
const COMMANDS = new Set([
  "sendEvent",
  "pause",
  "resume",
  "terminate",
  "restart",
  "skipSleep",
  "expireWait",
  "delete",
  "deleteBatch",
]);
const CREATIONS = new Set(["create", "createBatch", "createScheduled"]);

/**
 * @typedef {Omit<EngineOptions, "store" | "acknowledge" | "nextNumber" | "carriesOut"> & { oncommon?: () => void }} SharedEngineOptions
 *   `oncommon`: another engine has changed workflows, schedules or tokens
 */

export class SharedEngine extends Engine {
  #ledger;
  #routing;
  /** @type {Clock} */
  #clock;
  #ended = false;

  /** @param {SharedEngineOptions} options @param {AttachedLedger} attached */
  constructor(options, attached) {
    const { store, acknowledge, nextNumber, ledger } = attached;
    /** It is made after the engine, and needed by it later. @type {{ routing?: Routing }} */
    const later = {};
    const carriesOut = (/** @type {{ workflow: string, cron: string }} */ { workflow, cron }) =>
      later.routing?.holds(workflow, cron) ?? false;
    super({ ...options, store, acknowledge, nextNumber, carriesOut });
    this.#ledger = ledger;
    this.#clock = options.clock;
    const routing = new Routing(attached, {
      clock: options.clock,
      runner: {
        commitNow: () => void this.commits.commitNow(),
        takeUp: (numbers) => this.takeUp(numbers),
        commonChanged: () => {
          this.commonChanged();
          options.oncommon?.();
        },
        hold: (isMeant, graceMs) => this.hold(isMeant, graceMs),
        letGo: (numbers, isMeant) => this.letGo(numbers, isMeant),
      },
      carryOut: (method, args) => this.#carryOut(method, args),
      onfailure: (error) => {
        if (!this.#ended) options.onproblem({ error });
      },
    });
    this.#routing = later.routing = routing;
    const creator = new RoutedCreator(this.creator, routing, {
      newId: options.newId,
      carriedOut: (schedule, time) => this.commits.write((written) => written.scheduleCarriedOut(schedule, time)),
      onmissed: () => options.clock.at(options.clock.now() + MISSED_MS, () => this.#again()),
    });
    // The same methods, without the private parts.
    this.creator = /** @type {any} */ (creator);
    this.commands = /** @type {any} */ (new RoutedCommands(this.commands, routing));
  }

  #again() {
    if (!this.#ended) this.commonChanged();
  }

  open() {
    super.open();
    this.#routing.start();
  }

  activate() {
    super.activate();
    this.#routing.activate();
  }

  close() {
    this.#ended = true;
    this.#routing.stop();
    super.close();
  }

  /** @param {string} method @param {any[]} args @returns {Promise<unknown>} */
  async #carryOut(method, args) {
    const [first, second] = method.split(".");
    /** @type {any} */
    const target = { commands: this.commands, creator: this.creator }[first] ?? this;
    const allowed = { commands: COMMANDS, creator: CREATIONS }[first] ?? METHODS;
    const name = second ?? first;
    if (allowed.has(name)) return await target[name](...args);
    throw new WorkflowError(
      "engine.unknown_request",
      `This version of Stepwell does not know the request '${method}'.`,
    );
  }

  // By name -----------------------------------------------------------------------------------------------------------

  /** @type {Engine["get"]} */
  get(workflow, id) {
    return this.#routing.byName(workflow, id, "get", [workflow, id], () => super.get(workflow, id));
  }

  /** @type {Engine["find"]} */
  async find(workflow, id) {
    const found = await this.#routing.byName(workflow, id, "find", [workflow, id], () => super.find(workflow, id));
    return found ?? undefined;
  }

  // By number ---------------------------------------------------------------------------------------------------------

  /** @type {Engine["log"]} */
  log(number, after) {
    return this.#routing.byNumber(number, "log", [number, after], () => super.log(number, after));
  }

  /** @type {Engine["chunk"]} */
  async chunk(number, step, place) {
    const args = [number, step, place];
    return (await this.#routing.byNumber(number, "chunk", args, () => super.chunk(number, step, place))) ?? undefined;
  }

  /** @type {Engine["output"]} */
  output(number, after) {
    return this.#routing.byNumber(number, "output", [number, after], () => super.output(number, after));
  }

  /** @type {Engine["additions"]} */
  additions(number, after) {
    return this.#routing.byNumber(number, "additions", [number, after], () => super.additions(number, after));
  }

  /** Another engine says nothing by itself: it is asked. @type {Engine["watch"]} */
  watch(number, notify) {
    const unwatch = super.watch(number, notify);
    /** @type {() => void} */
    let cancel = () => {};
    const ask = () => {
      cancel = this.#clock.at(this.#clock.now() + WATCH_MS, () => {
        if (this.#ended) return;
        if (!this.#routing.has(number)) notify();
        ask();
      });
    };
    ask();
    return () => {
      unwatch();
      cancel();
    };
  }

  // Of all instances --------------------------------------------------------------------------------------------------

  /** @type {Engine["list"]} */
  async list(filter) {
    await this.commits.committed();
    return await listInstances(this.#ledger, filter);
  }

  /** @type {Engine["sorted"]} */
  async sorted(sort) {
    await this.commits.committed();
    return await sortInstances(this.#ledger, sort);
  }

  /** @type {Engine["activity"]} */
  async activity(query) {
    await this.commits.committed();
    return await readActivity(this.#ledger, query);
  }

  /** @type {Engine["search"]} */
  async search(query) {
    await this.commits.committed();
    return await searchInstances(this.#ledger, query);
  }

  /** @type {Engine["countByStatus"]} */
  async countByStatus(workflow) {
    await this.commits.committed();
    return (await this.#ledger.readCounts(workflow)).byStatus;
  }

  /** @type {Engine["triggeredOn"]} */
  async triggeredOn(workflow) {
    await this.commits.committed();
    return (await this.#ledger.readCounts(workflow)).triggeredOn;
  }

  /** @type {Engine["lastNumber"]} */
  async lastNumber() {
    await this.commits.committed();
    return await this.#ledger.readLastNumber();
  }

  // What engines that share a state cannot do ---------------------------------------------------------------------------

  /** @type {Engine["saveWorkflow"]} */
  async saveWorkflow(workflow) {
    if (workflow.concurrency !== undefined && workflow.concurrency !== null)
      throw sharedRefusal(`Workflow '${workflow.name}' has a concurrency limit, which is counted by one engine.`);
    await super.saveWorkflow(workflow);
  }

  /** @type {Engine["terminateAll"]} */
  async terminateAll() {
    throw sharedRefusal("Terminating all instances is done by one engine.");
  }

  /** @type {Engine["deleteInstances"]} */
  async deleteInstances() {
    throw sharedRefusal("Deleting all instances is done by one engine.");
  }

  /** @type {Engine["deleteWorkflow"]} */
  async deleteWorkflow() {
    throw sharedRefusal("Deleting a workflow is done by one engine.");
  }
}

/** @param {string} what */
export function sharedRefusal(what) {
  return new WorkflowError(
    "state.shared",
    `${what} This state is shared by several engines. End them, and do it without engines=several in the address.`,
  );
}
