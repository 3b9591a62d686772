/** Which code the workflows of a state run: for each deployment the guest that has its newest version. */

/** @import { CallPath, EnvBinding } from "../../runtime/handlers/facades.js" */
/** @import { HandlerLog } from "../../runtime/pool/handler_pool.js" */
/** @import { Worker } from "../worker/worker.js" */
/** @import { Deployment } from "./deployment.js" */
/** @import { Loaded } from "./guests.js" */
/** @import { VersionRow, WorkflowRow } from "../store/store.d.ts" */
/** @import { JsonSchema } from "./payload_check.js" */

import { DEFAULT_ACCOUNT } from "../engine/accounts.js";
import { WorkflowError } from "../engine/errors.js";
import { maskOf } from "./masking.js";
import { payloadProblem } from "./payload_check.js";
import { DeploymentRows } from "./deployment_rows.js";
import { keyOf, withModules } from "./deployment.js";
import { Guests } from "./guests.js";
import { prewarm } from "./prewarm.js";
import { withReadableSecrets, withSecrets } from "./secrets.js";
import { Sources } from "./sources.js";

/**
 * @typedef {object} LoadedEntry
 * @property {string} version
 * @property {string | undefined} varsText variables and secrets
 * @property {number} lookedAt
 * @property {Promise<Loaded>} loaded
 * @property {AbortController} loading ends an import that still runs
 * @property {Record<string, JsonSchema>} [schemas]
 *
 * A call of a workflow by a handler.
 * @typedef {{ account: string, worker: string, workflow: string, method: string, args: object }} WorkflowCall `worker`: a name for people
 *
 * A call of a binding that the host carries out.
 * @typedef {{ deployment: Deployment, binding: string, spec: Extract<EnvBinding, { kind: "host" }>, path: CallPath }} HostBindingCall
 */

/** For so long, in ms, a deployment that was looked at is taken for unchanged. */
const VERSION_CACHE_MS = 1000;
export class DeploymentLoader {
  /** Where new code does not load, passes begin in the code that it was to replace. */
  keepsOldCode = false;
  #transport;
  #answerWorkflow;
  #answerBinding;
  #sources = new Sources();
  #guests;
  /** The latest deployment of each name, by account and name. @type {Map<string, Deployment>} */
  #scripts = new Map();
  /** By deployment. @type {Map<string, LoadedEntry>} */
  #loaded = new Map();
  /** Code that could not be imported, or was refused, by deployment. @type {Map<string, { version: string, error: unknown }>} */
  #failed = new Map();
  /** @type {WeakMap<object, string>} */
  #versions = new WeakMap();
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
    this.#answerWorkflow = answerWorkflow;
    this.#answerBinding = answerBinding;
    this.#transport = transport;
    /** Deployments as the state has them. */
    this.rows = new DeploymentRows(state, this.#sources);
    this.#guests = new Guests({
      sources: this.#sources,
      guestOptions,
      print,
      ondebugging,
      onlog,
      objectsFolder,
      servicesFor: (deployment, worker) => this.#servicesFor(deployment, worker),
    });
  }

  /**
   * Load the code into an interpreter, once for the same deployment in the same version.
   *
   * @param {Deployment} deployment
   * @param {{ maxAge?: number, unchanged?: "retry" | "fail", check?: (loaded: Loaded) => Promise<void>, signal?: AbortSignal | undefined }} [options]
   *   `maxAge`: for how long, in ms, what was loaded last is taken for the newest; `unchanged`: what happens to code that could
   *   not be imported, or was refused, and has not changed since; `check` refuses code, which then takes no other's place;
   *   `signal` ends the import, whoever has begun it
   * @returns {Promise<Loaded>}
   */
  async load(deployment, { maxAge = 0, unchanged = "retry", check = async () => {}, signal } = {}) {
    const key = keyOf(deployment);
    const known = this.#loaded.get(key);
    this.#noteScript(deployment);
    const now = performance.now();
    if (known && now - known.lookedAt < maxAge) return known.loaded;
    const complete = withSecrets(withModules(deployment));
    const version = this.#sources.version(complete);
    if (known?.version === version && known.varsText === complete.varsText) {
      known.lookedAt = now;
      endWith(signal, known);
      await check(await known.loaded);
      return known.loaded;
    }
    const failed = this.#failed.get(key);
    if (unchanged === "fail" && failed?.version === version) {
      if (this.keepsOldCode && known) return known.loaded;
      throw failed.error;
    }
    this.#failed.delete(key);
    let isRefused = false;
    const loading = new AbortController();
    const started = this.#guests.start(this.rows.withScripts(this.#withImports(complete)), loading.signal);
    const loaded = started.then(async (each) => {
      try {
        await check(each);
      } catch (error) {
        isRefused = true;
        void this.#guests.retire(each);
        throw error;
      }
      return each;
    });
    /** @type {LoadedEntry} */
    const entry = {
      version,
      varsText: complete.varsText,
      lookedAt: now,
      loaded,
      loading,
      ...(known?.schemas && { schemas: known.schemas }),
    };
    this.#loaded.set(key, entry);
    endWith(signal, entry);
    void loaded.then(({ schemas = {} }) => (entry.schemas = schemas)).catch(() => {});
    void loaded.then(({ guest }) => this.#versions.set(guest, version)).catch(() => {});
    const retireKnown = () => known?.loaded.then((old) => this.#guests.retire(old)).catch(() => {});
    loaded.then(retireKnown, (error) => {
      const isLast = this.#loaded.get(key)?.loaded === loaded;
      if (isLast && known && this.keepsOldCode) this.#loaded.set(key, known);
      else if (isLast) this.#loaded.delete(key);
      if (!known || this.#loaded.get(key) !== known) void retireKnown();
      const isImport = error.traceback !== undefined || error.during === "import";
      if ((isImport && !loading.signal.aborted) || isRefused) this.#failed.set(key, { version, error });
    });
    return loaded;
  }

  /**
   * End what was loaded of a deployment that another has taken the place of: other variables or bindings, say. Its passes may
   * move to the other's code, and calls that run end in their own.
   *
   * @param {Deployment} deployment
   * @param {Deployment} replacement
   */
  async release(deployment, replacement) {
    const key = keyOf(deployment);
    if (key === keyOf(replacement)) return;
    const entry = this.#loaded.get(key);
    this.#loaded.delete(key);
    this.#failed.delete(key);
    const loaded = await entry?.loaded.catch(() => undefined);
    if (loaded) void this.#guests.retire(loaded).catch(() => {});
  }

  /** Hides the secrets of all that has been loaded. @param {string} text */
  mask(text) {
    return this.#guests.mask(text);
  }

  /**
   * The guest for a workflow's next pass, in the newest code. Passes that run already keep the code that they began with.
   *
   * @param {WorkflowRow} workflow
   * @throws the code does not load, or has no such class
   */
  async guestFor(workflow) {
    const deployment = this.rows.deploymentOf(workflow);
    const { guest, classes } = await this.#loadNewest(deployment, { unchanged: "fail" });
    if (!classes.includes(workflow.className)) {
      const found = classes.length === 0 ? "none" : classes.join(", ");
      const message = `${deployment.main} has no class ${workflow.className}. Found: ${found}.`;
      throw new WorkflowError("deployment.no_class", message);
    }
    return guest;
  }

  /**
   * For a pass or a call: where newer code takes the place of code that still loads, they wait for that.
   *
   * @param {Deployment} deployment
   * @param {{ unchanged?: "fail" }} [options]
   * @returns {Promise<Loaded>}
   */
  async #loadNewest(deployment, options) {
    try {
      return await this.load(deployment, { maxAge: VERSION_CACHE_MS, ...options });
    } catch (error) {
      if (!(error instanceof WorkflowError && error.reason === "deployment.superseded")) throw error;
      return await this.#loadNewest(deployment, options);
    }
  }

  /** The deployment in an interpreter of its own, which the caller closes. @param {Deployment} deployment */
  openApart(deployment) {
    return this.#guests.openApart(this.#withImports(withSecrets(withModules(deployment))));
  }

  /** @param {ReturnType<typeof withModules>} deployment */
  #withImports(deployment) {
    return { ...deployment, imports: this.#sources.imports(deployment), transport: this.#transport };
  }

  /** Start an interpreter that the next load takes. @param {Deployment} deployment */
  async prewarm(deployment) {
    await prewarm(deployment, this.#sources);
  }

  /** Whether the code that a guest runs has been replaced. @param {object} guest */
  isSuperseded(guest) {
    return this.#guests.isSuperseded(guest);
  }

  /**
   * Masks what is secret in texts for people about a workflow: the values of its variables and of its secrets.
   *
   * @param {WorkflowRow} workflow
   * @returns {import("./masking.js").Mask}
   */
  maskFor(workflow) {
    const deployment = this.rows.deploymentOf(workflow);
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
    return this.#loaded.get(keyOf(this.rows.deploymentOf(workflow)))?.schemas?.[workflow.className];
  }

  /**
   * Where the sources of a version are.
   *
   * @param {WorkflowRow} workflow
   * @param {Pick<VersionRow, "id" | "main">} version
   * @returns {{ root: string, main: string } | undefined} undefined: they have changed since, or are gone
   */
  sourceOf(workflow, { id, main: file }) {
    const deployment = this.rows.deploymentOf({ ...workflow, main: file });
    try {
      if (this.#sources.version(withModules(deployment)) !== id) return undefined;
    } catch {
      return undefined;
    }
    return { root: deployment.root, main: deployment.main };
  }

  /** @param {Deployment} deployment */
  #noteScript(deployment) {
    const { account = DEFAULT_ACCOUNT, scriptName } = deployment;
    this.#scripts.set(JSON.stringify([account, scriptName ?? this.rows.scriptOf(deployment)]), deployment);
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
    return (await this.#loadNewest(found)).worker;
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

  async dispose() {
    this.#loaded.clear();
    await this.#guests.dispose();
  }
}

/** @param {AbortSignal | undefined} signal @param {LoadedEntry} entry */
function endWith(signal, { loading }) {
  signal?.addEventListener("abort", () => loading.abort(signal.reason), { once: true });
}
