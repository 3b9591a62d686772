/** Which code the workflows of a state run, and the guests that run it. */

/** @import { WorkflowRow } from "../store/store.d.ts" */

import { dirname, extname, relative, resolve } from "node:path";
import { WorkflowError } from "../engine/errors.js";
import { JavaScriptGuest } from "../../runtime/javascript/pool.js";
import { PyodideGuest } from "../../runtime/pyodide/pool.js";
import { modulesFolder } from "./packages.js";
import { Sources } from "./sources.js";

/**
 * @typedef {object} Deployment
 * @property {string} root folder whose modules can be imported
 * @property {string} main the file that has the workflows
 * @property {Record<string, unknown>} vars
 * @property {Record<string, string> | null} bindings names of workflows by the names under which `env` has them; null: each
 *   class under its own
 *
 * @typedef {{ guest: PyodideGuest | JavaScriptGuest, classes: string[] }} Loaded
 */

/** For so long, in ms, nobody looks again whether the code of a deployment has changed. */
const FRESH = 1000;
/** How often a guest whose code has been replaced is looked at: it goes when nobody is in it. */
const RETIRE = 10_000;

/** Which runtime runs the main file, by its extension. @type {Record<string, typeof PyodideGuest | typeof JavaScriptGuest>} */
const RUNTIMES = {
  ".py": PyodideGuest,
  ".js": JavaScriptGuest,
  ".mjs": JavaScriptGuest,
  ".ts": JavaScriptGuest,
  ".mts": JavaScriptGuest,
};

export class Deployments {
  #stateFolder;
  #lane;
  #print;
  #sources = new Sources();
  /** By deployment. @type {Map<string, { version: string, lookedAt: number, loaded: Promise<Loaded> }>} */
  #loaded = new Map();
  /** Those that are loading included: code may take forever to import. @type {Set<PyodideGuest | JavaScriptGuest>} */
  #guests = new Set();

  /**
   * @param {string} state path of the state file: the code's place is kept relative to its folder
   * @param {object} options
   * @param {"batched" | "js"} [options.lane]
   * @param {(text: string) => void} options.print takes what modules print while they are imported
   */
  constructor(state, { lane = "batched", print }) {
    this.#stateFolder = dirname(state);
    this.#lane = lane;
    this.#print = print;
  }

  /**
   * Load the code into an interpreter, once for the same deployment in the same version.
   *
   * @param {Deployment} deployment
   * @param {{ maxAge?: number }} [options] for how long, in ms, what was loaded last is taken for the newest
   * @returns {Promise<Loaded>}
   */
  load(deployment, { maxAge = 0 } = {}) {
    const key = JSON.stringify([deployment.root, deployment.main, deployment.vars, deployment.bindings]);
    const known = this.#loaded.get(key);
    const now = performance.now();
    if (known && now - known.lookedAt < maxAge) return known.loaded;
    const complete = withModules(deployment);
    const version = this.#sources.version(complete);
    if (known?.version === version) {
      known.lookedAt = now;
      return known.loaded;
    }
    const loaded = this.#start({ ...complete, lane: this.#lane });
    this.#loaded.set(key, { version, lookedAt: now, loaded });
    // A failure is not remembered: the file may be mended in the meantime.
    loaded.catch(() => this.#loaded.get(key)?.loaded === loaded && this.#loaded.delete(key));
    if (known) void known.loaded.then(({ guest }) => this.#retire(guest)).catch(() => {});
    return loaded;
  }

  /** What runs now runs on in the code that it began with; each pass that begins takes the newest. @param {WorkflowRow} workflow */
  async guestFor(workflow) {
    return (await this.load(this.deploymentOf(workflow), { maxAge: FRESH })).guest;
  }

  /** @param {WorkflowRow} workflow @returns {Deployment} */
  deploymentOf({ root, main, vars, bindings }) {
    return {
      root: resolve(this.#stateFolder, root),
      main: resolve(this.#stateFolder, main),
      vars: JSON.parse(vars),
      bindings: bindings === null ? null : JSON.parse(bindings),
    };
  }

  /**
   * @param {Deployment} deployment
   * @param {{ name: string, className: string, stepLimit?: number | undefined, concurrency?: number | undefined, retention?: import("../engine/creation.js").Retention }} workflow
   */
  toRow(deployment, { name, className, stepLimit, concurrency, retention = {} }) {
    return {
      name,
      className,
      root: relative(this.#stateFolder, deployment.root),
      main: relative(this.#stateFolder, deployment.main),
      vars: JSON.stringify(deployment.vars),
      bindings: deployment.bindings && JSON.stringify(deployment.bindings),
      stepLimit: stepLimit ?? null,
      concurrency: concurrency ?? null,
      successRetention: retention.successRetention ?? null,
      errorRetention: retention.errorRetention ?? null,
      versionId: this.#sources.version(withModules(deployment)),
    };
  }

  async dispose() {
    const guests = [...this.#guests];
    this.#loaded.clear();
    this.#guests.clear();
    await Promise.allSettled(guests.map((guest) => guest.dispose()));
  }

  /** @param {Loaded["guest"]} guest */
  #retire(guest) {
    const timer = setInterval(() => {
      if (guest.inUse) return;
      clearInterval(timer);
      this.#guests.delete(guest);
      void guest.dispose();
    }, RETIRE).unref();
  }

  /** @param {ReturnType<typeof withModules> & { lane: "batched" | "js" }} deployment @returns {Promise<Loaded>} */
  async #start(deployment) {
    const Runtime = RUNTIMES[extname(deployment.main)];
    if (!Runtime) {
      const known = Object.keys(RUNTIMES).join(", ");
      throw new WorkflowError(
        "deployment.not_runnable",
        `${deployment.main} cannot be run: its name ends in none of ${known}.`,
      );
    }
    const guest = new Runtime({ deployment });
    this.#guests.add(guest);
    try {
      const { classes, output } = await guest.load();
      for (const { text } of output) this.#print(text.trimEnd());
      return { guest, classes };
    } catch (error) {
      this.#guests.delete(guest);
      await guest.dispose();
      throw error;
    }
  }
}

/** @param {Deployment & { runtime?: { name: string } | null }} deployment */
function withModules(deployment) {
  const { main, runtime } = deployment;
  const name = runtime?.name ?? (extname(main) === ".py" ? "pyodide" : "javascript");
  // What JavaScript imports is npm's business.
  return { ...deployment, modules: name === "javascript" ? null : modulesFolder(main, name) };
}
