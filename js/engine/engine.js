/**
 * The engine: puts its parts together, and answers what callers read. The creator makes instances, the scheduler gives them
 * passes, commands change them.
 *
 * It holds no durable fact: all is in the store, and an engine that opens a store continues every instance that is not
 * finished. Clock, ids and the end of the turn are handed in, so that it runs in Node, in a page and in a test.
 */

/** @import { Guest } from "../../bridge/protocol.d.ts" */
/** @import { InstanceFilter, InstanceRow, NewWorkflow, Store, StepRef, WorkflowRow } from "../store/store.d.ts" */
/** @import { Clock } from "./clock.d.ts" */
/** @import { RecordChange } from "./binding.js" */
/** @import { Acknowledge } from "./commits.js" */
/** @import { Cron } from "./cron.d.ts" */

import { accountOf, workflowNameOf } from "./accounts.js";
import { answerCall } from "./binding.js";
import { BulkJobs, ownInstances } from "./bulk_jobs.js";
import { Commands } from "./commands.js";
import { EngineContext } from "./context.js";
import { Creator } from "./creator.js";
import { WorkflowError } from "./errors.js";
import { lastId, WORKFLOW_SUCCESS } from "./events.js";
import { findInstance, findWorkflow } from "./find.js";
import { workflowNameProblem } from "./names.js";
import { Sweeper } from "./retention.js";
import { Scheduler } from "./scheduler.js";
import { Schedules } from "./schedules.js";

/**
 * @typedef {object} EngineOptions
 * @property {Store} store
 * @property {Clock} clock
 * @property {Cron} [cron] without it workflows cannot have schedules
 * @property {() => string} newId gives the id of an instance that is created without one
 * @property {() => number} [nextNumber] gives the number of the next instance; counts on from the store's last one where absent
 * @property {(run: () => void) => void} defer runs its argument at the end of this turn of the event loop
 * @property {Acknowledge} [acknowledge] when a commit of the store is durable; at once where absent, as SQLite's are
 * @property {(workflow: WorkflowRow) => Promise<Guest>} guestFor where the workflow's passes run; rejects where its code
 *   cannot be loaded
 * @property {(workflow: WorkflowRow, params: string) => void} [checkPayload] throws a WorkflowError where the workflow does
 *   not take the canonical text *params* as its payload
 * @property {(guest: Guest) => string | undefined} [versionOf] the version of the code that a guest runs; absent or undefined: the
 *   one that was registered
 * @property {(problem: { workflow?: string, error: unknown }) => void} onproblem something that concerns the operator: the
 *   code of `workflow` does not load, and its instances wait; without `workflow` the engine has stopped
 * @property {(workflow: string) => void} [onunblocked] the code of a workflow loads again, and its instances continue
 * @property {(fault: { workflow: string, id: string, error: unknown }) => void} [onfault] an exception has ended an instance,
 *   which says so in its error
 * @property {(forgery: { workflow: string, id: string }) => void} [onforgery] a guest has sent a message about an instance that
 *   runs in another guest; it was refused
 * @property {RecordChange} [recordChange] carries out what an instance's code does to instances, and keeps a record of it
 * @property {number} [retryBlockedMs] how often code that does not load is tried again; 0: only when it is saved again
 * @property {(schedule: import("../store/store.d.ts").ScheduleRow) => boolean} [carriesOut] whether a schedule is this engine's to carry
 *   out; all are where it is absent
 * @property {import("./bulk_jobs.js").BulkReach} [bulkReach] the instances of jobs; those of the store where it is absent
 * @property {import("./newer_code.js").HasNewer} [hasNewer] where several engines run the state
 * @property {(workflow: string) => void} [onnewer] instances of it have run newer code than this engine has, and wait
 * @property {import("./places.js").Places} [places] of workflows with a concurrency limit, where several engines run the state
 * @property {number} [keepParked] how long the passes of parked instances are kept where there is room, in ms
 * @property {number} [stateLimit] how much an instance may keep, in characters
 * @property {boolean} [forceReplay] drop a pass and replay it each time a step, a sleep or a wait has ended, to find code that
 *   is not deterministic
 * @property {boolean} [idle] carry out requests, but run nothing until `activate` is called
 */

export class Engine {
  #options;
  #engine;
  /** @type {Scheduler} */
  #scheduler;
  /** @type {Sweeper} */
  #sweeper;
  #schedules;
  #bulkJobs;
  /** Creates instances. */
  creator;
  /** Changes instances. */
  commands;

  /** @param {EngineOptions} options */
  constructor(options) {
    this.#options = options;
    this.#engine = new EngineContext({ ...options, onfailure: (error) => this.#fail(error) });
    const ended = () => this.#sweeper.schedule();
    this.#scheduler = new Scheduler(this.#engine, {
      ...options,
      call: (call, onclose) => answerCall(this, call, onclose),
      onended: ended,
    });
    this.creator = new Creator(this.#engine, this.#scheduler, options);
    this.commands = new Commands(this.#engine, this.#scheduler, ended);
    this.#bulkJobs = new BulkJobs(this.#engine, options.bulkReach ?? ownInstances(this.#engine, this.commands));
    this.#sweeper = new Sweeper(this.#engine);
    this.#schedules = new Schedules(this.#engine, {
      ...options,
      fire: (schedule, time) => this.creator.fire(schedule, time),
    });
  }

  get commits() {
    return this.#engine.commits;
  }

  /** @type {RecordChange} */
  recordChange(change, carryOut) {
    return this.#options.recordChange ? this.#options.recordChange(change, carryOut) : carryOut();
  }

  /** Take up whatever the last engine on this store left unfinished. */
  open() {
    this.commits.write((store) => store.recover(this.#engine.now));
    this.#scheduler.schedule();
    this.#sweeper.schedule();
    this.#schedules.fireDue();
    this.#bulkJobs.open();
  }

  /** Begin to run instances, after having been idle. */
  activate() {
    this.#scheduler.activate();
    this.#schedules.activate();
  }

  /** Let go of all passes; the store is left as a crash would leave it, but for what is committed now. */
  close() {
    this.commits.flush();
    this.#stop();
  }

  // Workflows ---------------------------------------------------------------------------------------------------------

  /**
   * @param {NewWorkflow} workflow
   * @throws {WorkflowError} its name is not allowed, or a schedule cannot be kept
   */
  async saveWorkflow({ schedules = [], ...workflow }) {
    const { name } = workflow;
    const problem = workflowNameProblem(workflowNameOf(name));
    if (problem) throw new WorkflowError("workflow.invalid_name", `Workflow name ${problem}`);
    const removal = this.#bulkJobs.removalOf(name);
    if (removal) await removal;
    this.#schedules.check(name, schedules);
    const { now } = this.#engine;
    this.commits.write((store) => {
      store.saveWorkflow({ ...NOTHING_SET, ...workflow, createdOn: now, modifiedOn: now });
      store.schedulesSet(name, schedules, this.#engine.wallNow);
    });
    this.#scheduler.unblock();
    this.#schedules.fireDue();
    await this.commits.committed();
  }

  /**
   * @param {string} workflow
   * @param {string[]} schedules that it is to have
   * @throws {WorkflowError} naming one that cannot be kept
   */
  async checkSchedules(workflow, schedules) {
    await this.#engine.readDurable(() => this.#schedules.check(workflow, schedules));
  }

  /**
   * A workflow's schedules, each with the time at which it comes next.
   *
   * @param {string} workflow
   */
  schedules(workflow) {
    return this.#engine.readDurable((store) =>
      store
        .loadSchedules()
        .filter((schedule) => schedule.workflow === workflow)
        .map((schedule) => ({ cron: schedule.cron, next: this.#schedules.next(schedule) ?? null })),
    );
  }

  /**
   * @param {string} name
   * @throws {WorkflowError} it does not exist
   */
  workflow(name) {
    return this.#engine.readDurable((store) => findWorkflow(store, name));
  }

  /**
   * @param {string} [account] only its workflows
   * @param {string} [search] only those with this in their names
   */
  workflows(account, search = "") {
    return this.#engine.readDurable((store) =>
      store
        .loadWorkflows()
        .filter(({ name }) => account === undefined || accountOf(name) === account)
        .filter(({ name }) => workflowNameOf(name).includes(search)),
    );
  }

  /** The versions of a workflow's code, the one that was deployed last first. @param {string} workflow */
  versions(workflow) {
    return this.#engine.readDurable((store) => store.loadVersions(findWorkflow(store, workflow).name));
  }

  /**
   * @param {string} workflow
   * @param {string} id
   * @throws {WorkflowError} it does not exist
   */
  version(workflow, id) {
    return this.#engine.readDurable((store) => {
      const version = store.loadVersion(findWorkflow(store, workflow).name, id);
      if (!version)
        throw new WorkflowError("version.not_found", `(version.not_found) Version does not exist: ${id}`, 10202);
      return version;
    });
  }

  /** Resolves when nothing is being done to all instances of a workflow any more. */
  bulkJobsDone() {
    return this.#bulkJobs.done();
  }

  /** Delete a workflow with its instances, in the background. @type {BulkJobs["deleteWorkflow"]} */
  deleteWorkflow(workflow, upTo) {
    return this.#bulkJobs.deleteWorkflow(workflow, upTo);
  }

  /** Delete the instances of a workflow, in the background. @type {BulkJobs["deleteInstances"]} */
  deleteInstances(workflow, upTo) {
    return this.#bulkJobs.deleteInstances(workflow, upTo);
  }

  /** Terminate the instances of a workflow, in the background. @type {BulkJobs["terminateAll"]} */
  terminateAll(workflow, status, upTo) {
    return this.#bulkJobs.terminateAll(workflow, status, upTo);
  }

  /** How many instances a workflow has, by status. @param {string} workflow */
  countByStatus(workflow) {
    return this.#engine.readDurable((store) => store.countByStatus(workflow));
  }

  /** When an instance of the workflow was last created; null where none was. @param {string} workflow */
  triggeredOn(workflow) {
    return this.#engine.readDurable((store) => store.triggeredOn(workflow));
  }

  // Instances ---------------------------------------------------------------------------------------------------------

  /**
   * @param {string} workflow
   * @param {string} id
   * @throws {WorkflowError} it does not exist
   */
  get(workflow, id) {
    return this.#engine.readDurable((store) => findInstance(store, workflow, id));
  }

  /** The same, undefined where it does not exist. @param {string} workflow @param {string} id */
  find(workflow, id) {
    return this.#engine.readDurable((store) => store.loadInstance(workflow, id));
  }

  /** The largest number that an instance has had. */
  lastNumber() {
    return this.#engine.readDurable((store) => store.lastNumber());
  }

  /** @param {InstanceFilter} filter */
  list(filter) {
    return this.#engine.readDurable((store) => {
      const total = store.countInstances(filter);
      return { rows: total === 0 ? [] : store.listInstances(filter), total };
    });
  }

  /** The same in another order than that of creation. @param {import("../store/store.d.ts").InstanceSort} sort */
  sorted(sort) {
    return this.#engine.readDurable((store) => ({ ...store.sortInstances(sort), total: store.countInstances(sort) }));
  }

  /** The time, in ms since 1970. */
  get now() {
    return this.#engine.now;
  }

  /** What happened over time, for charts. @param {import("../store/store.d.ts").ActivityQuery} query */
  activity(query) {
    return this.#engine.readDurable((store) => store.readActivity(query));
  }

  /**
   * A portion of a search in all that is kept of instances.
   *
   * @param {import("../store/store.d.ts").SearchQuery} query
   * @returns {Promise<{ found: { row: InstanceRow, where: import("../store/store.d.ts").MatchPlace }[], next: number | null, searched: number }>}
   */
  search(query) {
    return this.#engine.readDurable((store) => {
      const { found, ...rest } = store.searchPortion(query);
      const rows = found.flatMap(({ number, where }) => {
        const row = store.loadInstanceByNumber(number);
        return row ? [{ row, where }] : [];
      });
      return { found: rows, ...rest };
    });
  }

  /** @param {number} number of the instance @param {number} [after] only entries with a larger id */
  log(number, after) {
    return this.#engine.readDurable((store) => store.loadLog(number, after));
  }

  /** A chunk of a byte stream. @param {number} number @param {StepRef} step @param {number} place */
  chunk(number, step, place) {
    return this.#engine.readDurable((store) => store.loadChunk(number, step, place));
  }

  /** @param {number} number of the instance @param {number} [after] only lines with a larger id */
  output(number, after) {
    return this.#engine.readDurable((store) => store.loadOutput(number, after));
  }

  /**
   * What has been added to an instance since a follower's last read, as of one moment.
   *
   * @param {number} number of the instance
   * @param {{ entry: number, line?: number | undefined, item?: number | undefined }} after ids of the last log entry, of the
   *   last line of output and of the last item of progress that it has; without `line` no output is read, without `item` no
   *   progress
   * @returns {Promise<import("./subscription.js").Additions>}
   */
  additions(number, { entry, line, item }) {
    return this.#engine.readDurable((store) => {
      const log = store.loadLogPortion(number, entry);
      const ended = log.some(({ event }) => event === WORKFLOW_SUCCESS);
      return {
        exists: store.nameOf(number) !== undefined,
        log,
        more: log.length > 0 && lastId(log) < store.loadCursor(number).seq,
        result: ended ? (store.loadInstanceByNumber(number)?.output ?? null) : null,
        output: line === undefined ? [] : store.loadOutput(number, line),
        ...(item === undefined ? {} : { reported: store.loadProgress(number, item) }),
      };
    });
  }

  /**
   * Call *notify* after each commit that has added to the instance's log or output.
   *
   * @type {EngineContext["watch"]}
   */
  watch(number, notify) {
    return this.#engine.watch(number, notify);
  }

  /**
   * Call *observe* after each commit that has added to the log or output of any instance.
   *
   * @param {import("./observers.js").Observe} observe
   * @returns {() => void} ends it
   */
  observe(observe) {
    return this.#engine.observers.add(observe);
  }

  // New code and stops ---------------------------------------------------------------------------------------------

  /**
   * End passes in code that has been replaced, each when no attempt of it runs; the next pass runs the new code.
   *
   * @param {(guest: import("../../bridge/protocol.d.ts").Guest) => boolean} isSuperseded
   */
  moveToNewCode(isSuperseded) {
    this.#engine.guard(() => this.#scheduler.moveToNewCode(isSuperseded));
  }

  /**
   * Begin no attempt any more, and wait for those that run: for a stop that cuts none. The engine is to be closed next.
   *
   * @param {number} graceMs how long at most
   * @returns {Promise<number>} how many attempts run on
   */
  drain(graceMs) {
    return this.#scheduler.drain(graceMs);
  }

  // Instances that other engines run ---------------------------------------------------------------------------------

  /** Continue instances that have come into the store. @param {number[]} numbers */
  takeUp(numbers) {
    this.commits.write((store) => store.recover(this.#engine.now, numbers));
    this.commonChanged();
    this.#bulkJobs.open();
    this.#sweeper.schedule();
  }

  /** Workflows or schedules in the store are not what they were. */
  commonChanged() {
    this.#scheduler.unblock();
    this.#schedules.fireDue();
  }

  /** Instances have got a place, and may begin. */
  placesChanged() {
    this.#scheduler.schedule();
  }

  /**
   * Begin nothing of instances that another engine is to run, and wait for their attempts. They are to be let go next.
   *
   * @type {Scheduler["hold"]}
   */
  hold(isMeant, graceMs) {
    return this.#scheduler.hold(isMeant, graceMs);
  }

  /** They are about to leave the store. @type {Scheduler["letGo"]} */
  letGo(numbers, isMeant) {
    this.#scheduler.letGo(numbers, isMeant);
  }

  /**
   * Make an instance out of another one of this state.
   *
   * @param {string} workflow
   * @param {number} number of the other instance
   * @param {Parameters<Creator["fork"]>[2]} [options]
   * @returns {Promise<string>} its id
   */
  forkInstance(workflow, number, options) {
    return this.creator.fork(workflow, { store: this.#engine.store, number }, options);
  }

  /**
   * Instances that run or wait for a time, the first of those that fall due before others.
   *
   * @param {number} limit
   */
  unfinished(limit) {
    const { store } = this.#engine;
    return store.loadUnfinished(limit).flatMap(({ workflow: name, ...rest }) => {
      const workflow = store.loadWorkflow(name);
      return workflow ? [{ ...rest, workflow }] : [];
    });
  }

  // The end -----------------------------------------------------------------------------------------------------------

  /** @param {unknown} error */
  #fail(error) {
    if (this.#engine.stopped) return;
    this.#stop();
    this.#options.onproblem({ error });
  }

  #stop() {
    this.#engine.stop();
    this.#scheduler.stop();
    this.#sweeper.stop();
    this.#schedules.stop();
  }
}

const NOTHING_SET = {
  scriptName: null,
  bindings: null,
  env: null,
  secrets: null,
  runtime: null,
  concurrency: null,
  successRetention: null,
  errorRetention: null,
};
