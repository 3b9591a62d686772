/**
 * What is done to all instances of a workflow: it takes a while, so it is done in the background, a batch a turn. A job is a
 * row until it is done, and continues when the state is opened again.
 */

/** @import { BulkJob, InstanceRow } from "../store/store.d.ts" */
/** @import { EngineContext } from "./context.js" */
/** @import { Status } from "./status.js" */

import { WorkflowError } from "./errors.js";
import { findWorkflow } from "./find.js";
import { isFinalStatus } from "./status.js";

/** Numbers of instances that are looked at in one turn. */
const BATCH = 500;

/**
 * What is done to an instance.
 *
 * @typedef {"terminate" | "delete"} BulkAction
 *
 * @typedef {object} BulkCommands
 * @property {(workflow: string, id: string) => Promise<void>} terminate
 * @property {(workflow: string, id: string) => Promise<void>} delete
 *
 * A portion of a workflow's instances in the order of their numbers: all up to `last`.
 *
 * @typedef {{ rows: Pick<InstanceRow, "number" | "id" | "status">[], last: number }} BulkPortion
 *
 * @typedef {object} BulkReach which instances jobs find, and how they change them
 * @property {(workflow: string) => boolean} carriesOut whether this engine does the workflow's job
 * @property {() => Promise<void>} deletionsSeen resolves when no instance is created any more of a workflow whose deletion is durable
 * @property {(workflow: string, after: number, upTo: number) => Promise<BulkPortion>} read
 * @property {(workflow: string, action: BulkAction, ids: string[]) => Promise<void>} apply
 */

export class BulkJobs {
  #engine;
  #reach;
  /** By workflow. @type {Map<string, { job: BulkJob, done: Promise<void> }>} */
  #running = new Map();

  /** @param {EngineContext} engine @param {BulkReach} reach */
  constructor(engine, reach) {
    this.#engine = engine;
    this.#reach = reach;
  }

  /** Continue what the last engine did not finish that had these jobs. */
  open() {
    for (const job of this.#engine.store.loadBulkJobs())
      if (this.#reach.carriesOut(job.workflow) && !this.#running.has(job.workflow)) this.#run(job);
  }

  /**
   * @param {string} workflow
   * @param {Status} [status] absent: every status that is not final
   * @param {number} [upTo] the last of the instances that are meant; the last one of the store where it is absent
   * @returns {Promise<boolean>} false where such a job is running already
   */
  terminateAll(workflow, status, upTo) {
    return this.#begin(workflow, "terminate", upTo, status);
  }

  /** @param {string} workflow @param {number} [upTo] @returns {Promise<boolean>} false where such a job is running already */
  deleteInstances(workflow, upTo) {
    return this.#begin(workflow, "delete", upTo);
  }

  /** The workflow is not found from now on. @param {string} workflow @param {number} [upTo] */
  deleteWorkflow(workflow, upTo) {
    return this.#begin(workflow, "remove", upTo);
  }

  /** Settled when the workflow has been deleted; undefined where it is not being deleted. @param {string} workflow */
  removalOf(workflow) {
    const running = this.#running.get(workflow);
    return running?.job.kind === "remove" ? running.done : undefined;
  }

  async done() {
    while (this.#running.size > 0) await Promise.all([...this.#running.values()].map(({ done }) => done));
  }

  /** @param {string} workflow @param {BulkJob["kind"]} kind @param {number} [upTo] @param {Status} [status] */
  #begin(workflow, kind, upTo, status) {
    return this.#engine.transact((store) => {
      findWorkflow(store, workflow);
      // Deleting includes terminating, and is not held up by it.
      if (this.#running.get(workflow)?.job.kind === kind) return false;
      const job = { workflow, kind, status: status ?? null, upTo: upTo ?? store.lastNumber() };
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
    if (kind === "remove") await this.#reach.deletionsSeen();
    for (let after = 0; after < upTo;) {
      const { rows, last } = await this.#reach.read(workflow, after, upTo);
      if (!this.#isCurrent(job)) return;
      const meant = rows.filter(({ status }) => kind !== "terminate" || isMeant(status, job.status));
      const ids = meant.map(({ id }) => id);
      if (ids.length > 0) await this.#reach.apply(workflow, kind === "terminate" ? "terminate" : "delete", ids);
      // Others have their turn, also where nothing had to be done.
      await this.#engine.commits.committed();
      after = last;
    }
    if (!this.#isCurrent(job)) return;
    this.#engine.commits.write((store) => {
      store.bulkJobEnded(workflow);
      if (kind === "remove") store.workflowDeleted(workflow);
    });
    await this.#engine.commits.committed();
    if (this.#running.get(workflow)?.job === job) this.#running.delete(workflow);
  }

  /** Whether the job continues here: no other one has taken its place, and no other engine does it. @param {BulkJob} job */
  #isCurrent(job) {
    const { workflow } = job;
    if (this.#running.get(workflow)?.job !== job) return false;
    if (this.#reach.carriesOut(workflow)) return true;
    this.#running.delete(workflow);
    return false;
  }
}

/**
 * The instances of the engine's own store.
 *
 * @param {EngineContext} engine
 * @param {BulkCommands} commands
 * @returns {BulkReach}
 */
export function ownInstances(engine, commands) {
  return {
    carriesOut: () => true,
    async deletionsSeen() {},
    async read(workflow, after, upTo) {
      const next = engine.store.nextNumber(workflow, after);
      if (next === null || next > upTo) return { rows: [], last: upTo };
      const last = Math.min(next + BATCH - 1, upTo);
      return { rows: engine.store.loadNumbered(workflow, { after: next - 1, upTo: last }), last };
    },
    apply: (workflow, action, ids) => applyToAll(commands, workflow, action, ids),
  };
}

/** @param {BulkCommands} commands @param {string} workflow @param {BulkAction} action @param {string[]} ids */
export async function applyToAll(commands, workflow, action, ids) {
  await Promise.all(
    ids.map(async (id) => {
      try {
        await commands[action](workflow, id);
      } catch (error) {
        // It has ended, or gone, in the meantime.
        if (!(error instanceof WorkflowError)) throw error;
      }
    }),
  );
}

/** @param {Status} status @param {string | null} wanted */
function isMeant(status, wanted) {
  return wanted === null ? !isFinalStatus(status) : status === wanted;
}
