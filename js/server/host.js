/** Puts the parts together on Node: the state file, the engine, the deployments and the HTTP interface. */

/** @import { Deployment } from "./deployment_loader.js" */

import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { toRetention } from "../engine/creation.js";
import { answerCall } from "../engine/binding.js";
import { Engine } from "../engine/engine.js";
import { WorkflowError } from "../engine/errors.js";
import { workflowNameProblem } from "../engine/names.js";
import { isFinalStatus } from "../engine/status.js";
import { backUp, openDriver, toStateError, vacuum } from "../store/node_driver.js";
import { SCHEMA_VERSION } from "../store/schema.js";
import { accountOf, DEFAULT_ACCOUNT, workflowKey, workflowNameOf } from "../engine/accounts.js";
import { replay } from "../engine/replay.js";
import { scriptNameOf } from "./api/json.js";
import { createApi } from "./api/app.js";
import { retentionOf } from "./api/operations/instances.js";
import { Access } from "./auth/access.js";
import { nodeClock } from "./clock.js";
import { cron } from "./cron.js";
import { runModel } from "./ai/ai.js";
import { DeploymentLoader } from "./deployment_loader.js";
import { PROTOCOL } from "./admission.js";
import { HostBindings } from "./host_bindings.js";
import { importedFiles } from "./imports.js";
import { openListener } from "./listener.js";
import { masked, maskedVars } from "./masking.js";
import { OwnedStore } from "./owned_store.js";
import { ObjectFiles } from "./objects/object_files.js";
import { Objects } from "./objects/objects.js";
import { Queues } from "./queues/queues.js";
import { PrivateServer } from "./private_server.js";
import { openApart, runFile } from "./run_files.js";
import { Servings, workerName } from "./serving/serving.js";
import { TailMark } from "./tail_mark.js";
import { PYODIDE_VERSION, VERSION } from "./version.js";
import { VersionGraphs } from "./version_graphs.js";
import { Metrics } from "../telemetry/metrics.js";
import { otlpSettings } from "../telemetry/otlp_settings.js";
import { startTracing } from "./tracing.js";

const EXIT_STATE = 3;
/** How often the host checks that the files of its state are still there. */
const WATCH_INTERVAL_MS = 500;
/** How often a host whose parent has gone checks that its subscribers read. */
const FOLLOWERS_CHECK_INTERVAL_MS = 250;
/** A subscriber that leaves events unread for that long does not keep such a host alive. */
const UNREAD_TIMEOUT_MS = 1000;

/** A subscriber of an instance. `unreadMs`: for how long events have waited for it. @typedef {{ readonly unreadMs: number }} Follower */

/**
 * @typedef {import("zod").infer<typeof import("./control_schemas.js").deployment> & { varsText?: string }} DeployRequest
 * @typedef {{ name: string, class_name: string, input_schema?: object }} DeployedWorkflow `input_schema`: the JSON schema of payloads
 */

/**
 * @typedef {object} HostOptions
 * @property {import("./owner.js").StateOwnership} ownership of the state; let go of with the host
 * @property {boolean} idle carry out requests, but run nothing until something is deployed
 * @property {boolean} [forceReplay] replay an instance each time one of its steps, sleeps or waits has ended
 * @property {"batched" | "js"} [transport] how the SDK talks to the engine; for tests
 * @property {(line: string) => void} report a line of text for people
 * @property {(on: boolean) => void} ondebugging a debugger in a workflow takes the terminal, or returns it
 * @property {(fatal: { code: string, message: string }) => void} onfatal why the host is about to stop
 * @property {(code: number) => void} onstopped
 */

export class Host {
  #options;
  #ownership;
  #driver;
  #store;
  #tailMark;
  #bindings;
  #queues;
  #objects;
  #deployments;
  #server;
  /** @type {NodeJS.Timeout | undefined} */
  #watch;
  /** @type {Set<Follower>} */
  #followers = new Set();
  #parentGone = false;
  #stopping = false;
  /** @type {Metrics | undefined} */
  #metrics;
  /** @type {import("./tracing.js").Tracing | undefined} */
  #tracing;
  /** @type {Set<import("./listener.js").Listener>} */
  #listeners = new Set();
  /** What commands keep running here. */
  servings = new Servings();

  /** @param {HostOptions} options */
  constructor(options) {
    this.#options = options;
    this.#ownership = options.ownership;
    try {
      this.#driver = openDriver(this.#ownership.state);
      this.#store = openStore(this.#driver, this.#ownership);
    } catch (error) {
      this.#ownership.release();
      throw error;
    }
    this.#bindings = new HostBindings(options.report);
    const objectFiles = new ObjectFiles(this.#ownership.state);
    this.#deployments = new DeploymentLoader(this.#ownership.state, {
      ...(options.transport ? { transport: options.transport } : {}),
      print: options.report,
      ondebugging: options.ondebugging,
      onlog: (log, deployment) => {
        if (!this.servings.log(log, deployment)) options.report(log.text.trimEnd());
      },
      answerBinding: (call) => this.#answerBinding(call),
      objectsFolder: objectFiles.folder,
      answerWorkflow: ({ worker, ...call }) => answerCall(this.engine, { ...call, caller: { worker } }, () => {}),
    });
    /** The diagrams of workflows' versions. */
    this.graphs = new VersionGraphs(this.#deployments);
    this.#tailMark = new TailMark(this.#ownership.state, () =>
      this.engine.commits.isOpen ? undefined : this.#store.lastEntry(),
    );
    this.engine = new Engine({
      store: this.#store,
      clock: nodeClock,
      cron,
      newId: randomUUID,
      defer: setImmediate,
      guestFor: (workflow) => this.#deployments.guestFor(workflow),
      checkPayload: (workflow, params) => this.#deployments.checkPayload(workflow, params),
      versionOf: (guest) => this.#deployments.versionOf(guest),
      onproblem: (problem) => this.#onproblem(problem),
      onfault: ({ workflow, id, error }) => {
        const reason = this.#deployments.mask(String(error)).slice(0, 500);
        options.report(`Instance '${id}' of workflow '${workflow}' was ended by a fault: ${reason}`);
      },
      onforgery: ({ workflow, id }) =>
        options.report(
          `Refused: code of another deployment has sent a message about instance '${id}' of workflow '${workflow}'.`,
        ),
      recordChange: (change, carryOut) => this.access.audit.recordCode(change, carryOut),
      onunblocked: (workflow) => options.report(`Workflow '${workflow}' continues: its code loads again.`),
      idle: options.idle,
      forceReplay: options.forceReplay ?? false,
    });
    this.access = new Access(this.engine, this.#store);
    this.#queues = new Queues({
      store: this.#store.queues,
      commits: this.engine.commits,
      clock: nodeClock,
      newId: randomUUID,
      report: options.report,
    });
    this.#objects = new Objects({
      store: this.#store.objects,
      commits: this.engine.commits,
      clock: nodeClock,
      files: objectFiles,
      workerOf: ({ account, script }) => this.#deployments.workerOf(account, script),
      report: (line) => options.report(this.#deployments.mask(line)),
    });
    this.#server = new PrivateServer(createApi(this).fetch, this.#ownership);
  }

  /** What a command needs to send requests to this host. */
  get address() {
    const { socket, secret, identity } = this.#ownership;
    return { socket, secret, identity };
  }

  /** Listen, and take up what is unfinished. */
  async open() {
    await this.#server.listen(this.#ownership.socket);
    this.#ownership.announce({ command: process.env.STEPWELL_COMMAND ?? "node", version: VERSION });
    this.#watch = setInterval(() => this.#checkFiles(), WATCH_INTERVAL_MS).unref();
    const missing = this.#tailMark.missing();
    if (missing > 0) {
      this.#options.report(
        `The state has lost the last ${missing} of its log entries: it was copied without its -wal file, or that was damaged. Instances continue from what is left.`,
      );
    }
    this.#tailMark.start();
    const otlp = otlpSettings(process.env, VERSION);
    if (otlp)
      this.#tracing = startTracing(
        { engine: this.engine, store: this.#store, maskFor: (row) => this.maskFor(row) },
        otlp,
        this.#options.report,
      );
    this.engine.open();
  }

  /** @param {import("./deployment_loader.js").HostBindingCall} call */
  async #answerBinding(call) {
    const { deployment, spec, path } = call;
    if (spec.type === "durable_object") {
      const { script_name: script, class_name: className } = spec.options ?? {};
      return await this.#objects.call({ account: deployment.account ?? DEFAULT_ACCOUNT, script }, className, path);
    }
    if (spec.type === "ai") {
      const variable = (/** @type {string} */ name) => {
        const found = deployment.vars[name] ?? process.env[name];
        return typeof found === "string" ? found : undefined;
      };
      return await runModel(spec.options ?? {}, variable, path[0][1]);
    }
    if (spec.type !== "queue") return await this.#bindings.answer(call);
    const [[, [messages, options]]] = /** @type {[[string, [any[], { delaySeconds?: number }]]]} */ (path);
    const { queue, delivery_delay: delay } = spec.options ?? {};
    await this.#queues.send(deployment.account ?? DEFAULT_ACCOUNT, queue, messages, {
      delaySeconds: delay,
      ...options,
    });
    return undefined;
  }

  /**
   * @param {{ account?: string | undefined }} deployment
   * @param {string} queue
   * @param {import("./queues/consumer.js").ConsumerSettings} settings
   * @param {import("./queues/consumer.js").Deliver} deliver
   * @returns {() => void} ends it
   */
  consumeQueue({ account = DEFAULT_ACCOUNT }, queue, settings, deliver) {
    return this.#queues.consume(account, queue, settings, deliver);
  }

  /**
   * @param {import("./host_bindings.js").Place} deployment
   * @param {import("./serving/assets.js").AssetsConfig} assets
   */
  assetsOf(deployment, assets) {
    return this.#bindings.assetsOf(deployment, assets);
  }

  describe() {
    const { node, sqlite } = process.versions;
    return {
      version: VERSION,
      protocol: PROTOCOL,
      pid: process.pid,
      node,
      sqlite,
      pyodide: PYODIDE_VERSION,
      state: this.#ownership.state,
      state_identity: this.#ownership.identity,
      schema: SCHEMA_VERSION,
    };
  }

  /**
   * Load a deployment and register its workflows.
   *
   * @param {DeployRequest} request
   * @returns {Promise<DeployedWorkflow[]>}
   */
  async deploy(request) {
    const { workflows } = await this.deployWorker(request);
    if (workflows.length > 0) return workflows;
    throw new WorkflowError(
      "deployment.no_workflow",
      `${request.main} has no workflow: no class in it extends WorkflowEntrypoint.`,
    );
  }

  /**
   * Load a deployment, which may have handlers only, and register its workflows.
   *
   * @param {DeployRequest} request
   * @param {{ hasAssets?: boolean }} [options] `hasAssets`: it need not have anything else
   * @returns {Promise<import("./serving/serving.js").Deployed>}
   */
  async deployWorker({ workflows, script_name, ...rest }, { hasAssets = false } = {}) {
    const deployment = { ...rest, scriptName: script_name ?? null };
    const { classes, schemas = {}, worker } = await this.#load(deployment);
    const script = { account: deployment.account, script: this.#deployments.scriptOf(deployment) };
    for (const className of worker.handlers.objects) await this.#objects.openNamespace(script, className);
    const isEmpty = classes.length === 0 && worker.isEmpty && worker.handlers.objects.length === 0;
    if (isEmpty && !hasAssets) {
      throw new WorkflowError(
        "deployment.no_workflow",
        `${deployment.main} has no workflow: no class in it extends WorkflowEntrypoint. It has no handler either.`,
      );
    }
    /** @type {NonNullable<typeof workflows>} */
    const wanted = workflows ?? classes.map((name) => ({ name, class_name: name, schedules: [] }));
    await this.#checkWorkflows(wanted, classes, deployment);
    for (const { name, class_name, limits, concurrency, default_retention, schedules } of wanted) {
      const row = this.#deployments.toRow(deployment, {
        name,
        className: class_name,
        stepLimit: limits?.steps,
        concurrency: concurrency?.limit,
        retention: toRetention(retentionOf(default_retention)),
      });
      await this.engine.saveWorkflow({ ...row, schedules });
    }
    this.access.addAccount(deployment.account);
    // Whoever deploys wants things to run, also when a management command happened to open the state first.
    this.engine.activate();
    const registered = wanted.map(({ name, class_name }) => ({
      name,
      class_name,
      ...(schemas[class_name] && { input_schema: schemas[class_name] }),
    }));
    return { name: workerName({ script_name, main: deployment.main }), workflows: registered, worker };
  }

  /**
   * @param {NonNullable<DeployRequest["workflows"]>} wanted
   * @param {string[]} classes
   * @param {Deployment & { account: string }} deployment
   * @throws {WorkflowError}
   */
  async #checkWorkflows(wanted, classes, deployment) {
    for (const { name, class_name, schedules } of wanted) {
      const problem = workflowNameProblem(name);
      // Configuration has been checked before: this is the name of a class.
      if (problem)
        throw new WorkflowError("workflow.invalid_name", `The workflow name of class ${class_name} ${problem}.`);
      if (!classes.includes(class_name)) {
        const found = classes.join(", ") || "none";
        throw new WorkflowError(
          "deployment.no_class",
          `Workflow '${name}' has no class ${class_name} in ${deployment.main}. Found: ${found}.`,
        );
      }
      const key = workflowKey(deployment.account, name);
      await this.#refuseConflict(key, deployment);
      await this.engine.checkSchedules(key, schedules);
    }
  }

  /** Masks what is secret in texts for people about a workflow. @param {import("../store/store.d.ts").WorkflowRow} workflow */
  maskFor(workflow) {
    return this.#deployments.maskFor(workflow);
  }

  /** Passes in code that has been replaced end when no attempt of theirs runs, and the instances continue in the new code. */
  moveToNewCode() {
    this.engine.moveToNewCode((guest) => this.#deployments.isSuperseded(guest));
  }

  /** Start an interpreter that the next version of a deployment takes. @param {DeployRequest} request */
  prewarm(request) {
    void this.#deployments.prewarm(request).catch(() => {});
  }

  /** As long as it is on, code that does not load leaves the code before it in place. @param {boolean} on */
  keepOldCode(on) {
    this.#deployments.keepsOldCode = on;
  }

  /** A deployment in an interpreter of its own, which the caller disposes of. @param {DeployRequest} request */
  openApart({ script_name, ...rest }) {
    return this.#deployments.openApart({ ...rest, scriptName: script_name ?? null });
  }

  /**
   * Instances of a deployment's workflows that have a history and have not ended.
   *
   * @param {DeployRequest} request
   * @param {number} limit
   */
  unfinishedInstances({ main, account }, limit) {
    return this.engine
      .unfinished(limit)
      .filter(({ workflow }) => accountOf(workflow.name) === account)
      .filter(({ workflow }) => this.#deployments.deploymentOf(workflow).main === main)
      .map(({ number, id, workflow }) => ({ number, id, workflow: workflowNameOf(workflow.name) }));
  }

  /**
   * Replay an instance's history in an interpreter of its own; undefined where the instance is gone.
   *
   * @param {number} number
   * @param {import("../../bridge/protocol.d.ts").Guest} guest
   */
  async replayInstance(number, guest) {
    const row = this.#store.loadInstanceByNumber(number);
    if (!row || isFinalStatus(row.status)) return undefined;
    return await replay({ store: this.#store, number, guest, clock: nodeClock });
  }

  /** @param {Deployment} deployment */
  async #load(deployment) {
    try {
      return await this.#deployments.load(deployment);
    } catch (error) {
      if (error instanceof WorkflowError) throw error;
      const { message, traceback, during } = /** @type {Error & { traceback?: string, during?: string }} */ (error);
      if (during === "start") throw new WorkflowError("deployment.no_interpreter", message);
      if (traceback === undefined && during !== "import") throw error;
      throw Object.assign(new WorkflowError("deployment.import_failed", message), { traceback });
    }
  }

  /**
   * Change a workflow's settings, until it is deployed again; or add one for another class of a script that is deployed.
   *
   * @param {string} account
   * @param {string} name
   * @param {import("zod").infer<typeof import("./api/schemas.js").updateWorkflow>} settings
   */
  async updateWorkflow(account, name, { class_name, script_name, ...settings }) {
    const key = workflowKey(account, name);
    const all = await this.engine.workflows(account);
    const scripts = all.filter((row) => scriptNameOf(row) === script_name);
    const template = scripts.find((row) => row.name === key) ?? scripts[0];
    if (!template) {
      const known = [...new Set(all.map(scriptNameOf))].join(", ") || "none";
      throw new WorkflowError(
        "workflow.not_found",
        `Script '${script_name}' is not deployed. Deployed: ${known}.`,
        10200,
      );
    }
    const deployment = this.#deployments.deploymentOf(template);
    const { classes } = await this.#load(deployment);
    if (!classes.includes(class_name))
      throw new WorkflowError(
        "deployment.no_class",
        `Script '${script_name}' has no class ${class_name}. Found: ${classes.join(", ")}.`,
      );
    await this.#refuseConflict(key, deployment);
    const row = this.#deployments.toRow(deployment, {
      name,
      className: class_name,
      stepLimit: settings.limits?.steps,
      concurrency: settings.concurrency?.limit,
      retention: toRetention(retentionOf(settings.default_retention)),
    });
    const schedules = settings.schedules?.map(({ cron: expression }) => expression) ?? [];
    await this.engine.saveWorkflow({ ...row, schedules });
    return this.engine.workflow(key);
  }

  /**
   * Write a copy of the state, while instances run on.
   *
   * @param {string} target a file that does not exist
   */
  async backUp(target) {
    if (existsSync(target)) throw new WorkflowError("backup.exists", `${target} exists. Give another name.`);
    await this.engine.commits.committed();
    try {
      await backUp(this.#driver, target);
    } catch (error) {
      throw new WorkflowError("backup.failed", `${target} cannot be written: ${/** @type {Error} */ (error).message}.`);
    }
  }

  /** Give unused space of the state back. Nothing runs meanwhile. */
  async vacuum() {
    await this.engine.commits.commitNow();
    return vacuum(this.#driver);
  }

  /**
   * Open a serving, which a command keeps running. When this host ends, the command takes it to the state's next owner.
   *
   * @param {import("./serving/serving.js").Serving} serving
   * @param {{ development: boolean }} options
   */
  async serve(serving, { development }) {
    if (development) this.keepOldCode(true);
    const ready = await serving.open();
    const id = this.servings.add(serving);
    return { id, ready, close: () => this.servings.remove(id) };
  }

  /** @param {import("./listener.js").ListenerOptions} options */
  async listen(options) {
    const listener = await openListener(this, options);
    this.#listeners.add(listener);
    return {
      ...listener,
      close: () => {
        this.#listeners.delete(listener);
        listener.close();
      },
    };
  }

  /**
   * The same name for another program would let that program go on with this one's instances.
   *
   * @param {string} name
   * @param {Deployment} deployment
   */
  async #refuseConflict(name, deployment) {
    const known = (await this.engine.workflows()).find((workflow) => workflow.name === name);
    if (!known) return;
    const { main } = this.#deployments.deploymentOf(known);
    const counts = await this.engine.countByStatus(name);
    const unfinished = Object.entries(counts).filter(([status]) => !isFinalStatus(status));
    const number = unfinished.reduce((sum, [, count]) => sum + count, 0);
    if (main !== deployment.main && number > 0) {
      throw new WorkflowError(
        "deployment.conflict",
        `Workflow '${name}' of this state belongs to ${main} and has ${number} unfinished instance(s). Use another --state, or finish or delete them first.`,
      );
    }
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
  async exportRun(name, id, { vars = "masked" } = {}) {
    const { number } = await this.engine.get(name, id);
    const workflow = await this.engine.workflow(name);
    const { root, main } = this.#deployments.deploymentOf(workflow);
    const mask = this.maskFor(workflow);
    const masking = {
      vars: vars === "masked" ? maskedVars : () => "{}",
      value: (/** @type {unknown} */ value) => masked(value, mask),
      text: mask,
    };
    const { version: stepwell, node, sqlite, pyodide } = this.describe();
    /** @type {Record<string, string>} */
    const versions = { stepwell, node, sqlite: sqlite ?? "" };
    if (main.endsWith(".py")) versions.pyodide = pyodide;
    const sources = this.#sourcesOf(root, main);
    return runFile(this.#driver, number, {
      sources,
      main: sources[0].path,
      versions,
      exportedAt: Date.now(),
      ...(vars === "whole" ? {} : { masking }),
    });
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
  async forkRun(name, path, options) {
    const { run, store } = await openApart(path);
    try {
      return await this.engine.creator.fork(name, { store, number: run.number }, options);
    } finally {
      store.close();
    }
  }

  /** They count from the first use on. */
  get metrics() {
    return (this.#metrics ??= new Metrics(this.engine));
  }

  /** A network request has failed by a fault of the host. @param {unknown} error */
  reportFault(error) {
    const { stack } = /** @type {Error} */ (error);
    this.#options.report(`A request has failed: ${stack ?? String(error)}`);
  }

  /**
   * Make an instance out of another one of this state.
   *
   * @param {string} name of the workflow
   * @param {number} number of the other instance
   * @param {Parameters<Engine["creator"]["fork"]>[2]} options
   * @returns {Promise<string>} its id
   */
  forkInstance(name, number, options) {
    return this.engine.creator.fork(name, { store: this.#store, number }, options);
  }

  /**
   * A subscriber of an instance keeps the host alive after its parent has gone, as long as it reads.
   *
   * @param {Follower} follower
   */
  streamOpened(follower) {
    this.#followers.add(follower);
  }

  /** @param {Follower} follower */
  streamClosed(follower) {
    this.#followers.delete(follower);
    this.#stopIfUnused();
  }

  parentGone() {
    this.#parentGone = true;
    // Its listeners were the parent's wish. Subscribers over the Unix socket are other commands.
    for (const listener of this.#listeners) listener.close();
    this.#listeners.clear();
    setInterval(() => this.#stopIfUnused(), FOLLOWERS_CHECK_INTERVAL_MS).unref();
    this.#stopIfUnused();
  }

  #stopIfUnused() {
    if (this.#parentGone && ![...this.#followers].some((each) => each.unreadMs < UNREAD_TIMEOUT_MS)) void this.stop();
  }

  /** @param {number} [code] exit code */
  async stop(code = 0) {
    if (this.#stopping) return;
    this.#stopping = true;
    clearInterval(this.#watch);
    for (const listener of this.#listeners) listener.close();
    // A healthy engine completes the requests that were read. One whose state is lost must not run another step.
    if (code === 0) await this.#server.close();
    if (code === 0) await this.#tracing?.stop();
    try {
      this.engine.close();
    } catch {
      // The state cannot be written; that has been reported already.
    }
    if (code !== 0) await this.#server.close();
    this.#objects.dispose();
    await this.#deployments.dispose();
    this.#bindings.dispose();
    this.#tailMark.stop();
    try {
      this.#store.close();
    } finally {
      this.#ownership.release();
      this.#options.onstopped(code);
    }
  }

  #checkFiles() {
    try {
      this.#ownership.check();
    } catch (error) {
      this.#onproblem({ error });
    }
  }

  /** @param {{ workflow?: string, error: unknown }} problem */
  #onproblem({ workflow, error }) {
    if (workflow !== undefined) {
      const { message } = /** @type {Error} */ (error);
      this.#options.report(
        `Workflow '${workflow}' is blocked: its code does not load. ${message} Its instances continue when the code loads again.`,
      );
      return;
    }
    if (this.#stopping) return;
    const { code, message } = fatalOf(toStateError(error));
    this.#options.onfatal({ code, message: this.#deployments.mask(message) });
    void this.stop(EXIT_STATE);
  }
}

/** @param {any} error */
function fatalOf(error) {
  if (typeof error?.code === "string" && error.code.startsWith("state."))
    return { code: error.code, message: error.message };
  return { code: "internal", message: String(error?.stack ?? error) };
}

/** @param {import("../store/driver.d.ts").Driver} driver @param {import("./owner.js").StateOwnership} ownership */
function openStore(driver, ownership) {
  try {
    return new OwnedStore(driver, ownership);
  } catch (error) {
    driver.close();
    throw toStateError(error);
  }
}
