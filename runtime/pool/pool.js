/**
 * The guest that the engine talks to: a pool of isolates, each of which hosts many passes.
 *
 * One isolate is enough for many passes that mostly wait. When code in it computes while others are there, a further one
 * is started; a pass goes where the fewest are. One that has ended an isolate, or may have, is run alone
 * next time (quarantine), so that a second death has one suspect.
 */

/** @import { FromGuest, Guest, LostPass, ToGuest, WireError } from "../../bridge/protocol.d.ts" */
/** @import { Death, Kind } from "./isolate.js" */
/** @import { Lodger } from "./lodger.js" */
/** @import { Timer } from "./background.js" */

import { inBackground } from "./background.js";
import { Isolate } from "./isolate.js";

const MIB = 1 << 20;
const DEFAULTS = {
  isolates: Math.min(4, Math.max(2, navigator.hardwareConcurrency)),
  memoryLimit: 512 * MIB,
  cpuLimit: 30_000,
  /** An isolate that has grown past this takes no new passes: WebAssembly's memory never shrinks. */
  memoryMark: 256 * MIB,
};
/** With more passes than this in one isolate another one is worth its start. They mostly wait: those who compute count apart. */
const MANY = 1500;
/** How long an interpreter may run without a break before passes that have not started go elsewhere. */
const BUSY = 100;
/** So often code in an isolate must have computed, in RECENTLY ms, before another is started: once may be a start. */
const OFTEN = 3;
const RECENTLY = 10_000;
/** How long an isolate that nobody is in is kept, in ms, where there is another. */
const IDLE = 30_000;

/**
 * @typedef {object} Deployment
 * @property {string} root folder that the guest sees
 * @property {string} main file that has the workflows
 * @property {string | null} [modules] folder of the packages that were installed for it and for this runtime, if any
 * @property {string[]} [imports] the statements by which its modules import those packages
 * @property {Record<string, unknown>} vars
 * @property {Record<string, string> | null} [bindings] names of workflows by the names that `env` has for them; absent or
 *   null: each class under its own
 * @property {Record<string, unknown> & { name: string } | null} [runtime] the runtime and its own options; absent or null: by
 *   the main file's extension
 * @property {"batched" | "js"} [transport] which way the SDK's calls take; "js" is for tests
 *
 * @typedef {Extract<ToGuest, { type: "start" }>} Start
 *
 * What a pass has been sent that has not been given to an isolate yet.
 * @typedef {{ start: Start, rest: ToGuest[], since: number, turn: number, isolate: Isolate | undefined }} Waiting
 */

/** Isolates that were started before it was known what for. @type {Map<Kind, Isolate>} */
const warm = new Map();

/** @implements {Guest} */
export class Pool {
  /** @type {(messages: FromGuest[]) => void} */
  onmessages = () => {};
  /** @type {(passes: LostPass[]) => void} */
  onlost = () => {};
  /** Takes what interpreters write past their guests, and whose it is nobody knows. @type {(text: string) => void} */
  onoutput = () => {};
  /** Told when a debugger takes the terminal, and when it gives it back. @type {(on: boolean) => void} */
  ondebugging = () => {};
  /** Takes a line for the operator where an interpreter is not believed any more. @type {(line: string) => void} */
  onproblem = () => {};
  #kind;
  #deployment;
  #limits;
  /** @type {Isolate[]} */
  #isolates = [];
  /** @type {Map<number, Isolate>} */
  #homes = new Map();
  /** @type {Map<number, Waiting>} */
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

  /**
   * @param {Kind} kind
   * @param {object} options
   * @param {Deployment} options.deployment
   * @param {number} [options.isolates] how many at most, quarantine not counted
   * @param {number} [options.memoryLimit] of one isolate, in bytes
   * @param {number} [options.cpuLimit] how long code outside steps may keep an isolate to itself, in ms
   */
  constructor(kind, { deployment, ...limits }) {
    this.#kind = kind;
    this.#deployment = deployment;
    this.#limits = { ...limitsOf(kind), ...limits };
  }

  /**
   * Start an interpreter before it is known what for. The next pool with the default limits takes it.
   *
   * @param {Kind} kind
   * @returns {Isolate} the one that stands by
   */
  static prewarmKind(kind) {
    const standing = warm.get(kind);
    if (standing) return standing;
    const isolate = new Isolate(kind, limitsOf(kind));
    isolate.ondeath = () => warm.delete(kind);
    warm.set(kind, isolate);
    return isolate;
  }

  /** Let go of the interpreter that stands by, which nobody will take. @param {Kind} kind */
  static dropWarm(kind) {
    void warm.get(kind)?.dispose();
    warm.delete(kind);
  }

  /**
   * Import the deployment's main module.
   *
   * @returns {Promise<{ classes: string[], output: { level: string, text: string }[] }>} the workflows found, and what
   *   the modules wrote while they were imported
   * @throws what the import raised, with `traceback`
   */
  async load() {
    const { isolate, loaded } = this.#open();
    try {
      return await loaded;
    } catch (error) {
      this.#isolates = this.#isolates.filter((other) => other !== isolate);
      await isolate.dispose();
      throw error;
    }
  }

  /** A further isolate, which loads the deployment while messages for it wait. */
  #open() {
    const { memoryLimit, cpuLimit } = this.#limits;
    const defaults = limitsOf(this.#kind);
    const usual = memoryLimit === defaults.memoryLimit && cpuLimit === defaults.cpuLimit;
    const ready = usual ? warm.get(this.#kind) : undefined;
    if (ready) warm.delete(this.#kind);
    const isolate = ready ?? new Isolate(this.#kind, this.#limits);
    isolate.onmessages = (messages) => this.#receive(isolate, messages);
    isolate.ondeath = (death) => this.#bury(isolate, death);
    isolate.onoutput = (text) => this.onoutput(text);
    isolate.onproblem = (line) => this.onproblem(line);
    isolate.ondebugging = (on) => this.ondebugging(on);
    this.#isolates.push(isolate);
    return { isolate, loaded: this.#load(isolate) };
  }

  /** @param {Isolate} isolate */
  async #load(isolate) {
    const { classes, error, place, output } = await isolate.load(this.#deployment);
    if (error) {
      const message = error.message ? `${error.name}: ${error.message}` : error.name;
      throw Object.assign(new Error(message), { traceback: error.traceback, wire: error, place });
    }
    return { classes, output };
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
    if (message.type === "drop") this.#leave(message.pass);
  }

  // Placing ----------------------------------------------------------------------------------------------------------

  /** @param {number} pass */
  #place(pass) {
    const waiting = /** @type {Waiting} */ (this.#waiting.get(pass));
    const { event } = waiting.start;
    const key = JSON.stringify([event.workflowName, event.instanceId]);
    const isolate = this.#suspects.has(key) ? this.#quarantineFor(key) : this.#isolateFor(waiting);
    if (!isolate) {
      this.#retry ??= setTimeout(() => this.#placeAll(), BUSY / 4);
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

  /**
   * The isolate for a pass, or undefined while it is open whether the one that is best is stuck.
   *
   * @param {Waiting} waiting
   */
  #isolateFor(waiting) {
    const usable = this.#isolates.filter(({ quarantined, memory }) => !quarantined && memory < this.#limits.memoryMark);
    const roomy = usable.filter((isolate) => isolate.lodgers.size < MANY && isolate.silence < BUSY);
    const full = usable.length >= this.#limits.isolates;
    const [best] = (full && roomy.length === 0 ? usable : roomy).toSorted(byRoom);
    if (!best) return this.#openFor();
    // An interpreter that runs takes no messages. A moment tells whether it is busy or stuck.
    if (best.turn % 2 === 0 || (full && usable.length === 1)) return best;
    if (waiting.isolate !== best || waiting.turn !== best.turn) {
      const wasThere = waiting.isolate === best;
      Object.assign(waiting, { isolate: best, turn: best.turn, since: performance.now() });
      return wasThere ? best : undefined;
    }
    if (performance.now() - waiting.since < BUSY) return undefined;
    const other = roomy.find((isolate) => isolate !== best && isolate.turn % 2 === 0);
    return other ?? (full ? best : this.#openFor());
  }

  #openFor() {
    const { isolate, loaded } = this.#open();
    loaded.catch((error) => this.#failAll(isolate, error));
    return isolate;
  }

  /** @param {string} key */
  #quarantineFor(key) {
    const alone = this.#isolates.filter(({ quarantined }) => quarantined);
    if (alone.length >= this.#limits.isolates) return undefined;
    const isolate = this.#openFor();
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
      if (type === "end" || type === "fail") this.#leave(pass);
    }
    this.onmessages(messages);
    this.#relieve(isolate);
    if (this.#waiting.size > 0) this.#placeAll();
    this.#tidy(isolate);
  }

  /** Start a further isolate when one has passes that are in each other's way. @param {Isolate} isolate */
  #relieve(isolate) {
    const { computations: count } = isolate;
    const before = this.#computations.get(isolate);
    const at = performance.now();
    const often = before !== undefined && count - before.count >= OFTEN;
    if (often || before === undefined || at - before.at > RECENTLY) this.#computations.set(isolate, { count, at });
    if (!often) return;
    const others = this.#isolates.filter(({ quarantined }) => !quarantined);
    if (isolate.lodgers.size > 1 && others.length < this.#limits.isolates) this.#openFor();
  }

  /** @param {number} pass */
  #leave(pass) {
    const isolate = this.#homes.get(pass);
    this.#homes.delete(pass);
    if (isolate) this.#tidy(isolate);
  }

  /** Let go of an isolate that is of no further use. @param {Isolate} isolate */
  #tidy(isolate) {
    if (isolate.lodgers.size > 0) return;
    if (!(isolate.quarantined || isolate.memory >= this.#limits.memoryMark)) return this.#keepIdle(isolate);
    if (isolate.quarantined) this.#suspects.delete(isolate.quarantined);
    this.#remove(isolate);
    if (this.#waiting.size > 0) this.#placeAll();
  }

  /** Its memory is worth more than its start, after a while. @param {Isolate} isolate */
  #keepIdle(isolate) {
    if (this.#isolates.length < 2) return;
    clearTimeout(this.#idle.get(isolate));
    const leave = () => {
      const unused = isolate.lodgers.size === 0 && this.#isolates.includes(isolate);
      if (unused && this.#isolates.length > 1) this.#remove(isolate);
    };
    this.#idle.set(isolate, inBackground(setTimeout(leave, IDLE)));
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
  #bury(isolate, { reason, culprit }) {
    if (!this.#isolates.includes(isolate)) return;
    this.#deaths += 1;
    this.#remove(isolate);
    const lodgers = [...isolate.lodgers.values()];
    const attempts = lodgers.flatMap((lodger) => [...lodger.running.keys()].map((ref) => ({ lodger, ref })));
    // Blame falls on the only step that ran, or on an instance that was alone. An attempt that has timed out has been
    // charged already.
    const alone = lodgers.length === 1 && (isolate.quarantined !== undefined || culprit === "run");
    const [suspect] = alone ? lodgers : attempts.length === 1 && !culprit ? [attempts[0].lodger] : [];
    const blames = suspect !== undefined && culprit !== "expired";
    if (blames && suspect.running.size === 0) {
      this.#fail(suspect, reason);
      lodgers.splice(lodgers.indexOf(suspect), 1);
    } else if (!blames && culprit !== "expired") {
      for (const { key } of lodgers) this.#suspects.add(key);
    }
    for (const { pass } of lodgers) this.#homes.delete(pass);
    if (lodgers.length > 0) {
      this.onlost(
        lodgers.map((lodger) => ({
          pass: lodger.pass,
          blamed: blames && lodger === suspect ? [...lodger.running.keys()] : [],
          reason,
        })),
      );
    }
    if (this.#waiting.size > 0) this.#placeAll();
  }

  /**
   * No attempt is to blame, and nobody else is there: it was `run()` itself, which would do it again.
   *
   * @param {Lodger} lodger
   * @param {string} reason
   */
  #fail(lodger, reason) {
    this.#homes.delete(lodger.pass);
    this.#suspects.delete(lodger.key);
    const error = { name: "WorkflowInternalError", message: `run() has ended its interpreter. ${reason}` };
    this.onmessages([{ type: "fail", pass: lodger.pass, error }]);
  }

  /**
   * The deployment could be loaded once, and now it cannot.
   *
   * @param {Isolate} isolate
   * @param {Error & { wire?: WireError }} error
   */
  #failAll(isolate, error) {
    if (!this.#isolates.includes(isolate)) return;
    const lodgers = [...isolate.lodgers.values()];
    this.#remove(isolate);
    for (const { pass } of lodgers) this.#homes.delete(pass);
    const wire = error.wire ?? { name: "WorkflowInternalError", message: error.message };
    this.onmessages(lodgers.map(({ pass }) => ({ type: "fail", pass, error: wire })));
  }

  /**
   * End all isolates where they stand. No pass is to blame: each is reported lost, and may go on in another.
   *
   * @param {string} reason
   */
  kill(reason) {
    const isolates = this.#isolates;
    this.#isolates = [];
    const passes = isolates.flatMap(({ lodgers }) => [...lodgers.keys()]);
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
      isolates: this.#isolates.map(({ lodgers, memory, quarantined, silence }) => ({
        passes: lodgers.size,
        memory,
        quarantined: quarantined !== undefined,
        silence,
      })),
      waiting: this.#waiting.size,
      deaths: this.#deaths,
    };
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
    await Promise.all(isolates.map((isolate) => isolate.dispose()));
  }
}

/** What holds where nothing else is said. @param {Kind} kind @returns {typeof DEFAULTS} */
function limitsOf({ limits }) {
  return { ...DEFAULTS, ...limits };
}

/**
 * The isolate that has the fewest passes first; of equals one that does nothing at the moment.
 *
 * @param {Isolate} a
 * @param {Isolate} b
 */
function byRoom(a, b) {
  return a.lodgers.size - b.lodgers.size || (a.turn % 2) - (b.turn % 2);
}
