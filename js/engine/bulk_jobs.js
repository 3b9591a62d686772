/**
 * What is done to all instances of a workflow: it takes a while, so it is done in the background, a batch a turn. A job is a
 * row until it is done, and continues when the state is opened again.
 */

/** @import { BulkJob } from "../store/store.d.ts" */
/** @import { EngineContext } from "./context.js" */
/** @import { Status } from "./status.js" */

import { WorkflowError } from "./errors.js";
import { findWorkflow } from "./find.js";
import { isFinalStatus } from "./status.js";

/** Numbers of instances that are looked at in one turn. */
const BATCH = 500;

/**
 * @typedef {object} BulkCommands what is done to one instance
 * @property {(workflow: string, id: string) => Promise<void>} terminate
 * @property {(workflow: string, id: string) => Promise<void>} delete
 */

export class BulkJobs {
  #engine;
  #commands;
  /** By workflow. @type {Map<string, { job: BulkJob, done: Promise<void> }>} */
  #running = new Map();

  /** @param {EngineContext} engine @param {BulkCommands} commands */
  constructor(engine, commands) {
    this.#engine = engine;
    this.#commands = commands;
  }

  /** Continue what the last engine on this store did not finish. */
  open() {
    for (const job of this.#engine.store.loadBulkJobs()) this.#run(job);
  }

  /**
   * @param {string} workflow
   * @param {Status} [status] absent: every status that is not final
   * @returns {Promise<boolean>} false where such a job is running already
   */
  terminateAll(workflow, status) {
    return this.#begin(workflow, "terminate", status);
  }

  /** @param {string} workflow @returns {Promise<boolean>} false where such a job is running already */
  deleteInstances(workflow) {
    return this.#begin(workflow, "delete");
  }

  /** The workflow is not found from now on. @param {string} workflow */
  deleteWorkflow(workflow) {
    return this.#begin(workflow, "remove");
  }

  /** Settled when the workflow has been deleted; undefined where it is not being deleted. @param {string} workflow */
  removalOf(workflow) {
    const running = this.#running.get(workflow);
    return running?.job.kind === "remove" ? running.done : undefined;
  }

  async done() {
    while (this.#running.size > 0) await Promise.all([...this.#running.values()].map(({ done }) => done));
  }

  /** @param {string} workflow @param {BulkJob["kind"]} kind @param {Status} [status] */
  #begin(workflow, kind, status) {
    return this.#engine.transact((store) => {
      findWorkflow(store, workflow);
      // Deleting includes terminating, and is not held up by it.
      if (this.#running.get(workflow)?.job.kind === kind) return false;
      const job = { workflow, kind, status: status ?? null, upTo: store.lastNumber() };
      this.#engine.commits.write(() => {
        store.bulkJobBegun(job);
        if (kind === "remove") store.workflowDeletionBegun(workflow, this.#engine.now);
      });
      this.#run(job);
      return true;
    });
  }

  /** @param {BulkJob} job */
  #run(job) {
    const done = this.#work(job).catch((error) =>
      this.#engine.guard(() => {
        throw error;
      }),
    );
    this.#running.set(job.workflow, { job, done });
  }

  /** @param {BulkJob} job */
  async #work(job) {
    const { workflow, kind, upTo } = job;
    await this.#engine.commits.committed();
    for (let after = 0; ;) {
      if (this.#running.get(workflow)?.job !== job) return;
      const next = this.#engine.store.nextNumber(workflow, after);
      if (next === null || next > upTo) break;
      const last = Math.min(next + BATCH - 1, upTo);
      const rows = this.#engine.store.loadNumbered(workflow, { after: next - 1, upTo: last });
      const meant = rows.filter(({ status }) => kind !== "terminate" || isMeant(status, job.status));
      await Promise.all(meant.map(({ id }) => this.#apply(job, id)));
      // Others have their turn, also where nothing had to be done.
      await this.#engine.commits.committed();
      after = last;
    }
    this.#engine.commits.write((store) => {
      store.bulkJobEnded(workflow);
      if (kind === "remove") store.workflowDeleted(workflow);
    });
    await this.#engine.commits.committed();
    if (this.#running.get(workflow)?.job === job) this.#running.delete(workflow);
  }

  /** @param {BulkJob} job @param {string} id */
  async #apply({ workflow, kind }, id) {
    try {
      await (kind === "terminate" ? this.#commands.terminate(workflow, id) : this.#commands.delete(workflow, id));
    } catch (error) {
      // It has ended, or gone, in the meantime.
      if (!(error instanceof WorkflowError)) throw error;
    }
  }
}

/** @param {Status} status @param {string | null} wanted */
function isMeant(status, wanted) {
  return wanted === null ? !isFinalStatus(status) : status === wanted;
}
