/**
 * Decides which instances have a pass: queued and due ones, as many as there is room for.
 *
 * It is the only one that talks to guests about passes, and holds the fence: a message of a pass that it does not know
 * goes nowhere.
 */

/** @import { FromGuest, Guest, LostPass } from "../../bridge/protocol.d.ts" */
/** @import { WorkflowRow } from "../store/store.d.ts" */
/** @import { EngineContext } from "./context.js" */
/** @import { InstanceOwner } from "./instance.js" */

import { BlockedWorkflows } from "./blocked.js";
import { StoppedError } from "./commits.js";
import { damageError } from "./errors.js";
import { lastId } from "./events.js";
import { Instance } from "./instance.js";
import { DEFAULT_STEP_LIMIT } from "./limits.js";
import { NewerCode } from "./newer_code.js";
import { OwnPlaces } from "./places.js";
import { isFinalStatus } from "./status.js";

/** How many passes are live at once; further instances wait in the store. */
const MAX_LIVE = 1000;
/** How soon it is looked again whether passes that are to begin nothing are at rest, in ms. */
const LOOK_AGAIN_MS = 50;
/** How long the pass of a parked instance is kept in case it is soon needed: waking it costs no replay then. */
const KEEP_PARKED_MS = 10_000;

/**
 * @typedef {object} SchedulerOptions
 * @property {InstanceOwner["call"]} call
 * @property {(workflow: WorkflowRow) => Promise<Guest>} guestFor
 * @property {(guest: Guest) => string | undefined} [versionOf] the version of the code that a guest runs
 * @property {() => void} onended an instance may have come to its end
 * @property {(problem: { workflow: string, error: unknown }) => void} onproblem the workflow's code does not load
 * @property {(workflow: string) => void} [onunblocked] it loads again
 * @property {(fault: { workflow: string, id: string, error: unknown }) => void} [onfault] an exception has ended an instance
 * @property {(forgery: { workflow: string, id: string }) => void} [onforgery] a guest spoke of another guest's instance
 * @property {number} [retryBlockedMs] how often code that does not load is tried again; 0: never
 * @property {number} [keepParked] how long the passes of parked instances are kept where there is room, in ms
 * @property {boolean} [idle] run nothing until `activate` is called
 * @property {import("./newer_code.js").HasNewer} [hasNewer] where several engines run a state
 * @property {(workflow: string) => void} [onnewer] instances of it wait for newer code
 * @property {import("./places.js").Places} [places] of workflows with a concurrency limit; where it is absent this engine runs all instances
 */

export class Scheduler {
  #engine;
  #options;
  #places;
  /** @type {InstanceOwner} */
  #owner;
  /** Instances with a pass; null while the code of one is being loaded. @type {Map<number, Instance | null>} */
  #live = new Map();
  /** How many of them are null. */
  #loading = 0;
  /** Parked instances that still have a pass, the longest first: the first to go when there is no room. @type {Set<Instance>} */
  #parked = new Set();
  /** @type {Map<number, Instance>} */
  #passes = new Map();
  #lastPass = 0;
  /** Steps that go on free of charge after their interpreter was lost, by instance. @type {Map<number, string[]>} */
  #uncharged = new Map();
  /** Log numbers from which on a pass that a forced replay has dropped was given no outcome. @type {Map<number, number>} */
  #unseen = new Map();
  /** @type {BlockedWorkflows} */
  #blocked;
  #newerCode;
  /** Which instances are to begin nothing, because another engine is to run them. @type {Set<(number: number) => boolean>} */
  #held = new Set();
  /** Instances whose pages are so damaged that their end cannot be written. @type {Set<number>} */
  #damaged = new Set();
  /** The newest instance that was there when the state was opened. */
  #lastOld;
  /** Instances as old as that whose pages have been read. @type {Set<number>} */
  #probed = new Set();
  /** @type {Set<Guest>} */
  #guests = new Set();
  /** @type {(() => void) | null} */
  #cancelWake = null;
  #idle;
  #pumping = false;

  /** @param {EngineContext} engine @param {SchedulerOptions} options */
  constructor(engine, options) {
    this.#engine = engine;
    this.#options = options;
    this.#places = options.places ?? new OwnPlaces(engine.store);
    this.#lastOld = engine.store.lastNumber();
    this.#idle = options.idle ?? false;
    this.#blocked = new BlockedWorkflows(engine, { ...options, schedule: () => this.schedule() });
    this.#newerCode = new NewerCode(engine, { ...options, schedule: () => this.schedule() });
    this.#owner = {
      released: (instance) => this.#released(instance),
      parked: (instance) => this.#instanceParked(instance),
      woken: (instance) => this.#parked.delete(instance),
      faulted: ({ workflow, id }, error) => options.onfault?.({ workflow, id, error }),
      call: options.call,
    };
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
   * @returns {string[]} keys of the steps whose attempt was cut, and may begin again free of charge
   */
  discard(number) {
    const earlier = this.#uncharged.get(number) ?? [];
    this.#uncharged.delete(number);
    return [...earlier, ...(this.live(number)?.discard() ?? [])];
  }

  /**
   * Let attempts that were cut begin again free of charge in the instance's next pass.
   *
   * @param {number} number
   * @param {string[]} keys of their steps
   */
  beginUncharged(number, keys) {
    if (keys.length > 0) this.#uncharged.set(number, keys);
  }

  /**
   * End passes in code that has been replaced, each when no attempt of it runs.
   *
   * @param {(guest: Guest) => boolean} isSuperseded
   */
  moveToNewCode(isSuperseded) {
    for (const instance of this.#passes.values()) {
      if (isSuperseded(instance.guest)) instance.moveToNewCode();
    }
  }

  /**
   * Give no further pass, begin no attempt, and wait for the attempts that run.
   *
   * @param {number} graceMs how long at most
   * @returns {Promise<number>} how many instances still have one
   */
  drain(graceMs) {
    this.#idle = true;
    return this.#attemptsEnded(() => true, graceMs);
  }

  /**
   * The same for the instances that are meant alone: another engine is to run them. It lasts until they are let go.
   *
   * @param {(number: number) => boolean} isMeant
   * @param {number} graceMs
   */
  async hold(isMeant, graceMs) {
    this.#held.add(isMeant);
    await this.#attemptsEnded(isMeant, graceMs);
  }

  /**
   * End the passes of instances that another engine runs from now on.
   *
   * @param {number[]} numbers
   * @param {(number: number) => boolean} isMeant as `hold` was given it
   */
  letGo(numbers, isMeant) {
    for (const number of numbers) {
      this.discard(number);
      this.#blocked.remove(number);
      this.#newerCode.remove(number);
      this.#unseen.delete(number);
    }
    this.#held.delete(isMeant);
  }

  /**
   * Begin nothing in passes, those included that wait and would continue, and wait for the attempts that run.
   *
   * @param {(number: number) => boolean} isMeant
   * @param {number} graceMs
   * @returns {Promise<number>} how many instances still have an attempt
   */
  async #attemptsEnded(isMeant, graceMs) {
    const deadline = this.#engine.now + graceMs;
    // A guest may have begun an attempt of which it has not been heard yet: it is looked twice.
    for (let quiet = 0; ;) {
      for (const instance of [...this.#parked].filter(({ number }) => isMeant(number))) instance.giveUp();
      const instances = [...this.#passes.values()].filter(({ number }) => isMeant(number));
      for (const instance of instances) instance.beginNothing();
      const executing = instances.filter(({ isExecuting }) => isExecuting);
      const isLoading = [...this.#live].some(([number, instance]) => instance === null && isMeant(number));
      quiet = executing.length === 0 && !isLoading ? quiet + 1 : 0;
      if (quiet === 2 || (quiet === 1 && instances.length === 0) || this.#engine.stopped) return 0;
      const left = deadline - this.#engine.now;
      if (left <= 0) return executing.length;
      const ends = executing.flatMap((instance) => instance.attemptsEnded(() => true) ?? []);
      await this.#passed(executing.length > 0 ? left : Math.min(left, LOOK_AGAIN_MS), ends);
    }
  }

  /** Resolves after some time, or when all of these have ended. @param {number} ms @param {Promise<void>[]} ends */
  #passed(ms, ends) {
    return new Promise((resolve) => {
      const cancel = this.#engine.at(this.#engine.now + ms, () => resolve(undefined));
      if (ends.length === 0) return;
      void Promise.all(ends).then(() => {
        cancel();
        resolve(undefined);
      });
    });
  }

  stop() {
    this.#cancelWake?.();
    this.#blocked.stop();
    this.#newerCode.stop();
    for (const instance of this.#passes.values()) instance.abandon();
    this.#passes.clear();
    this.#live.clear();
  }

  /** @param {Instance} instance */
  #released(instance) {
    if (instance.nextUnseenFrom !== undefined) this.#unseen.set(instance.number, instance.nextUnseenFrom);
    this.#passes.delete(instance.pass);
    if (this.#live.get(instance.number) === instance) this.#live.delete(instance.number);
    this.#options.onended();
    this.schedule();
  }

  /** @param {Instance} instance */
  #instanceParked(instance) {
    this.#parked.add(instance);
    this.schedule();
  }

  /** Look, at the end of this turn, for instances that are to have a pass. */
  schedule() {
    if (this.#pumping || this.#engine.stopped || this.#idle) return;
    this.#pumping = true;
    this.#engine.commits.afterCommitNextTurn(() => {
      this.#pumping = false;
      this.#engine.guard(() => this.#pump());
    });
  }

  /** Give a pass to instances that are queued or due, as many as there is room for. */
  #pump() {
    const room = MAX_LIVE - this.#live.size + this.#parked.size;
    if (room > 0) {
      const kept = [this.#live, this.#blocked, this.#newerCode, this.#damaged];
      const useless = this.#blocked.size + this.#newerCode.size + this.#damaged.size;
      const ready = this.#ready(room + this.#loading + this.#parked.size + useless);
      const fresh = ready.filter((number) => !kept.some((each) => each.has(number)) && !this.#isHeld(number));
      for (const number of this.#sound(fresh.slice(0, room)))
        this.#take(number).catch((error) =>
          this.#engine.guard(() => {
            throw error;
          }),
        );
      this.#makeRoom();
    }
    this.#setAlarm();
  }

  /** Whether the instance is to begin nothing, because another engine is to run it. @param {number} number */
  #isHeld(number) {
    for (const isMeant of this.#held) if (isMeant(number)) return true;
    return false;
  }

  #makeRoom() {
    for (const instance of this.#parked) {
      if (this.#live.size <= MAX_LIVE) return;
      instance.giveUp();
    }
  }

  /**
   * Instances that may have a pass now. Of a workflow that runs as many as it may the others stay in the queue, and the due ones
   * wait on: an instance that waits has given up its place.
   *
   * @param {number} limit
   */
  #ready(limit) {
    const { store, now } = this.#engine;
    const limits = store.loadLimits();
    const names = [...limits.keys()];
    const admitted = [...limits].flatMap(([name, most]) =>
      this.#places.admit(name, most, (count) => this.#candidates(name, Math.min(count, limit))),
    );
    return [...store.loadDue(now, limit, names), ...admitted, ...store.loadQueued(limit, names)];
  }

  /** Instances of a workflow that a place is of use to, the due ones first. @param {string} workflow @param {number} count */
  #candidates(workflow, count) {
    if (this.#blocked.hasWorkflow(workflow)) return [];
    const { store, now } = this.#engine;
    return store
      .loadCandidates(workflow, now, count + this.#damaged.size + this.#newerCode.size)
      .filter(({ number }) => !this.#damaged.has(number) && !this.#newerCode.has(number) && !this.#isHeld(number))
      .slice(0, count);
  }

  /** Wake up when the next parked instance falls due. */
  #setAlarm() {
    this.#cancelWake?.();
    this.#cancelWake = null;
    const at = this.#engine.store.nextWake(this.#engine.now);
    if (at !== null) this.#cancelWake = this.#engine.at(at, () => this.schedule());
  }

  /** @param {number} number */
  async #take(number) {
    this.#live.set(number, null);
    const { store } = this.#engine;
    const name = store.nameOf(number)?.workflow;
    const workflow = name === undefined ? undefined : store.loadWorkflow(name);
    if (!workflow || this.#newerCode.hold(number, workflow)) {
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
      if (!this.#engine.stopped) this.#blocked.add(number, workflow.name, error);
      // Its place is of no use to it.
      this.schedule();
      return;
    } finally {
      this.#loading -= 1;
    }
    this.#engine.guard(() => this.#contain(number, workflow.name, () => this.#begin(number, workflow, guest)));
  }

  /**
   * @param {number} number
   * @param {WorkflowRow} workflow
   * @param {Guest} guest
   */
  #begin(number, workflow, guest) {
    this.#live.delete(number);
    const { store } = this.#engine;
    const row = store.loadInstanceByNumber(number);
    // It may have been paused, terminated or deleted while its code was loading.
    if (!row || isFinalStatus(row.status) || row.status === "paused") return;
    this.#adopt(guest);
    this.#noteVersion(row, workflow, guest);
    const rows = store.loadLog(number);
    const instance = new Instance(this.#engine, this.#owner, row, {
      rows,
      events: store.loadEvents(number),
      log: { number, seq: lastId(rows) },
      unseenFrom: this.#unseen.get(number),
      pass: ++this.#lastPass,
      guest,
      // Where running instances are counted, an instance that continues has to be given a place.
      keepParkedMs: workflow.concurrency === null ? (this.#options.keepParked ?? KEEP_PARKED_MS) : 0,
    });
    this.#unseen.delete(number);
    instance.resumeUncharged(this.#uncharged.get(number) ?? []);
    this.#uncharged.delete(number);
    this.#live.set(number, instance);
    this.#passes.set(instance.pass, instance);
    instance.start({ className: workflow.className, stepLimit: workflow.stepLimit ?? DEFAULT_STEP_LIMIT });
  }

  /**
   * A pass runs the newest code, and its instance says which that is.
   *
   * @param {import("../store/store.d.ts").InstanceRow} row
   * @param {WorkflowRow} workflow
   * @param {Guest} guest
   */
  #noteVersion(row, workflow, guest) {
    const version = this.#options.versionOf?.(guest);
    if (version === undefined) return;
    const { store, now } = this.#engine;
    const registered = store.loadWorkflow(workflow.name)?.versionId ?? version;
    if (row.versionId === version && registered === version) return;
    this.#engine.commits.writeInstance(row.number, () => {
      store.instanceVersion(row.number, version);
      if (registered !== version) store.versionFound(workflow.name, version, now);
    });
    row.versionId = version;
  }

  /**
   * Begin a pass. An exception comes from what the store has of the instance: it ends that one.
   *
   * @param {number} number
   * @param {string} workflow
   * @param {() => void} begin
   */
  #contain(number, workflow, begin) {
    try {
      begin();
    } catch (error) {
      if (error instanceof StoppedError) throw error;
      this.live(number)?.abandon();
      this.#live.delete(number);
      const { store } = this.#engine;
      const id = store.nameOf(number)?.id ?? String(number);
      this.#options.onfault?.({ workflow, id, error });
      this.#endDamaged(number, error);
    }
  }

  /**
   * Instances that have a pass for the first time since the state was opened, without those whose pages are damaged. SQLite gives up
   * the whole transaction in which it finds such a page, so that they are read while none is open.
   *
   * @param {number[]} numbers
   */
  #sound(numbers) {
    const unread = numbers.filter((number) => number <= this.#lastOld && !this.#probed.has(number));
    if (unread.length === 0) return numbers;
    void this.#engine.commits.commitNow();
    const { store } = this.#engine;
    const damaged = unread.filter((number) => !store.canRead(number));
    for (const number of unread) this.#probed.add(number);
    const endable = new Set(damaged.filter((number) => store.canReadEnd(number)));
    for (const number of damaged) {
      const error = new Error("A page of the state file that has its rows is damaged.");
      const { workflow, id } = store.nameOf(number) ?? { workflow: "?", id: String(number) };
      this.#options.onfault?.({ workflow, id, error });
      if (endable.has(number)) this.#endDamaged(number, error);
      else this.#damaged.add(number);
    }
    return numbers.filter((number) => !damaged.includes(number));
  }

  /** @param {number} number @param {unknown} error */
  #endDamaged(number, error) {
    const { store, now } = this.#engine;
    const end = () => store.instanceErrored(store.loadCursor(number), now, damageError(error));
    this.#engine.commits.writeInstance(number, end);
  }

  /** @param {Guest} guest */
  #adopt(guest) {
    if (this.#guests.has(guest)) return;
    this.#guests.add(guest);
    guest.onmessages = (messages) => this.#receive(guest, messages);
    guest.onlost = (passes) => this.#engine.guard(() => this.#lost(guest, passes));
  }

  /** @param {Guest} guest @param {FromGuest[]} messages */
  #receive(guest, messages) {
    for (const message of messages) this.#passOf(guest, message)?.receive(message);
  }

  /**
   * The instance that a guest's message is about. A pass that is not in the map has been dropped: the fence. One that was
   * started in another guest is not this guest's to speak of.
   *
   * @param {Guest} guest
   * @param {{ pass: number }} message
   */
  #passOf(guest, message) {
    const instance = this.#passes.get(message?.pass);
    if (!instance || instance.guest === guest) return instance;
    this.#engine.guard(() => this.#options.onforgery?.({ workflow: instance.workflow, id: instance.id }));
    return undefined;
  }

  /** @param {Guest} guest @param {LostPass[]} passes */
  #lost(guest, passes) {
    for (const lost of passes) {
      const instance = this.#passOf(guest, lost);
      if (!instance) continue;
      instance.lost(lost);
      this.#uncharged.set(instance.number, instance.uncharged());
      if (lost.unloadable) this.#blocked.add(instance.number, instance.workflow, new Error(lost.reason));
    }
    this.schedule();
  }
}
