/** Makes instances: one, a batch, one with part of another's history, and those of schedules. */

/** @import { ScheduleRow, Store, WorkflowRow } from "../store/store.d.ts" */
/** @import { CreateOptions } from "./creation.js" */
/** @import { WorkflowError } from "./errors.js" */
/** @import { ForkOptions } from "./fork.js" */
/** @import { Scheduler } from "./scheduler.js" */
/** @import { State } from "./state.js" */

import { batchInstances, checkCreation } from "./creation.js";
import { alreadyExists, workflowNotFound } from "./errors.js";
import { CRON_TRIGGER } from "./events.js";
import { planFork } from "./fork.js";

export class Creator {
  #state;
  #scheduler;
  #newId;

  /** @param {State} state @param {Scheduler} scheduler @param {() => string} newId */
  constructor(state, scheduler, newId) {
    this.#state = state;
    this.#scheduler = scheduler;
    this.#newId = newId;
  }

  /**
   * @param {string} workflow
   * @param {CreateOptions & { trigger?: number }} [options]
   * @returns {Promise<string>} the id, once the instance is durable
   * @throws {WorkflowError}
   */
  create(workflow, { trigger = 0, ...options } = {}) {
    return this.#state.carryOut((store) => {
      const id = this.#insert(store, find(store, workflow), options, trigger);
      this.#scheduler.schedule();
      return id;
    });
  }

  /**
   * @param {Store} store
   * @param {WorkflowRow} workflow
   * @param {CreateOptions} options
   * @param {number} trigger
   */
  #insert(store, { name, versionId }, { id = this.#newId(), params = "{}", ...rest }, trigger) {
    const retention = checkCreation({ id, params, ...rest });
    if (store.hasInstance(name, id)) throw alreadyExists(id);
    const row = { workflow: name, id, params, trigger, versionId, ...retention };
    this.#state.write(() => store.instanceCreated(row, this.#state.now));
    return id;
  }

  /**
   * Create up to 100 instances. Given a list, those that exist are left out of the result without a word, as upstream's
   * older form has it; given an object, the result says what became of each.
   *
   * @param {string} workflow
   * @param {unknown} batch see `batchInstances`
   * @param {number} [trigger]
   */
  createBatch(workflow, batch, trigger = 0) {
    return this.#state.carryOut((store) => {
      const found = find(store, workflow);
      const all = batchInstances(batch);
      /** @type {{ created: { id: string }[], errors: { index: number, id?: string, code: number, message: string }[] }} */
      const result = { created: [], errors: [] };
      const seen = new Set();
      // All of them before the first is made: a refused batch has made nothing.
      for (const options of all) checkCreation({ ...options, id: options.id ?? "generated" });
      for (const [index, options] of all.entries()) {
        const { id } = options;
        const problem = seen.has(id) ? DUPLICATE : id && store.hasInstance(workflow, id) ? EXISTING : undefined;
        if (id !== undefined) seen.add(id);
        if (problem) result.errors.push({ index, ...(id === undefined ? {} : { id }), ...problem });
        else result.created.push({ id: this.#insert(store, found, options, trigger) });
      }
      this.#scheduler.schedule();
      return Array.isArray(batch) ? result.created : result;
    });
  }

  /**
   * Create an instance that begins with part of another's history.
   *
   * @param {string} workflow
   * @param {{ store: Store, number: number }} source the other one, which may be of another store
   * @param {ForkOptions & { trigger?: number }} [options]
   * @returns {Promise<string>} the id, once the instance is durable
   * @throws {WorkflowError}
   */
  fork(workflow, { store: source, number }, { id = this.#newId(), trigger = 0, ...options } = {}) {
    return this.#state.carryOut((store) => {
      const { name, versionId } = find(store, workflow);
      const params = options.params ?? source.loadInstanceByNumber(number)?.params ?? "{}";
      checkCreation({ id, params });
      if (store.hasInstance(name, id)) throw alreadyExists(id);
      const rows = planFork(source.loadLog(number), options);
      const kept = new Set(rows.map((row) => `${row.name} ${row.count}`));
      const chunks = source.loadChunks(number).filter((chunk) => kept.has(`${chunk.name} ${chunk.count}`));
      const instance = { workflow: name, id, params, trigger, versionId };
      this.#state.write(() => store.instanceForked(instance, { rows, chunks }, this.#state.now));
      this.#scheduler.schedule();
      return id;
    });
  }

  /**
   * Create the instance of a schedule's time, unless it is there. In the same transaction the schedule is carried out up to it.
   *
   * @param {ScheduleRow} schedule
   * @param {number} time
   */
  fire(schedule, time) {
    const { workflow: name, cron } = schedule;
    const id = `${cron}-${time}`;
    this.#state.write((store) => {
      store.scheduleCarriedOut(schedule, time);
      const workflow = store.loadWorkflow(name);
      if (!workflow || store.hasInstance(name, id)) return;
      const { versionId } = workflow;
      const made = { cron, scheduledTime: time };
      store.instanceCreated(
        { workflow: name, id, params: "{}", trigger: CRON_TRIGGER, versionId, schedule: made },
        this.#state.now,
      );
    });
    this.#scheduler.schedule();
  }
}

/** @param {Store} store @param {string} name */
function find(store, name) {
  const workflow = store.loadWorkflow(name);
  if (!workflow) throw workflowNotFound(name);
  return workflow;
}

const EXISTING = { code: 10405, message: "workflows.api.error.instance.already_exists" };
const DUPLICATE = { code: 10415, message: "workflows.api.error.instance.duplicate_in_batch" };
