/**
 * The engine of one test: on a database in memory, in virtual time, with guests that other tests share.
 *
 * Nothing moves time but `advance` and the waits, which jump to the next time at which anything is due.
 */

/** @import { FromGuest } from "../../bridge/protocol.d.ts" */
/** @import { Deployment } from "../server/deployment.js" */
/** @import { DeploymentLoader } from "../server/deployment_loader.js" */
/** @import { InstanceRow } from "../store/store.d.ts" */
/** @import { InstanceName, StepName } from "./modified_guest.js" */
/** @import { GuestView, SharedGuest } from "./shared_guest.js" */
/** @import { VirtualClock } from "./virtual_clock.js" */

import { Engine } from "../engine/engine.js";
import { WorkflowError } from "../engine/errors.js";
import { targetOf } from "../engine/events.js";
import { cron } from "../server/cron.js";
import { importedFiles } from "../server/imports.js";
import { runFile } from "../server/run_files.js";
import { VERSION } from "../server/version.js";
import { SqliteStore } from "../store/sqlite.js";
import { returnDatabase, takeDatabase } from "./memory_database.js";
import { ModifiedGuest } from "./modified_guest.js";
import { Modifiers } from "./modifiers.js";
import { isReplayable, replayAll } from "./replays.js";
import { sharedGuestOf } from "./shared_guest.js";

/** A change of an instance, as it was asked for. @typedef {(modifiers: Modifiers) => void} Change */

/**
 * A workflow of a configuration.
 *
 * @typedef {object} WorkflowSettings
 * @property {string} name
 * @property {string} class_name
 * @property {{ steps?: number }} [limits]
 * @property {{ limit?: number }} [concurrency]
 * @property {string[]} [schedules]
 *
 * @typedef {object} TestEngineOptions
 * @property {VirtualClock} clock
 * @property {DeploymentLoader} deployments
 * @property {import("./doubles.js").Doubles} doubles the test's own objects
 * @property {(problem: string) => void} onproblem takes what concerns the whole engine
 * @property {(commit: () => void) => void} [oncommit] stands between the engine and its commits
 * @property {import("./modified_guest.js").ModifiedGuestOptions["onboundary"]} [onboundary]
 * @property {import("./modified_guest.js").ModifiedGuestOptions["holds"]} [holds]
 */

export class TestEngine {
  #options;
  #db = takeDatabase();
  #lastId = 0;
  /** @type {Engine} */
  #engine;
  /** @type {SqliteStore} */
  #store = /** @type {any} */ (undefined);
  /** By the guest. @type {Map<object, { shared: SharedGuest, view: GuestView, guest: ModifiedGuest }>} */
  #guests = new Map();
  /** By instance. @type {Map<string, Modifiers>} */
  #modifiers = new Map();
  /** What applies to every further instance of a workflow. @type {Map<string, Change[]>} */
  #forAll = new Map();
  /** Errors of workflows whose code does not load, by name. @type {Map<string, unknown>} */
  #blocked = new Map();
  /** How many commands of modifiers, and requests for guests, are under way. */
  #underWay = 0;
  #closed = false;
  /** By place. @type {Map<string, import("./modified_guest.js").Finding>} */
  #findings = new Map();
  /** Replays of instances that were deleted. @type {import("./replays.js").Comparison[]} */
  #disposed = [];
  /** What has been deployed. @type {{ deployment: Deployment, workflows: WorkflowSettings[] }[]} */
  deployed = [];

  /** @param {TestEngineOptions} options */
  constructor(options) {
    this.#options = options;
    this.#engine = this.#open();
  }

  #open() {
    const { clock, deployments, oncommit } = this.#options;
    const store = new SqliteStore(this.#db);
    this.#store = store;
    if (oncommit) {
      const commit = store.commit.bind(store);
      store.commit = () => oncommit(commit);
    }
    const engine = new Engine({
      store,
      clock,
      cron,
      // The same in each run of a test.
      newId: () => `instance-${++this.#lastId}`,
      defer: setImmediate,
      // Every wake-up is a replay, as it is after a while in a host.
      keepParked: 0,
      retryBlockedMs: 0,
      guestFor: (workflow) => this.#track(async () => this.#guestOf(await deployments.guestFor(workflow))),
      checkPayload: (workflow, params) => deployments.checkPayload(workflow, params),
      onproblem: ({ workflow, error }) => {
        if (workflow === undefined) this.#options.onproblem(String(/** @type {any} */ (error)?.stack ?? error));
        else this.#blocked.set(workflow, error);
      },
    });
    engine.open();
    return engine;
  }

  get engine() {
    return this.#engine;
  }

  get clock() {
    return this.#options.clock;
  }

  /** @param {object} found */
  #guestOf(found) {
    const known = this.#guests.get(found);
    if (known) return known.guest;
    const all = sharedGuestOf(found);
    const view = all.view();
    const guest = new ModifiedGuest(view, {
      modifiersOf: (instance) => this.modifiersOf(instance),
      skip: (instance, kind, step) => this.#skip(instance, kind, step),
      expire: ({ workflow, id }, step) =>
        this.#command(() => this.#engine.commands.expireWait(workflow, id, targetOf(step))),
      sendEvent: ({ workflow, id }, { type, payload }) =>
        this.#command(() => this.#engine.commands.sendEvent(workflow, id, type, payload)),
      onfinding: (finding) =>
        void this.#findings.set(JSON.stringify([finding.kind, finding.file, finding.line]), finding),
      ...(this.#options.onboundary ? { onboundary: this.#options.onboundary } : {}),
      ...(this.#options.holds ? { holds: this.#options.holds } : {}),
    });
    this.#guests.set(found, { shared: all, view, guest });
    return guest;
  }

  /** @param {InstanceName} instance @param {"sleep" | "do"} _kind @param {StepName} step */
  #skip({ workflow, id }, _kind, step) {
    this.#command(() => this.#engine.commands.skipSleep(workflow, id, targetOf(step)));
  }

  /** What has ended in the meantime is not there to be changed. @param {() => Promise<unknown>} run */
  #command(run) {
    this.#track(run).catch(() => {});
  }

  /** @template T @param {() => Promise<T>} run */
  async #track(run) {
    this.#underWay += 1;
    try {
      return await run();
    } finally {
      this.#underWay -= 1;
    }
  }

  /**
   * Load a deployment, and register its workflows.
   *
   * @param {Deployment} deployment
   * @param {WorkflowSettings[] | null} workflows null: every class under its own name
   */
  async deploy(deployment, workflows) {
    const { deployments } = this.#options;
    const { classes, guest } = await deployments.load(deployment);
    const version = deployments.versionOf(guest);
    /** @type {WorkflowSettings[]} */
    const wanted = workflows ?? classes.map((name) => ({ name, class_name: name }));
    for (const { name, class_name, limits, concurrency, schedules = [] } of wanted) {
      if (!classes.includes(class_name)) {
        const found = classes.join(", ") || "none";
        const message = `Workflow '${name}' has no class ${class_name} in ${deployment.main}. Found: ${found}.`;
        throw new WorkflowError("deployment.no_class", message);
      }
      const settings = {
        name,
        className: class_name,
        stepLimit: limits?.steps,
        concurrency: concurrency?.limit,
        version,
      };
      await this.#engine.saveWorkflow({ ...deployments.rows.toRow(deployment, settings), schedules });
      this.#blocked.delete(name);
    }
    this.deployed.push({ deployment, workflows: wanted });
    return wanted.map(({ name, class_name }) => ({ name, class_name }));
  }

  /** Whether a workflow of that name is deployed. @param {string} workflow */
  has(workflow) {
    return this.deployed.some(({ workflows }) => workflows.some(({ name }) => name === workflow));
  }

  // Modifiers --------------------------------------------------------------------------------------------------------

  /** @param {InstanceName} instance */
  modifiersOf({ workflow, id }) {
    const key = JSON.stringify([workflow, id]);
    let modifiers = this.#modifiers.get(key);
    if (!modifiers) {
      modifiers = new Modifiers();
      for (const change of this.#forAll.get(workflow) ?? []) change(modifiers);
      this.#modifiers.set(key, modifiers);
    }
    return modifiers;
  }

  /**
   * Change an instance, or every further instance of a workflow.
   *
   * @param {string} workflow
   * @param {string | null} id null: every further one
   * @param {Change} change
   */
  modify(workflow, id, change) {
    if (id !== null) return change(this.modifiersOf({ workflow, id }));
    // What is wrong with it is wrong now.
    const all = [...(this.#forAll.get(workflow) ?? []), change];
    const trial = new Modifiers();
    for (const each of all) each(trial);
    this.#forAll.set(workflow, all);
  }

  /** Change no further instance of a workflow. @param {string} workflow */
  modifyNoMore(workflow) {
    this.#forAll.delete(workflow);
  }

  /** What code between steps does that a replay need not repeat, once for each place. */
  get findings() {
    return [...this.#findings.values()];
  }

  /** Modifiers of steps that have not run, with their instances. */
  get unusedModifiers() {
    return [...this.#modifiers].flatMap(([key, modifiers]) => {
      const [workflow, id] = JSON.parse(key);
      return modifiers.unused.map((modifier) => ({ workflow, id, ...modifier }));
    });
  }

  // Replays ----------------------------------------------------------------------------------------------------------

  /** Replay an instance that is about to be deleted. What that shows is kept. @param {string} workflow @param {string} id */
  async replayDisposed(workflow, id) {
    this.#disposed.push(...(await this.#replay((row) => row.workflow === workflow && row.id === id)));
  }

  /**
   * Replay the instances that have come to an end by themselves. Code that has changed since is not held to their history.
   *
   * @param {string | null} only the id of one; null: all, with those that were deleted
   */
  async replayFinished(only) {
    if (only !== null) return await this.#replay(({ id }) => id === only);
    return [...this.#disposed, ...(await this.#replay(() => true))];
  }

  /** @param {(row: InstanceRow) => boolean} isWanted */
  async #replay(isWanted) {
    const { rows } = await this.#engine.list({ limit: 10_000, offset: 0 });
    const runs = [];
    for (const row of rows.toReversed()) {
      if (!isReplayable(row) || !isWanted(row)) continue;
      const workflow = await this.#engine.workflow(row.workflow);
      if (workflow.versionId !== row.versionId) continue;
      const guest = sharedGuestOf(await this.#options.deployments.guestFor(workflow));
      runs.push({ store: this.#store, number: row.number, guest });
    }
    return await replayAll(runs, this.clock.buffer);
  }

  /**
   * An instance as a run file.
   *
   * @param {string} workflow
   * @param {string} id
   * @returns {Promise<Uint8Array>}
   */
  async exportRun(workflow, id) {
    const { number } = await this.#engine.get(workflow, id);
    const deployment = this.#options.deployments.rows.deploymentOf(await this.#engine.workflow(workflow));
    const sources = importedFiles(deployment);
    const versions = { stepwell: VERSION, node: process.versions.node };
    const same = (/** @type {any} */ value) => value;
    const masking = { vars: () => "{}", value: same, text: same };
    const description = { sources, main: sources[0].path, versions, exportedAt: this.clock.now(), masking };
    return runFile(this.#db, number, description);
  }

  // Time -------------------------------------------------------------------------------------------------------------

  /** How many messages have passed. */
  get activity() {
    let sum = 0;
    for (const { shared: each } of this.#guests.values()) sum += each.activity;
    return sum;
  }

  /** Whether something is under way that no guest knows. */
  get isBusy() {
    return this.#underWay > 0 || [...this.#guests.values()].some(({ guest }) => guest.pending > 0);
  }

  /** How many calls of the test's own objects have no answer. */
  get openCalls() {
    return this.#options.doubles.open;
  }

  /** What its guests say of themselves. */
  async rest() {
    const reports = await Promise.all([...this.#guests.values()].map(({ shared: each }) => each.rest()));
    return reports.flat();
  }

  ring() {
    for (const { shared: each } of this.#guests.values()) each.ring();
  }

  /** Let the guests import their modules anew, as a new process would. */
  async reload() {
    await Promise.all([...this.#guests.values()].map(({ shared: each }) => each.reload()));
  }

  // The end ----------------------------------------------------------------------------------------------------------

  /** Why the code of a workflow does not load. @param {string} workflow */
  problemOf(workflow) {
    return this.#blocked.get(workflow);
  }

  /** The process dies now: nothing more is committed, and guests get no further. */
  die() {
    this.#engine.commits.abandon();
    for (const { view } of this.#guests.values()) view.leave();
  }

  /** What is not committed is lost, and a new engine opens what is left. */
  crash() {
    this.#leave();
    try {
      this.#db.exec("ROLLBACK");
    } catch {
      // Nothing was open.
    }
    this.#engine = this.#open();
  }

  close() {
    if (this.#closed) return;
    this.#closed = true;
    this.#leave();
    returnDatabase(this.#db);
  }

  #leave() {
    for (const { view } of this.#guests.values()) view.leave();
    this.#guests.clear();
    this.#engine.commits.abandon();
    this.#engine.close();
  }
}
