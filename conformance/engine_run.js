/** A scenario on our own engine, in virtual time. It runs wherever the engine does: nothing here is Node's. */

/** @import { Guest } from "../bridge/protocol.d.ts" */
/** @import { Cron } from "../js/engine/cron.d.ts" */
/** @import { Driver } from "../js/store/driver.d.ts" */
/** @import { EngineOptions } from "../js/engine/engine.js" */
/** @import { Outcome, Run, Scenario } from "./scenario.d.ts" */

import { decode, encode } from "../bridge/values.js";
import { parseDuration } from "../js/engine/duration.js";
import { instanceDetail, instanceStatus } from "../js/engine/detail.js";
import { Engine } from "../js/engine/engine.js";
import { entries, targetOf } from "../js/engine/events.js";
import { PARK_LINGER_MS } from "../js/engine/parking.js";
import { isFinalStatus } from "../js/engine/status.js";
import { toPlain } from "../js/engine/plain.js";
import { SqliteStore } from "../js/store/sqlite.js";
import { ManualClock } from "./manual_clock.js";
import { GuestView } from "./guest_view.js";
import { traceOf } from "./trace.js";

/** How long a guest may say nothing although something is under way, in real ms. */
const STUCK = 20_000;
/** The same where a step never ends: then nothing more is to be expected. */
const STILL = 60;
/** So many times as long a guest may be silent that has something to do. */
const BUSY_FACTOR = 50;

const ABOUT_TO_RUN = new Set(["queued", "running", "rollingBack"]);

/**
 * Where the state of a scenario is. A crash leaves what a process that is killed leaves there.
 *
 * @typedef {object} RunState
 * @property {() => Promise<Pick<EngineOptions, "store" | "acknowledge" | "nextNumber">>} open what an engine has of it
 * @property {() => Promise<void>} settled all that the engine has committed is durable, or never will be
 * @property {() => Promise<void>} crash the engine is gone
 * @property {() => Promise<void>} close
 *
 * What is of the place where the scenario runs.
 *
 * @typedef {object} RunPlace
 * @property {() => Driver} open gives a database of its own
 * @property {() => RunState} [newState] gives a state that is not in a database of the process
 * @property {(run: () => void) => void} soon runs its argument at the end of this turn
 * @property {Cron} [cron] what schedules mean, where there can be any
 * @property {boolean} [forceReplay] replay after each step, sleep and wait
 * @property {number} [still] how long nothing has to happen, in real ms, before a step is taken for one that never ends
 * @property {() => boolean} [isBusy] whether guests have something to do, where that can be told
 */

let instances = 0;

/** @implements {RunState} */
class OwnState {
  #db;

  /** @param {Driver} db */
  constructor(db) {
    this.#db = db;
  }

  async open() {
    return { store: new SqliteStore(this.#db) };
  }

  async settled() {}

  async crash() {
    try {
      this.#db.exec("ROLLBACK");
    } catch {
      // Nothing was open.
    }
  }

  async close() {
    this.#db.close();
  }
}

/** @implements {Run} */
export class EngineRun {
  #state;
  #soon;
  #still;
  #isBusy;
  #cron;
  #forceReplay;
  #clock = new ManualClock();
  #guest;
  #className;
  #scenario;
  /** Callbacks of all scenarios keep their notes in one process, by this id. */
  #id = `i${++instances}`;
  /** How many ids have been made for instances without one. */
  #made = 0;
  /** @type {unknown[]} */
  #notes = [];
  /** @type {GuestView} */
  #view;
  /** @type {Engine | undefined} */
  #opened;
  #crashing = false;

  /**
   * @param {Guest} guest
   * @param {string} className
   * @param {Scenario} scenario
   * @param {RunPlace} place
   */
  constructor(
    guest,
    className,
    scenario,
    {
      open,
      newState = () => new OwnState(open()),
      soon,
      cron,
      forceReplay = false,
      still = STILL,
      isBusy = () => false,
    },
  ) {
    this.#state = newState();
    this.#soon = soon;
    this.#still = still;
    this.#isBusy = isBusy;
    this.#cron = cron;
    this.#forceReplay = forceReplay;
    this.#guest = guest;
    this.#className = className;
    this.#scenario = scenario;
    this.#view = new GuestView(guest);
  }

  get #engine() {
    if (!this.#opened) throw new Error("The engine is not open.");
    return this.#opened;
  }

  async #open() {
    const view = this.#view;
    const engine = new Engine({
      ...(await this.#state.open()),
      clock: this.#clock,
      ...(this.#cron ? { cron: this.#cron } : {}),
      newId: () => `${this.#id}-made-${++this.#made}`,
      defer: this.#soon,
      // Every wake-up is a replay here.
      keepParked: 0,
      forceReplay: this.#forceReplay,
      guestFor: async () => view,
      onproblem: ({ error }) => {
        throw error;
      },
    });
    engine.open();
    const stepLimit = this.#scenario.stepLimit ?? null;
    const code = { className: this.#className, root: ".", main: "scenarios", vars: "{}", versionId: "v1" };
    const { schedules = [], concurrency = null } = this.#scenario;
    void engine.saveWorkflow({ name: "flow", ...code, stepLimit, schedules, concurrency });
    this.#opened = engine;
  }

  /** @returns {Promise<Outcome>} */
  async outcome() {
    await this.#open();
    const { drive, params } = this.#scenario;
    if (drive) await drive(this);
    else {
      await this.create(params);
      await this.finish();
    }
    const row = await this.#engine.find("flow", this.#id);
    if (!row) return { status: "deleted", log: [], notes: this.#notes };
    const rows = await this.#engine.log(row.number);
    const log = entries(rows).map((entry) => ({
      event: entry.event,
      target: entry.name === null ? null : targetOf(/** @type {any} */ (entry)),
      detail: { ...(entry.attempt ? { attempt: entry.attempt } : {}), ...JSON.parse(entry.detail ?? "{}") },
    }));
    const { status, output, error } = row;
    const { __LOCAL_DEV_STEP_OUTPUTS: shown } = instanceStatus(row, rows, toPlain);
    /** @type {Outcome} */
    const outcome = { status, log: traceOf(log), shown, notes: this.#notes, said: this.#view.said };
    if (output !== null) outcome.output = decode(output);
    if (error !== null) {
      const { name, message } = JSON.parse(error);
      outcome.error = { name, message };
    }
    return outcome;
  }

  async close() {
    this.#leave();
    await this.#state.close();
  }

  #leave() {
    this.#view.leave();
    this.#opened?.commits.abandon();
    this.#opened?.close();
    this.#opened = undefined;
    this.#clock.clear();
  }

  // What is under way ------------------------------------------------------------------------------------------------

  async #turn() {
    for (let i = 0; i < 4; i++) {
      await new Promise((resolve) => this.#soon(() => resolve(undefined)));
      await this.#state.settled();
    }
  }

  /** Whether the guest says nothing for so long, with nothing to do. @param {number} ms in real time */
  async #isSilent(ms) {
    let heard = false;
    const activity = this.#view.activity().then(() => {
      heard = true;
    });
    for (let round = 0; round < BUSY_FACTOR; round++) {
      if (await within(ms, activity)) return false;
      // What it has said may be on its way.
      await this.#turn();
      if (heard) return false;
      if (!this.#isBusy()) return true;
    }
    return true;
  }

  /** Until nothing is under way that needs no time to pass. */
  async #rest() {
    for (;;) {
      await this.#turn();
      if (this.#crashing) await this.crash();
      else if (this.#view.live === 0 && (await this.#isTaking())) await this.#turn();
      else if (this.#view.atRest) {
        // To read commits what nobody was in a hurry for, and that may be what a message waits for.
        const { sent } = this.#view;
        await this.#engine.find("flow", this.#id);
        await this.#turn();
        if (this.#view.atRest && this.#view.sent === sent) return;
      } else if (await this.#isSilent(this.#scenario.hangs ? this.#still : STUCK)) {
        if (this.#scenario.hangs) return;
        throw new Error(`Stuck: the guest has said nothing for ${STUCK} ms. ${JSON.stringify(await this.#trace())}`);
      }
    }
  }

  /** Whether the engine is about to give the instance a pass. */
  async #isTaking() {
    const row = await this.#engine.find("flow", this.#id);
    return row !== undefined && ABOUT_TO_RUN.has(row.status) && (row.wakeAt ?? 0) <= this.#clock.now();
  }

  async #trace() {
    const row = await this.#engine.find("flow", this.#id);
    return row && { status: row.status, log: (await this.#engine.log(row.number)).slice(-5) };
  }

  async settle() {
    await this.#rest();
    for (let i = 0; i < 3 && this.#view.live > 0 && this.#view.atRest; i++) await this.#move(PARK_LINGER_MS);
  }

  /** @param {number} ms */
  async #move(ms) {
    await this.#clock.moveTo(this.#clock.now() + ms, () => this.#rest());
    await this.#rest();
  }

  async finish() {
    for (;;) {
      await this.#rest();
      const row = await this.#engine.get("flow", this.#id);
      if (isFinalStatus(row.status)) return;
      const next = this.#clock.next();
      if (next === undefined) {
        // Beside a step that never ends, a guest that was slow is taken for one that has nothing to say.
        if (this.#scenario.hangs && !(await this.#isSilent(STUCK))) continue;
        throw new Error(`Stuck: nothing is due. ${JSON.stringify(await this.#trace())}`);
      }
      await this.#clock.moveTo(next, () => this.#rest());
    }
  }

  // What a drive can do ----------------------------------------------------------------------------------------------

  /** @param {unknown} [params] */
  async create(params = {}) {
    await this.#engine.creator.create("flow", { id: this.#id, params: encode(params) });
    await this.#turn();
  }

  /** Until nothing is under way; what is meant from now on is the instance that a schedule made last. */
  async scheduled() {
    await this.settle();
    const { rows } = await this.#engine.list({ workflow: "flow", limit: 1, offset: 0 });
    if (rows.length === 0) throw new Error("No schedule has made an instance.");
    this.#id = rows[0].id;
  }

  /** @param {string} [id] of one that the workflow made */
  async detail(id) {
    const row = await this.#engine.get("flow", id ?? this.#id);
    const shown = instanceDetail(row, await this.#engine.log(row.number), [], toPlain);
    return JSON.parse(JSON.stringify({ ...shown, id: row.id }));
  }

  /** @param {string} step */
  async started(step) {
    for (;;) {
      await this.#turn();
      const row = await this.#engine.get("flow", this.#id);
      const log = await this.#engine.log(row.number);
      const known = log.filter(({ name, event }) => name === step && (event === 5 || event === 10));
      if (known.length > 0) break;
      await within(STUCK, this.#view.activity());
    }
    // Its callback begins in the guest at the same time as its row is written.
    await within(this.#still, this.#view.activity());
  }

  /** @param {string} duration */
  async pass(duration) {
    await this.#rest();
    await this.#move(parseDuration(duration) ?? 0);
  }

  /** @param {string} type @param {unknown} [payload] */
  async event(type, payload = {}) {
    await this.#engine.commands.sendEvent("flow", this.#id, type, encode(payload));
  }

  async pause() {
    await this.#engine.commands.pause("flow", this.#id);
  }

  async resume() {
    await this.#engine.commands.resume("flow", this.#id);
  }

  /** @param {{ rollback?: boolean }} [options] */
  async terminate(options) {
    await this.#engine.commands.terminate("flow", this.#id, options);
  }

  /** @param {Parameters<Run["restart"]>[0]} [from] */
  async restart(from) {
    await this.#engine.commands.restart("flow", this.#id, from);
  }

  async delete() {
    await this.#engine.commands.delete("flow", this.#id);
  }

  async crash() {
    this.#crashing = false;
    await this.#state.crash();
    this.#leave();
    this.#view = new GuestView(this.#guest);
    await this.#open();
    await this.#turn();
  }

  /** @param {string} type @param {number} [n] */
  crashBefore(type, n = 1) {
    let left = n;
    this.#view.intercept = (message) => {
      if (this.#crashing) return true;
      if (message.type !== type) return false;
      left -= 1;
      this.#crashing = left === 0;
      return this.#crashing;
    };
  }

  async status() {
    return (await this.#engine.get("flow", this.#id)).status;
  }

  /** @param {unknown} value */
  async note(value) {
    this.#notes.push(await noted(value));
  }
}

/** @param {unknown} value a value, or a promise whose rejection is what is noted */
export async function noted(value) {
  try {
    return await value;
  } catch (error) {
    return /** @type {Error} */ (error).message;
  }
}

/**
 * @param {number} ms
 * @param {Promise<void>} promise
 */
async function within(ms, promise) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, ms, false);
  });
  const result = await Promise.race([promise.then(() => true), late]);
  clearTimeout(timer);
  return result;
}
