/** Which code the workflows of a state run, and the guests that run it. */

/** @import { CallPath, EnvBinding } from "../../runtime/handlers/facades.js" */
/** @import { HandlerLog } from "../../runtime/pool/handler_pool.js" */
/** @import { Handlers } from "../../runtime/pool/pool.js" */
/** @import { RuntimeGuest, RuntimeOptions } from "../../runtime/registry.js" */
/** @import { VersionRow, WorkflowRow } from "../store/store.d.ts" */
/** @import { JsonSchema } from "./payload_check.js" */

import { dirname, join, relative, resolve } from "node:path";
import { accountOf, DEFAULT_ACCOUNT, workflowKey } from "../engine/accounts.js";
import { answerBindingCalls } from "../worker/binding_calls.js";
import { Worker } from "../worker/worker.js";
import { WorkflowError } from "../engine/errors.js";
import { RUNTIMES, runtimeFor, SUFFIXES } from "../../runtime/registry.js";
import { importedFiles } from "./imports.js";
import { maskOf } from "./masking.js";
import { bundle } from "../bundler/bundler.js";
import { cacheFolder } from "../../runtime/pyodide/snapshot.js";
import { modulesFolder } from "./packages.js";
import { payloadProblem } from "./payload_check.js";
import { readSecrets } from "./secrets.js";
import { Sources } from "./sources.js";

/**
 * @typedef {object} Deployment
 * @property {string} [account] whose workflows they are; no interpreter is shared with another's. Absent: the default one
 * @property {string | null} [scriptName] the Worker's name, where one is configured
 * @property {string} root folder whose modules can be imported
 * @property {string} main the file that has the workflows
 * @property {Record<string, unknown>} vars
 * @property {string} [varsText] canonical text of them, with numbers as they were written
 * @property {Record<string, string> | null} bindings names of workflows by the names under which `env` has them; null: each
 *   class under its own
 * @property {Record<string, EnvBinding> | null} [env] its other bindings, by the names under which `env` has them
 * @property {import("./secrets.js").SecretSource | null} [secrets] where its secrets are, which are variables too
 * @property {RuntimeOptions | null} [runtime] what runs it, with its options; absent or null: the default one for the main file
 *
 * @typedef {object} LoadedEntry
 * @property {string} version
 * @property {string | undefined} varsText variables and secrets
 * @property {number} lookedAt
 * @property {Promise<Loaded>} loaded
 * @property {Record<string, JsonSchema>} [schemas]
 *
 * @typedef {{ guest: RuntimeGuest, classes: string[], worker: Worker, schemas?: Record<string, JsonSchema> }} Loaded `schemas`: of
 *   payloads, by class
 *
 * A call of a workflow by a handler.
 * @typedef {{ account: string, worker: string, workflow: string, method: string, args: object }} WorkflowCall `worker`: a name for people
 *
 * A call of a binding that the host carries out.
 * @typedef {{ deployment: Deployment, binding: string, spec: Extract<EnvBinding, { kind: "host" }>, path: CallPath }} HostBindingCall
 */

/** For so long, in ms, nobody looks again whether the code of a deployment has changed. */
const VERSION_CACHE_MS = 1000;
/** How often a guest whose code has been replaced is looked at: it goes when nobody is in it. */
const RETIRE_POLL_INTERVAL_MS = 1000;

/** What a bundle can import as a module. */
const MODULE = /\.[cm]?[jt]sx?$/;

export class DeploymentLoader {
  /** Where new code does not load, passes begin in the code that it was to replace. */
  keepsOldCode = false;
  #stateFolder;
  #transport;
  #print;
  #ondebugging;
  #guestOptions;
  #onlog;
  #answerWorkflow;
  #answerBinding;
  #objectsFolder;
  #sources = new Sources();
  /** The latest deployment of each name, by account and name. @type {Map<string, Deployment>} */
  #scripts = new Map();
  /** By deployment. @type {Map<string, LoadedEntry>} */
  #loaded = new Map();
  /** Code that could not be imported, by deployment. @type {Map<string, { version: string, error: unknown }>} */
  #failed = new Map();
  /** Those that are loading included: code may take forever to import. @type {Set<RuntimeGuest>} */
  #guests = new Set();
  /** Those that still answer requests. @type {Set<Worker>} */
  #workers = new Set();
  /** What hides the secrets of each deployment in texts for people. @type {Map<string, import("./masking.js").Mask>} */
  #masks = new Map();
  /** @type {WeakMap<object, string>} */
  #versions = new WeakMap();
  /** Guests whose code has been replaced. @type {WeakSet<object>} */
  #superseded = new WeakSet();

  /**
   * @param {string} state path of the state file: the code's place is kept relative to its folder
   * @param {object} options
   * @param {"batched" | "js"} [options.transport]
   * @param {(text: string) => void} options.print takes what modules print while they are imported
   * @param {object} [options.guestOptions] limits of the guests, and the clock of their code; see `Pool`
   * @param {(on: boolean) => void} [options.ondebugging] a debugger in a workflow takes the terminal, or returns it
   * @param {(log: HandlerLog, deployment: Deployment) => void} [options.onlog] takes output of handlers; by default it is printed
   * @param {(call: WorkflowCall) => Promise<string | undefined>} [options.answerWorkflow] gives canonical text
   * @param {(call: HostBindingCall) => Promise<unknown>} [options.answerBinding]
   * @param {string} [options.objectsFolder] of the files of Durable Objects; absent: there are none
   */
  constructor(
    state,
    {
      transport = "batched",
      print,
      ondebugging = () => {},
      guestOptions = {},
      onlog = ({ text }) => print(text),
      answerWorkflow = () => Promise.reject(new Error("There is no engine that runs workflows.")),
      answerBinding = ({ binding }) => Promise.reject(new Error(`env.${binding} is not served by this host.`)),
      objectsFolder,
    },
  ) {
    this.#objectsFolder = objectsFolder;
    this.#onlog = onlog;
    this.#answerWorkflow = answerWorkflow;
    this.#answerBinding = answerBinding;
    this.#stateFolder = dirname(state);
    this.#transport = transport;
    this.#print = print;
    this.#ondebugging = ondebugging;
    this.#guestOptions = guestOptions;
  }

  /**
   * Load the code into an interpreter, once for the same deployment in the same version.
   *
   * @param {Deployment} deployment
   * @param {{ maxAge?: number, unchanged?: "retry" | "fail" }} [options] `maxAge`: for how long, in ms, what was loaded last
   *   is taken for the newest; `unchanged`: what happens to code that could not be imported and has not changed since
   * @returns {Promise<Loaded>}
   */
  async load(deployment, { maxAge = 0, unchanged = "retry" } = {}) {
    const key = keyOf(deployment);
    const known = this.#loaded.get(key);
    this.#noteScript(deployment);
    const now = performance.now();
    if (known && now - known.lookedAt < maxAge) return known.loaded;
    const complete = withSecrets(withModules(deployment));
    const version = this.#sources.version(complete);
    if (known?.version === version && known.varsText === complete.varsText) {
      known.lookedAt = now;
      return known.loaded;
    }
    const failed = this.#failed.get(key);
    if (unchanged === "fail" && failed?.version === version) {
      if (this.keepsOldCode && known) return known.loaded;
      throw failed.error;
    }
    this.#failed.delete(key);
    const imports = this.#sources.imports(complete);
    const loaded = this.#start({ ...complete, imports, transport: this.#transport });
    /** @type {LoadedEntry} */
    const entry = {
      version,
      varsText: complete.varsText,
      lookedAt: now,
      loaded,
      ...(known?.schemas && { schemas: known.schemas }),
    };
    this.#loaded.set(key, entry);
    void loaded.then(({ schemas = {} }) => (entry.schemas = schemas)).catch(() => {});
    void loaded.then(({ guest }) => this.#versions.set(guest, version)).catch(() => {});
    const retireKnown = () =>
      known?.loaded.then(({ guest, worker }) => this.#retireBoth(guest, worker)).catch(() => {});
    loaded.then(retireKnown, (error) => {
      const isLast = this.#loaded.get(key)?.loaded === loaded;
      if (isLast && known && this.keepsOldCode) this.#loaded.set(key, known);
      else if (isLast) this.#loaded.delete(key);
      if (!known || this.#loaded.get(key) !== known) void retireKnown();
      const isImport = error.traceback !== undefined || error.during === "import";
      if (isImport) this.#failed.set(key, { version, error });
    });
    return loaded;
  }

  /** Hides the secrets of all that has been loaded. @param {string} text */
  mask(text) {
    return this.#masks.values().reduce((masked, mask) => mask(masked), text);
  }

  /**
   * The guest for a workflow's next pass, in the newest code. Passes that run already keep the code that they began with.
   *
   * @param {WorkflowRow} workflow
   * @throws the code does not load, or has no such class
   */
  async guestFor(workflow) {
    const deployment = this.deploymentOf(workflow);
    const { guest, classes } = await this.load(deployment, { maxAge: VERSION_CACHE_MS, unchanged: "fail" });
    if (!classes.includes(workflow.className)) {
      const found = classes.length === 0 ? "none" : classes.join(", ");
      const message = `${deployment.main} has no class ${workflow.className}. Found: ${found}.`;
      throw new WorkflowError("deployment.no_class", message);
    }
    return guest;
  }

  /**
   * The deployment in an interpreter of its own. The caller disposes of it.
   *
   * @param {Deployment} deployment
   * @returns {Promise<RuntimeGuest>}
   */
  async openApart(deployment) {
    const complete = withSecrets(withModules(deployment));
    const imports = this.#sources.imports(complete);
    const GuestClass = await RUNTIMES[nameOf(complete)].load();
    const guest = new GuestClass({ deployment: { ...complete, imports, transport: this.#transport } });
    this.#guests.add(guest);
    try {
      await guest.load();
    } catch (error) {
      this.#guests.delete(guest);
      await guest.dispose();
      throw error;
    }
    return guest;
  }

  /** Start an interpreter that the next load takes. @param {Deployment} deployment */
  async prewarm(deployment) {
    (await RUNTIMES[nameOf(deployment)].load()).prewarm?.(deployment.runtime ?? null);
  }

  /** Whether the code that a guest runs has been replaced. @param {object} guest */
  isSuperseded(guest) {
    return this.#superseded.has(guest);
  }

  /**
   * Masks what is secret in texts for people about a workflow: the values of its variables and of its secrets.
   *
   * @param {WorkflowRow} workflow
   * @returns {import("./masking.js").Mask}
   */
  maskFor(workflow) {
    const deployment = this.deploymentOf(workflow);
    const known = this.#loaded.get(keyOf(deployment))?.varsText;
    return maskOf(known ?? withReadableSecrets(deployment).varsText ?? workflow.vars);
  }

  /** The version of the code that a guest runs. @param {object} guest */
  versionOf(guest) {
    return this.#versions.get(guest);
  }

  /**
   * Refuse a payload that the workflow's `run` does not take, as far as its code is loaded.
   *
   * @param {WorkflowRow} workflow
   * @param {string} params canonical text
   * @throws {WorkflowError} it names the path of what is wrong
   */
  checkPayload(workflow, params) {
    const schema = this.payloadSchema(workflow);
    const problem = schema && payloadProblem(schema, params);
    if (!problem) return;
    const message = `(instance.invalid_params) Workflow '${workflow.name}' does not take this payload. ${problem}.`;
    throw new WorkflowError("instance.invalid_params", message);
  }

  /** The JSON schema of what the workflow's `run` takes, if it says so and its code is loaded. @param {WorkflowRow} workflow */
  payloadSchema(workflow) {
    return this.#loaded.get(keyOf(this.deploymentOf(workflow)))?.schemas?.[workflow.className];
  }

  /**
   * Where the sources of a version are.
   *
   * @param {WorkflowRow} workflow
   * @param {Pick<VersionRow, "id" | "main">} version
   * @returns {{ root: string, main: string } | undefined} undefined: they have changed since, or are gone
   */
  sourceOf(workflow, { id, main: file }) {
    const deployment = this.deploymentOf({ ...workflow, main: file });
    try {
      if (this.#sources.version(withModules(deployment)) !== id) return undefined;
    } catch {
      return undefined;
    }
    return { root: deployment.root, main: deployment.main };
  }

  /** @param {WorkflowRow} workflow @returns {Deployment} */
  deploymentOf({ name, root, main, vars, bindings, env, secrets, runtime, scriptName }) {
    return {
      account: accountOf(name),
      scriptName,
      root: resolve(this.#stateFolder, root),
      main: resolve(this.#stateFolder, main),
      vars: JSON.parse(vars),
      varsText: vars,
      bindings: bindings === null ? null : JSON.parse(bindings),
      env: env === null ? null : JSON.parse(env),
      secrets: secrets === null ? null : this.#locateSecrets(JSON.parse(secrets)),
      runtime: runtime === null ? null : JSON.parse(runtime),
    };
  }

  /** @param {import("./secrets.js").SecretSource} source with its folder relative to the state's */
  #locateSecrets(source) {
    return { ...source, folder: resolve(this.#stateFolder, source.folder) };
  }

  /**
   * @param {Deployment} deployment
   * @param {{ name: string, className: string, stepLimit?: number | undefined, concurrency?: number | undefined, retention?: import("../engine/creation.js").Retention }} workflow
   */
  toRow(deployment, { name, className, stepLimit, concurrency, retention = {} }) {
    return {
      name: workflowKey(deployment.account ?? DEFAULT_ACCOUNT, name),
      className,
      scriptName: deployment.scriptName ?? null,
      root: relative(this.#stateFolder, deployment.root),
      main: relative(this.#stateFolder, deployment.main),
      vars: deployment.varsText ?? JSON.stringify(deployment.vars),
      bindings: deployment.bindings && JSON.stringify(deployment.bindings),
      env: deployment.env ? JSON.stringify(deployment.env) : null,
      secrets: deployment.secrets
        ? JSON.stringify({ ...deployment.secrets, folder: relative(this.#stateFolder, deployment.secrets.folder) })
        : null,
      runtime: deployment.runtime ? JSON.stringify(deployment.runtime) : null,
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
    const workers = [...this.#workers];
    this.#workers.clear();
    await Promise.allSettled([...guests, ...workers].map((each) => each.dispose()));
  }

  /** @param {Loaded["guest"]} guest @param {Worker} worker */
  async #retireBoth(guest, worker) {
    this.#retire(guest);
    // Who has got it a moment ago calls it yet.
    await new Promise((resolve) => setTimeout(resolve, RETIRE_POLL_INTERVAL_MS).unref());
    await worker.retire();
    this.#workers.delete(worker);
  }

  /** @param {Loaded["guest"]} guest */
  #retire(guest) {
    this.#superseded.add(guest);
    const timer = setInterval(() => {
      if (guest.inUse) return;
      clearInterval(timer);
      this.#guests.delete(guest);
      void guest.dispose();
    }, RETIRE_POLL_INTERVAL_MS).unref();
  }

  /** @param {Deployment} deployment */
  #noteScript(deployment) {
    const { account = DEFAULT_ACCOUNT, scriptName } = deployment;
    this.#scripts.set(JSON.stringify([account, scriptName ?? this.scriptOf(deployment)]), deployment);
  }

  /** What the Worker of a deployment is called, also where the configuration gives no name. @param {Deployment} deployment */
  scriptOf({ scriptName, main }) {
    return scriptName ?? relative(this.#stateFolder, main);
  }

  /**
   * The Worker of that name in its newest code.
   *
   * @param {string} account
   * @param {string} script
   * @returns {Promise<Worker>}
   */
  async workerOf(account, script) {
    const found = this.#scripts.get(JSON.stringify([account, script]));
    if (!found) throw new Error(`Worker ${script} is not running. Start it in the same command.`);
    return (await this.load(found, { maxAge: VERSION_CACHE_MS })).worker;
  }

  /** The deployment with the name of the script in each namespace of objects. @template {Deployment} T @param {T} deployment @returns {T} */
  #withScripts(deployment) {
    if (!deployment.env) return deployment;
    const script_name = this.scriptOf(deployment);
    const env = Object.fromEntries(
      Object.entries(deployment.env).map(([name, binding]) =>
        binding.kind === "host" && binding.type === "durable_object"
          ? [name, { ...binding, options: { script_name, ...binding.options } }]
          : [name, binding],
      ),
    );
    return { ...deployment, env };
  }

  /**
   * @param {Deployment} deployment
   * @param {Worker} worker
   * @returns {import("../worker/binding_calls.js").HostServices}
   */
  #servicesFor(deployment, worker) {
    const { account = DEFAULT_ACCOUNT, scriptName, main } = deployment;
    return {
      own: () => worker,
      findWorker: (service) => this.workerOf(account, service),
      callWorkflow: (workflow, method, args) =>
        this.#answerWorkflow({ account, worker: scriptName ?? main, workflow, method, args }),
      callBinding: (binding, spec, path) => this.#answerBinding({ deployment, binding, spec, path }),
    };
  }

  /** @param {ReturnType<typeof withModules> & { imports: string[], transport: "batched" | "js" }} given @returns {Promise<Loaded>} */
  async #start(given) {
    const deployment = this.#withScripts(given);
    if (bundleOptionsOf(deployment)) return this.#startBundled(deployment);
    try {
      return await this.#startAs(deployment);
    } catch (error) {
      if (!(/** @type {{ unlinked?: boolean }} */ (error).unlinked)) throw error;
      return await this.#startBundled(deployment);
    }
  }

  /** @param {ReturnType<typeof withModules> & { imports: string[], transport: "batched" | "js" }} deployment */
  async #startBundled(deployment) {
    const { root, main } = deployment;
    const modules = importedFiles(deployment)
      .map(({ path }) => join(root, path))
      .filter((path) => MODULE.test(path));
    const name = this.#sources.version(deployment);
    const request = { root, main, modules, ...bundleOptionsOf(deployment) };
    const path = await bundle(request, name, join(cacheFolder(), "bundles")).catch((error) => {
      throw Object.assign(error, { during: "import" });
    });
    return await this.#startAs({ ...deployment, main: path, isBundle: true });
  }

  /**
   * @param {ReturnType<typeof withModules> & { imports: string[], transport: "batched" | "js", isBundle?: boolean }} deployment
   * @returns {Promise<Loaded>}
   */
  async #startAs(deployment) {
    const GuestClass = await RUNTIMES[nameOf(deployment)].load();
    const guest = new GuestClass({ deployment, ...this.#guestOptions });
    const mask = maskOf(deployment.varsText ?? JSON.stringify(deployment.vars));
    this.#masks.set(keyOf(deployment), mask);
    guest.onoutput = (text) => this.#print(mask(text.trimEnd()));
    guest.onproblem = (line) => this.#print(mask(line));
    guest.ondebugging = this.#ondebugging;
    this.#guests.add(guest);
    try {
      /** @type {{ classes: string[], handlers?: Handlers, schemas?: Record<string, JsonSchema>, output: { text: string }[] }} */
      const { classes, handlers, schemas, output } = await guest.load();
      for (const { text } of output) this.#print(mask(text.trimEnd()));
      const worker = makeWorker(guest, handlers, this.#objectsFolder);
      this.#workers.add(worker);
      worker.onlog = (log) => this.#onlog({ ...log, text: mask(log.text) }, deployment);
      guest.answer = answerBindingCalls(deployment.env ?? {}, this.#servicesFor(deployment, worker));
      return { guest, classes, worker, ...(schemas && { schemas }) };
    } catch (error) {
      this.#guests.delete(guest);
      await guest.dispose();
      throw maskError(/** @type {Error & { traceback?: string }} */ (error), mask);
    }
  }
}

/** @param {Error & { traceback?: string }} error of code that could not be loaded @param {import("./masking.js").Mask} mask */
function maskError(error, mask) {
  error.message = mask(error.message);
  if (error.traceback !== undefined) error.traceback = mask(error.traceback);
  return error;
}

/** @param {RuntimeGuest} guest @param {Handlers} [handlers] @param {string} [objectsFolder] */
function makeWorker(guest, handlers = { default: [], entrypoints: {}, objects: [] }, objectsFolder) {
  const { openForHandlers: open, openForObjects: openObjects, hasObjects = false } = guest;
  return new Worker(
    handlers,
    open ? () => open.call(guest) : "Handlers do not run in this runtime. Use the runtime pyodide.",
    {
      openForObjects:
        openObjects && hasObjects && objectsFolder !== undefined
          ? () => openObjects.call(guest, objectsFolder)
          : "Durable Objects do not run in this runtime. Use the runtime pyodide.",
    },
  );
}

/** @param {Deployment} deployment */
function keyOf({ account = DEFAULT_ACCOUNT, root, main, vars, varsText, bindings, env, secrets, runtime }) {
  const variables = varsText ?? JSON.stringify(vars);
  return JSON.stringify([account, root, main, variables, bindings, env ?? null, secrets ?? null, runtime ?? null]);
}

/**
 * The deployment with its secrets among its variables.
 *
 * @template {Deployment} T
 * @param {T} deployment
 * @returns {T}
 */
function withSecrets(deployment) {
  if (!deployment.secrets) return deployment;
  const text = deployment.varsText ?? JSON.stringify(deployment.vars);
  const secrets = readSecrets(deployment.secrets, Object.keys(deployment.vars));
  return { ...deployment, vars: { ...deployment.vars, ...secrets }, varsText: withMembers(text, secrets) };
}

/** The same; secrets whose files cannot be read are not known, and not masked. @param {Deployment} deployment */
function withReadableSecrets(deployment) {
  try {
    return withSecrets(deployment);
  } catch {
    return deployment;
  }
}

/** A JSON object with further members, and its numbers as they are written. @param {string} text @param {object} members */
function withMembers(text, members) {
  /** @type {(key: string, value: unknown, context: { source: string }) => unknown} */
  const keepNumber = (_key, value, { source }) =>
    typeof value === "number" ? /** @type {any} */ (JSON).rawJSON(source) : value;
  const parse = /** @type {(text: string, reviver: typeof keepNumber) => object} */ (JSON.parse);
  return JSON.stringify({ ...parse(text, keepNumber), ...members });
}

/** What the configuration wants of a bundle; undefined: the code runs as it is, as far as it can. @param {Deployment} deployment */
function bundleOptionsOf({ runtime }) {
  const { bundle } = /** @type {{ bundle?: { alias?: Record<string, string>, define?: Record<string, string> } }} */ (
    runtime ?? {}
  );
  return bundle;
}

/** @param {Deployment} deployment */
function withModules(deployment) {
  const { main } = deployment;
  const name = nameOf(deployment);
  // What JavaScript imports is npm's business.
  return { ...deployment, modules: name === "javascript" ? null : modulesFolder(main, name) };
}

/** The name of the runtime that runs it. @param {Deployment} deployment */
function nameOf({ main, runtime }) {
  const name = runtimeFor(main, runtime);
  if (name !== undefined) return name;
  const why = SUFFIXES.some((suffix) => main.endsWith(suffix))
    ? `runtime ${runtime?.name} does not run such files`
    : `its name ends in none of ${SUFFIXES.join(", ")}`;
  throw new WorkflowError("deployment.not_runnable", `${main} cannot be run: ${why}.`);
}
