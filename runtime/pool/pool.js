/**
 * The guest that the engine talks to: a pool of isolates, each of which hosts many passes.
 *
 * One isolate is enough for many passes that mostly wait. When code in it computes while others are there, a further one
 * is started; a pass goes where the fewest are. One that has ended an isolate, or may have, is run alone
 * next time (quarantine), so that a second death has one suspect.
 */

/** @import { FromGuest, Guest, LostPass, ToGuest, WireError } from "../../bridge/protocol.d.ts" */
/** @import { EnvBinding } from "../handlers/facades.js" */
/** @import { BindingCall } from "../handlers/protocol.d.ts" */
/** @import { HandlerPort } from "../handlers/port.js" */
/** @import { Death, InterpreterBackend } from "./isolate.js" */
/** @import { PassState } from "./pass_state.js" */
/** @import { UnplacedPass } from "./placement.js" */
/** @import { Timer } from "./background.js" */

import { inBackground } from "./background.js";
import { suspectOf } from "./blame.js";
import { Isolate } from "./isolate.js";
import { BUSY_AFTER_MS, chooseIsolate } from "./placement.js";
import { limitsOf, takeWarm } from "./warm.js";

/** So often code in an isolate must have computed, in COMPUTATION_WINDOW_MS ms, before another is started: once may be a start. */
const COMPUTATIONS_TO_SCALE_UP = 3;
const COMPUTATION_WINDOW_MS = 10_000;
/** How long an isolate without passes is kept, in ms, where there is another. */
const IDLE_TIMEOUT_MS = 30_000;

/**
 * @typedef {object} DeploymentOptions
 * @property {string} root folder that the guest sees
 * @property {string} main file that has the workflows
 * @property {string | null} [modules] folder of the packages that were installed for it and for this runtime, if any
 * @property {string[]} [imports] the statements by which its modules import those packages
 * @property {Record<string, unknown>} vars
 * @property {string} [varsText] canonical text of them, which counts where it is given
 * @property {Record<string, string> | null} [bindings] names of workflows by the names that `env` has for them; absent or
 *   null: each class under its own
 * @property {Record<string, EnvBinding> | null} [env] bindings of `env` that the host answers, or refuses
 * @property {Record<string, unknown> & { name: string } | null} [runtime] the runtime and its own options; absent or null: by
 *   the main file's extension
 * @property {boolean} [isBundle] whether the main file is a bundle, with a map of its sources
 * @property {"batched" | "js"} [transport] which way the SDK's calls take; "js" is for tests
 *
 * What the main file has besides workflows: the methods of its default entrypoint, those of each named one, and classes of
 * Durable Objects.
 *
 * @typedef {{ default: string[], entrypoints: Record<string, string[]>, objects: string[] }} Handlers
 */

/** @implements {Guest} */
export class Pool {
  /** @type {(messages: FromGuest[]) => void} */
  onmessages = () => {};
  /** @type {(passes: LostPass[]) => void} */
  onlost = () => {};
  /** Takes output that interpreters write past their guests and that cannot be attributed to a pass. @type {(text: string) => void} */
  onoutput = () => {};
  /** Told when a debugger takes the terminal, and when it gives it back. @type {(on: boolean) => void} */
  ondebugging = () => {};
  /** Answers calls of bindings. @type {(call: BindingCall, port: HandlerPort) => Promise<any>} */
  answer = () => Promise.reject(new Error("There is no host that answers this call."));
  /** Takes a line for the operator where an interpreter is not believed any more. @type {(line: string) => void} */
  onproblem = () => {};
  #backend;
  #deployment;
  #limits;
  #clock;
  /** @type {Isolate[]} */
  #isolates = [];
  /** @type {Map<number, Isolate>} */
  #homes = new Map();
  /** @type {Map<number, UnplacedPass>} */
  #waiting = new Map();
  /** What ends the time of each that has been empty. @type {WeakMap<Isolate, Timer>} */
  #idle = new WeakMap();
  /** How often code in each had computed, and when that was. @type {WeakMap<Isolate, { count: number, at: number }>} */
  #computations = new WeakMap();
  /** Instances that run alone next time. @type {Set<string>} */
  #suspects = new Set();
  /** @type {Timer | undefined} */
  #retry;
  #disposed = false;
  #deaths = 0;
  /** The interpreter that has loaded the deployment, until handlers ask for one. @type {Isolate | undefined} */
  #first;
  #hasWorkflows = false;

  /**
   * @param {InterpreterBackend} backend
   * @param {object} options
   * @param {DeploymentOptions} options.deployment
   * @param {number} [options.isolates] how many at most, quarantine not counted
   * @param {number} [options.memoryLimit] of one isolate, in bytes
   * @param {number} [options.cpuLimit] how long code outside steps may keep an isolate to itself, in ms
   * @param {SharedArrayBuffer} [options.clock] virtual time for user code; see `VirtualTime`
   */
  constructor(backend, { deployment, clock, ...limits }) {
    this.#backend = backend;
    this.#deployment = deployment;
    this.#limits = { ...limitsOf(backend), ...limits };
    this.#clock = clock;
  }

  /**
   * Import the deployment's main module.
   *
   * @returns {Promise<{ classes: string[], handlers?: Handlers, schemas?: Record<string, object>, output: { level: string, text: string }[] }>} the workflows found, and what
   *   the modules wrote while they were imported
   * @throws what the import raised, with `traceback`
   */
  async load() {
    const { isolate, loaded } = this.#open();
    try {
      const found = await loaded;
      this.#first = isolate;
      this.#hasWorkflows = found.classes.length > 0;
      return found;
    } catch (error) {
      this.#isolates = this.#isolates.filter((other) => other !== isolate);
      await isolate.dispose();
      throw error;
    }
  }

  /**
   * An isolate of its own for the handlers of the deployment. The caller takes its messages and its death, and disposes of it.
   *
   * The one that has loaded the deployment serves them if no pass is in it: a request waits for an answer, and a pass rarely
   * does. Passes get another one.
   *
   * @returns {{ isolate: Isolate, loaded: Promise<unknown> }}
   */
  openForHandlers() {
    const first = this.#first;
    this.#first = undefined;
    const isFree = first !== undefined && first.passes.size === 0 && this.#isolates.includes(first);
    const opened = isFree ? { isolate: first, loaded: Promise.resolve() } : this.#open();
    this.#isolates = this.#isolates.filter((isolate) => isolate !== opened.isolate);
    if (this.#isolates.length === 0 && this.#hasWorkflows) this.#openIsolate();
    return opened;
  }

  /** Whether handlers can be called in the isolates of `openForHandlers`. */
  get runsHandlers() {
    return this.#backend.runsHandlers ?? false;
  }

  /** Whether Durable Objects can live in the isolates of `openForObjects`. */
  get hasObjects() {
    return this.#backend.hasObjects ?? false;
  }

  /**
   * An isolate of its own for Durable Objects, as `openForHandlers`.
   *
   * @param {string} folder of their files
   * @returns {{ isolate: Isolate, loaded: Promise<unknown> }}
   */
  openForObjects(folder) {
    const { start } = this.#backend;
    const backend = {
      ...this.#backend,
      start: (/** @type {any} */ events, /** @type {SharedArrayBuffer | undefined} */ clock) =>
        start(events, clock, folder),
    };
    const opened = this.#adopt(new Isolate(backend, this.#limits, this.#clock));
    this.#isolates = this.#isolates.filter((isolate) => isolate !== opened.isolate);
    return opened;
  }

  /** A further isolate, which loads the deployment while messages for it wait. */
  #open() {
    const ready = takeWarm(this.#backend, { ...this.#limits, clock: this.#clock });
    return this.#adopt(ready ?? new Isolate(this.#backend, this.#limits, this.#clock));
  }

  /** @param {Isolate} isolate */
  #adopt(isolate) {
    isolate.onmessages = (messages) => this.#receive(isolate, messages);
    isolate.ondeath = (death) => this.#handleDeath(isolate, death);
    isolate.answer = (call, port) => this.answer(call, port);
    isolate.onoutput = (text) => this.onoutput(text);
    isolate.onproblem = (line) => this.onproblem(line);
    isolate.ondebugging = (on) => this.ondebugging(on);
    this.#isolates.push(isolate);
    return { isolate, loaded: this.#load(isolate) };
  }

  /** @param {Isolate} isolate */
  async #load(isolate) {
    const { classes, handlers, schemas, error, place, output, unlinked } = await isolate.load(this.#deployment);
    if (error) {
      const message = error.message ? `${error.name}: ${error.message}` : error.name;
      throw Object.assign(new Error(message), { traceback: error.traceback, wire: error, place, unlinked });
    }
    return { classes, handlers, schemas, output };
  }

  /** @param {ToGuest} message */
  send(message) {
    if (this.#disposed) return;
    if (message.type === "start") {
      this.#waiting.set(message.pass, { start: message, rest: [], since: 0, turn: 0, isolate: undefined });
      this.#place(message.pass);
      return;
    }
    const waiting = this.#waiting.get(message.pass);
    if (waiting && message.type === "drop") this.#waiting.delete(message.pass);
    else if (waiting) waiting.rest.push(message);
    else this.#homes.get(message.pass)?.send(message);
    if (message.type === "drop") this.#forget(message.pass);
  }

  // Placing ----------------------------------------------------------------------------------------------------------

  /** @param {number} pass */
  #place(pass) {
    const waiting = /** @type {UnplacedPass} */ (this.#waiting.get(pass));
    const { event } = waiting.start;
    const key = JSON.stringify([event.workflowName, event.instanceId]);
    const choice = this.#suspects.has(key)
      ? this.#quarantineFor(key)
      : chooseIsolate(this.#isolates, waiting, this.#limits);
    const isolate = choice === "open" ? this.#openIsolate() : choice;
    if (isolate === "wait") {
      this.#retry ??= setTimeout(() => this.#placeAll(), BUSY_AFTER_MS / 4);
      return;
    }
    this.#waiting.delete(pass);
    this.#homes.set(pass, isolate);
    for (const message of [waiting.start, ...waiting.rest]) isolate.send(message);
  }

  #placeAll() {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    for (const pass of this.#waiting.keys()) this.#place(pass);
  }

  #openIsolate() {
    const { isolate, loaded } = this.#open();
    loaded.catch((error) => this.#losePassesOf(isolate, error));
    return isolate;
  }

  /** @param {string} key */
  #quarantineFor(key) {
    const alone = this.#isolates.filter(({ quarantined }) => quarantined);
    if (alone.length >= this.#limits.isolates) return "wait";
    const isolate = this.#openIsolate();
    isolate.quarantined = key;
    return isolate;
  }

  // Messages ---------------------------------------------------------------------------------------------------------

  /**
   * @param {Isolate} isolate
   * @param {FromGuest[]} messages
   */
  #receive(isolate, messages) {
    // A pass that ends leaves the isolate before its messages are handed on.
    for (const { type, pass } of messages) {
      if (type === "end" || type === "fail") this.#forget(pass);
    }
    this.onmessages(messages);
    this.#scaleUp(isolate);
    if (this.#waiting.size > 0) this.#placeAll();
    this.#removeIfUnused(isolate);
  }

  /** Start a further isolate when one has passes that are in each other's way. @param {Isolate} isolate */
  #scaleUp(isolate) {
    const { computations: count } = isolate;
    const before = this.#computations.get(isolate);
    const at = performance.now();
    const often = before !== undefined && count - before.count >= COMPUTATIONS_TO_SCALE_UP;
    if (often || before === undefined || at - before.at > COMPUTATION_WINDOW_MS)
      this.#computations.set(isolate, { count, at });
    if (!often) return;
    const others = this.#isolates.filter(({ quarantined }) => !quarantined);
    if (isolate.passes.size > 1 && others.length < this.#limits.isolates) this.#openIsolate();
  }

  /** @param {number} pass */
  #forget(pass) {
    const isolate = this.#homes.get(pass);
    this.#homes.delete(pass);
    if (isolate) this.#removeIfUnused(isolate);
  }

  /** Let go of an isolate that is of no further use. @param {Isolate} isolate */
  #removeIfUnused(isolate) {
    if (isolate.passes.size > 0) return;
    if (!(isolate.quarantined || isolate.memory >= this.#limits.memoryMark)) return this.#removeWhenIdle(isolate);
    if (isolate.quarantined) this.#suspects.delete(isolate.quarantined);
    this.#remove(isolate);
    if (this.#waiting.size > 0) this.#placeAll();
  }

  /** Its memory is worth more than its start, after a while. @param {Isolate} isolate */
  #removeWhenIdle(isolate) {
    if (this.#isolates.length < 2) return;
    clearTimeout(this.#idle.get(isolate));
    const leave = () => {
      const unused = isolate.passes.size === 0 && this.#isolates.includes(isolate);
      if (unused && this.#isolates.length > 1) this.#remove(isolate);
    };
    this.#idle.set(isolate, inBackground(setTimeout(leave, IDLE_TIMEOUT_MS)));
  }

  /** @param {Isolate} isolate */
  #remove(isolate) {
    this.#isolates = this.#isolates.filter((other) => other !== isolate);
    void isolate.dispose();
  }

  // Deaths -----------------------------------------------------------------------------------------------------------

  /**
   * @param {Isolate} isolate
   * @param {Death} death
   */
  #handleDeath(isolate, { reason, culprit }) {
    if (!this.#isolates.includes(isolate)) return;
    this.#deaths += 1;
    this.#remove(isolate);
    const passes = [...isolate.passes.values()];
    const suspect = suspectOf(passes, { quarantined: isolate.quarantined !== undefined, culprit });
    // An attempt that has timed out has been charged already.
    const blames = suspect !== undefined && culprit !== "expired";
    if (blames && suspect.running.size === 0) {
      this.#failPass(suspect, reason);
      passes.splice(passes.indexOf(suspect), 1);
    } else if (!blames && culprit !== "expired") {
      for (const { key } of passes) this.#suspects.add(key);
    }
    for (const { pass } of passes) this.#homes.delete(pass);
    if (passes.length > 0) {
      this.onlost(
        passes.map((state) => ({
          pass: state.pass,
          blamed: blames && state === suspect ? [...state.running.keys()] : [],
          reason,
        })),
      );
    }
    if (this.#waiting.size > 0) this.#placeAll();
  }

  /**
   * No attempt is to blame, and no other pass is there: it was `run()` itself, which would do it again.
   *
   * @param {PassState} state
   * @param {string} reason
   */
  #failPass(state, reason) {
    this.#homes.delete(state.pass);
    this.#suspects.delete(state.key);
    const error = { name: "WorkflowInternalError", message: `run() crashed the interpreter. ${reason}` };
    this.onmessages([{ type: "fail", pass: state.pass, error }]);
  }

  /**
   * The deployment could be loaded once, and now it cannot.
   *
   * @param {Isolate} isolate
   * @param {Error} error
   */
  #losePassesOf(isolate, error) {
    if (!this.#isolates.includes(isolate)) return;
    const passes = [...isolate.passes.values()];
    this.#remove(isolate);
    for (const { pass } of passes) this.#homes.delete(pass);
    if (passes.length > 0) {
      this.onlost(passes.map(({ pass }) => ({ pass, blamed: [], reason: error.message, unloadable: true })));
    }
  }

  /**
   * End all isolates where they stand. No pass is to blame: each is reported lost, and may go on in another.
   *
   * @param {string} reason
   */
  kill(reason) {
    const isolates = this.#isolates;
    this.#isolates = [];
    const passes = isolates.flatMap(({ passes }) => [...passes.keys()]);
    for (const isolate of isolates) void isolate.dispose();
    for (const pass of passes) this.#homes.delete(pass);
    if (passes.length > 0) this.onlost(passes.map((pass) => ({ pass, blamed: [], reason })));
    if (this.#waiting.size > 0) this.#placeAll();
  }

  // Upkeep -----------------------------------------------------------------------------------------------------------

  /** Whether a pass is here, or on its way. */
  get inUse() {
    return this.#homes.size > 0 || this.#waiting.size > 0;
  }

  /** What is there, for people and tests. */
  stats() {
    return {
      isolates: this.#isolates.map(({ passes, memory, quarantined, silenceMs }) => ({
        passes: passes.size,
        memory,
        quarantined: quarantined !== undefined,
        silenceMs,
      })),
      waiting: this.#waiting.size,
      deaths: this.#deaths,
    };
  }

  /** Whether user code has virtual time. */
  get hasVirtualTime() {
    return this.#clock !== undefined && this.#backend.hasVirtualTime === true;
  }

  /** Import the deployment's modules anew in every isolate that can do so. */
  async reload() {
    if (this.#backend.reloads) await Promise.all(this.#isolates.map((isolate) => isolate.reload()));
  }

  /** Ask every isolate that has passes whether it is at rest; for interpreters in virtual time. */
  async rest() {
    const inhabited = this.#isolates.filter(({ passes }) => passes.size > 0);
    return await Promise.all(inhabited.map((isolate) => isolate.rest()));
  }

  /** The virtual clock has moved. */
  ring() {
    for (const isolate of this.#isolates) isolate.ring();
  }

  /** What is alive inside the isolates, for tests that look for leaks. */
  async census() {
    return await Promise.all(this.#isolates.map((isolate) => isolate.census()));
  }

  async dispose() {
    this.#disposed = true;
    clearTimeout(this.#retry);
    const isolates = this.#isolates;
    this.#isolates = [];
    this.#first = undefined;
    await Promise.all(isolates.map((isolate) => isolate.dispose()));
  }
}
