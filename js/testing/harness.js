/** `createTestHarness`: Workers of a test, with one engine, by upstream's names. */

/** @import { TestHarness, TestHarnessOptions, TestHarnessWorker } from "./testing.d.ts" */

import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { EngineHandle } from "./engine_handle.js";
import { TestKitError } from "./errors.js";
import { readProject } from "./project.js";
import { TestWorker } from "./worker.js";

/** @param {TestHarnessOptions} options @returns {TestHarness} */
export function createTestHarness(options) {
  return new Harness(options);
}

/** Workers that are deployed in one engine. @typedef {{ engine: EngineHandle, workers: TestWorker[] }} Session */

/** @implements {TestHarness} */
class Harness {
  #options;
  /** @type {Promise<Session> | undefined} */
  #session;

  /** @param {TestHarnessOptions} options */
  constructor(options) {
    this.#options = checked(options);
    this.clock = new Clock(async () => (await this.#opened()).engine);
  }

  /** Start it. Calls start it too, so a failure to start is all that this shows earlier. */
  async listen() {
    await (await this.#opened()).engine.call("now");
  }

  /**
   * Send a request to the first Worker.
   *
   * @param {RequestInfo | URL} input
   * @param {RequestInit} [init]
   */
  async fetch(input, init) {
    return await (await this.#worker(undefined)).fetch(input, init);
  }

  /** @param {string} [name] of a Worker, by default the first; it may be asked for before `listen()` */
  getWorker(name) {
    const of = () => this.#worker(name);
    return /** @type {import("./testing.d.ts").WorkerHandle} */ ({
      fetch: async (input, init) => await (await of()).fetch(input, init),
      scheduled: async (controller) => await (await of()).scheduled(controller),
      queue: async (queue, messages) => await (await of()).queue(queue, messages),
      getEnv: async () => await (await of()).getEnv(),
      getExport: async () => await (await of()).getExport(),
      checkAllCrashes: async (binding, options) => await (await of()).checkAllCrashes(binding, options),
      checkAllOrders: async (binding, options) => await (await of()).checkAllOrders(binding, options),
      introspectWorkflow: async (binding) => await (await of()).introspectWorkflow(binding),
      introspectWorkflowInstance: async (binding, id) => await (await of()).introspectWorkflowInstance(binding, id),
    });
  }

  /**
   * Run other Workers from now on. What the engine has is gone.
   *
   * @param {TestHarnessOptions | ((options: TestHarnessOptions) => TestHarnessOptions)} options
   */
  async update(options) {
    await this.close();
    this.#options = checked(typeof options === "function" ? options(this.#options) : options);
  }

  /** Begin anew: no instances, no modifiers, and the clock at its beginning. */
  async reset() {
    await (await this.#session)?.engine.finish();
  }

  /** Refuse what the test has left behind, and begin anew. */
  async check() {
    await (await this.#session)?.engine.finish({ check: true });
  }

  /** End it. It is bound: test frameworks are given it as a callback. */
  close = async () => {
    const session = this.#session;
    this.#session = undefined;
    await (await session)?.engine.finish();
  };

  async [Symbol.asyncDispose]() {
    await this.close();
  }

  #opened() {
    this.#session ??= openSession(this.#options);
    return this.#session;
  }

  /** @param {string | undefined} name */
  async #worker(name) {
    const { workers } = await this.#opened();
    const found = name === undefined ? workers[0] : workers.find((worker) => worker.name === name);
    if (found) return found;
    const known = workers.map((worker) => worker.name).join(", ");
    throw new TestKitError(`The harness has no Worker '${name}'. It has: ${known}.`);
  }
}

/** The time, as the workflows see it. */
class Clock {
  #engine;

  /** @param {() => Promise<EngineHandle>} engine */
  constructor(engine) {
    this.#engine = engine;
  }

  async now() {
    return new Date((await (await this.#engine()).call("now")).now);
  }

  /** Move on, with all that falls due on the way. @param {string | number} duration */
  async advance(duration) {
    await (await this.#engine()).call("advance", { duration });
  }

  /** Move on to a time. @param {Date | number} time */
  async moveTo(time) {
    await (await this.#engine()).call("moveTo", { time: Number(time) });
  }
}

/** @param {TestHarnessOptions} options @returns {Promise<Session>} */
async function openSession({ root = process.cwd(), workers: inputs }) {
  const projects = await Promise.all(inputs.map((input) => readProject(requestOf(input, root))));
  /** @type {TestWorker[]} */
  const workers = [];
  const [{ environment, deployment }] = projects;
  const warm = { main: deployment.main, runtime: deployment.runtime };
  const engine = new EngineHandle({ environment, warm }, async (call) => {
    for (const worker of workers) await worker.deploy(call);
  });
  for (const [index, project] of projects.entries()) {
    const { vars = {}, secrets = {}, env = {}, bindingOverrides = {} } = overridesOf(inputs[index]);
    workers.push(new TestWorker(engine, project, { ...vars, ...secrets, ...env }, bindingOverrides));
  }
  return { engine, workers };
}

/** @param {TestHarnessWorker} input */
function overridesOf(input) {
  const { vars, secrets, bindingOverrides, bindings } = /** @type {any} */ (input);
  return { vars, secrets, bindingOverrides, env: bindings };
}

/** @param {TestHarnessWorker} input @param {string} root */
function requestOf(input, root) {
  if ("config" in input) return { inline: input.config, root };
  if ("main" in input) return { main: resolve(root, input.main) };
  const path = input.configPath instanceof URL ? fileURLToPath(input.configPath) : input.configPath;
  return { config: resolve(root, path), ...(input.env === undefined ? {} : { env: input.env }) };
}

/** @param {TestHarnessOptions} options */
function checked(options) {
  if (!Array.isArray(options?.workers) || options.workers.length === 0)
    throw new TestKitError(
      'createTestHarness() needs at least one Worker: { workers: [{ configPath: "./wrangler.jsonc" }] }.',
    );
  return options;
}
