/**
 * An engine that shares its state with others. It runs the instances of the parts that it holds; what is asked of others it asks the
 * engines that run them. Lists are read from the ledger.
 */

/** @import { Clock } from "../engine/clock.d.ts" */
/** @import { EngineOptions } from "../engine/engine.js" */
/** @import { AttachedLedger } from "./attached_ledger.js" */

import { applyToAll } from "../engine/bulk_jobs.js";
import { Engine } from "../engine/engine.js";
import { notFound, WorkflowError } from "../engine/errors.js";
import { SharedPlaces } from "./places.js";
import { copyInstance, listInstances, readActivity, searchInstances, sortInstances } from "./read_copy.js";
import { HOME, sharedInstances } from "./shared_bulk.js";
import { RoutedCommands, RoutedCreator } from "./routed_commands.js";
import { Routing } from "./routing.js";
import { SharedQueues } from "./shared_queues.js";

/** How often a follower asks another engine what an instance has added, in ms. */
const WATCH_MS = 200;
/** How soon a schedule that could not be carried out is tried again, in ms. */
const MISSED_MS = 1000;

/** What other engines may ask for. */
const METHODS = new Set([
  "get",
  "find",
  "log",
  "chunk",
  "output",
  "additions",
  "forkInstance",
  "terminateAll",
  "deleteInstances",
  "deleteWorkflow",
  "applyBulk",
  "seeCommon",
]);
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
const OF_QUEUES = new Set(["keep"]);

/**
 * @typedef {Omit<EngineOptions, "store" | "acknowledge" | "nextNumber" | "carriesOut" | "places" | "hasNewer"> & { oncommon?: () => void }} SharedEngineOptions
 *   `oncommon`: another engine has changed workflows, schedules or tokens
 */

export class SharedEngine extends Engine {
  #ledger;
  #store;
  #routing;
  #places;
  /** Commands for the instances that this engine runs. */
  #local;
  #creator;
  /** @type {Clock} */
  #clock;
  #ended = false;

  /** @param {SharedEngineOptions} options @param {AttachedLedger} attached */
  constructor(options, attached) {
    const { store, acknowledge, nextNumber, ledger, member } = attached;
    /** It is made after the engine, and needed by it later. @type {{ routing?: Routing }} */
    const later = {};
    const carriesOut = (/** @type {{ workflow: string, cron: string }} */ { workflow, cron }) =>
      later.routing?.holds(workflow, cron) ?? false;
    const bulkReach = sharedInstances({
      routing: () => /** @type {Routing} */ (later.routing),
      ledger,
      clock: options.clock,
      committed: () => this.commits.committed(),
      applyHere: (workflow, action, ids) => this.applyBulk(workflow, action, ids),
      isEnded: () => this.#ended,
    });
    const onfailure = (/** @type {unknown} */ error) => {
      if (!this.#ended) options.onproblem({ error });
    };
    const places = new SharedPlaces(ledger, member, {
      clock: options.clock,
      store,
      parts: () => later.routing?.parts ?? [],
      acknowledged: () => this.commits.committed(),
      onplaces: () => this.placesChanged(),
      onfailure,
    });
    /** @type {import("../engine/newer_code.js").HasNewer} */
    const hasNewer = ({ workflow, versionId: ran }, { versionId: own }) => {
      if (ran === own || !later.routing?.hasElsewhere(workflow, ran)) return false;
      const [theirs, ours] = [ran, own].map((version) => store.loadVersion(workflow, version)?.createdOn ?? 0);
      return theirs > ours;
    };
    super({ ...options, store, acknowledge, nextNumber, carriesOut, bulkReach, places, hasNewer });
    this.#places = places;
    this.#local = this.commands;
    this.#ledger = ledger;
    this.#store = store;
    this.#clock = options.clock;
    const routing = new Routing(attached, {
      clock: options.clock,
      runner: {
        commitNow: () => void this.commits.commitNow(),
        takeUp: (numbers, parts) => {
          this.takeUp(numbers);
          this.queues.takeUp(parts);
        },
        commonChanged: () => {
          this.commonChanged();
          options.oncommon?.();
        },
        hold: async (isMeant, graceMs, part) => {
          await Promise.all([this.hold(isMeant, graceMs), this.queues.hold(part, graceMs)]);
        },
        letGo: (numbers, isMeant, part) => {
          this.letGo(numbers, isMeant);
          this.queues.letGo(part);
        },
      },
      carryOut: (method, args) => this.#carryOut(method, args),
      onplaces: (workflow) => places.freed(workflow),
      onfailure,
    });
    this.#routing = later.routing = routing;
    /** Where the messages of queues are. */
    this.queues = new SharedQueues(routing, options.clock);
    const creator = new RoutedCreator(this.creator, routing, {
      newId: options.newId,
      checkPayload(workflow, params) {
        const row = store.loadWorkflow(workflow);
        if (row) options.checkPayload?.(row, params);
      },
      carriedOut: (schedule, time) => this.commits.write((written) => written.scheduleCarriedOut(schedule, time)),
      onmissed: () => options.clock.at(options.clock.now() + MISSED_MS, () => this.#again()),
    });
    // The same methods, without the private parts.
    this.creator = /** @type {any} */ (creator);
    this.#creator = creator;
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
    this.queues.stop();
    this.#routing.stop();
    this.#places.stop();
    super.close();
  }

  /** How the state is divided, for people. */
  get division() {
    return this.#routing.division;
  }

  /** The engines of the state, for people. */
  engines() {
    return this.#routing.engines();
  }

  /** @param {string} method @param {any[]} args @returns {Promise<unknown>} */
  async #carryOut(method, args) {
    const [first, second] = method.split(".");
    /** @type {any} */
    const target = { commands: this.commands, creator: this.creator, queues: this.queues }[first] ?? this;
    const allowed = { commands: COMMANDS, creator: CREATIONS, queues: OF_QUEUES }[first] ?? METHODS;
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

  // Copies ------------------------------------------------------------------------------------------------------------

  /** An instance as it is in the ledger now. @param {number} number */
  async copyOf(number) {
    await this.commits.committed();
    const copy = await copyInstance(this.#ledger, number);
    if (copy.store.nameOf(number)) return copy;
    copy.close();
    throw notFound(String(number));
  }

  /** The engine that runs the new instance makes it from the ledger's rows of the other instance. @type {Engine["forkInstance"]} */
  forkInstance(workflow, number, { id = this.#creator.idHere(workflow), ...options } = {}) {
    const named = { ...options, id };
    return this.#routing.byName(workflow, id, "forkInstance", [workflow, number, named], async () => {
      const source = await this.copyOf(number);
      try {
        return await this.creator.fork(workflow, { store: source.store, number }, named);
      } finally {
        source.close();
      }
    });
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

  // Jobs --------------------------------------------------------------------------------------------------------------

  /** @type {Engine["terminateAll"]} */
  terminateAll(workflow, status) {
    return this.#atHome("terminateAll", [workflow, status], async () =>
      super.terminateAll(workflow, status, await this.lastNumber()),
    );
  }

  /** @type {Engine["deleteInstances"]} */
  deleteInstances(workflow) {
    return this.#atHome("deleteInstances", [workflow], async () =>
      super.deleteInstances(workflow, await this.lastNumber()),
    );
  }

  /** Nothing may be left of it: its instances are all that there are when none is created any more. @type {Engine["deleteWorkflow"]} */
  deleteWorkflow(workflow) {
    return this.#atHome("deleteWorkflow", [workflow], () => super.deleteWorkflow(workflow, Number.MAX_SAFE_INTEGER));
  }

  /** @template T @param {string} method @param {[workflow: string, ...rest: any[]]} args @param {() => Promise<T>} here */
  #atHome(method, args, here) {
    return this.#routing.byName(args[0], HOME, method, args, here);
  }

  /**
   * Change those of the instances that this engine runs.
   *
   * @param {string} workflow
   * @param {string} action
   * @param {string[]} ids
   * @returns {Promise<string[]>} those that another one runs
   */
  async applyBulk(workflow, action, ids) {
    const mine = ids.filter((id) => this.#routing.holds(workflow, id));
    await applyToAll(this.#local, workflow, action === "terminate" ? "terminate" : "delete", mine);
    return ids.filter((id) => !mine.includes(id));
  }

  /** Wherever they are done. @type {Engine["bulkJobsDone"]} */
  async bulkJobsDone() {
    for (;;) {
      await this.commits.committed();
      const found = await this.#store.readCommon(this.#ledger);
      if (this.#ended || found.get("bulk_jobs")?.length === 0) return;
      await this.#pause();
    }
  }

  /** Read what all engines have in common as it was in this version, or later. @param {number} version @returns {Promise<number>} the id of this engine */
  async seeCommon(version) {
    const id = await this.#routing.seeCommon(version);
    await this.commits.committed();
    return id;
  }

  #pause() {
    return new Promise((resolve) => this.#clock.at(this.#clock.now() + WATCH_MS, () => resolve(undefined)));
  }

  // What engines that share a state cannot do ---------------------------------------------------------------------------

  /** @type {Engine["saveWorkflow"]} */
  async saveWorkflow(workflow) {
    const isDeleting = () =>
      this.#store.loadBulkJobs().some((job) => job.workflow === workflow.name && job.kind === "remove");
    // Where this engine deletes it itself, the deletion is awaited below.
    while (!this.#ended && isDeleting() && !this.#routing.holds(workflow.name, HOME)) await this.#pause();
    await super.saveWorkflow(workflow);
  }
}

/** @param {string} what */
export function sharedRefusal(what) {
  return new WorkflowError(
    "state.shared",
    `${what} This state is shared by several engines. End them, and do it without engines=several in the address.`,
  );
}
