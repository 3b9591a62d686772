/** A project in a test: its handlers, its `env`, and its workflows by the names of their bindings. */

/** @import { EngineHandle } from "./engine_handle.js" */
/** @import { Project } from "./project.js" */
/** @import { CrashOptions, OrderOptions } from "./testing.d.ts" */

import { encode } from "../../bridge/values.js";
import { bindingName, Workflow } from "../../runtime/javascript/binding.js";
import { exploreCrashes } from "./crashes.js";
import { doubleKey, isVariable } from "./doubles.js";
import { TestKitError } from "./errors.js";
import { AllIntrospector, InstanceIntrospector } from "./introspectors.js";
import { exploreOrders } from "./orders.js";
import { ScriptedWorkflow } from "./scripted_workflow.js";

/** A request without a body has none. */
const BODILESS = new Set(["GET", "HEAD"]);
/** What a path without a host is on. */
const ORIGIN = "http://localhost";
/** An entry of `env` whose calls the test process answers. */
const DOUBLE = { kind: "host", type: "double" };

export class TestWorker {
  #engine;
  #project;
  #doubles;
  #deployment;
  /** Names of workflows, by binding. @type {Record<string, string>} */
  #bindings = {};
  #ready;

  /**
   * @param {EngineHandle} engine
   * @param {Project} project
   * @param {Record<string, unknown>} [overrides] further entries of `env`: values, and objects whose methods answer calls
   * @param {Record<string, string>} [services] names of Workers, by the bindings that they stand in for
   */
  constructor(engine, project, overrides = {}, services = {}) {
    this.#engine = engine;
    this.#project = project;
    const entries = Object.entries(overrides);
    this.#doubles = entries.filter(([, entry]) => !isVariable(entry));
    const values = Object.fromEntries(entries.filter(([, entry]) => isVariable(entry)));
    const vars = { ...project.deployment.vars, ...values };
    const env = {
      ...project.deployment.env,
      ...Object.fromEntries(this.#doubles.map(([name]) => [name, DOUBLE])),
      ...Object.fromEntries(Object.entries(services).map(([name, service]) => [name, { kind: "service", service }])),
    };
    const { workflows, ...deployment } = { ...project.deployment, vars };
    this.#deployment = { ...deployment, varsText: encode(vars, "vars"), env: Object.keys(env).length > 0 ? env : null };
    this.#ready = { workflows };
  }

  /** The Worker's name. */
  get name() {
    return this.#project.name;
  }

  /** Deploy it. @param {(op: string, fields?: object) => Promise<any>} call an operation of the engine */
  async deploy(call) {
    for (const [name, double] of this.#doubles)
      this.#engine.host.doubles.set(doubleKey(this.#deployment.main, name), double);
    const deployed = await call("deploy", { deployment: this.#deployment, workflows: this.#ready.workflows });
    const own = deployed.map((/** @type {any} */ each) => [bindingName(each.class_name), each.name]);
    this.#bindings = this.#project.bindings ?? Object.fromEntries(own);
  }

  /**
   * Send a request to the `fetch` handler. A path alone is one of this machine.
   *
   * @param {RequestInfo | URL} input
   * @param {RequestInit} [init]
   * @returns {Promise<Response>}
   */
  async fetch(input, init) {
    const target = typeof input === "string" ? new URL(input, ORIGIN) : input;
    const request = new Request(target, init);
    const { method, url, headers } = request;
    const body = BODILESS.has(method) ? null : Buffer.from(await request.arrayBuffer()).toString("base64");
    const sent = { method, url, headers: [...headers], body };
    const answer = await this.#call("fetch", { request: sent });
    const bytes = Buffer.from(answer.body, "base64");
    return new Response(bytes.length > 0 ? bytes : null, { status: answer.status, headers: answer.headers });
  }

  /**
   * Call the `scheduled` handler.
   *
   * @param {{ cron?: string, scheduledTime?: Date | number }} [options]
   * @returns {Promise<{ outcome: string, noRetry: boolean }>}
   */
  async scheduled({ cron = "", scheduledTime } = {}) {
    const time = scheduledTime === undefined ? (await this.#engine.call("now")).now : Number(scheduledTime);
    return await this.#call("scheduled", { event: { cron, scheduledTime: time } });
  }

  /**
   * Give the `queue` handler a batch. Gives what it has decided about the messages.
   *
   * @param {string} queue
   * @param {{ id?: string, timestamp?: Date, attempts?: number, body?: unknown }[]} messages
   */
  async queue(queue, messages) {
    const { now } = await this.#engine.call("now");
    const packed = messages.map(({ id, timestamp, attempts = 1, body }, index) => ({
      id: id ?? `message-${index + 1}`,
      timestamp: Number(timestamp ?? now),
      attempts,
      body: encode(body, "a message"),
    }));
    return await this.#call("queue", { batch: { queue, messages: packed } });
  }

  /** The project's `env`: workflows, variables and doubles. @returns {Promise<Record<string, any>>} */
  async getEnv() {
    await this.#opened();
    const workflows = Object.entries(this.#bindings).map(([binding, name]) => [binding, this.#binding(name, binding)]);
    return { ...this.#deployment.vars, ...Object.fromEntries(this.#doubles), ...Object.fromEntries(workflows) };
  }

  /** The Worker's default export, as a service binding has it. */
  async getExport() {
    return { fetch: this.fetch.bind(this), scheduled: this.scheduled.bind(this), queue: this.queue.bind(this) };
  }

  /** Capture the instances of a workflow that are created from now on. @param {string | object} binding */
  async introspectWorkflow(binding) {
    const workflow = await this.#find(binding);
    const name = Object.entries(this.#bindings).find(([, each]) => each === workflow)?.[0] ?? workflow;
    return await AllIntrospector.start(this.#engine, workflow, name);
  }

  /** An instance that need not exist yet. @param {string | object} binding @param {string} id */
  async introspectWorkflowInstance(binding, id) {
    return new InstanceIntrospector(this.#engine, await this.#find(binding), id);
  }

  /** Run a workflow with a crash at each point. @param {string | object} binding @param {CrashOptions} [options] */
  async checkAllCrashes(binding, options = {}) {
    const script = await ScriptedWorkflow.of(this.#engine, await this.#find(binding), options);
    return await exploreCrashes(script, options);
  }

  /** Run a workflow in each order of its outcomes. @param {string | object} binding @param {OrderOptions} [options] */
  async checkAllOrders(binding, options = {}) {
    const script = await ScriptedWorkflow.of(this.#engine, await this.#find(binding), options);
    return await exploreOrders(script, options);
  }

  /** @param {string} name @param {string} binding */
  #binding(name, binding) {
    const call = async (/** @type {string} */ workflow, /** @type {string} */ method, /** @type {object} */ args) =>
      (await this.#engine.call("binding", { workflow, method, args })).text ?? undefined;
    const workflow = new Workflow(name, binding, () => ({ call }));
    names.set(workflow, name);
    return workflow;
  }

  /** The name of a workflow. @param {string | object} binding its name, or an entry of `env` */
  async #find(binding) {
    await this.#opened();
    const name = typeof binding === "string" ? this.#bindings[binding] : names.get(binding);
    if (name !== undefined) return name;
    const known = Object.keys(this.#bindings).join(", ") || "none";
    const got = typeof binding === "string" ? `'${binding}'` : "what was given";
    throw new TestKitError(`${got} is no workflow binding of ${this.name ?? this.#deployment.main}. It has: ${known}.`);
  }

  /** Opening the engine deploys it. */
  async #opened() {
    await this.#engine.call("now");
  }

  /** @param {string} op @param {object} fields */
  #call(op, fields) {
    return this.#engine.call(op, { deployment: { ...this.#deployment, workflows: null }, ...fields });
  }
}

/** Names of workflows, by binding object. @type {WeakMap<object, string>} */
const names = new WeakMap();
