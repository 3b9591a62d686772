/**
 * One instance from its creation to its end, on an engine of its own, whose process dies where a script says.
 *
 * What a crash can cut is counted: each commit has a point before and one after it, each callback one as it begins and one
 * when it has ended. A client that has lost its engine asks again: the instance is created, and events are sent, once.
 */

/** @import { WireError } from "../../bridge/protocol.d.ts" */
/** @import { DeploymentLoader } from "../server/deployment_loader.js" */
/** @import { CallbackBoundary } from "./modified_guest.js" */
/** @import { Change } from "./test_engine.js" */

import { StoppedError } from "../engine/commits.js";
import { entries, WAIT_COMPLETE, WAIT_START } from "../engine/events.js";
import { isFinalStatus } from "../engine/status.js";
import { TestEngine } from "./test_engine.js";
import { Timekeeper } from "./timekeeper.js";
import { START_MS, VirtualClock } from "./virtual_clock.js";

const ID = "explored";
/** How long an outcome is kept for others that may come first, in virtual ms: far less than a step may take. */
const SOON_MS = 60_000;

/**
 * @typedef {object} Script
 * @property {string} workflow
 * @property {string} [params] canonical text
 * @property {{ type: string, payload: string }[]} events sent in this order, each when the instance waits for it
 * @property {Change[]} changes of the instance
 * @property {number[]} crashes the point of the first crash, then those counted from each restart
 * @property {number[] | null} order which of the outcomes that are there comes first, each time when there are several; 0 where
 *   it says nothing. null: outcomes come as they come
 *
 * @typedef {object} Callback a callback as it was begun
 * @property {string} step as NAME-COUNT
 * @property {number} attempt
 * @property {number} life how many crashes there were before
 *
 * @typedef {object} RunReport
 * @property {number} points how many there were since the last crash
 * @property {string[]} crashed what each crash has cut
 * @property {Callback[]} callbacks
 * @property {{ among: string[], taken: number }[]} choices of the order
 * @property {string} status
 * @property {string | null} output canonical text
 * @property {WireError | null} error
 * @property {{ event: string | number, name: string | null, count: number | null, attempt: number | null, at: number, detail: any }[]} log
 */

export class ScriptedRun {
  #script;
  #engine;
  #time;
  #clock;
  #deployed;
  /** Points are counted. */
  #isCounting = false;
  #isDead = false;
  #points = 0;
  #commits = 0;
  /** @type {string[]} */
  #crashed = [];
  /** @type {Callback[]} */
  #callbacks = [];
  /** Outcomes that wait for their turn. @type {{ label: string, release: () => void }[]} */
  #held = [];
  /** @type {{ among: string[], taken: number }[]} */
  #choices = [];
  /** How many callbacks run. */
  #running = 0;

  /**
   * @param {Script} script
   * @param {object} place
   * @param {SharedArrayBuffer} place.memory of the clock
   * @param {DeploymentLoader} place.deployments
   * @param {import("./doubles.js").Doubles} place.doubles
   * @param {TestEngine["deployed"]} place.deployed
   */
  constructor(script, { memory, deployments, doubles, deployed }) {
    this.#script = script;
    this.#deployed = deployed;
    this.#clock = new VirtualClock(memory);
    this.#engine = new TestEngine({
      clock: this.#clock,
      deployments,
      doubles,
      onproblem: () => {},
      oncommit: (commit) => this.#commit(commit),
      onboundary: (boundary) => this.#atBoundary(boundary),
      ...(script.order ? { holds: (boundary, release) => this.#hold(boundary, release) } : {}),
    });
    this.#time = new Timekeeper(this.#engine);
  }

  /** @returns {Promise<RunReport>} */
  async report() {
    const before = this.#clock.now();
    this.#clock.reset(START_MS);
    try {
      for (const { deployment, workflows } of this.#deployed) await this.#engine.deploy(deployment, workflows);
      for (const change of this.#script.changes) this.#engine.modify(this.#script.workflow, ID, change);
      this.#isCounting = true;
      await this.#drive();
      this.#isCounting = false;
      return await this.#toReport();
    } finally {
      this.#engine.close();
      this.#clock.reset(before);
    }
  }

  async #drive() {
    for (;;) {
      const next = await this.#time.settle();
      if (this.#isDead) await this.#restart();
      else if (this.#held.length > 0) this.#releaseOne();
      else if (await this.#isOver(next)) return;
    }
  }

  /** Do what is to be done while everything rests. @param {number} next when anything is due @returns {Promise<boolean>} */
  async #isOver(next) {
    try {
      const { engine } = this.#engine;
      const { workflow, params } = this.#script;
      const row = await engine.find(workflow, ID);
      if (this.#isDead) return false;
      // What a crash cuts is never answered, so nothing is awaited here.
      if (!row) this.#ask(engine.creator.create(workflow, { id: ID, ...(params === undefined ? {} : { params }) }));
      else if (isFinalStatus(row.status)) return true;
      else if (!(await this.#sendEvent(row.number))) {
        if (next === Infinity || this.#isDead) return !this.#isDead;
        this.#clock.moveTo(next);
        this.#engine.ring();
      }
      return false;
    } catch (error) {
      if (error instanceof StoppedError) return false;
      throw error;
    }
  }

  /** @param {Promise<unknown>} request */
  #ask(request) {
    request.catch((error) => {
      if (!(error instanceof StoppedError) && !this.#isDead) this.#crashed.push(`refused: ${error.message}`);
    });
  }

  /** Send the event that the instance waits for. @param {number} number @returns {Promise<boolean>} whether there was one */
  async #sendEvent(number) {
    const { engine } = this.#engine;
    const log = entries(await engine.log(number));
    const open = new Map();
    /** @type {string[]} */
    const taken = [];
    for (const { event, name, count, detail } of log) {
      const key = `${name}-${count}`;
      if (event === WAIT_START) open.set(key, JSON.parse(detail ?? "{}").event);
      else if (open.has(key)) {
        if (event === WAIT_COMPLETE) taken.push(open.get(key));
        open.delete(key);
      }
    }
    const left = [...this.#script.events];
    for (const type of taken) {
      const index = left.findIndex((each) => each.type === type);
      if (index >= 0) left.splice(index, 1);
    }
    const event = left.find(({ type }) => [...open.values()].includes(type));
    if (event) this.#ask(engine.commands.sendEvent(this.#script.workflow, ID, event.type, event.payload));
    return event !== undefined;
  }

  // Orders -----------------------------------------------------------------------------------------------------------

  /** @param {CallbackBoundary} boundary @param {() => void} release */
  #hold({ step, attempt }, release) {
    this.#running -= 1;
    this.#held.push({ label: `${step.name}-${step.count}${attempt > 1 ? ` attempt ${attempt}` : ""}`, release });
    this.#held.sort((a, b) => (a.label < b.label ? -1 : 1));
    return true;
  }

  /** Give the engine one of the outcomes that are there. */
  #releaseOne() {
    // A callback that ends soon may come first, too.
    const { guestNext } = this.#time;
    if (this.#running > 0 && guestNext - this.#clock.now() <= SOON_MS) {
      this.#clock.moveTo(guestNext);
      this.#engine.ring();
      return;
    }
    const among = this.#held.map(({ label }) => label);
    const wanted = among.length > 1 ? (this.#script.order?.[this.#choices.length] ?? 0) : 0;
    const taken = Math.min(wanted, among.length - 1);
    if (among.length > 1) this.#choices.push({ among, taken });
    const [outcome] = this.#held.splice(taken, 1);
    outcome.release();
  }

  // Crashes ----------------------------------------------------------------------------------------------------------

  async #restart() {
    this.#isCounting = false;
    // What was in the memory of the process is gone.
    await this.#engine.reload();
    this.#engine.crash();
    this.#isDead = false;
    this.#points = 0;
    this.#isCounting = true;
  }

  /** Count a point. @param {string} label @returns {boolean} whether the process dies there */
  #isCutAt(label) {
    if (!this.#isCounting || this.#isDead) return this.#isDead;
    this.#points += 1;
    if (this.#points !== this.#script.crashes[this.#crashed.length]) return false;
    this.#isDead = true;
    this.#crashed.push(label);
    return true;
  }

  /** @param {() => void} commit */
  #commit(commit) {
    if (!this.#isCounting) return commit();
    this.#commits += 1;
    if (this.#isCutAt(`before commit ${this.#commits}`)) return this.#engine.die();
    commit();
    if (this.#isCutAt(`after commit ${this.#commits}`)) this.#engine.die();
  }

  /** @param {CallbackBoundary} boundary */
  #atBoundary({ when, step, attempt, isBegun }) {
    if (this.#isDead) return true;
    const name = `${step.name}-${step.count}`;
    const life = this.#crashed.length;
    if (when === "begins") this.#running += 1;
    if (when === "begins" && isBegun) this.#callbacks.push({ step: name, attempt, life });
    const isCut = this.#isCutAt(`when attempt ${attempt} of ${name} ${when}`);
    if (isCut) this.#engine.die();
    else if (when === "begins" && !isBegun) this.#callbacks.push({ step: name, attempt, life });
    return isCut;
  }

  /** @returns {Promise<RunReport>} */
  async #toReport() {
    const { engine } = this.#engine;
    const row = await engine.get(this.#script.workflow, ID);
    return {
      points: this.#points,
      crashed: this.#crashed,
      callbacks: this.#callbacks,
      choices: this.#choices,
      status: row.status,
      output: row.output,
      error: row.error === null ? null : JSON.parse(row.error),
      log: entries(await engine.log(row.number)).map(({ event, name, count, attempt, at, detail }) => ({
        event,
        name,
        count,
        attempt,
        at,
        detail: detail === null ? null : JSON.parse(detail),
      })),
    };
  }
}
