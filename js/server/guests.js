/** The interpreters of a host: how the code of a deployment starts in one, and when one goes whose code has been replaced. */

/** @import { HandlerLog } from "../../runtime/pool/handler_pool.js" */
/** @import { Handlers } from "../../runtime/pool/pool.js" */
/** @import { RuntimeGuest } from "../../runtime/registry.js" */
/** @import { HostServices } from "../worker/binding_calls.js" */
/** @import { Deployment } from "./deployment.js" */
/** @import { Mask } from "./masking.js" */
/** @import { JsonSchema } from "./payload_check.js" */
/** @import { Sources } from "./sources.js" */

import { join } from "node:path";
import { cacheFolder } from "../../runtime/pyodide/snapshot.js";
import { RUNTIMES } from "../../runtime/registry.js";
import { bundle } from "../bundler/bundler.js";
import { answerBindingCalls } from "../worker/binding_calls.js";
import { Worker } from "../worker/worker.js";
import { bundleOptionsOf, keyOf, runtimeNameOf } from "./deployment.js";
import { importedFiles } from "./imports.js";
import { maskOf } from "./masking.js";

/**
 * A deployment with all that an interpreter needs of it.
 *
 * @typedef {Deployment & { modules: string | null, imports: string[], transport: "batched" | "js" }} CompleteDeployment
 *
 * @typedef {{ guest: RuntimeGuest, classes: string[], worker: Worker, schemas?: Record<string, JsonSchema> }} Loaded `schemas`: of
 *   payloads, by class
 *
 * @typedef {object} GuestsOptions
 * @property {Sources} sources
 * @property {object} guestOptions limits of the guests, and the clock of their code; see `Pool`
 * @property {(text: string) => void} print takes what modules print while they are imported
 * @property {(on: boolean) => void} ondebugging a debugger in a workflow takes the terminal, or returns it
 * @property {(log: HandlerLog, deployment: Deployment) => void} onlog takes output of handlers
 * @property {string | undefined} objectsFolder of the files of Durable Objects; undefined: there are none
 * @property {(deployment: Deployment, worker: Worker) => HostServices} servicesFor what the code may ask of the host
 */

/** How often a guest whose code has been replaced is looked at: it goes when no pass is in it. */
const RETIRE_POLL_INTERVAL_MS = 1000;

/** What a bundle can import as a module. */
const MODULE = /\.[cm]?[jt]sx?$/;

export class Guests {
  #options;
  /** Those that are loading included: code may take forever to import. @type {Set<RuntimeGuest>} */
  #guests = new Set();
  /** Those that still answer requests. @type {Set<Worker>} */
  #workers = new Set();
  /** What hides the secrets of each deployment in texts for people. @type {Map<string, Mask>} */
  #masks = new Map();
  /** Guests whose code has been replaced. @type {WeakSet<object>} */
  #superseded = new WeakSet();

  /** @param {GuestsOptions} options */
  constructor(options) {
    this.#options = options;
  }

  /**
   * Import a deployment into a guest of its own.
   *
   * @param {CompleteDeployment} deployment
   * @param {AbortSignal} signal ends an import that still runs
   * @returns {Promise<Loaded>}
   * @throws what the import raised, without secrets; the signal's reason
   */
  async start(deployment, signal) {
    if (bundleOptionsOf(deployment)) return this.#startBundled(deployment, signal);
    try {
      return await this.#open(deployment, signal);
    } catch (error) {
      if (!(/** @type {{ unlinked?: boolean }} */ (error).unlinked)) throw error;
      return await this.#startBundled(deployment, signal);
    }
  }

  /** @param {CompleteDeployment} deployment @param {AbortSignal} signal */
  async #startBundled(deployment, signal) {
    const { root, main } = deployment;
    const modules = importedFiles(deployment)
      .map(({ path }) => join(root, path))
      .filter((path) => MODULE.test(path));
    const name = this.#options.sources.version(deployment);
    const request = { root, main, modules, ...bundleOptionsOf(deployment) };
    const path = await bundle(request, name, join(cacheFolder(), "bundles")).catch((error) => {
      throw Object.assign(error, { during: "import" });
    });
    return await this.#open({ ...deployment, main: path, isBundle: true }, signal);
  }

  /**
   * @param {CompleteDeployment & { isBundle?: boolean }} deployment
   * @param {AbortSignal} signal
   * @returns {Promise<Loaded>}
   */
  async #open(deployment, signal) {
    const GuestClass = await RUNTIMES[runtimeNameOf(deployment)].load();
    await GuestClass.prepare?.(deployment, this.#options.print);
    signal.throwIfAborted();
    const guest = new GuestClass({ deployment, ...this.#options.guestOptions });
    const end = () => void guest.dispose();
    signal.addEventListener("abort", end);
    const mask = maskOf(deployment.varsText ?? JSON.stringify(deployment.vars));
    this.#masks.set(keyOf(deployment), mask);
    guest.onoutput = (text) => this.#options.print(mask(text.trimEnd()));
    guest.onproblem = (line) => this.#options.print(mask(line));
    guest.ondebugging = this.#options.ondebugging;
    this.#guests.add(guest);
    try {
      /** @type {{ classes: string[], handlers?: Handlers, schemas?: Record<string, JsonSchema>, output: { text: string }[] }} */
      const { classes, handlers, schemas, output } = await guest.load();
      for (const { text } of output) this.#options.print(mask(text.trimEnd()));
      const worker = makeWorker(guest, runtimeNameOf(deployment), handlers, this.#options.objectsFolder);
      this.#workers.add(worker);
      worker.onlog = (log) => this.#options.onlog({ ...log, text: mask(log.text) }, deployment);
      guest.answer = answerBindingCalls(deployment.env ?? {}, this.#options.servicesFor(deployment, worker));
      return { guest, classes, worker, ...(schemas && { schemas }) };
    } catch (error) {
      this.#guests.delete(guest);
      await guest.dispose();
      signal.throwIfAborted();
      throw maskError(/** @type {Error & { traceback?: string }} */ (error), mask);
    } finally {
      signal.removeEventListener("abort", end);
    }
  }

  /**
   * The deployment in an interpreter of its own, which `close` ends.
   *
   * @param {CompleteDeployment} deployment
   * @returns {Promise<{ guest: RuntimeGuest, close: () => Promise<void> }>}
   */
  async openApart(deployment) {
    const GuestClass = await RUNTIMES[runtimeNameOf(deployment)].load();
    const guest = new GuestClass({ deployment });
    this.#guests.add(guest);
    const close = async () => {
      this.#guests.delete(guest);
      await guest.dispose();
    };
    try {
      await guest.load();
    } catch (error) {
      await close();
      throw error;
    }
    return { guest, close };
  }

  /** Hides the secrets of all that has been loaded. @param {string} text */
  mask(text) {
    return this.#masks.values().reduce((masked, mask) => mask(masked), text);
  }

  /** Whether the code that a guest runs has been replaced. @param {object} guest */
  isSuperseded(guest) {
    return this.#superseded.has(guest);
  }

  /** Their code has been replaced: they go when nothing uses them any more. @param {Loaded} loaded */
  async retire({ guest, worker }) {
    this.#retireGuest(guest);
    // A caller that has got it a moment ago has yet to call it.
    await new Promise((resolve) => setTimeout(resolve, RETIRE_POLL_INTERVAL_MS).unref());
    await worker.retire();
    this.#workers.delete(worker);
  }

  /** @param {RuntimeGuest} guest */
  #retireGuest(guest) {
    this.#superseded.add(guest);
    const timer = setInterval(() => {
      if (guest.inUse) return;
      clearInterval(timer);
      this.#guests.delete(guest);
      void guest.dispose();
    }, RETIRE_POLL_INTERVAL_MS).unref();
  }

  async dispose() {
    const guests = [...this.#guests];
    this.#guests.clear();
    const workers = [...this.#workers];
    this.#workers.clear();
    await Promise.allSettled([...guests, ...workers].map((each) => each.dispose()));
  }
}

/** @param {Error & { traceback?: string }} error of code that could not be loaded @param {import("./masking.js").Mask} mask */
function maskError(error, mask) {
  error.message = mask(error.message);
  if (error.traceback !== undefined) error.traceback = mask(error.traceback);
  return error;
}

/**
 * @param {RuntimeGuest} guest
 * @param {string} runtime
 * @param {Handlers} [handlers]
 * @param {string} [objectsFolder]
 */
function makeWorker(guest, runtime, handlers = { default: [], entrypoints: {}, objects: [] }, objectsFolder) {
  const { openForHandlers: open, runsHandlers, openForObjects: openObjects, hasObjects } = guest;
  const elsewhere = `do not run in runtime ${runtime}. Use runtime pyodide.`;
  const openForHandlers = open && runsHandlers ? () => open.call(guest) : `Handlers ${elsewhere}`;
  if (!openObjects || !hasObjects)
    return new Worker(handlers, openForHandlers, { openForObjects: `Durable Objects ${elsewhere}` });
  if (objectsFolder === undefined) return new Worker(handlers, openForHandlers);
  return new Worker(handlers, openForHandlers, { openForObjects: () => openObjects.call(guest, objectsFolder) });
}
