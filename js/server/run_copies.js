/** Copies of instances: as run files, and as new instances made out of run files or of other instances. */

/** @import { Engine } from "../engine/engine.js" */
/** @import { Driver } from "../store/driver.d.ts" */
/** @import { DeploymentLoader } from "./deployment_loader.js" */

import { WorkflowError } from "../engine/errors.js";
import { importedFiles } from "./imports.js";
import { masked, maskedVars } from "./masking.js";
import { openApart, runFile } from "./run_files.js";
import { PYODIDE_VERSION, VERSION } from "./version.js";

/** Gives what has the rows of an instance and of its workflow. @typedef {(number: number) => Promise<{ driver: Driver, close(): void }>} Source */

export class RunCopies {
  #engine;
  #deployments;
  #source;

  /** @param {{ engine: Engine, deployments: DeploymentLoader, source: Source }} parts */
  constructor({ engine, deployments, source }) {
    this.#engine = engine;
    this.#deployments = deployments;
    this.#source = source;
  }

  /**
   * An instance as a run file.
   *
   * @param {string} name
   * @param {string} id
   * @param {{ vars?: "masked" | "whole" | "none" }} [options] what the file has of variables. If they are masked or left out, their values are
   *   hidden in what the code has printed and raised, too
   * @returns {Promise<Buffer<ArrayBuffer>>}
   */
  async export(name, id, { vars = "masked" } = {}) {
    const { number } = await this.#engine.get(name, id);
    const workflow = await this.#engine.workflow(name);
    const { root, main } = this.#deployments.rows.deploymentOf(workflow);
    const mask = this.#deployments.maskFor(workflow);
    const masking = {
      vars: vars === "masked" ? maskedVars : () => "{}",
      value: (/** @type {unknown} */ value) => masked(value, mask),
      text: mask,
    };
    const { node, sqlite = "" } = process.versions;
    /** @type {Record<string, string>} */
    const versions = { stepwell: VERSION, node, sqlite };
    if (main.endsWith(".py")) versions.pyodide = PYODIDE_VERSION;
    const sources = this.#sourcesOf(root, main);
    const source = await this.#source(number);
    try {
      return runFile(source.driver, number, {
        sources,
        main: sources[0].path,
        versions,
        exportedAt: Date.now(),
        ...(vars === "whole" ? {} : { masking }),
      });
    } finally {
      source.close();
    }
  }

  /** @param {string} root @param {string} main */
  #sourcesOf(root, main) {
    try {
      return importedFiles({ root, main });
    } catch (error) {
      const { message } = /** @type {Error} */ (error);
      throw new WorkflowError("deployment.unreadable", `The workflow's code cannot be read (${message}).`);
    }
  }

  /**
   * Make an instance out of a run file.
   *
   * @param {string} name of the workflow
   * @param {string} path
   * @param {Parameters<Engine["creator"]["fork"]>[2]} options
   * @returns {Promise<string>} its id
   */
  async forkFile(name, path, options) {
    const { run, store } = await openApart(path);
    try {
      return await this.#engine.creator.fork(name, { store, number: run.number }, options);
    } finally {
      store.close();
    }
  }
}
