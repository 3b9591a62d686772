/**
 * The engine of a page, in its worker: puts state, engine and interpreters together, and carries out what the page asks.
 *
 * What is public here is what the page's half (`connect.js`) calls by its name.
 */

/** @import { AwaitedEvent, Files, InstanceSummary, StepAddress, StepDetail, WorkflowSummary } from "../host.d.ts" */
/** @import { InstanceRow, Status } from "../../store/store.d.ts" */
/** @import { Driver } from "../../store/driver.d.ts" */
/** @import { WasmFiles } from "../../store/wasm_driver.js" */

import { encode } from "../../../bridge/values.js";
import { BrowserGuest } from "../../../runtime/browser/pool.js";
import { soon } from "../../../runtime/browser/soon.js";
import { instanceDetail } from "../../engine/detail.js";
import { Engine } from "../../engine/engine.js";
import { WorkflowError } from "../../engine/errors.js";
import { Feed } from "../../engine/feed.js";
import { toPlain } from "../../engine/plain.js";
import { nodeClock } from "../../server/clock.js";
import { cron } from "../../server/cron.js";
import { ProjectStore } from "../../store/project.js";
import { SqliteStore } from "../../store/sqlite.js";
import { describeTables, readTable } from "../../store/tables.js";
import { toStateError } from "../../store/wasm_driver.js";
import { Deployments, ROOT } from "./deployments.js";
import { Runs } from "./runs.js";
import { checkSource } from "./source.js";
import { toFault } from "./errors.js";

/** Instances of which the page is told by itself. */
const LISTED = 200;
/** The list is told at most so often, in ms. */
const LIST_PAUSE = 100;

/** @typedef {(type: string, value: unknown) => void} Emit */

export class Playground {
  #files;
  #emit;
  /** @type {Driver} */
  #state;
  #engine;
  #project;
  #deployments;
  #runs;
  /** By the page's numbers. @type {Map<number, () => void>} */
  #subscriptions = new Map();
  #listing = false;

  /**
   * @param {WasmFiles} files
   * @param {Emit} emit tells the page
   * @param {string} sqlite its version
   */
  constructor(files, emit, sqlite) {
    this.#files = files;
    this.#emit = emit;
    this.#state = files.open("state.sqlite");
    this.#project = new ProjectStore(files.open("project.sqlite"));
    this.#deployments = new Deployments(this.#project);
    const store = new SqliteStore(this.#state);
    this.#engine = new Engine({
      store: telling(store, () => this.#listSoon()),
      clock: nodeClock,
      cron,
      newId: () => crypto.randomUUID(),
      defer: soon,
      guestFor: (workflow) => this.#deployments.guestFor(workflow),
      onproblem: (problem) => this.#onproblem(problem),
    });
    this.#runs = new Runs(files, {
      engine: this.#engine,
      store,
      state: this.#state,
      sourceOf: ({ versionId }) => this.#project.loadVersion(versionId),
      deploy: (sources, main) => this.deploy(sources, main),
      versions: async () => ({ ...(await fetchVersions()), sqlite }),
    });
    this.#engine.open();
    this.#listSoon();
  }

  /** Let go of everything, after committing what there is. */
  close() {
    try {
      this.#engine.close();
    } catch {
      // The state cannot be written; that has been told already.
    }
    this.#files.close();
  }

  /** Delete everything. The worker is of no use afterwards. */
  async reset() {
    try {
      this.#engine.close();
    } finally {
      await this.#files.remove();
    }
  }

  // Code --------------------------------------------------------------------------------------------------------------

  loadProject() {
    const json = this.#project.loadProject();
    return json === null ? null : JSON.parse(json);
  }

  /** @param {import("../host.d.ts").Project} project */
  saveProject(project) {
    checkSource(project);
    try {
      this.#project.projectSaved(JSON.stringify(project));
    } catch (error) {
      throw toStateError(error);
    }
  }

  /** @param {Files} files @returns {Promise<import("../host.d.ts").Problem[]>} */
  async check(files) {
    return await BrowserGuest.examine("check", { files });
  }

  /** @param {Files} files @param {string} main @param {string} className @returns {Promise<import("../host.d.ts").Graph>} */
  async graph(files, main, className) {
    return await BrowserGuest.examine("outline", { files, main, className });
  }

  /** @param {Files} files @param {string} main */
  async deploy(files, main) {
    const source = { files, main };
    checkSource(source);
    const { versionId, classes, output } = await this.#load(source);
    if (classes.length === 0) {
      throw new WorkflowError(
        "deployment.no_workflow",
        `${main} has no workflow: no class in it extends WorkflowEntrypoint.`,
      );
    }
    const inUse = new Set(
      this.#engine.workflows().flatMap((row) => (classes.includes(row.name) ? [] : [row.versionId])),
    );
    try {
      this.#project.versionDeployed(versionId, source, [...inUse]);
    } catch (error) {
      throw toStateError(error);
    }
    const place = { root: ROOT.slice(1), main: `${ROOT.slice(1)}/${main}`, vars: "{}" };
    await Promise.all(
      classes.map((name) =>
        this.#engine.saveWorkflow({
          name,
          className: name,
          stepLimit: null,
          versionId,
          ...place,
          schedules: this.#cronsOf(name),
        }),
      ),
    );
    this.#deployments.retire(inUse.add(versionId));
    return { versionId, workflows: this.workflows().filter(({ name }) => classes.includes(name)), output };
  }

  /** @param {import("../../store/project.js").Source} source */
  async #load(source) {
    try {
      return await this.#deployments.load(source);
    } catch (error) {
      const { message, traceback, wire, place } = /** @type {any} */ (error);
      if (wire === undefined) throw new WorkflowError("python.failed", message);
      const problems = await BrowserGuest.examine("check", { files: source.files });
      const here = place ? [{ ...place, name: wire.name, message: wire.message }] : [];
      // The source says where its syntax is wrong, and in which columns.
      const fatal = problems.filter((/** @type {{ name: string }} */ { name }) => name.endsWith("Error"));
      const failed = new WorkflowError("deployment.import_failed", message);
      throw Object.assign(failed, { traceback, problems: fatal.length > 0 ? fatal : here });
    }
  }

  /** @returns {WorkflowSummary[]} */
  workflows() {
    return this.#engine.workflows().map(({ name, className, versionId }) => ({
      name,
      className,
      versionId,
      instances: this.#engine.countByStatus(name),
    }));
  }

  // Schedules ---------------------------------------------------------------------------------------------------------

  /** @returns {import("../host.d.ts").ScheduleSummary[]} */
  schedules() {
    return this.#engine
      .workflows()
      .flatMap(({ name }) =>
        this.#engine.schedules(name).map(({ cron: expression, next }) => ({ workflow: name, cron: expression, next })),
      );
  }

  /** @param {string} workflow @param {string[]} crons all that it is to have */
  async setSchedules(workflow, crons) {
    const row = this.#engine.workflow(workflow);
    await this.#engine.saveWorkflow({ ...row, schedules: crons });
  }

  /** @param {string} workflow */
  #cronsOf(workflow) {
    return this.#engine.schedules(workflow).map(({ cron: expression }) => expression);
  }

  // Instances ---------------------------------------------------------------------------------------------------------

  /** @param {string} workflow @param {unknown} params @param {string | undefined} id */
  async create(workflow, params, id) {
    const options = { params: encode(params ?? {}, "params"), ...(id === undefined ? {} : { id }) };
    return await this.#engine.create(workflow, options);
  }

  /** @param {{ workflow?: string, status?: Status, limit?: number }} [filter] */
  list({ workflow, status, limit = LISTED } = {}) {
    const names = workflow === undefined ? this.#engine.workflows().map(({ name }) => name) : [workflow];
    const found = names.map((name) =>
      this.#engine.list({ workflow: name, ...(status ? { status } : {}), limit, offset: 0 }),
    );
    const rows = found.flatMap((each) => each.rows).toSorted((a, b) => b.number - a.number);
    return {
      rows: rows.slice(0, limit).map(summary),
      total: found.reduce((sum, each) => sum + each.total, 0),
    };
  }

  /** @param {string} workflow @param {string} id */
  detail(workflow, id) {
    const row = this.#engine.get(workflow, id);
    return instanceDetail(row, this.#engine.log(row.number), this.#engine.output(row.number), toPlain);
  }

  /**
   * Tell the page, by events of the type `follow`, what comes of an instance until it is gone or the page has had enough.
   *
   * @param {number} key
   * @param {string} workflow
   * @param {string} id
   * @param {{ cursor: number, printed: number }} from
   */
  follow(key, workflow, id, { cursor, printed }) {
    const row = this.#engine.get(workflow, id);
    const feed = new Feed(this.#engine, row, { cursor, filter: undefined }, printed);
    const push = () => {
      const { lines } = feed.read();
      if (lines.length > 0) this.#emit("follow", { key, lines, cursor: feed.cursor, printed: feed.printed });
    };
    this.#subscriptions.set(key, this.#engine.watch(row.number, push));
    push();
  }

  /** @param {number} key */
  unfollow(key) {
    this.#subscriptions.get(key)?.();
    this.#subscriptions.delete(key);
  }

  /** @param {string} workflow @param {string} id */
  async pause(workflow, id) {
    await this.#engine.pause(workflow, id);
  }

  /** @param {string} workflow @param {string} id */
  async resume(workflow, id) {
    await this.#engine.resume(workflow, id);
  }

  /** @param {string} workflow @param {string} id @param {{ rollback?: boolean }} [options] */
  async terminate(workflow, id, options) {
    await this.#engine.terminate(workflow, id, options);
  }

  /** @param {string} workflow @param {string} id @param {StepAddress} [from] */
  async restartInstance(workflow, id, from) {
    await this.#engine.restart(workflow, id, from);
  }

  /** @param {string} workflow @param {string} id */
  async delete(workflow, id) {
    await this.#engine.delete(workflow, id);
  }

  /** @param {string} workflow @param {string} id @param {string} type @param {unknown} [payload] */
  async sendEvent(workflow, id, type, payload) {
    await this.#engine.sendEvent(workflow, id, type, encode(payload ?? {}, "payload"));
  }

  /** @param {string} [workflow] @param {string} [id] @returns {AwaitedEvent[]} */
  awaitedEvents(workflow, id) {
    const { rows } = this.list(workflow === undefined ? {} : { workflow });
    const asked = rows.filter((row) => (id === undefined ? !row.endedOn : row.id === id));
    return asked.flatMap((row) => {
      const { steps } = /** @type {{ steps: StepDetail[] }} */ (this.detail(row.workflow, row.id));
      return steps.flatMap((step) =>
        step.type === "waitForEvent" && !step.finished
          ? [{ type: step.event_type, step: step.name, workflow: row.workflow, id: row.id }]
          : [],
      );
    });
  }

  /** @param {string} workflow @param {string} id @param {string} [step] `NAME-COUNT` */
  async skipSleep(workflow, id, step) {
    await this.#engine.skipSleep(workflow, id, step);
  }

  /** @param {string} workflow @param {string} id */
  source(workflow, id) {
    return this.#project.loadVersion(this.#engine.get(workflow, id).versionId);
  }

  // One-file runs -----------------------------------------------------------------------------------------------------

  /** @param {string} workflow @param {string} id */
  async exportRun(workflow, id) {
    return await this.#runs.export(workflow, id);
  }

  /** @param {Uint8Array} bytes */
  openRun(bytes) {
    return this.#runs.open(bytes);
  }

  /** @param {string} key */
  closeRun(key) {
    this.#runs.close(key);
  }

  /** @param {import("../host.d.ts").RunAddress} run @param {import("../host.d.ts").ForkOptions} [options] */
  async forkRun(run, options) {
    return await this.#runs.fork(run, options);
  }

  /** @param {import("../host.d.ts").RunAddress} run @param {{ files: Files, main: string }} [project] */
  async replayRun(run, project) {
    return await this.#runs.replay(run, project);
  }

  /** @param {import("../host.d.ts").RunAddress} left @param {import("../host.d.ts").RunAddress} right */
  compare(left, right) {
    return this.#runs.compare(left, right);
  }

  // Crashes -----------------------------------------------------------------------------------------------------------

  crashPython() {
    this.#deployments.crash();
  }

  // Tables ------------------------------------------------------------------------------------------------------------

  tables() {
    this.#engine.commits.settle();
    return describeTables(this.#state);
  }

  /** @param {string} table @param {{ limit?: number, offset?: number }} [page] */
  rows(table, { limit = 100, offset = 0 } = {}) {
    this.#engine.commits.settle();
    const found = readTable(this.#state, table, { limit: Math.min(limit, 1000), offset });
    if (!found) throw new WorkflowError("table.not_found", `There is no table ${JSON.stringify(table)}.`);
    return found;
  }

  // ---------------------------------------------------------------------------------------------------------------------

  #listSoon() {
    if (this.#listing) return;
    this.#listing = true;
    setTimeout(() => {
      this.#listing = false;
      try {
        this.#emit("instances", this.list().rows);
      } catch {
        // The engine has stopped, and has said so.
      }
    }, LIST_PAUSE);
  }

  /** @param {{ workflow?: string, error: unknown }} problem */
  #onproblem({ workflow, error }) {
    if (workflow !== undefined) {
      const { message } = /** @type {Error} */ (error);
      const text = `Workflow '${workflow}' cannot go on: its code does not load. ${message}`;
      this.#emit("notice", { level: "error", text });
      return;
    }
    this.#emit("stopped", toFault(toStateError(error)));
  }
}

/**
 * The store, which tells of each commit.
 *
 * @param {SqliteStore} store
 * @param {() => void} oncommit
 */
function telling(store, oncommit) {
  const commit = store.commit.bind(store);
  store.commit = () => {
    commit();
    oncommit();
  };
  return store;
}

/** @returns {Promise<Record<string, string>>} */
async function fetchVersions() {
  return await (await fetch(new URL("../../../parts/versions.json", import.meta.url))).json();
}

/** @param {InstanceRow} row @returns {InstanceSummary} */
function summary({ workflow, id, status, versionId, createdOn, modifiedOn, startedOn, endedOn, wakeAt }) {
  return { workflow, id, status, versionId, createdOn, modifiedOn, startedOn, endedOn, wakeAt };
}
