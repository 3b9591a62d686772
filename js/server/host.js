/** Puts the parts together on Node: the state file, the engine, the deployments and the HTTP interface. */

import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { answerCall } from "../engine/binding.js";
import { Engine } from "../engine/engine.js";
import { WorkflowError } from "../engine/errors.js";
import { backUp, openDriver, toStateError, vacuum } from "../store/node_driver.js";
import { SCHEMA_VERSION, StateError } from "../store/schema.js";
import { DEFAULT_ACCOUNT } from "../engine/accounts.js";
import { createApi } from "./api/app.js";
import { Access } from "./auth/access.js";
import { nodeClock } from "./clock.js";
import { cron } from "./cron.js";
import { runModel } from "./ai/ai.js";
import { LedgerError } from "../ledger/ledger_error.js";
import { sharedAccess } from "../ledger/shared_access.js";
import { SharedEngine } from "../ledger/shared_engine.js";
import { LEDGER_PLACE } from "./ledger_state.js";
import { DeploymentLoader } from "./deployment_loader.js";
import { PROTOCOL } from "./admission.js";
import { Followers } from "./followers.js";
import { Histories } from "./histories.js";
import { HostBindings } from "./host_bindings.js";
import { OwnedStore } from "./owned_store.js";
import { ObjectFiles } from "./objects/object_files.js";
import { Objects } from "./objects/objects.js";
import { Queues } from "./queues/queues.js";
import { PrivateServer } from "./private_server.js";
import { Registration } from "./registration.js";
import { RunCopies } from "./run_copies.js";
import { Servings } from "./serving/serving.js";
import { TailMark } from "./tail_mark.js";
import { PYODIDE_VERSION, VERSION } from "./version.js";
import { VersionGraphs } from "./version_graphs.js";
import { otlpSettings } from "../telemetry/otlp_settings.js";
import { startTelemetry, tracingIds } from "./tracing.js";

const EXIT_STATE = 3;
/** How often the host checks that the files of its state are still there. */
const WATCH_INTERVAL_MS = 500;
/**
 * @typedef {object} HostOptions
 * @property {import("./owner.js").StateOwnership} ownership of the state; let go of with the host
 * @property {import("./ledger_state.js").LedgerState} [ledger] where the truth of the state is; absent: in the state's file
 * @property {boolean} idle carry out requests, but run nothing until something is deployed
 * @property {boolean} [forceReplay] replay an instance each time one of its steps, sleeps or waits has ended
 * @property {"batched" | "js"} [transport] how the SDK talks to the engine; for tests
 * @property {(line: string) => void} report a line of text for people
 * @property {(on: boolean) => void} ondebugging a debugger in a workflow takes the terminal, or returns it
 * @property {(fatal: { code: string, message: string }) => void} onfatal why the host is about to stop
 * @property {(code: number) => void | Promise<void>} onstopped
 */

export class Host {
  #options;
  #ownership;
  #ledger;
  #driver;
  #store;
  /** @type {TailMark | undefined} */
  #tailMark;
  #bindings;
  #queues;
  #objects;
  #deployments;
  #server;
  /** @type {NodeJS.Timeout | undefined} */
  #watch;
  #stopping = false;
  /** @type {import("../telemetry/metrics.js").Metrics | undefined} */
  #metrics;
  #otlp = otlpSettings(process.env, VERSION);
  /** @type {import("./tracing.js").Tracing | undefined} */
  #tracing;
  /** @type {Set<import("./listener.js").Listener>} */
  #listeners = new Set();
  /** What commands keep running here. */
  servings = new Servings();
  /** Who follows instances, and keeps this host alive by it. */
  followers = new Followers(() => void this.stop());

  /** @param {HostOptions} options */
  constructor(options) {
    this.#options = options;
    this.#ownership = options.ownership;
    this.#ledger = options.ledger;
    const clock = this.#ledger?.clock ?? nodeClock;
    try {
      this.#driver = this.#ledger?.attached.store.driver ?? openDriver(this.#ownership.state);
      this.#store = this.#ledger?.attached.store ?? openStore(this.#driver, this.#ownership);
    } catch (error) {
      this.#ownership.release();
      throw error;
    }
    this.#bindings = new HostBindings(options.report);
    const objectFiles = new ObjectFiles(this.#ownership.state);
    this.#deployments = new DeploymentLoader(this.#ledger ? LEDGER_PLACE : this.#ownership.state, {
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
    // A database says itself when it has gone back in time.
    if (!this.#ledger)
      this.#tailMark = new TailMark(this.#ownership.state, () =>
        this.engine.commits.isOpen ? undefined : this.#store.lastEntry(),
      );
    /** @type {Omit<import("../engine/engine.js").EngineOptions, "store">} */
    const engineOptions = {
      clock,
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
      onnewer: (workflow) =>
        options.report(
          `Instances of '${workflow}' have run newer code, which another engine has. Those that this engine holds wait until it has that code too, until the other engine has ended, or for 5 minutes.`,
        ),
      onforgery: ({ workflow, id }) =>
        options.report(
          `Refused: code of another deployment has sent a message about instance '${id}' of workflow '${workflow}'.`,
        ),
      recordChange: (change, carryOut) => this.access.audit.recordCode(change, carryOut),
      onunblocked: (workflow) => options.report(`Workflow '${workflow}' continues: its code loads again.`),
      ...(this.#otlp ? { tracing: tracingIds(this.#store) } : {}),
      idle: options.idle,
      forceReplay: options.forceReplay ?? false,
    };
    this.engine = engineOn(this.#store, this.#ledger, { ...engineOptions, oncommon: () => this.access.reload() });
    if (this.#ledger) this.#ledger.attached.handlers = this.#ledgerHandlers(options.report);
    this.access = new Access(this.engine, {
      access: this.#ledger?.isShared
        ? sharedAccess(this.#store.access, this.#ledger.attached.ledger)
        : this.#store.access,
      loadWorkflows: () => this.#store.loadWorkflows(),
    });
    this.copies = new RunCopies({
      engine: this.engine,
      deployments: this.#deployments,
      source: sourceOf(this.engine, this.#driver),
    });
    this.histories = new Histories(this.engine, this.#store, this.#deployments);
    this.#queues = new Queues({
      store: this.#store.queues,
      commits: this.engine.commits,
      clock,
      newId: randomUUID,
      report: options.report,
      ...(this.engine instanceof SharedEngine ? { shared: this.engine.queues } : {}),
    });
    this.#objects = new Objects({
      store: this.#store.objects,
      commits: this.engine.commits,
      clock,
      files: objectFiles,
      workerOf: ({ account, script }) => this.#deployments.workerOf(account, script),
      report: (line) => options.report(this.#deployments.mask(line)),
    });
    this.registration = new Registration(this.engine, this.#deployments, this.access, this.#objects, this.servings, {
      allowsObjects: !this.#ledger,
    });
    this.#server = new PrivateServer(createApi(this).fetch, this.#ownership);
  }

  /** @param {(line: string) => void} report @returns {import("../ledger/attached_ledger.js").Handlers} */
  #ledgerHandlers(report) {
    return {
      onfenced: (reason) => this.#onfenced(reason),
      onfailure: (error) => this.#onproblem({ error }),
      onhold: (isHeld, reason) =>
        report(
          isHeld
            ? `The database of the state does not answer (${reason}). Nothing is lost: this engine waits for it.`
            : "The database of the state answers again; this engine continues.",
        ),
    };
  }

  /** This engine may write no more: what it has not brought to the ledger was never told. @param {string} reason */
  #onfenced(reason) {
    if (this.#stopping) return;
    this.engine.commits.abandon();
    this.#options.onfatal({ code: "state.fenced", message: reason });
    void this.stop(EXIT_STATE);
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
    const missing = this.#tailMark?.missing() ?? 0;
    if (missing > 0) {
      this.#options.report(
        `The state has lost the last ${missing} of its log entries: it was copied without its -wal file, or that was damaged. Instances continue from what is left.`,
      );
    }
    this.#tailMark?.start();
    if (this.#otlp) {
      const metrics = this.#otlp.signals.metrics ? await this.#loadMetrics() : undefined;
      this.#tracing = startTelemetry(
        { engine: this.engine, store: this.#store, metrics, maskFor: (row) => this.maskFor(row) },
        this.#otlp,
        this.#options.report,
      );
    }
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

  /** @param {Parameters<HostBindings["warm"]>[0]} deployment */
  warmBindings(deployment) {
    this.#bindings.warm(deployment);
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
      state: this.#ledger?.shown ?? this.#ownership.state,
      state_identity: this.#ownership.identity,
      schema: SCHEMA_VERSION,
    };
  }

  /** Masks what is secret in texts for people about a workflow. @param {import("../store/store.d.ts").WorkflowRow} workflow */
  maskFor(workflow) {
    return this.#deployments.maskFor(workflow);
  }

  /** Passes in code that has been replaced end when no attempt of theirs runs, and the instances continue in the new code. */
  moveToNewCode() {
    this.engine.moveToNewCode((guest) => this.#deployments.isSuperseded(guest));
  }

  /** Start an interpreter that the next version of a deployment takes. @param {import("./registration.js").DeployRequest} request */
  prewarm(request) {
    void this.#deployments.prewarm(request).catch(() => {});
  }

  /** As long as it is on, code that does not load leaves the code before it in place. @param {boolean} on */
  keepOldCode(on) {
    this.#deployments.keepsOldCode = on;
  }

  /**
   * Write a copy of the state, while instances run on.
   *
   * @param {string} target a file that does not exist
   */
  async backUp(target) {
    if (this.#ledger)
      throw new WorkflowError("state.no_file", "This state is in PostgreSQL. Copy it with: stepwell state copy");
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
    if (this.#ledger)
      throw new WorkflowError(
        "state.no_file",
        "This state is in PostgreSQL, whose autovacuum gives unused space back.",
      );
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
    // Most hosts listen at no port.
    const { openListener } = await import("./listener.js");
    await this.#loadMetrics();
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

  /** Count from now on. Most hosts are not asked for metrics, and load nothing for them. */
  async #loadMetrics() {
    const { Metrics } = await import("../telemetry/metrics.js");
    return (this.#metrics ??= new Metrics(this.engine));
  }

  /** Of a host that listens at a port. */
  get metrics() {
    return /** @type {import("../telemetry/metrics.js").Metrics} */ (this.#metrics);
  }

  /** A network request has failed by a fault of the host. @param {unknown} error */
  reportFault(error) {
    const { stack } = /** @type {Error} */ (error);
    this.#options.report(`A request has failed: ${stack ?? String(error)}`);
  }

  parentGone() {
    // Its listeners were the parent's wish. Subscribers over the Unix socket are other commands.
    for (const listener of this.#listeners) listener.close();
    this.#listeners.clear();
    this.followers.parentGone();
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
    if (code === 0) await this.#ledger?.attached.drained();
    await this.#ledger?.attached.leave();
    await this.#deployments.dispose();
    this.#bindings.dispose();
    this.#tailMark?.stop();
    try {
      this.#store.close();
    } finally {
      this.#ownership.release();
      await this.#options.onstopped(code);
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
    const { code, message } = fatalOf(this.#ledger ? toLedgerStateError(error) : toStateError(error));
    this.#options.onfatal({ code, message: this.#deployments.mask(message) });
    void this.stop(EXIT_STATE);
  }
}

/** @param {unknown} error */
function toLedgerStateError(error) {
  if (!(error instanceof LedgerError)) return error;
  return new StateError("state.unusable", `its database refuses a write (${error.message})`, { cause: error });
}

/** @param {any} error */
function fatalOf(error) {
  if (typeof error?.code === "string" && error.code.startsWith("state."))
    return { code: error.code, message: error.message };
  return { code: "internal", message: String(error?.stack ?? error) };
}

/**
 * @param {import("../store/sqlite.js").SqliteStore} store
 * @param {import("./ledger_state.js").LedgerState | undefined} ledger
 * @param {import("../ledger/shared_engine.js").SharedEngineOptions} options
 */
function engineOn(store, ledger, options) {
  if (!ledger) return new Engine({ ...options, store });
  const { attached, isShared } = ledger;
  if (isShared) return new SharedEngine(options, attached);
  const { acknowledge, nextNumber } = attached;
  return new Engine({ ...options, store, acknowledge, nextNumber });
}

/** Where instances are read as a whole. @param {Engine} engine @param {import("../store/driver.d.ts").Driver} driver @returns {import("./run_copies.js").Source} */
function sourceOf(engine, driver) {
  if (engine instanceof SharedEngine) return (number) => engine.copyOf(number);
  return async () => ({ driver, close() {} });
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
