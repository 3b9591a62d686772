/**
 * The engine: creates instances and carries out what people ask of them. The scheduler gives them passes.
 *
 * It holds no durable fact: all is in the store, and an engine that opens a store goes on with every instance that is
 * not finished. Clock, ids and the end of the turn are handed in, so that it runs in Node, in a page and in a test.
 */

/** @import { Encoded, Guest } from "../../bridge/protocol.d.ts" */
/** @import { InstanceFilter, InstanceRow, NewWorkflow, ScheduleRow, Store, WorkflowRow } from "../store/store.d.ts" */
/** @import { Clock } from "./clock.d.ts" */
/** @import { Cron } from "./cron.d.ts" */

import { answerCall } from "./binding.js";
import { Commits, StoppedError } from "./commits.js";
import { batchIds, batchInstances, checkCreation } from "./creation.js";
import { targetOf } from "./events.js";
import { alreadyExists, notFound, terminatedError, WorkflowError } from "./errors.js";
import { CRON_TRIGGER } from "./events.js";
import { planFork } from "./fork.js";
import { isLonger, MAX_VALUE } from "./limits.js";
import { isAddressableId, isEventType } from "./names.js";
import { planRestart } from "./restart.js";
import { countRollbacks } from "./rollback.js";
import { Sweeper } from "./retention.js";
import { Scheduler } from "./scheduler.js";
import { Schedules } from "./schedules.js";
import { isFiniteStatus } from "./status.js";
import { isResting, readSteps } from "./step.js";

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
  /** @type {Store} */
  #store;
  /** @type {Commits} */
  #commits;
  /** @type {Scheduler} */
  #scheduler;
  /** @type {Sweeper} */
  #sweeper;
  /** @type {Schedules} */
  #schedules;
  /** @type {Map<number, Set<() => void>>} */
  #watchers = new Map();
  /** @type {Set<number>} */
  #touched = new Set();
  #stopped = false;

  /** @param {EngineOptions} options */
  constructor(options) {
    this.#options = options;
    this.#store = options.store;
    this.#commits = new Commits(options.store, options.defer, options.clock, (error) => this.#fail(error));
    this.#scheduler = new Scheduler({
      ...options,
      commits: this.#commits,
      write: (number, write) => this.#write(number, write),
      call: (call, onclose) => answerCall(this, call, onclose),
      onended: () => this.#sweeper.schedule(),
      onproblem: (problem) => (problem.workflow === undefined ? this.#fail(problem.error) : options.onproblem(problem)),
    });
    this.#sweeper = new Sweeper({
      store: options.store,
      clock: options.clock,
      remove: (number) => this.#remove(number),
    });
    this.#schedules = new Schedules({ ...options, fire: (schedule, time) => this.#fire(schedule, time) });
  }

  /** Create the instance of a schedule's time. @param {ScheduleRow} schedule @param {number} time */
  #fire(schedule, time) {
    const { workflow: name, cron } = schedule;
    const workflow = this.#store.loadWorkflow(name);
    const id = `${cron}-${time}`;
    const now = this.clock.now();
    unlessStopped(() =>
      this.#commits.write((store) => {
        store.scheduleCarriedOut(schedule, time);
        if (!workflow || store.loadInstance(name, id)) return;
        const { versionId } = workflow;
        const made = { cron, scheduledTime: time };
        store.instanceCreated(
          { workflow: name, id, params: "{}", trigger: CRON_TRIGGER, versionId, schedule: made },
          now,
        );
      }),
    );
    this.#scheduler.schedule();
  }

  /** Delete what need not be kept any longer. @param {number} number */
  #remove(number) {
    unlessStopped(() => this.#write(number, (store) => store.instanceDeleted(number)));
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
    const all = this.#read((store) => store.loadSchedules()).filter((schedule) => schedule.workflow === workflow);
    return all.map((schedule) => ({ cron: schedule.cron, next: this.#schedules.next(schedule) ?? null }));
  }

  /** @param {string} name */
  workflow(name) {
    const workflow = this.#read((store) => store.loadWorkflow(name));
    if (!workflow)
      throw new WorkflowError("workflow.not_found", `(workflow.not_found) Workflow does not exist: ${name}`, 10200);
    return workflow;
  }

  workflows() {
    return this.#read((store) => store.loadWorkflows());
  }

  /** @param {string} workflow */
  countByStatus(workflow) {
    return this.#read((store) => store.countByStatus(workflow));
  }

  // Instances ---------------------------------------------------------------------------------------------------------

  /**
   * @param {string} workflowName
   * @param {import("./creation.js").CreateOptions & { trigger?: number }} [options]
   * @returns {Promise<string>} the id, once the instance is durable
   * @throws {WorkflowError}
   */
  async create(workflowName, { trigger = 0, ...options } = {}) {
    const id = this.#insert(this.workflow(workflowName), options, trigger);
    this.#scheduler.schedule();
    await this.#commits.committed();
    return id;
  }

  /**
   * @param {WorkflowRow} workflow
   * @param {import("./creation.js").CreateOptions} options
   * @param {number} trigger
   */
  #insert({ name, versionId }, { id = this.#options.newId(), params = "{}", ...rest }, trigger) {
    const retention = checkCreation({ id, params, ...rest });
    if (this.#store.loadInstance(name, id)) throw alreadyExists(id);
    const row = { workflow: name, id, params, trigger, versionId, ...retention };
    this.#commits.write((store) => store.instanceCreated(row, this.clock.now()));
    return id;
  }

  /**
   * Create an instance that begins with part of another's history.
   *
   * @param {string} workflowName
   * @param {{ store: Store, number: number }} source the other one, which may be of another store
   * @param {import("./fork.js").ForkOptions & { trigger?: number }} [options]
   * @returns {Promise<string>} the id, once the instance is durable
   * @throws {WorkflowError}
   */
  async fork(workflowName, { store: source, number }, { id = this.#options.newId(), trigger = 0, ...options } = {}) {
    const { name, versionId } = this.workflow(workflowName);
    const params = options.params ?? source.loadInstanceByNumber(number)?.params ?? "{}";
    checkCreation({ id, params });
    if (this.#store.loadInstance(name, id)) throw alreadyExists(id);
    const rows = planFork(source.loadLog(number), options);
    const kept = new Set(rows.map((row) => `${row.name} ${row.count}`));
    const chunks = source.loadChunks(number).filter((chunk) => kept.has(`${chunk.name} ${chunk.count}`));
    const instance = { workflow: name, id, params, trigger, versionId };
    this.#commits.write((store) => store.instanceForked(instance, { rows, chunks }, this.clock.now()));
    this.#scheduler.schedule();
    await this.#commits.committed();
    return id;
  }

  /**
   * Create up to 100 instances. Given a list, those that exist are left out of the result without a word, as upstream's
   * older form has it; given an object, the result says what became of each.
   *
   * @param {string} workflowName
   * @param {unknown} batch see `batchInstances`
   * @param {number} [trigger]
   */
  async createBatch(workflowName, batch, trigger = 0) {
    const workflow = this.workflow(workflowName);
    const all = batchInstances(batch);
    /** @type {{ created: { id: string }[], errors: { index: number, id?: string, code: number, message: string }[] }} */
    const result = { created: [], errors: [] };
    const seen = new Set();
    // All of them before the first is made: a refused batch has made nothing.
    for (const options of all) checkCreation({ ...options, id: options.id ?? "generated" });
    for (const [index, options] of all.entries()) {
      const { id } = options;
      const problem = seen.has(id)
        ? DUPLICATE
        : id && this.#store.loadInstance(workflowName, id)
          ? EXISTING
          : undefined;
      if (id !== undefined) seen.add(id);
      if (problem) result.errors.push({ index, ...(id === undefined ? {} : { id }), ...problem });
      else result.created.push({ id: this.#insert(workflow, options, trigger) });
    }
    this.#scheduler.schedule();
    await this.#commits.committed();
    return Array.isArray(batch) ? result.created : result;
  }

  /**
   * Delete up to 100 instances. One that is named twice is reported twice.
   *
   * @param {string} workflow
   * @param {unknown} ids
   */
  async deleteBatch(workflow, ids) {
    /** @type {{ deleted: { id: string }[], errors: { id: string, code: number, message: string }[] }} */
    const result = { deleted: [], errors: [] };
    this.workflow(workflow);
    const gone = new Set();
    for (const id of batchIds(ids)) {
      try {
        if (!gone.has(id)) await this.delete(workflow, id);
        gone.add(id);
        result.deleted.push({ id });
      } catch (error) {
        if (!(error instanceof WorkflowError)) throw error;
        result.errors.push({ id, code: error.code, message: `workflows.api.error.${error.reason}` });
      }
    }
    return result;
  }

  /**
   * @param {string} workflow
   * @param {string} id
   * @returns {InstanceRow}
   * @throws {WorkflowError} there is none
   */
  get(workflow, id) {
    const row = isAddressableId(id) ? this.#read((store) => store.loadInstance(workflow, id)) : undefined;
    if (!row) {
      this.workflow(workflow);
      throw notFound(id);
    }
    return row;
  }

  /** @param {string} workflow @param {string} id */
  find(workflow, id) {
    return this.#read((store) => store.loadInstance(workflow, id));
  }

  /** @param {InstanceFilter} filter */
  list(filter) {
    return this.#read((store) => ({ rows: store.listInstances(filter), total: store.countInstances(filter) }));
  }

  /** @param {number} number @param {number} [after] */
  log(number, after) {
    return this.#read((store) => store.loadLog(number, after));
  }

  /** A chunk of a byte stream. @param {number} number @param {import("../store/store.d.ts").StepRef} step @param {number} place */
  chunk(number, step, place) {
    return this.#read((store) => store.loadChunk(number, step, place));
  }

  /** @param {number} number @param {number} [after] */
  output(number, after) {
    return this.#read((store) => store.loadOutput(number, after));
  }

  /**
   * @param {string} workflow
   * @param {string} id
   * @param {string} type
   * @param {Encoded} payload
   */
  async sendEvent(workflow, id, type, payload) {
    const row = this.get(workflow, id);
    if (!isEventType(type)) {
      throw new WorkflowError(
        "workflow.invalid_event_type",
        `(workflow.invalid_event_type) Event type ${JSON.stringify(type)} is not allowed: 1 to 100 letters, digits, "-" or "_"`,
      );
    }
    if (isLonger(payload, MAX_VALUE)) {
      throw new WorkflowError(
        "event.payload_too_large",
        "The event's payload is too large. Maximum allowed size is 1MiB.",
      );
    }
    if (isFiniteStatus(row.status)) {
      throw new WorkflowError(
        "instance.finished",
        `Cannot send an event to instance '${id}': it is already ${row.status}.`,
      );
    }
    const now = this.clock.now();
    const event = this.#commits.write((store) => store.eventReceived(row.number, type, now, payload));
    const instance = this.#scheduler.live(row.number);
    if (instance) instance.eventReceived(event);
    else if (row.status === "waiting") this.#commits.write((store) => store.instanceDue(row.number, now));
    this.#scheduler.schedule();
    await this.#commits.committed();
    return now;
  }

  /** @param {string} workflow @param {string} id */
  async pause(workflow, id) {
    const row = this.get(workflow, id);
    const instance = this.#scheduler.live(row.number);
    if (row.status === "rollingBack") return;
    if (instance && !instance.pausing) instance.pause();
    else if (!instance && (row.status === "running" || row.status === "waiting")) {
      this.#write(row.number, (store) => store.instancePaused(store.loadCursor(row.number), this.clock.now()));
    }
    await this.#commits.committed();
  }

  /** @param {string} workflow @param {string} id */
  async resume(workflow, id) {
    const row = this.get(workflow, id);
    const instance = this.#scheduler.live(row.number);
    if (instance?.pausing) instance.unpause();
    else if (row.status === "paused") {
      const now = this.clock.now();
      const pausedFor = now - (row.pausedOn ?? now);
      this.#write(row.number, (store) => store.instanceResumed(store.loadCursor(row.number), now, pausedFor));
      this.#scheduler.schedule();
    }
    await this.#commits.committed();
  }

  /**
   * End the instance; with *rollback*, once the handlers of its steps have run. Settles when that is certain, not when it
   * has come to its end.
   *
   * @param {string} workflow
   * @param {string} id
   * @param {{ rollback?: boolean, trigger?: number }} [options]
   */
  async terminate(workflow, id, { rollback = false, trigger = 0 } = {}) {
    const row = this.get(workflow, id);
    if (isFiniteStatus(row.status)) {
      throw new WorkflowError(
        "instance.cannot_terminate",
        "(instance.cannot_terminate) Cannot terminate instance since its on a finite state",
      );
    }
    const totalSteps = rollback ? countRollbacks(readSteps(this.log(row.number))) : 0;
    const instance = this.#scheduler.live(row.number);
    if (totalSteps > 0) this.#rollBack(row, totalSteps, trigger);
    else if (instance) instance.terminate(trigger);
    else
      this.#write(row.number, (store) =>
        store.instanceTerminated(store.loadCursor(row.number), this.clock.now(), trigger),
      );
    this.#sweeper.schedule();
    await this.#commits.committed();
  }

  /** @param {InstanceRow} row @param {number} totalSteps @param {number} trigger */
  #rollBack(row, totalSteps, trigger) {
    if (row.status === "rollingBack") return;
    this.#scheduler.discard(row.number);
    const start = { triggerError: terminatedError(), totalSteps, trigger: { source: trigger } };
    this.#write(row.number, (store) => store.rollbackStarted(store.loadCursor(row.number), this.clock.now(), start));
    this.#scheduler.schedule();
  }

  /**
   * Run the instance again, from its beginning or from a step on; what comes before that step keeps its results.
   *
   * @param {string} workflow
   * @param {string} id
   * @param {{ name: string, count?: number, type?: "do" | "sleep" | "waitForEvent" }} [from]
   */
  async restart(workflow, id, from) {
    const row = this.get(workflow, id);
    const wipe = from && planRestart(this.log(row.number), from);
    this.#scheduler.discard(row.number);
    const now = this.clock.now();
    this.#write(row.number, (store) => {
      if (wipe) store.instanceRestartedFrom(row, now, wipe);
      else store.instanceRestarted(row, now);
    });
    this.#scheduler.schedule();
    await this.#commits.committed();
  }

  /**
   * End a sleep, or the wait before a retry, now.
   *
   * @param {string} workflow
   * @param {string} id
   * @param {string} [target] the step as `NAME-COUNT`; absent: all that the instance has
   */
  async skipSleep(workflow, id, target) {
    const row = this.get(workflow, id);
    const now = this.clock.now();
    const rests = (/** @type {import("./step.js").Step} */ step) =>
      isResting(step) && (target === undefined || targetOf(step) === target);
    const steps = isFiniteStatus(row.status) ? [] : [...readSteps(this.log(row.number)).values()].filter(rests);
    if (steps.length === 0) {
      const what = target === undefined ? "nothing" : `no step "${target}"`;
      throw new WorkflowError(
        "instance.not_sleeping",
        `Instance '${id}' has ${what} that sleeps or waits for a retry.`,
      );
    }
    this.#write(row.number, (store) => {
      for (const step of steps) store.dueMoved(row.number, step, now);
      if (row.status === "waiting") store.instanceDue(row.number, now);
    });
    this.#scheduler.live(row.number)?.hasten(steps.map(({ key }) => key));
    this.#scheduler.schedule();
    await this.#commits.committed();
  }

  /** @param {string} workflow @param {string} id */
  async delete(workflow, id) {
    const row = this.get(workflow, id);
    this.#scheduler.discard(row.number);
    this.#write(row.number, (store) => store.instanceDeleted(row.number));
    await this.#commits.committed();
  }

  /**
   * Call *notify* after each commit that has added to the instance's log or output.
   *
   * @param {number} number
   * @param {() => void} notify
   * @returns {() => void} ends it
   */
  watch(number, notify) {
    const watchers = this.#watchers.get(number) ?? new Set();
    this.#watchers.set(number, watchers);
    watchers.add(notify);
    return () => {
      watchers.delete(notify);
      if (watchers.size === 0) this.#watchers.delete(number);
    };
  }

  // What live instances need ------------------------------------------------------------------------------------------

  /** @param {number} number @param {(store: Store) => void} write */
  #write(number, write) {
    this.#commits.write(write);
    if (!this.#watchers.has(number) || this.#touched.has(number)) return;
    this.#touched.add(number);
    this.#commits.eventually(() => {
      this.#touched.delete(number);
      for (const notify of this.#watchers.get(number) ?? []) notify();
    });
  }

  /**
   * Read what is durable: what this turn has written so far is committed first.
   *
   * @template T
   * @param {(store: Store) => T} read
   * @returns {T}
   */
  #read(read) {
    if (this.#stopped) throw new StoppedError();
    this.#commits.settle();
    return read(this.#store);
  }

  /** @param {unknown} error */
  #fail(error) {
    if (this.#stopped) return;
    this.#stop();
    this.#options.onproblem({ error });
  }

  #stop() {
    this.#stopped = true;
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
const EXISTING = { code: 10405, message: "workflows.api.error.instance.already_exists" };
const DUPLICATE = { code: 10415, message: "workflows.api.error.instance.duplicate_in_batch" };
