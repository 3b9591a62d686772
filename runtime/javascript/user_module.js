/** A deployment: the user's main module, what it exports, and the variables it is given. */

/** @import { DeploymentOptions as Options } from "../pool/pool.js" */

import { spawnSync } from "node:child_process";
import { realpathSync } from "node:fs";
import { basename, dirname, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { knowErrors } from "../../bridge/errors.js";
import { decode } from "../../bridge/values.js";
import { bindingName, Workflow } from "./binding.js";
import { ModuleHandlers } from "./handlers.js";
import { edition, imported } from "./modules.js";
import { env, WorkflowEntrypoint } from "./workers.js";

/** Under this name a bundle exports the modules of the project, by their paths. */
const MODULES_EXPORT = "__stepwell_modules";

/** @typedef {new (ctx: object, env: object) => { run(event: object, step: object): unknown }} WorkflowClass */

export class UserModule {
  #root;
  #main;
  /** @type {Map<string, WorkflowClass>} */
  #classes = new Map();

  handlers = new ModuleHandlers({}, env);
  #vars;
  #bindings;
  #find;

  /**
   * @param {Options} options
   * @param {import("./binding.js").FindCaller} find
   * @param {Record<string, object>} [facades] what `env` has for bindings that the host answers
   */
  constructor({ root, main, vars, varsText, bindings, isBundle }, find, facades = {}) {
    if (isBundle) process.setSourceMapsEnabled(true);
    this.#root = root;
    this.#main = main;
    this.#vars = varsText === undefined ? structuredClone(vars) : decode(varsText);
    this.#bindings = bindings ?? undefined;
    this.#find = find;
    Object.assign(env, facades, this.#vars);
    this.#bind(this.#bindings ?? {});
  }

  /** @param {Record<string, string>} bindings names of workflows by the names that `env` has for them */
  #bind(bindings) {
    for (const [name, workflow] of Object.entries(bindings)) env[name] = new Workflow(workflow, name, this.#find);
  }

  get classes() {
    return [...this.#classes.keys()];
  }

  /** Import the main module. Workflows are the classes it exports, each under the name of its export. */
  async load() {
    const { [MODULES_EXPORT]: bundled, ...exports } = await importFile(this.#main);
    if (bundled) for (const [path, module] of Object.entries(bundled)) knowErrors(path, module);
    else await this.#knowErrors();
    this.handlers = new ModuleHandlers(exports, env);
    for (const [name, value] of Object.entries(exports)) {
      if (typeof value === "function" && value.prototype instanceof WorkflowEntrypoint) this.#classes.set(name, value);
    }
    if (this.#bindings) return;
    // A variable of the same name was chosen by somebody, and comes first.
    this.#bind(Object.fromEntries(this.classes.map((name) => [bindingName(name), name])));
    Object.assign(env, this.#vars);
  }

  /** Import the modules anew, as a new process would: what they keep in variables is gone. */
  async reload() {
    const folders = [realpathSync(this.#root), dirname(realpathSync(this.#main))];
    edition.folders = folders.map((folder) => `${pathToFileURL(folder).href}/`);
    edition.number += 1;
    this.#classes.clear();
    await this.load();
  }

  /** An error of a class that one of the user's modules exports is of that class again when it comes back. */
  async #knowErrors() {
    const root = realpathSync(this.#root);
    for (const url of imported) {
      const path = relative(root, fileURLToPath(url));
      if (path.startsWith("..") || path.includes("node_modules") || !/\.[cm]?[jt]s$/.test(path)) continue;
      // One that could not be imported is its importer's affair.
      knowErrors(path, await import(url).catch(() => ({})));
    }
  }

  /**
   * A fresh entrypoint of the class that is exported as *name*.
   *
   * @param {string} name
   * @param {object} ctx
   */
  create(name, ctx) {
    const Class = this.#classes.get(name);
    if (!Class) {
      const found = this.classes.join(", ") || "none";
      throw new TypeError(`There is no '${name}' class exported by ${basename(this.#main)}. Found: ${found}.`);
    }
    const entrypoint = new Class(ctx, env);
    if (typeof entrypoint.run !== "function") throw new TypeError(`Class '${name}' has no method run(event, step).`);
    return entrypoint;
  }
}

/** @param {string} path */
async function importFile(path) {
  try {
    return await import(pathToFileURL(path).href);
  } catch (error) {
    if (error instanceof SyntaxError) error.stack = placeOf(path) ?? error.stack;
    throw error;
  }
}

/**
 * Where the syntax error of a file is, as Node shows it; V8 tells it to nobody else.
 *
 * @param {string} path
 */
function placeOf(path) {
  const { status, stderr } = spawnSync(process.execPath, ["--check", path], { encoding: "utf8" });
  if (status === 0) return undefined;
  return stderr.replace(/^ {4}at .*\n|^Node\.js .*\n/gm, "").trimEnd();
}
