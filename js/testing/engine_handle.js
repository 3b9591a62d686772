/** The engine of a test, as the test's objects reach it. The twin of this file is `engine.py`. */

import { divergenceText } from "./divergences.js";
import { ModifierError, ReplayError, UnfinishedError } from "./errors.js";
import { HostLink } from "./host_link.js";

/** @typedef {(call: (op: string, fields?: object) => Promise<any>) => Promise<void>} Prepare */

/** Engines that are open. @type {Set<EngineHandle>} */
const open = new Set();

/** It is opened when it is first needed, and again after `finish`: so each test can have a fresh one. */
export class EngineHandle {
  #hostOptions;
  #prepare;
  /** @type {Promise<number> | undefined} */
  #number;
  /** Workflows that are introspected as a whole. @type {Set<string>} */
  introspected = new Set();

  /**
   * @param {import("./host_link.js").HostOptions} hostOptions
   * @param {Prepare} prepare called each time when an engine is opened
   */
  constructor(hostOptions, prepare) {
    this.#hostOptions = hostOptions;
    this.#prepare = prepare;
  }

  get isOpen() {
    return this.#number !== undefined;
  }

  get host() {
    return HostLink.current(this.#hostOptions);
  }

  /**
   * Carry out an operation of the host on this engine.
   *
   * @param {string} op
   * @param {object} [fields]
   * @returns {Promise<any>}
   */
  async call(op, fields = {}) {
    this.#number ??= this.#open();
    return await this.host.call(op, { engine: await this.#number, ...fields });
  }

  /**
   * Close the engine. The next call opens a fresh one.
   *
   * @param {{ check?: boolean }} [options] `check`: replay the instances that have ended, and refuse what the test has left behind
   * @throws {ModifierError | UnfinishedError | ReplayError}
   */
  async finish({ check = false } = {}) {
    const number = this.#number;
    if (number === undefined) return;
    this.#number = undefined;
    open.delete(this);
    this.introspected.clear();
    const { host } = this;
    const engine = await number;
    const replays = check ? await host.call("replay", { engine, id: null }) : [];
    const left = await host.call("close", { engine });
    if (check) refuse({ ...left, replays });
  }

  async #open() {
    const { host } = this;
    const { engine } = await host.call("open", {});
    open.add(this);
    await this.#prepare((op, fields = {}) => host.call(op, { engine, ...fields }));
    return engine;
  }
}

/** Close all engines that are open, as `EngineHandle.finish`. @param {{ check?: boolean }} [options] */
export async function finishAll(options) {
  const done = await Promise.allSettled([...open].map((engine) => engine.finish(options)));
  const problems = done.flatMap((each) => (each.status === "rejected" ? [each.reason] : []));
  if (problems.length === 1) throw problems[0];
  if (problems.length > 1) throw new AggregateError(problems, "The test has left something behind.");
}

/** @param {{ unused: any[], unfinished: any[], replays: any[] }} leftovers */
function refuse({ unused, unfinished, replays }) {
  const never = unused.map(({ workflow, id, name, index, method }) => {
    const where = `of instance '${id}' of workflow '${workflow}'`;
    if (index === null) return `${camelCase(method)}('${name}') ${where}: no step has waited for such an event.`;
    return `${camelCase(method)}('${name}', index ${index}) ${where}: the step has never run.`;
  });
  if (never.length > 0) throw new ModifierError(never.join("\n"));
  const running = unfinished.map(
    ({ workflow, id, status }) =>
      `Instance '${id}' of workflow '${workflow}' has not ended: its status is '${status}'. Wait for its end, terminate it or dispose of it.`,
  );
  if (running.length > 0) throw new UnfinishedError(running.join("\n"));
  const broken = divergenceText(replays);
  if (broken) throw new ReplayError(broken);
}

/** @param {string} method in snake_case */
function camelCase(method) {
  return method.replaceAll(/_(.)/g, (_, letter) => letter.toUpperCase());
}
