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
/** The shortest time between two lists that the page is sent. */
const LIST_PAUSE_MS = 100;

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
      // A version's files never change.
      retryBlockedMs: 0,
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
    return await BrowserGuest.examine("graph", { files, main, className });
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
      (await this.#engine.workflows()).flatMap((row) => (classes.includes(row.name) ? [] : [row.versionId])),
    );
    try {
      this.#project.versionDeployed(versionId, source, [...inUse]);
    } catch (error) {
      throw toStateError(error);
    }
    const place = { root: ROOT.slice(1), main: `${ROOT.slice(1)}/${main}`, vars: "{}" };
    await Promise.all(
      classes.map(async (name) =>
        this.#engine.saveWorkflow({
          name,
          className: name,
          stepLimit: null,
          versionId,
          ...place,
          schedules: await this.#cronsOf(name),
        }),
      ),
    );
    this.#deployments.retire(inUse.add(versionId));
    const workflows = await this.workflows();
    return { versionId, workflows: workflows.filter(({ name }) => classes.includes(name)), output };
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

  /** @returns {Promise<WorkflowSummary[]>} */
  async workflows() {
    const rows = await this.#engine.workflows();
    return await Promise.all(
      rows.map(async ({ name, className, versionId }) => ({
        name,
        className,
        versionId,
        instances: await this.#engine.countByStatus(name),
      })),
    );
  }

  // Schedules ---------------------------------------------------------------------------------------------------------

  /** @returns {Promise<import("../host.d.ts").ScheduleSummary[]>} */
  async schedules() {
    const rows = await this.#engine.workflows();
    const all = rows.map(async ({ name }) => {
      const schedules = await this.#engine.schedules(name);
      return schedules.map(({ cron: expression, next }) => ({ workflow: name, cron: expression, next }));
    });
    return (await Promise.all(all)).flat();
  }

  /** @param {string} workflow @param {string[]} crons all that it is to have */
  async setSchedules(workflow, crons) {
    const row = await this.#engine.workflow(workflow);
    await this.#engine.saveWorkflow({ ...row, schedules: crons });
  }

  /** @param {string} workflow */
  async #cronsOf(workflow) {
    return (await this.#engine.schedules(workflow)).map(({ cron: expression }) => expression);
  }

  // Instances ---------------------------------------------------------------------------------------------------------

  /** @param {string} workflow @param {unknown} params @param {string | undefined} id */
  async create(workflow, params, id) {
    const options = { params: encode(params ?? {}, "params"), ...(id === undefined ? {} : { id }) };
    return await this.#engine.creator.create(workflow, options);
  }

  /** @param {{ workflow?: string, status?: Status, limit?: number }} [filter] */
  async list({ workflow, status, limit = LISTED } = {}) {
    const names = workflow === undefined ? (await this.#engine.workflows()).map(({ name }) => name) : [workflow];
    const found = await Promise.all(
      names.map((name) => this.#engine.list({ workflow: name, ...(status ? { status } : {}), limit, offset: 0 })),
    );
    const rows = found.flatMap((each) => each.rows).toSorted((a, b) => b.number - a.number);
    return {
      rows: rows.slice(0, limit).map(summary),
      total: found.reduce((sum, each) => sum + each.total, 0),
    };
  }

  /** @param {string} workflow @param {string} id */
  async detail(workflow, id) {
    const row = await this.#engine.get(workflow, id);
    const [log, output] = await Promise.all([this.#engine.log(row.number), this.#engine.output(row.number)]);
    return instanceDetail(row, log, output, toPlain);
  }

  /**
   * Tell the page, by events of the type `follow`, what comes of an instance until it is gone or the page has had enough.
   *
   * @param {number} key
   * @param {string} workflow
   * @param {string} id
   * @param {{ cursor: number, printed: number, progress?: number }} from
   */
  async follow(key, workflow, id, { cursor, printed, progress }) {
    const row = await this.#engine.get(workflow, id);
    const feed = new Feed(this.#engine, row, { cursor, filter: undefined, progress }, printed);
    let reading = Promise.resolve();
    // One read after the other: each begins where the last one ended.
    const push = () => {
      reading = reading.then(async () => {
        for (let more = true; more;) {
          const found = await feed.read();
          ({ more } = found);
          const { lines } = found;
          if (lines.length > 0) {
            const known = { cursor: feed.cursor, printed: feed.printed, progress: feed.progress };
            this.#emit("follow", { key, lines, ...known });
          }
        }
      });
      return reading;
    };
    const notify = () => {
      push().catch(() => {
        // The engine has stopped, and has said so.
      });
    };
    this.#subscriptions.set(key, this.#engine.watch(row.number, notify));
    await push();
  }

  /** @param {number} key */
  unfollow(key) {
    this.#subscriptions.get(key)?.();
    this.#subscriptions.delete(key);
  }

  /** @param {string} workflow @param {string} id */
  async pause(workflow, id) {
    await this.#engine.commands.pause(workflow, id);
  }

  /** @param {string} workflow @param {string} id */
  async resume(workflow, id) {
    await this.#engine.commands.resume(workflow, id);
  }

  /** @param {string} workflow @param {string} id @param {{ rollback?: boolean }} [options] */
  async terminate(workflow, id, options) {
    await this.#engine.commands.terminate(workflow, id, options);
  }

  /** @param {string} workflow @param {string} id @param {StepAddress} [from] */
  async restartInstance(workflow, id, from) {
    await this.#engine.commands.restart(workflow, id, from);
  }

  /** @param {string} workflow @param {string} id */
  async delete(workflow, id) {
    await this.#engine.commands.delete(workflow, id);
  }

  /** @param {string} workflow @param {string} id @param {string} type @param {unknown} [payload] */
  async sendEvent(workflow, id, type, payload) {
    await this.#engine.commands.sendEvent(workflow, id, type, encode(payload ?? {}, "payload"));
  }

  /** @param {string} [workflow] @param {string} [id] @returns {Promise<AwaitedEvent[]>} */
  async awaitedEvents(workflow, id) {
    const { rows } = await this.list(workflow === undefined ? {} : { workflow });
    const wanted = rows.filter((row) => (id === undefined ? !row.endedOn : row.id === id));
    const awaited = wanted.map(async (row) => {
      const { steps } = /** @type {{ steps: StepDetail[] }} */ (await this.detail(row.workflow, row.id));
      return steps.flatMap((step) =>
        step.type === "waitForEvent" && !step.finished
          ? [{ type: step.event_type, step: step.name, workflow: row.workflow, id: row.id }]
          : [],
      );
    });
    return (await Promise.all(awaited)).flat();
  }

  /** @param {string} workflow @param {string} id @param {string} [step] `NAME-COUNT` */
  async skipSleep(workflow, id, step) {
    await this.#engine.commands.skipSleep(workflow, id, step);
  }

  /** @param {string} workflow @param {string} id */
  async source(workflow, id) {
    const { versionId } = await this.#engine.get(workflow, id);
    return this.#project.loadVersion(versionId);
  }

  // One-file runs -----------------------------------------------------------------------------------------------------

  /** @param {string} workflow @param {string} id */
  async exportRun(workflow, id) {
    return await this.#runs.export(workflow, id);
  }

  /** @param {Uint8Array} bytes */
  async openRun(bytes) {
    return await this.#runs.open(bytes);
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
  async compare(left, right) {
    return await this.#runs.compare(left, right);
  }

  // Crashes -----------------------------------------------------------------------------------------------------------

  crashPython() {
    this.#deployments.crash();
  }

  // Tables ------------------------------------------------------------------------------------------------------------

  async tables() {
    await this.#engine.commits.commitNow();
    return describeTables(this.#state);
  }

  /** @param {string} table @param {{ limit?: number, offset?: number }} [page] */
  async rows(table, { limit = 100, offset = 0 } = {}) {
    await this.#engine.commits.commitNow();
    const found = readTable(this.#state, table, { limit: Math.min(limit, 1000), offset });
    if (!found) throw new WorkflowError("table.not_found", `There is no table ${JSON.stringify(table)}.`);
    return found;
  }

  // ---------------------------------------------------------------------------------------------------------------------

  #listSoon() {
    if (this.#listing) return;
    this.#listing = true;
    setTimeout(() => void this.#list(), LIST_PAUSE_MS);
  }

  async #list() {
    this.#listing = false;
    try {
      this.#emit("instances", (await this.list()).rows);
    } catch {
      // The engine has stopped, and has said so.
    }
  }

  /** @param {{ workflow?: string, error: unknown }} problem */
  #onproblem({ workflow, error }) {
    if (workflow !== undefined) {
      const { message } = /** @type {Error} */ (error);
      const text = `Workflow '${workflow}' is blocked: its code does not load. ${message}`;
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
