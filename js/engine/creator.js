/** Makes instances: one, a batch, one with part of another's history, and those of schedules. */

/** @import { NewInstance, ScheduleRow, Store, WorkflowRow } from "../store/store.d.ts" */
/** @import { EngineContext } from "./context.js" */
/** @import { CreateOptions } from "./creation.js" */
/** @import { WorkflowError } from "./errors.js" */
/** @import { ForkOptions } from "./fork.js" */
/** @import { Scheduler } from "./scheduler.js" */

import { batchInstances, checkCreation } from "./creation.js";
import { alreadyExists } from "./errors.js";
import { CRON_TRIGGER } from "./events.js";
import { findWorkflow } from "./find.js";
import { planFork } from "./fork.js";

/** What asks for an instance. @typedef {{ trigger?: number, traceparent?: string | undefined }} Origin `traceparent`: the span that does */

export class Creator {
  #engine;
  #scheduler;
  #newId;
  #checkPayload;

  /**
   * @param {EngineContext} engine
   * @param {Scheduler} scheduler
   * @param {Pick<import("./engine.js").EngineOptions, "newId" | "checkPayload">} options
   */
  constructor(engine, scheduler, { newId, checkPayload = () => {} }) {
    this.#engine = engine;
    this.#scheduler = scheduler;
    this.#newId = newId;
    this.#checkPayload = checkPayload;
  }

  /**
   * @param {string} workflow
   * @param {CreateOptions & Origin} [options]
   * @returns {Promise<string>} the id, once the instance is durable
   * @throws {WorkflowError}
   */
  create(workflow, { trigger = 0, traceparent, ...options } = {}) {
    return this.#engine.transact((store) => {
      const id = this.#insert(findWorkflow(store, workflow), options, { trigger, traceparent });
      if (id === undefined) throw alreadyExists(String(options.id));
      this.#scheduler.schedule();
      return id;
    });
  }

  /**
   * @param {WorkflowRow} workflow
   * @param {CreateOptions} options
   * @param {Origin} origin
   * @returns {string | undefined} its id; undefined where the workflow has an instance of the id
   * @throws {WorkflowError} the options are not allowed
   */
  #insert(workflow, { id = this.#newId(), params = "{}", ...rest }, { trigger = 0, traceparent }) {
    const { name, versionId } = workflow;
    const retention = checkCreation({ id, params, ...rest });
    this.#checkPayload(workflow, params);
    const isNew = this.#created({ workflow: name, id, params, trigger, versionId, ...retention, traceparent });
    return isNew ? id : undefined;
  }

  /**
   * Ask the store for an instance of this workflow and id.
   *
   * @param {Omit<NewInstance, "number">} instance
   * @returns {boolean} whether it is new; otherwise nothing has changed
   */
  #created(instance) {
    const number = this.#engine.nextNumber();
    const { now } = this.#engine;
    return this.#engine.commits.write((store) => store.instanceCreated({ ...instance, number }, now)) !== undefined;
  }

  /**
   * Create up to 100 instances. Given a list, those that exist are left out of the result without a word, as upstream's
   * older form has it; given an object, the result says what became of each.
   *
   * @param {string} workflow
   * @param {unknown} batch see `batchInstances`
   * @param {number} [trigger]
   * @param {string} [traceparent]
   */
  createBatch(workflow, batch, trigger = 0, traceparent) {
    return this.#engine.transact((store) => {
      const found = findWorkflow(store, workflow);
      const all = batchInstances(batch);
      /** @type {{ created: { id: string }[], errors: { index: number, id?: string, code: number, message: string }[] }} */
      const result = { created: [], errors: [] };
      const seen = new Set();
      // All of them before the first is made: a refused batch has made nothing.
      for (const options of all) {
        checkCreation({ ...options, id: options.id ?? "generated" });
        this.#checkPayload(found, options.params ?? "{}");
      }
      for (const [index, options] of all.entries()) {
        const { id } = options;
        const created = seen.has(id) ? undefined : this.#insert(found, options, { trigger, traceparent });
        if (created !== undefined) result.created.push({ id: created });
        else if (id !== undefined) result.errors.push({ index, id, ...(seen.has(id) ? DUPLICATE : EXISTING) });
        if (id !== undefined) seen.add(id);
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
    return this.#engine.transact((store) => {
      const found = findWorkflow(store, workflow);
      const { name, versionId } = found;
      const params = options.params ?? source.loadInstanceByNumber(number)?.params ?? "{}";
      checkCreation({ id, params });
      this.#checkPayload(found, params);
      const rows = planFork(source.loadLog(number), options);
      const kept = new Set(rows.map((row) => `${row.name} ${row.count}`));
      const chunks = source.loadChunks(number).filter((chunk) => kept.has(`${chunk.name} ${chunk.count}`));
      const instance = { number: this.#engine.nextNumber(), workflow: name, id, params, trigger, versionId };
      const { now } = this.#engine;
      if (!this.#engine.commits.write(() => store.instanceForked(instance, { rows, chunks }, now)))
        throw alreadyExists(id);
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
    this.#engine.commits.write((store) => store.scheduleCarriedOut(schedule, time));
    this.#createScheduled(schedule, time);
  }

  /**
   * Create the instance alone, unless it is there: another engine carries out the schedule.
   *
   * @param {Pick<ScheduleRow, "workflow" | "cron">} schedule
   * @param {number} time
   */
  createScheduled(schedule, time) {
    return this.#engine.transact(() => this.#createScheduled(schedule, time));
  }

  /** @param {Pick<ScheduleRow, "workflow" | "cron">} schedule @param {number} time */
  #createScheduled({ workflow: name, cron }, time) {
    const workflow = this.#engine.store.loadWorkflow(name);
    if (workflow) {
      const { versionId } = workflow;
      const id = `${cron}-${time}`;
      const origin = { cron, scheduledTime: time };
      this.#created({ workflow: name, id, params: "{}", trigger: CRON_TRIGGER, versionId, schedule: origin });
    }
    this.#scheduler.schedule();
  }
}

const EXISTING = { code: 10405, message: "workflows.api.error.instance.already_exists" };
const DUPLICATE = { code: 10415, message: "workflows.api.error.instance.duplicate_in_batch" };
