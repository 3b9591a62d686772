/** Commands and creations on an engine that shares its state: each is carried out by the engine that runs the instance. */

/** @import { Commands } from "../engine/commands.js" */
/** @import { Creator } from "../engine/creator.js" */
/** @import { CreateOptions } from "../engine/creation.js" */
/** @import { ScheduleRow } from "../store/store.d.ts" */
/** @import { Routing } from "./routing.js" */

import { batchIds, batchInstances, checkCreation } from "../engine/creation.js";
import { WorkflowError } from "../engine/errors.js";

/** Of an id that is made up here it is tried so often to find one whose part this engine holds. */
const MOST_TRIES = 1000;

/** @typedef {{ [K in keyof Commands]: Commands[K] }} CommandSet */
/** @typedef {{ [K in keyof Creator]: Creator[K] }} CreatorSet */

/** @implements {CommandSet} */
export class RoutedCommands {
  #local;
  #routing;

  /** @param {Commands} local @param {Routing} routing */
  constructor(local, routing) {
    this.#local = local;
    this.#routing = routing;
  }

  /** @type {Commands["sendEvent"]} */
  sendEvent(...args) {
    return this.#route("sendEvent", args, () => this.#local.sendEvent(...args));
  }

  /** @type {Commands["pause"]} */
  pause(...args) {
    return this.#route("pause", args, () => this.#local.pause(...args));
  }

  /** @type {Commands["resume"]} */
  resume(...args) {
    return this.#route("resume", args, () => this.#local.resume(...args));
  }

  /** @type {Commands["terminate"]} */
  terminate(...args) {
    return this.#route("terminate", args, () => this.#local.terminate(...args));
  }

  /** @type {Commands["restart"]} */
  restart(...args) {
    return this.#route("restart", args, () => this.#local.restart(...args));
  }

  /** @type {Commands["skipSleep"]} */
  skipSleep(...args) {
    return this.#route("skipSleep", args, () => this.#local.skipSleep(...args));
  }

  /** @type {Commands["expireWait"]} */
  expireWait(...args) {
    return this.#route("expireWait", args, () => this.#local.expireWait(...args));
  }

  /** @type {Commands["delete"]} */
  delete(...args) {
    return this.#route("delete", args, () => this.#local.delete(...args));
  }

  /** @type {Commands["deleteBatch"]} */
  async deleteBatch(workflow, ids) {
    const all = batchIds(ids);
    const outcomes = new Map(
      await Promise.all(
        [...new Set(all)].map(async (id) => /** @type {const} */ ([id, await this.#deleted(workflow, id)])),
      ),
    );
    /** @type {Awaited<ReturnType<Commands["deleteBatch"]>>} */
    const result = { deleted: [], errors: [] };
    for (const id of all) {
      const { deleted, errors } = /** @type {typeof result} */ (outcomes.get(id));
      result.deleted.push(...deleted);
      result.errors.push(...errors);
    }
    return result;
  }

  /** @param {string} workflow @param {string} id */
  #deleted(workflow, id) {
    const here = () => this.#local.deleteBatch(workflow, [id]);
    return this.#routing.byName(workflow, id, "commands.deleteBatch", [workflow, [id]], here);
  }

  /**
   * @template T
   * @param {string} method
   * @param {[workflow: string, id: string, ...rest: any[]]} args
   * @param {() => Promise<T>} here
   */
  #route(method, args, here) {
    return this.#routing.byName(args[0], args[1], `commands.${method}`, args, here);
  }
}

/** @implements {CreatorSet} */
export class RoutedCreator {
  #local;
  #routing;
  #options;
  /** Times of schedules whose instances are being created. @type {Set<string>} */
  #firing = new Set();

  /**
   * @param {Creator} local
   * @param {Routing} routing
   * @param {object} options
   * @param {() => string} options.newId
   * @param {(workflow: string, params: string) => void} options.checkPayload throws where the workflow does not take it
   * @param {(schedule: ScheduleRow, time: number) => void} options.carriedOut a schedule is carried out up to a time
   * @param {() => void} options.onmissed a schedule could not be carried out now: it is to be tried again
   */
  constructor(local, routing, options) {
    this.#local = local;
    this.#routing = routing;
    this.#options = options;
  }

  /** @type {Creator["create"]} */
  create(workflow, options = {}) {
    const { id = this.idHere(workflow) } = options;
    const named = { ...options, id };
    return this.#routing.byName(workflow, id, "creator.create", [workflow, named], () =>
      this.#local.create(workflow, named),
    );
  }

  /** An id of an instance that this engine can run itself. @param {string} workflow */
  idHere(workflow) {
    for (let tries = 1; ; tries++) {
      const id = this.#options.newId();
      if (this.#routing.holds(workflow, id) || tries === MOST_TRIES) return id;
    }
  }

  /** @type {Creator["createBatch"]} */
  async createBatch(workflow, batch, trigger = 0, traceparent) {
    const all = batchInstances(batch).map((options) => ({ ...options, id: options.id ?? this.idHere(workflow) }));
    const named = Array.isArray(batch) ? all : { instances: all };
    if (all.every(({ id }) => this.#routing.holds(workflow, id)))
      return await this.#local.createBatch(workflow, named, trigger, traceparent);
    // All of them before the first is made: a refused batch has made nothing.
    for (const options of all) {
      checkCreation(options);
      this.#options.checkPayload(workflow, options.params ?? "{}");
    }
    /** @type {{ created: { id: string }[], errors: { index: number, id?: string, code: number, message: string }[] }} */
    const result = { created: [], errors: [] };
    const seen = new Set();
    for (const [index, options] of all.entries()) {
      const one = { instances: [options] };
      const made = seen.has(options.id)
        ? { created: [], errors: [{ index, id: options.id, ...DUPLICATE }] }
        : await this.#created(workflow, options.id, one, trigger, traceparent);
      seen.add(options.id);
      result.created.push(...made.created);
      for (const error of made.errors) result.errors.push({ ...error, index });
    }
    return Array.isArray(batch) ? result.created : result;
  }

  /** @param {string} workflow @param {string} id @param {object} batch of one @param {number} trigger @param {string | undefined} traceparent @returns {Promise<any>} */
  #created(workflow, id, batch, trigger, traceparent) {
    const args = /** @type {const} */ ([workflow, batch, trigger, traceparent]);
    return this.#routing.byName(workflow, id, "creator.createBatch", [...args], () => this.#local.createBatch(...args));
  }

  /** @type {Creator["fork"]} */
  async fork(workflow, source, options = {}) {
    const { id = this.idHere(workflow) } = options;
    if (!this.#routing.holds(workflow, id))
      throw new WorkflowError(
        "engine.elsewhere",
        `Instance '${id}' would be run by another engine of this state. Leave out the id, so that this engine gives one.`,
      );
    return await this.#local.fork(workflow, source, { ...options, id });
  }

  /**
   * Create the instance of a schedule's time, wherever it is run. The schedule is carried out up to that time once the instance
   * exists: until then another look at the schedules does it again, and finds that it does.
   *
   * @type {Creator["fire"]}
   */
  fire(schedule, time) {
    const { workflow, cron } = schedule;
    const id = `${cron}-${time}`;
    if (this.#routing.holds(workflow, id)) return this.#local.fire(schedule, time);
    const key = `${workflow} ${id}`;
    if (this.#firing.has(key)) return;
    this.#firing.add(key);
    this.createScheduled({ workflow, cron }, time)
      .then(() => this.#options.carriedOut(schedule, time), this.#options.onmissed)
      .finally(() => this.#firing.delete(key));
  }

  /** @type {Creator["createScheduled"]} */
  createScheduled({ workflow, cron }, time) {
    const schedule = { workflow, cron };
    return this.#routing.byName(workflow, `${cron}-${time}`, "creator.createScheduled", [schedule, time], () =>
      this.#local.createScheduled(schedule, time),
    );
  }
}

const DUPLICATE = { code: 10415, message: "workflows.api.error.instance.duplicate_in_batch" };
