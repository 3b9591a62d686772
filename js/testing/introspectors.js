/** Instances as a test sees and drives them, by upstream's names. */

/** @import { EngineHandle } from "./engine_handle.js" */
/** @import { StepSelector, WorkflowInstanceIntrospector, WorkflowInstanceModifier, WorkflowIntrospector } from "./testing.d.ts" */

import { fromWire } from "../../bridge/errors.js";
import { decode } from "../../bridge/values.js";
import { TestKitError } from "./errors.js";
import { Modifier, selector } from "./modifier.js";

/** Classes of errors that JavaScript has. */
const OWN_NAMES = new Set([
  "AggregateError",
  "Error",
  "EvalError",
  "RangeError",
  "ReferenceError",
  "SyntaxError",
  "TypeError",
  "URIError",
]);

/** @typedef {(modifier: WorkflowInstanceModifier) => unknown} Change */

/** An instance, which need not exist yet. @implements {WorkflowInstanceIntrospector} */
export class InstanceIntrospector {
  #engine;
  #target;

  /** @param {EngineHandle} engine @param {string} workflow @param {string} id */
  constructor(engine, workflow, id) {
    this.#engine = engine;
    this.#target = { workflow, id };
  }

  get id() {
    return this.#target.id;
  }

  /** Call *change* with the modifier of the instance. @param {Change} change */
  async modify(change) {
    await change(new Modifier(this.#engine, this.#target.workflow, this.id));
    return this;
  }

  /** Let time pass until the instance has the status. @param {string} status */
  async waitForStatus(status) {
    await this.#call("waitForStatus", { status });
  }

  /** Let time pass until a step has ended. Gives its result, or throws its error. A stream is a `ReadableStream`. @param {StepSelector} step */
  async waitForStepResult(step) {
    const { value, isStream, error } = await this.#call("waitForStep", { step: selector(step) });
    if (error) throw fromWire(error);
    const result = decode(value);
    return isStream ? new Blob([result]).stream() : result;
  }

  /** What the instance has given. */
  async getOutput() {
    return decode((await this.#ended("output", "complete")).output);
  }

  /**
   * What the instance has failed with. As on Cloudflare, where errors cross as JavaScript's own classes, a name that is not
   * JavaScript's stands in the message.
   *
   * @returns {Promise<{ name: string, message: string }>}
   */
  async getError() {
    const { name, message } = (await this.#ended("error", "errored")).error;
    return OWN_NAMES.has(name) ? { name, message } : { name: "Error", message: `${name}: ${message}` };
  }

  /** End the instance if it runs, and delete it. It is bound: test frameworks are given it as a callback. */
  dispose = async () => {
    if (this.#engine.isOpen) await this.#call("dispose", { replay: true });
  };

  async [Symbol.asyncDispose]() {
    await this.dispose();
  }

  /** @param {"output" | "error"} what @param {string} needed */
  async #ended(what, needed) {
    const found = await this.#call("get");
    if (found.status === needed) return found;
    const cause = found.error ? ` It has failed with ${found.error.name}: ${found.error.message}` : "";
    throw new TestKitError(
      `Cannot retrieve ${what}: Workflow instance is in status "${found.status}" but must be "${needed}".${cause}`,
    );
  }

  /** @param {string} op @param {object} [fields] */
  #call(op, fields) {
    return this.#engine.call(op, { ...this.#target, ...fields });
  }
}

/** Captures the instances of a workflow that are created from now on. @implements {WorkflowIntrospector} */
export class AllIntrospector {
  #engine;
  #workflow;
  #isDisposed = false;
  /** @type {Set<string>} */
  #known = new Set();

  /** @param {EngineHandle} engine @param {string} workflow @param {string} binding that the workflow has */
  static async start(engine, workflow, binding) {
    if (engine.introspected.has(workflow))
      throw new TestKitError(
        `Workflow "${workflow}" already has an active introspection session for binding "${binding}". Dispose of that introspector before you make another one.`,
      );
    const introspector = new AllIntrospector(engine, workflow);
    introspector.#known = new Set(await introspector.#ids());
    engine.introspected.add(workflow);
    return introspector;
  }

  /** @param {EngineHandle} engine @param {string} workflow */
  constructor(engine, workflow) {
    this.#engine = engine;
    this.#workflow = workflow;
  }

  /** Call *change* with a modifier of all further instances. @param {Change} change */
  async modifyAll(change) {
    this.#checkActive();
    await change(new Modifier(this.#engine, this.#workflow, null));
  }

  /** The instances that have been created since, the first one first. */
  async get() {
    this.#checkActive();
    return await this.#captured();
  }

  async #captured() {
    const ids = (await this.#ids()).filter((id) => !this.#known.has(id));
    return ids.map((id) => new InstanceIntrospector(this.#engine, this.#workflow, id));
  }

  /** End and delete the captured instances, and change no further ones. It is bound, as that of an instance. */
  dispose = async () => {
    if (this.#isDisposed || !this.#engine.isOpen) return;
    this.#isDisposed = true;
    this.#engine.introspected.delete(this.#workflow);
    await this.#engine.call("modifyNoMore", { workflow: this.#workflow });
    for (const instance of await this.#captured()) await instance.dispose();
  };

  #checkActive() {
    if (this.#isDisposed)
      throw new TestKitError(
        `Workflow "${this.#workflow}" does not have an active introspection session for this introspector.`,
      );
  }

  async [Symbol.asyncDispose]() {
    await this.dispose();
  }

  /** @returns {Promise<string[]>} */
  async #ids() {
    const found = await this.#engine.call("list", { workflow: this.#workflow });
    return found.map((/** @type {{ id: string }} */ each) => each.id);
  }
}
