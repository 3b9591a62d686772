/**
 * The engine: where its parts are put together, and what everybody asks them for. The creator makes instances, the
 * scheduler gives them passes, commands are what is done to them.
 *
 * It holds no durable fact: all is in the store, and an engine that opens a store goes on with every instance that is
 * not finished. Clock, ids and the end of the turn are handed in, so that it runs in Node, in a page and in a test.
 */

/** @import { Guest } from "../../bridge/protocol.d.ts" */
/** @import { InstanceFilter, NewWorkflow, Store, WorkflowRow } from "../store/store.d.ts" */
/** @import { Clock } from "./clock.d.ts" */
/** @import { Cron } from "./cron.d.ts" */

import { answerCall } from "./binding.js";
import { Commands, findInstance } from "./commands.js";
import { Commits, StoppedError } from "./commits.js";
import { Creator } from "./creator.js";
import { workflowNotFound } from "./errors.js";
import { Sweeper } from "./retention.js";
import { Scheduler } from "./scheduler.js";
import { Schedules } from "./schedules.js";
import { State } from "./state.js";

/**
 * @typedef {object} EngineOptions
 * @property {Store} store
 * @property {Clock} clock
 * @property {Cron} [cron] without it workflows cannot have schedules
 * @property {() => string} newId
 * @property {(run: () => void) => void} defer runs its argument at the end of this turn of the event loop
 * @property {(workflow: WorkflowRow) => Promise<Guest>} guestFor where the workflow's passes run; rejects where its code
 *   cannot be loaded
 * @property {(problem: { workflow?: string, error: unknown }) => void} onproblem something that concerns the operator;
 *   without `workflow` the engine has stopped
 * @property {number} [keepParked] how long the passes of parked instances are kept where there is room, in ms
 * @property {number} [stateLimit] how much an instance may keep, in characters
 * @property {boolean} [idle] carry out requests, but run nothing until `activate` is called
 */

export class Engine {
  #options;
  #commits;
  #state;
  /** @type {Scheduler} */
  #scheduler;
  #creator;
  #commands;
  /** @type {Sweeper} */
  #sweeper;
  #schedules;
  #stopped = false;

  /** @param {EngineOptions} options */
  constructor(options) {
    const { store, clock } = options;
    this.#options = options;
    this.#commits = new Commits(store, options.defer, clock, (error) => this.#fail(error));
    this.#state = new State(store, this.#commits, clock);
    this.#scheduler = new Scheduler({
      ...options,
      commits: this.#commits,
      write: (number, write) => this.#state.writeOf(number, write),
      call: (call, onclose) => answerCall(this, call, onclose),
      onended: () => this.#sweeper.schedule(),
      onproblem: (problem) => (problem.workflow === undefined ? this.#fail(problem.error) : options.onproblem(problem)),
    });
    this.#creator = new Creator(this.#state, this.#scheduler, options.newId);
    this.#commands = new Commands(this.#state, this.#scheduler, () => this.#sweeper.schedule());
    this.#sweeper = new Sweeper({
      store,
      clock,
      remove: (number) => unlessStopped(() => this.#state.writeOf(number, () => store.instanceDeleted(number))),
    });
    this.#schedules = new Schedules({
      ...options,
      fire: (schedule, time) => unlessStopped(() => this.#creator.fire(schedule, time)),
    });
  }

  get clock() {
    return this.#options.clock;
  }

  get commits() {
    return this.#commits;
  }

  /** Take up whatever the last engine on this store left unfinished. */
  open() {
    this.#commits.write((store) => store.recover(this.clock.now()));
    this.#scheduler.schedule();
    this.#sweeper.schedule();
    this.#schedules.look();
  }

  /** Begin to run instances, after having been idle. */
  activate() {
    this.#scheduler.activate();
    this.#schedules.activate();
  }

  /** Let go of all passes; the store is left as a crash would leave it, but for what is committed now. */
  close() {
    this.#commits.flush();
    this.#stop();
  }

  // Workflows ---------------------------------------------------------------------------------------------------------

  /**
   * @param {NewWorkflow} workflow
   * @throws {WorkflowError} a schedule cannot be kept
   */
  async saveWorkflow({ schedules = [], ...workflow }) {
    this.checkSchedules(workflow.name, schedules);
    const now = this.clock.now();
    this.#commits.write((store) => {
      store.saveWorkflow({ ...NOTHING_SET, ...workflow, createdOn: now, modifiedOn: now, triggeredOn: null });
      store.schedulesSet(workflow.name, schedules, now);
    });
    this.#scheduler.unblock();
    this.#schedules.look();
    await this.#commits.committed();
  }

  /**
   * @param {string} workflow
   * @param {string[]} schedules that it is to have
   * @throws {WorkflowError} naming one that cannot be kept
   */
  checkSchedules(workflow, schedules) {
    this.#schedules.check(workflow, schedules);
  }

  /**
   * A workflow's schedules, each with the time at which it comes next.
   *
   * @param {string} workflow
   */
  schedules(workflow) {
    const all = this.#state.read((store) => store.loadSchedules()).filter((schedule) => schedule.workflow === workflow);
    return all.map((schedule) => ({ cron: schedule.cron, next: this.#schedules.next(schedule) ?? null }));
  }

  /** @param {string} name */
  workflow(name) {
    const workflow = this.#state.read((store) => store.loadWorkflow(name));
    if (!workflow) throw workflowNotFound(name);
    return workflow;
  }

  workflows() {
    return this.#state.read((store) => store.loadWorkflows());
  }

  /** @param {string} workflow */
  countByStatus(workflow) {
    return this.#state.read((store) => store.countByStatus(workflow));
  }

  // Instances, as they are on the disk --------------------------------------------------------------------------------

  /**
   * @param {string} workflow
   * @param {string} id
   * @throws {WorkflowError} there is none
   */
  get(workflow, id) {
    return this.#state.read((store) => findInstance(store, workflow, id));
  }

  /** @param {string} workflow @param {string} id */
  find(workflow, id) {
    return this.#state.read((store) => store.loadInstance(workflow, id));
  }

  /** @param {InstanceFilter} filter */
  list(filter) {
    return this.#state.read((store) => ({ rows: store.listInstances(filter), total: store.countInstances(filter) }));
  }

  /** @param {number} number @param {number} [after] */
  log(number, after) {
    return this.#state.read((store) => store.loadLog(number, after));
  }

  /** A chunk of a byte stream. @param {number} number @param {import("../store/store.d.ts").StepRef} step @param {number} place */
  chunk(number, step, place) {
    return this.#state.read((store) => store.loadChunk(number, step, place));
  }

  /** @param {number} number @param {number} [after] */
  output(number, after) {
    return this.#state.read((store) => store.loadOutput(number, after));
  }

  /** @type {State["watch"]} */
  watch(number, notify) {
    return this.#state.watch(number, notify);
  }

  // Making them -------------------------------------------------------------------------------------------------------

  /** @type {Creator["create"]} */
  create(workflow, options) {
    return this.#creator.create(workflow, options);
  }

  /** @type {Creator["createBatch"]} */
  createBatch(workflow, batch, trigger) {
    return this.#creator.createBatch(workflow, batch, trigger);
  }

  /** @type {Creator["fork"]} */
  fork(workflow, source, options) {
    return this.#creator.fork(workflow, source, options);
  }

  // What is done to them ----------------------------------------------------------------------------------------------

  /** @type {Commands["sendEvent"]} */
  sendEvent(workflow, id, type, payload) {
    return this.#commands.sendEvent(workflow, id, type, payload);
  }

  /** @type {Commands["pause"]} */
  pause(workflow, id) {
    return this.#commands.pause(workflow, id);
  }

  /** @type {Commands["resume"]} */
  resume(workflow, id) {
    return this.#commands.resume(workflow, id);
  }

  /** @type {Commands["terminate"]} */
  terminate(workflow, id, options) {
    return this.#commands.terminate(workflow, id, options);
  }

  /** @type {Commands["restart"]} */
  restart(workflow, id, from) {
    return this.#commands.restart(workflow, id, from);
  }

  /** @type {Commands["skipSleep"]} */
  skipSleep(workflow, id, target) {
    return this.#commands.skipSleep(workflow, id, target);
  }

  /** @type {Commands["delete"]} */
  delete(workflow, id) {
    return this.#commands.delete(workflow, id);
  }

  /** @type {Commands["deleteBatch"]} */
  deleteBatch(workflow, ids) {
    return this.#commands.deleteBatch(workflow, ids);
  }

  // The end -----------------------------------------------------------------------------------------------------------

  /** @param {unknown} error */
  #fail(error) {
    if (this.#stopped) return;
    this.#stop();
    this.#options.onproblem({ error });
  }

  #stop() {
    this.#stopped = true;
    this.#state.stop();
    this.#scheduler.stop();
    this.#sweeper.stop();
    this.#schedules.stop();
  }
}

/** A timer's write: when the state cannot be written, that has been reported already. @param {() => void} write */
function unlessStopped(write) {
  try {
    write();
  } catch (error) {
    if (!(error instanceof StoppedError)) throw error;
  }
}

const NOTHING_SET = { bindings: null, runtime: null, concurrency: null, successRetention: null, errorRetention: null };
