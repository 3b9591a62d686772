/** Bindings: other workflows, as `env` has them. What a method tells of is durable when its promise is settled. */

/** @import { Session } from "../../bridge/session.js" */

import { checkOptions } from "../../bridge/options.js";
import { decode, encode } from "../../bridge/values.js";

/** What makes the calls of the code that runs: the session of its pass, or the port of its interpreter. @typedef {(binding: string) => Pick<Session, "call">} FindCaller */

/**
 * The name under which a class has its workflow in `env` where nothing else is configured: ORDER_WORKFLOW.
 *
 * @param {string} className
 */
export function bindingName(className) {
  return className.replaceAll(/(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/g, "_").toUpperCase();
}

export class Workflow {
  #call;

  /**
   * @param {string} name
   * @param {string} binding
   * @param {FindCaller} find
   */
  constructor(name, binding, find) {
    this.#call = async (/** @type {string} */ method, /** @type {object} */ args) => {
      const text = await find(binding).call(name, method, args);
      return text === undefined ? undefined : decode(text);
    };
  }

  /** @param {any} [options] */
  async create(options = {}) {
    return this.#instance(await this.#call("create", creation(options)));
  }

  /** @param {any} batch a list, `{ count, … }` or `{ instances }` */
  async createBatch(batch) {
    if (Array.isArray(batch)) {
      const created = await this.#call("createBatch", { batch: batch.map(creation) });
      return created.map((/** @type {{ id: string }} */ each) => this.#instance(each));
    }
    const instances = Array.isArray(batch?.instances) ? { instances: batch.instances.map(creation) } : {};
    const asked = isObject(batch) ? { ...creation(batch), ...instances } : batch;
    const { created, errors } = await this.#call("createBatch", { batch: asked });
    return { created: created.map((/** @type {{ id: string }} */ each) => this.#instance(each)), errors };
  }

  /** @param {string[]} ids */
  deleteBatch(ids) {
    return this.#call("deleteBatch", { ids });
  }

  /** @param {string} id */
  async get(id) {
    return this.#instance(await this.#call("get", { id }));
  }

  /** @param {{ id: string }} answer */
  #instance({ id }) {
    return new WorkflowInstance(id, (method, args = {}) => this.#call(method, { id, ...args }));
  }
}

export class WorkflowInstance {
  #call;

  /**
   * @param {string} id
   * @param {(method: string, args?: object) => Promise<any>} call
   */
  constructor(id, call) {
    this.id = id;
    this.#call = call;
  }

  status() {
    return this.#call("status");
  }

  pause() {
    return this.#call("pause");
  }

  resume() {
    return this.#call("resume");
  }

  /** @param {{ rollback?: boolean }} [options] */
  async terminate(options = {}) {
    checkOptions("terminate()", options, ["rollback"]);
    return await this.#call("terminate", { ...options });
  }

  /** @param {{ from?: { name: string, count?: number, type?: "do" | "sleep" | "waitForEvent" } }} [options] */
  async restart(options = {}) {
    checkOptions("restart()", options, ["from"]);
    return await this.#call("restart", { ...options });
  }

  delete() {
    return this.#call("delete");
  }

  /** @param {{ type: string, payload?: unknown }} event */
  async sendEvent(event) {
    checkOptions("sendEvent()", event, ["type", "payload"]);
    const { payload, ...rest } = event;
    return await this.#call("sendEvent", { ...rest, payload: encode(payload, "payload") });
  }

  /** @param {{ cursor?: number, filter?: string[], progress?: number }} [options] `progress`: the `progressId` of the last item that is known; 0 for all */
  async subscribe(options = {}) {
    const events = this.#events(options);
    return Object.assign(events, { [Symbol.dispose]: () => void events.return(undefined) });
  }

  /** @param {object} options */
  async *#events(options) {
    for (let asked = options, done = false; !done;) {
      const answer = await this.#call("subscribe", { options: asked });
      yield* answer.events;
      done = answer.done;
      const { cursor, progress } = answer;
      asked = { ...asked, cursor, ...(progress === undefined ? {} : { progress }) };
    }
  }
}

/** What is no object is the engine's to refuse. @param {any} options */
function creation(options = {}) {
  if (!isObject(options)) return options;
  const { params, ...rest } = options;
  return params === undefined ? rest : { ...rest, params: encode(params, "params") };
}

/** @param {unknown} value */
function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
