/**
 * Workers that a command keeps running: their handlers behind a public port, and their cron triggers.
 *
 * The first Worker answers the port's requests. The others are there for its service bindings.
 */

/** @import { Host } from "../host.js" */
/** @import { Listener, ListenerOptions } from "../listener.js" */
/** @import { DeployRequest, DeployedWorkflow } from "../registration.js" */
/** @import { ServingEvent } from "./event_queue.js" */

import { workflowKey } from "../../engine/accounts.js";
import { WorkflowError } from "../../engine/errors.js";
import { nodeClock } from "../clock.js";
import { cron as cronTimes } from "../cron.js";
import { answerByAssets } from "./assets.js";
import { CronTriggers } from "./cron_triggers.js";
import { findDivergences } from "./divergence.js";
import { answerScheduled, SCHEDULED_PATHS } from "./scheduled_route.js";
import { answerByWorker, describe } from "./worker_requests.js";

/** How many further ports are tried where the port is taken. */
const OTHER_PORTS = 100;
/** Closes WebSockets whose clients may connect again. */
const SERVICE_RESTART = 1012;

/**
 * @typedef {object} WorkerRequest
 * @property {DeployRequest} deployment
 * @property {string[]} crons at whose times its scheduled handler is called
 * @property {import("./assets.js").AssetsConfig | null} [assets]
 * @property {{ queue: string, settings: import("../queues/consumer.js").ConsumerSettings }[]} [queueConsumers]
 *
 * @typedef {object} ServingRequest
 * @property {WorkerRequest[]} workers
 * @property {ListenerOptions | null} listener
 * @property {boolean} development show errors to clients, keep old code where new code does not load, move instances to new code
 * @property {number | undefined} timeLimitMs for the head of a handler's answer
 *
 * What is needed of a Worker: see `js/worker/worker.js`.
 *
 * @typedef {object} ServedWorker
 * @property {boolean} isEmpty
 * @property {string | undefined} refusal why its handlers do not run; undefined: they do
 * @property {() => Promise<unknown>} warm start an interpreter before the first call
 * @property {{ default: string[], entrypoints: Record<string, string[]>, objects: string[] }} handlers
 * @property {import("./worker_requests.js").FetchWorker["fetch"]} fetch
 * @property {(event: { cron: string, scheduledTime: number }) => Promise<{ outcome: string, noRetry: boolean }>} scheduled
 * @property {import("../queues/consumer.js").Deliver} queue
 *
 * @typedef {{ name: string, workflows: DeployedWorkflow[], worker: ServedWorker }} Deployed
 *
 * @typedef {Deployed & { deployment: DeployRequest }} ServedDeployment
 */

export class Serving {
  #host;
  #request;
  #emit;
  /** @type {ServedDeployment[]} */
  #deployed = [];
  /** @type {CronTriggers[]} */
  #crons = [];
  /** End the delivery of messages. @type {(() => void)[]} */
  #stopConsumers = [];
  /** @type {Listener | undefined} */
  #listener;
  #draining = false;
  /** Which of the caller's reloads is the newest, so that what an older one still does ends. */
  #turn = 0;
  /** Ends what the newest reload still imports. */
  #loading = new AbortController();
  /** @type {Promise<unknown>} */
  #reloading = Promise.resolve();

  /**
   * @param {Host} host
   * @param {ServingRequest} request
   * @param {(event: ServingEvent) => void} emit
   */
  constructor(host, request, emit) {
    this.#host = host;
    this.#request = request;
    this.#emit = emit;
  }

  /** The main files of its Workers, by their names. @returns {Map<string, string>} */
  get mains() {
    return new Map(this.#request.workers.map(({ deployment }) => [workerName(deployment), deployment.main]));
  }

  /** The main file from which it serves a workflow. @param {string} key @returns {string | undefined} */
  mainOfWorkflow(key) {
    const found = this.#deployed.find(({ deployment, workflows }) =>
      workflows.some(({ name }) => workflowKey(deployment.account, name) === key),
    );
    return found?.deployment.main;
  }

  /** Whether it answers by this Worker. @param {ServedWorker} worker */
  serves(worker) {
    return this.#deployed.some((each) => each.worker === worker);
  }

  /**
   * Load the Workers and open the port.
   *
   * @returns {Promise<{ url: string | null, port: number | null, workflows: string[], token_required: boolean, handlers: string[] }>}
   */
  async open() {
    const { workers, listener, development } = this.#request;
    await this.#deployAll(workers);
    this.#crons = workers.map(
      (_, index) => new CronTriggers(nodeClock, cronTimes, (cron, time) => void this.#fireOnTime(index, cron, time)),
    );
    for (const [index, triggers] of this.#crons.entries()) triggers.check(workers[index].crons);
    if (listener) {
      const otherPorts = development && listener.port !== 0 ? OTHER_PORTS : 0;
      /** @type {import("../listener.js").Answer} */
      const answer = (request, path, connection) => this.#answer(request, path, connection);
      this.#listener = await this.#host.listen({ ...listener, otherPorts, answer });
    }
    this.#armCrons(workers);
    this.#consumeQueues(workers);
    return {
      url: this.#listener?.url ?? null,
      port: this.#listener?.port ?? null,
      token_required: this.#listener?.tokenRequired ?? false,
      workflows: this.#deployed.flatMap(({ workflows }) => workflows.map(({ name }) => name)),
      handlers: this.#deployed[0].worker.handlers.default,
    };
  }

  /**
   * Take new code. Where it does not load, the old code stays. A newer reload takes the place of one that still imports.
   *
   * @param {WorkerRequest[]} workers
   * @param {number} [turn] which of the caller's reloads it is: they may arrive in another order
   */
  async reload(workers, turn = this.#turn + 1) {
    if (turn <= this.#turn) throw superseded();
    this.#turn = turn;
    this.#loading.abort(superseded());
    const { signal } = (this.#loading = new AbortController());
    const before = this.#reloading;
    const reloading = before.then(() => this.#reload(workers, turn, signal));
    this.#reloading = reloading.catch(() => {});
    return await reloading;
  }

  /** @param {WorkerRequest[]} workers @param {number} turn @param {AbortSignal} signal */
  async #reload(workers, turn, signal) {
    signal.throwIfAborted();
    for (const [index, triggers] of this.#crons.entries()) triggers.check(workers[index]?.crons ?? []);
    await this.#deployAll(workers, signal);
    this.#request = { ...this.#request, workers };
    this.#armCrons(workers);
    this.#consumeQueues(workers);
    // Clients that connect again are answered by the new code.
    if (this.#request.development) this.#listener?.closeWebSockets(SERVICE_RESTART, "The code was reloaded.");
    this.#host.moveToNewCode();
    for (const { deployment } of workers) this.#host.prewarm(deployment);
    void this.#reportDivergences(turn);
    return { workflows: this.#deployed.flatMap(({ workflows }) => workflows.map(({ name }) => name)) };
  }

  /** @param {number} turn */
  async #reportDivergences(turn) {
    for (const { deployment } of this.#request.workers) {
      try {
        for await (const divergence of findDivergences(this.#host.histories, deployment, () => turn !== this.#turn))
          this.#emit({ type: "divergence", ...divergence });
      } catch (error) {
        this.#emit({ type: "error", ...describe(error) });
      }
    }
  }

  /**
   * Call a scheduled handler now.
   *
   * @param {string} cron
   * @param {number} scheduledTime in ms since 1970
   * @param {number} [index] of the Worker
   */
  async fire(cron, scheduledTime, index = 0) {
    const { worker, name } = this.#deployed[index];
    const began = performance.now();
    try {
      const outcome = await worker.scheduled({ cron, scheduledTime });
      this.#emit({
        type: "cron",
        worker: name,
        cron,
        outcome: "ok",
        duration_ms: Math.round(performance.now() - began),
      });
      return outcome;
    } catch (error) {
      this.#emit({ type: "cron", worker: name, cron, outcome: "exception", ...describe(error) });
      throw error;
    }
  }

  /**
   * Output of a handler.
   *
   * @param {{ level: string, text: string, call?: unknown }} log
   */
  log({ level, text, call }) {
    this.#emit({ type: "output", level, text, ...(call === undefined ? {} : { call }) });
  }

  /** Whether requests are answered, for those who ask before they send any. */
  get isReady() {
    return this.#listener !== undefined && !this.#draining;
  }

  /** Finish the requests that are under way, for so long; accept no others. @param {number} graceMs */
  async drain(graceMs) {
    this.#draining = true;
    for (const triggers of this.#crons) triggers.stop();
    for (const stop of this.#stopConsumers.splice(0)) stop();
    await this.#listener?.drain(graceMs);
  }

  close() {
    this.#turn = Infinity;
    for (const triggers of this.#crons) triggers.stop();
    for (const stop of this.#stopConsumers.splice(0)) stop();
    this.#listener?.close();
  }

  /**
   * Load all; each answers by its new code as soon as that is there.
   *
   * @param {WorkerRequest[]} workers
   * @param {AbortSignal} [signal] ends an import that still runs
   */
  async #deployAll(workers, signal) {
    for (const { deployment } of workers) this.#host.servings.refuseConflict(this, deployment);
    // It takes as long as an interpreter does, and starts beside it.
    if (this.#deployed.length === 0) for (const { deployment } of workers) this.#host.warmBindings(deployment);
    for (const [index, { deployment, crons, assets }] of workers.entries()) {
      const deployed = await this.#host.registration.deployWorker(deployment, {
        hasAssets: Boolean(assets),
        serving: this,
        ...(signal && { signal }),
      });
      const replaced = this.#deployed[index];
      this.#deployed[index] = { ...deployed, deployment };
      if (replaced && !this.#host.servings.serves(replaced.worker))
        await this.#host.registration.release(replaced.deployment, deployment);
      const { worker, name } = deployed;
      void worker.warm().catch(() => {});
      if (worker.refusal !== undefined) this.#emit({ type: "notice", text: `Worker '${name}': ${worker.refusal}` });
      if (crons.length > 0 && !worker.handlers.default.includes("scheduled"))
        this.#emit({ type: "notice", text: `Worker '${name}' has cron triggers and no scheduled handler.` });
    }
    this.#deployed.length = workers.length;
  }

  /** @param {WorkerRequest[]} workers */
  #armCrons(workers) {
    for (const [index, triggers] of this.#crons.entries()) {
      const handles = this.#deployed[index]?.worker.handlers.default.includes("scheduled");
      triggers.set(handles ? workers[index].crons : []);
    }
  }

  /** @param {WorkerRequest[]} workers */
  #consumeQueues(workers) {
    for (const stop of this.#stopConsumers.splice(0)) stop();
    for (const [index, { deployment, queueConsumers = [] }] of workers.entries()) {
      for (const { queue, settings } of queueConsumers) {
        if (!this.#deployed[index].worker.handlers.default.includes("queue")) {
          const text = `Worker '${this.#deployed[index].name}' consumes queue '${queue}' and has no queue handler.`;
          this.#emit({ type: "notice", text });
          continue;
        }
        const deliver = (/** @type {any} */ batch) => this.#deliver(index, batch);
        this.#stopConsumers.push(this.#host.consumeQueue(deployment, queue, settings, deliver));
      }
    }
  }

  /** @param {number} index of the Worker @param {Parameters<import("../queues/consumer.js").Deliver>[0]} batch */
  async #deliver(index, batch) {
    const { worker, name } = this.#deployed[index];
    const began = performance.now();
    const about = { type: "queue", worker: name, queue: batch.queue, messages: batch.messages.length };
    try {
      const outcome = await worker.queue(batch);
      this.#emit({ ...about, outcome: "ok", duration_ms: Math.round(performance.now() - began) });
      return outcome;
    } catch (error) {
      this.#emit({ ...about, outcome: "exception", ...describe(error) });
      throw error;
    }
  }

  /** @param {number} index @param {string} cron @param {number} time */
  async #fireOnTime(index, cron, time) {
    try {
      await this.fire(cron, time, index);
    } catch {
      // It has been reported.
    }
  }

  /**
   * @param {Request} request
   * @param {string} path
   * @param {import("../listener.js").RequestConnection} connection
   * @returns {Response | Promise<Response> | undefined} undefined: the API answers
   */
  #answer(request, path, connection) {
    const { development, timeLimitMs } = this.#request;
    if (development && SCHEDULED_PATHS.has(path)) {
      const fire = (/** @type {string} */ cron, /** @type {number} */ time) => this.fire(cron, time);
      return answerScheduled(request, fire, Date.now);
    }
    if (!development && path === "/healthz") return new Response("ok\n");
    if (!development && path === "/readyz")
      return this.isReady ? new Response("ready\n") : new Response("stopping\n", { status: 503 });
    const [{ worker }] = this.#deployed;
    const hasHandler = worker.handlers.default.includes("fetch");
    const { assets } = this.#request.workers[0];
    if (isReserved(path) || (!hasHandler && !assets)) return undefined;
    const fetch = assets ? this.#fetchWithAssets(assets, worker, hasHandler) : worker.fetch.bind(worker);
    return answerByWorker({ fetch }, request, { development, timeLimitMs, ...connection, emit: this.#emit });
  }

  /**
   * @param {import("./assets.js").AssetsConfig} assets
   * @param {ServedWorker} worker
   * @param {boolean} hasHandler
   * @returns {ServedWorker["fetch"]}
   */
  #fetchWithAssets(assets, worker, hasHandler) {
    const { deployment } = this.#request.workers[0];
    const fetchAsset = this.#host.assetsOf(deployment, assets);
    return async (request, options) =>
      (await answerByAssets(request, assets, fetchAsset, hasHandler)) ?? (await worker.fetch(request, options));
  }
}

/** Why a reload ends that still imports. */
function superseded() {
  return new WorkflowError("deployment.superseded", "Newer code has taken the place of this one.");
}

/** Whether a path is Stepwell's where a Worker answers all others. @param {string} path */
function isReserved(path) {
  return path.startsWith("/cdn-cgi/") || path.startsWith("/client/v4/");
}

/** @param {{ script_name?: string | undefined, main: string }} deployment */
export function workerName({ script_name: name, main }) {
  return name ?? main;
}

/** The servings of a host. */
export class Servings {
  /** @type {Map<string, Serving>} */
  #open = new Map();
  #count = 0;

  /** @param {Serving} serving @returns {string} its id */
  add(serving) {
    const id = String(++this.#count);
    this.#open.set(id, serving);
    return id;
  }

  /** @param {string} id */
  get(id) {
    const serving = this.#open.get(id);
    if (!serving) throw new WorkflowError("serving.not_found", `There is no serving ${id}.`);
    return serving;
  }

  /**
   * Pass output of a handler on to the serving of its Worker.
   *
   * @param {{ level: string, text: string, call?: unknown }} log
   * @param {{ scriptName?: string | null, main: string }} deployment
   * @returns {boolean} whether there is one
   */
  log(log, { scriptName, main }) {
    const name = scriptName ?? main;
    const serving = [...this.#open.values()].find((each) => each.mains.get(name) === main);
    serving?.log(log);
    return serving !== undefined;
  }

  /**
   * The main file from which a workflow is served.
   *
   * @param {string} key
   * @param {Serving} [except] a serving that may replace its own workflows
   * @returns {string | undefined}
   */
  mainOfWorkflow(key, except) {
    for (const each of this.#open.values()) {
      const main = each === except ? undefined : each.mainOfWorkflow(key);
      if (main !== undefined) return main;
    }
    return undefined;
  }

  /** Whether one answers by this Worker. @param {ServedWorker} worker */
  serves(worker) {
    return this.#open.values().some((each) => each.serves(worker));
  }

  /** @param {string} id */
  remove(id) {
    this.#open.get(id)?.close();
    this.#open.delete(id);
  }

  /**
   * Two projects that share a state may not have a Worker of the same name.
   *
   * @param {Serving} serving
   * @param {DeployRequest} deployment
   * @throws {WorkflowError}
   */
  refuseConflict(serving, deployment) {
    const name = workerName(deployment);
    for (const other of this.#open.values()) {
      const main = other === serving ? undefined : other.mains.get(name);
      if (main === undefined || main === deployment.main) continue;
      throw new WorkflowError(
        "deployment.conflict",
        `Worker '${name}' of this state is served from ${main}. Give this one another name, or use another --state.`,
      );
    }
  }
}
