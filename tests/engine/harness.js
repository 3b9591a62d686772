/** An engine on a fresh in-memory database, with a manual clock and a fake guest. */

import { Engine } from "../../js/engine/engine.js";
import { notFound } from "../../js/engine/errors.js";
import { EVENT_NAMES, entries, targetOf } from "../../js/engine/events.js";
import { cron } from "../../js/server/cron.js";
import { FakeGuest } from "./fake_guest.js";
import { ManualClock } from "../../conformance/manual_clock.js";
import { newState, SETTLING_TURNS } from "./state.js";

/** @import { Run } from "./fake_guest.js" */
/** @import { NewWorkflow } from "../../js/store/store.d.ts" */

export class Harness {
  clock = new ManualClock();
  /** @type {{ workflow?: string, error: unknown }[]} */
  problems = [];
  /** Workflows whose code loads again. @type {string[]} */
  unblocked = [];
  /** @type {{ workflow: string, id: string, error: unknown }[]} */
  faults = [];
  /** @type {{ workflow: string, id: string }[]} */
  forgeries = [];
  /** Guests of workflows that do not run in `guest`. @type {Record<string, FakeGuest>} */
  guestOf = {};
  /** @type {import("node:sqlite").DatabaseSync} */
  db;
  /** Why code does not load. @type {Error | undefined} */
  loadError;

  /** @param {Run} run @param {{ stepLimit?: number, stateLimit?: number, idle?: boolean, keepParked?: number, forceReplay?: boolean, settings?: Partial<NewWorkflow> }} [options] */
  constructor(run, { stepLimit, stateLimit, idle = false, keepParked = 0, forceReplay = false, settings = {} } = {}) {
    this.settings = settings;
    this.idle = idle;
    this.stateLimit = stateLimit;
    this.keepParked = keepParked;
    this.forceReplay = forceReplay;
    this.stepLimit = stepLimit ?? null;
    this.guest = new FakeGuest(run);
    this.state = newState(this.clock);
    const { engine, store, db } = this.#open();
    this.db = db;
    this.engine = engine;
    this.store = store;
  }

  /** @type {import("../../js/engine/binding.js").RecordChange} */
  recordChange = (_change, carryOut) => carryOut();

  /** Stands between the engine and its commits. @type {(commit: () => void) => void} */
  oncommit = (commit) => commit();

  /** @returns {import("./state.js").OpenState & { engine: Engine }} */
  #open() {
    const { guest } = this;
    const opened = this.state.open(this.db);
    const { store, options } = opened;
    const commit = store.commit.bind(store);
    store.commit = () => this.oncommit(commit);
    const engine = new Engine({
      store,
      ...options,
      clock: this.clock,
      cron,
      newId: () => "generated",
      defer: setImmediate,
      guestFor: async ({ name }) => {
        if (this.loadError) throw this.loadError;
        return this.guestOf[name] ?? guest;
      },
      onunblocked: (workflow) => this.unblocked.push(workflow),
      onfault: (fault) => this.faults.push(fault),
      onforgery: (forgery) => this.forgeries.push(forgery),
      onproblem: (problem) => this.problems.push(problem),
      recordChange: (change, carryOut) => this.recordChange(change, carryOut),
      idle: this.idle,
      ...(this.stateLimit === undefined ? {} : { stateLimit: this.stateLimit }),
      keepParked: this.keepParked,
      forceReplay: this.forceReplay,
    });
    engine.open();
    const workflow = { name: "flow", className: "Flow", root: ".", main: "f.py", vars: "{}", versionId: "v1" };
    void engine.saveWorkflow({ ...workflow, stepLimit: this.stepLimit, ...this.settings });
    return { ...opened, engine };
  }

  /** The process dies now: nothing more is committed, and a new engine opens what is on the disk. @param {Run} [run] */
  crash(run = this.guest.run) {
    this.state.crash(this.db);
    this.engine.commits.abandon();
    this.engine.close();
    this.guest.passes.clear();
    this.guest = new FakeGuest(run);
    const { engine, store, db } = this.#open();
    this.db = db;
    this.engine = engine;
    this.store = store;
  }

  /** @param {unknown} [params] @param {string} [id] */
  async create(params = {}, id = "i1") {
    await this.engine.creator.create("flow", { id, params: JSON.stringify(params) });
    await this.settle();
  }

  /** Let everything happen that needs no time to pass. */
  async settle() {
    for (let i = 0; i < SETTLING_TURNS; i++) await new Promise((resolve) => setImmediate(resolve));
  }

  /** @param {number} ms */
  async pass(ms) {
    await this.settle();
    await this.clock.moveTo(this.clock.now() + ms, () => this.settle());
    await this.settle();
  }

  /** @param {unknown} [payload] */
  async event(type = "go", payload = {}, id = "i1") {
    await this.engine.commands.sendEvent("flow", id, type, JSON.stringify(payload));
    await this.settle();
  }

  /** Whether the instance has been sent an event, taken by a wait or not. */
  hasEvent(id = "i1") {
    return this.db.prepare("SELECT 1 FROM events WHERE instance = ?").get(this.row(id).number) !== undefined;
  }

  /** The instance as it is on the disk. */
  row(id = "i1") {
    const row = this.find(id);
    if (!row) throw notFound(id);
    return row;
  }

  find(id = "i1") {
    void this.engine.commits.commitNow();
    return this.store.loadInstance("flow", id);
  }

  rows(id = "i1") {
    return this.store.loadLog(this.row(id).number);
  }

  status(id = "i1") {
    return this.row(id).status;
  }

  output(id = "i1") {
    return JSON.parse(this.row(id).output ?? "null");
  }

  error(id = "i1") {
    const { name, message } = JSON.parse(this.row(id).error ?? "null");
    return { name, message };
  }

  /** The log as "STEP_START a-1" lines, without the workflow's own entries unless asked for. */
  log({ id = "i1", workflow = false } = {}) {
    return entries(this.rows(id))
      .filter((entry) => workflow || entry.name !== null)
      .map(
        (entry) =>
          `${EVENT_NAMES[entry.event]}${entry.name === null ? "" : ` ${targetOf(/** @type {any} */ (entry))}`}`,
      );
  }

  /** @param {number} event */
  details(event, id = "i1") {
    return entries(this.rows(id))
      .filter((entry) => entry.event === event)
      .map(({ at, attempt, detail }) => Object.assign({ at, attempt }, JSON.parse(detail ?? "{}")));
  }
}
