/**
 * Decides which instances have a pass: queued and due ones, as many as there is room for.
 *
 * It is the only one that talks to guests about passes, and holds the fence: a message of a pass that it does not know
 * goes nowhere.
 */

/** @import { FromGuest, Guest, LostPass } from "../../bridge/protocol.d.ts" */
/** @import { Store, WorkflowRow } from "../store/store.d.ts" */
/** @import { Clock } from "./clock.d.ts" */
/** @import { Commits } from "./commits.js" */

import { StoppedError } from "./commits.js";
import { lastId } from "./events.js";
import { Instance } from "./instance.js";
import { DEFAULT_STEP_LIMIT, MAX_STATE } from "./limits.js";
import { isFiniteStatus } from "./status.js";

/** How many passes are live at once; further instances wait in the store. */
const MAX_LIVE = 1000;
/** How long the pass of a parked instance is kept in case it is soon needed: waking it costs no replay then. */
const KEEP_PARKED = 10_000;

/**
 * @typedef {object} SchedulerOptions
 * @property {Store} store
 * @property {Commits} commits
 * @property {Clock} clock
 * @property {(number: number, write: (store: Store) => void) => void} write in this turn's transaction; tells subscribers
 * @property {import("./instance.js").Surroundings["call"]} call
 * @property {(workflow: WorkflowRow) => Promise<Guest>} guestFor
 * @property {() => void} onended an instance may have come to its end
 * @property {(problem: { workflow?: string, error: unknown }) => void} onproblem
 * @property {number} [keepParked] how long the passes of parked instances are kept where there is room, in ms
 * @property {number} [stateLimit] how much an instance may keep, in characters
 * @property {boolean} [idle] run nothing until `activate` is called
 */

export class Scheduler {
  #options;
  /** Instances with a pass; null while the code of one is being loaded. @type {Map<number, Instance | null>} */
  #live = new Map();
  /** How many of them are null. */
  #loading = 0;
  /** Parked instances whose passes are kept, the longest first: the first to go when there is no room. @type {Set<Instance>} */
  #kept = new Set();
  /** @type {Map<number, Instance>} */
  #passes = new Map();
  #lastPass = 0;
  /** Steps that go on free of charge after their interpreter was lost, by instance. @type {Map<number, string[]>} */
  #uncharged = new Map();
  /** Instances whose workflow cannot be loaded; left alone until its code is registered again. @type {Set<number>} */
  #blocked = new Set();
  /** @type {Set<Guest>} */
  #guests = new Set();
  /** @type {(() => void) | null} */
  #cancelWake = null;
  #idle;
  #pumping = false;
  #stopped = false;

  /** @param {SchedulerOptions} options */
  constructor(options) {
    this.#options = options;
    this.#idle = options.idle ?? false;
  }

  /** Begin to run instances, after having been idle. */
  activate() {
    this.#idle = false;
    this.schedule();
  }

  /**
   * The instance's live half, if it has a pass.
   *
   * @param {number} number
   */
  live(number) {
    return this.#live.get(number) ?? undefined;
  }

  /** Code has been registered anew: what could not be loaded may be tried again. */
  unblock() {
    this.#blocked.clear();
    this.schedule();
  }

  /**
   * Drop the instance's pass, if it has one, without a word in the log.
   *
   * @param {number} number
   */
  discard(number) {
    this.live(number)?.discard();
    this.#uncharged.delete(number);
  }

  stop() {
    this.#stopped = true;
    this.#cancelWake?.();
    for (const instance of this.#passes.values()) instance.abandon();
    this.#passes.clear();
    this.#live.clear();
  }

  /** @param {Instance} instance */
  #release(instance) {
    this.#passes.delete(instance.pass);
    if (this.#live.get(instance.number) === instance) this.#live.delete(instance.number);
    this.#options.onended();
    this.schedule();
  }

  /** @param {Instance} parked */
  #keep(parked) {
    this.#kept.add(parked);
    this.schedule();
  }

  /** Look, at the end of this turn, for instances that are to have a pass. */
  schedule() {
    if (this.#pumping || this.#stopped || this.#idle) return;
    this.#pumping = true;
    this.#options.commits.afterwards(() => {
      this.#pumping = false;
      this.#guard(() => this.#pump());
    });
  }

  /** Give a pass to instances that are queued or due, as many as there is room for. */
  #pump() {
    if (this.#stopped) return;
    const room = MAX_LIVE - this.#live.size + this.#kept.size;
    if (room > 0) {
      const limit = room + this.#loading + this.#blocked.size + this.#kept.size;
      const ready = this.#ready(limit);
      const fresh = ready.filter((number) => !this.#live.has(number) && !this.#blocked.has(number));
      for (const number of fresh.slice(0, room)) void this.#take(number);
      this.#makeRoom();
    }
    this.#setAlarm();
  }

  #makeRoom() {
    for (const instance of this.#kept) {
      if (this.#live.size <= MAX_LIVE) return;
      instance.giveUp();
    }
  }

  /**
   * Instances that may have a pass now. Those of workflows that run as many as they may stay in the queue, and the due ones
   * wait on: an instance that waits has given up its place.
   *
   * @param {number} limit
   */
  #ready(limit) {
    const { store, clock } = this.#options;
    const now = clock.now();
    const room = store.loadRoom();
    if (room.size === 0) return [...store.loadDue(now, limit), ...store.loadQueued(limit)];
    const full = [...room].filter(([, left]) => left === 0).map(([name]) => name);
    const due = store.loadDue(now, limit, full).filter((number) => {
      const row = /** @type {import("../store/store.d.ts").InstanceRow} */ (store.loadInstanceByNumber(number));
      const left = room.get(row.workflow);
      if (left === undefined || row.status !== "waiting") return true;
      room.set(row.workflow, left - 1);
      return left > 0;
    });
    const limited = [...room].flatMap(([name, left]) => (left > 0 ? store.loadQueuedOf(name, left) : []));
    return [...due, ...store.loadQueued(limit, [...room.keys()]), ...limited];
  }

  /** Wake up when the next parked instance falls due. */
  #setAlarm() {
    this.#cancelWake?.();
    this.#cancelWake = null;
    const at = this.#options.store.nextWake(this.#options.clock.now());
    if (at !== null) this.#cancelWake = this.#options.clock.at(at, () => this.#guard(() => this.schedule()));
  }

  /** @param {number} number */
  async #take(number) {
    this.#live.set(number, null);
    const name = this.#options.store.workflowOf(number);
    const workflow = name === undefined ? undefined : this.#options.store.loadWorkflow(name);
    if (!workflow) {
      this.#live.delete(number);
      return;
    }
    /** @type {Guest} */
    let guest;
    this.#loading += 1;
    try {
      guest = await this.#options.guestFor(workflow);
    } catch (error) {
      this.#live.delete(number);
      this.#blocked.add(number);
      if (!this.#stopped) this.#options.onproblem({ workflow: workflow.name, error });
      return;
    } finally {
      this.#loading -= 1;
    }
    if (!this.#stopped) this.#guard(() => this.#begin(number, workflow, guest));
  }

  /**
   * @param {number} number
   * @param {WorkflowRow} workflow
   * @param {Guest} guest
   */
  #begin(number, workflow, guest) {
    this.#live.delete(number);
    const row = this.#options.store.loadInstanceByNumber(number);
    // It may have been paused, terminated or deleted while its code was loading.
    if (!row || isFiniteStatus(row.status) || row.status === "paused") return;
    this.#adopt(guest);
    const rows = this.#options.store.loadLog(number);
    const events = this.#options.store.loadEvents(number);
    const log = { number, seq: lastId(rows) };
    const instance = new Instance(
      {
        commits: this.#options.commits,
        clock: {
          now: () => this.#options.clock.now(),
          at: (time, run) => this.#options.clock.at(time, () => this.#guard(run)),
        },
        write: this.#options.write,
        call: this.#options.call,
        read: (read) => read(this.#options.store),
        release: (gone) => this.#release(gone),
        stateLimit: this.#options.stateLimit ?? MAX_STATE,
        // Where places are counted, an instance that goes on has to be given one.
        keepParked: workflow.concurrency === null ? (this.#options.keepParked ?? KEEP_PARKED) : 0,
        keep: (parked) => this.#keep(parked),
        unkeep: (woken) => this.#kept.delete(woken),
      },
      row,
      { rows, events, log, pass: ++this.#lastPass, guest },
    );
    instance.resumeUncharged(this.#uncharged.get(number) ?? []);
    this.#uncharged.delete(number);
    this.#live.set(number, instance);
    this.#passes.set(instance.pass, instance);
    instance.start({ className: workflow.className, stepLimit: workflow.stepLimit ?? DEFAULT_STEP_LIMIT });
  }

  /** @param {Guest} guest */
  #adopt(guest) {
    if (this.#guests.has(guest)) return;
    this.#guests.add(guest);
    guest.onmessages = (messages) => this.#guard(() => this.#receive(messages));
    guest.onlost = (passes) => this.#guard(() => this.#lost(passes));
  }

  /** @param {FromGuest[]} messages */
  #receive(messages) {
    // A pass that is not in the map has been dropped: the fence.
    for (const message of messages) this.#passes.get(message.pass)?.receive(message);
  }

  /** @param {LostPass[]} passes */
  #lost(passes) {
    for (const lost of passes) {
      const instance = this.#passes.get(lost.pass);
      if (!instance) continue;
      instance.lost(lost);
      this.#uncharged.set(instance.number, instance.uncharged());
    }
    this.schedule();
  }

  /**
   * Run what a guest or a timer set off. When the state cannot be written, the failure has been reported already.
   *
   * @param {() => void} run
   */
  #guard(run) {
    if (this.#stopped) return;
    try {
      run();
    } catch (error) {
      if (!(error instanceof StoppedError)) this.#options.onproblem({ error });
    }
  }
}
