/**
 * Passes in sealed interpreters: each has one of its own, an instance of a WebAssembly component, which is gone when the
 * pass is. One process, in Python, hosts them all; it decides what they may reach and use, and says what has become of them.
 *
 * The process is ours and is believed; what a pass says is not (`process/checks.js`).
 */

/** @import { FromGuest, Guest, LostPass, ToGuest, Usage, WireError } from "../../bridge/protocol.d.ts" */
/** @import { Deployment } from "../pool/pool.js" */
/** @import { Sealing } from "./settings.js" */

import { fileURLToPath } from "node:url";
import { packBatch, unpackBatch } from "../../bridge/batch.js";
import { Lodger } from "../pool/lodger.js";
import { Checks } from "../process/checks.js";
import { GuestProcess } from "../process/process.js";
import { componentPath } from "./files.js";
import { cacheFolder, settingsOf } from "./settings.js";

const PROGRAM = fileURLToPath(new URL("main.py", import.meta.url));
const COMPILING = "Compiling the sealed interpreter for this machine, which is done once and takes some seconds.";
/** So many deaths of the process may an instance be there for, before it is taken for their reason. */
const DEATHS = 2;

/**
 * What steps have used so far: ref, attempt, ms of processor time, bytes of memory. @typedef {[number, number, number, number | null][]} Used
 *
 * @typedef {{ type: "lost", pass: number, reason: string, ref: number, attempt: number, used: Used, limit?: WireError }} Lost
 * @typedef {{ lodger: Lodger, checks: Checks, outbox: ToGuest[], written: number, usage: Map<string, Usage> }} Lodging
 */

/** @implements {Guest} */
export class WasmtimeGuest {
  /** @type {(messages: FromGuest[]) => void} */
  onmessages = () => {};
  /** @type {(passes: LostPass[]) => void} */
  onlost = () => {};
  /** Takes what the process writes. @type {(text: string) => void} */
  onoutput = () => {};
  /** Takes a line for the operator. @type {(line: string) => void} */
  onproblem = () => {};
  #deployment;
  #settings;
  /** @type {GuestProcess | undefined} */
  #process;
  /** @type {Promise<any> | undefined} */
  #loaded;
  #isOpen = false;
  /** @type {Map<number, Lodging>} */
  #lodgings = new Map();
  /** Passes with messages that wait for the end of the turn. @type {Set<number>} */
  #waiting = new Set();
  /** How often the process has died with an instance in it. @type {Map<string, number>} */
  #deaths = new Map();
  /** @type {Map<string, (message: any) => void>} */
  #replies = new Map();
  #disposed = false;

  /**
   * @param {object} options
   * @param {Deployment} options.deployment
   * @param {Partial<Sealing>} [options.settings] what differs from the deployment's and the defaults
   */
  constructor({ deployment, settings }) {
    this.#deployment = deployment;
    this.#settings = settingsOf(deployment, settings);
  }

  /** Whether passes are there. */
  get inUse() {
    return this.#lodgings.size > 0;
  }

  /**
   * Import the deployment's main module, in an interpreter that is for nothing else.
   *
   * @returns {Promise<{ classes: string[], output: { level: string, text: string }[] }>}
   * @throws what the import raised, with `traceback`
   */
  async load() {
    const { classes, error, output } = await this.#start();
    if (error) {
      const message = error.message ? `${error.name}: ${error.message}` : error.name;
      throw Object.assign(new Error(message), { traceback: error.traceback, wire: error });
    }
    return { classes, output };
  }

  /** The process, with the deployment loaded. @returns {Promise<any>} */
  #start() {
    this.#loaded ??= this.#open();
    return this.#loaded;
  }

  async #open() {
    const { python, threads, fetch, maxOutput: _, ...limits } = this.#settings;
    const component = await componentPath();
    const child = new GuestProcess(
      // Nothing of the environment is for code of the user's, and none of it gets there. Python needs little of it.
      { command: python, args: ["-P", PROGRAM], what: "host of sealed interpreters" },
      {
        onmessage: (message) => child === this.#process && this.#receive(message),
        ondeath: (reason) => child === this.#process && this.#die(reason),
        onrubbish: (what) => child === this.#process && this.#die(`It sent ${what}.`),
        onoutput: (_level, text) => this.onoutput(text),
      },
    );
    this.#process = child;
    const ready = this.#reply("ready");
    child.post({ type: "boot", component, cache: cacheFolder(), limits, fetch, threads });
    await ready;
    const loaded = this.#reply("loaded");
    child.post({ type: "load", deployment: this.#deployment });
    const { text } = await loaded;
    this.#isOpen = true;
    for (const pass of this.#lodgings.keys()) child.post({ type: "open", pass });
    this.#flush();
    return JSON.parse(text);
  }

  /** @param {string} type @returns {Promise<any>} */
  #reply(type) {
    return new Promise((resolve, reject) => {
      this.#replies.set(type, resolve);
      this.#replies.set("died", ({ reason }) => reject(new Error(reason)));
    });
  }

  // To the interpreters ----------------------------------------------------------------------------------------------

  /** @param {ToGuest} message */
  send(message) {
    if (this.#disposed) return;
    const { pass } = message;
    if (message.type === "start") this.#admit(message);
    const lodging = this.#lodgings.get(pass);
    if (!lodging) return;
    if (message.type === "drop") {
      this.#leave(pass);
      return;
    }
    if (message.type !== "start") lodging.lodger.told(message);
    if (message.type === "expired" && this.#isOpen) this.#process?.post(message);
    lodging.checks.sent(message);
    lodging.outbox.push(message);
    if (this.#waiting.size === 0 && this.#isOpen) setImmediate(() => this.#flush());
    this.#waiting.add(pass);
  }

  /** @param {Extract<ToGuest, { type: "start" }>} start */
  #admit(start) {
    const { pass } = start;
    const lodger = new Lodger(start);
    this.#lodgings.set(pass, { lodger, checks: new Checks(), outbox: [], written: 0, usage: new Map() });
    if (this.#isOpen) this.#process?.post({ type: "open", pass });
    else this.#start().catch((error) => this.#failAll(error));
  }

  #flush() {
    if (!this.#isOpen) return;
    for (const pass of this.#waiting) {
      const lodging = this.#lodgings.get(pass);
      if (!lodging) continue;
      this.#process?.post(`${pass}\n${packBatch(lodging.outbox)}`);
      lodging.outbox = [];
    }
    this.#waiting.clear();
  }

  /** @param {number} pass */
  #leave(pass) {
    this.#lodgings.delete(pass);
    if (this.#isOpen) this.#process?.post({ type: "close", pass });
  }

  // From the interpreters --------------------------------------------------------------------------------------------

  /** @param {any} message */
  #receive(message) {
    if (typeof message === "string") this.#take(message);
    else if (message.type === "lost") this.#lose(message);
    else if (message.type === "compiling") this.onproblem(COMPILING);
    else {
      this.#replies.get(message.type)?.(message);
      this.#replies.delete(message.type);
    }
  }

  /** @param {string} text */
  #take(text) {
    const end = text.indexOf("\n");
    const space = text.indexOf(" ");
    const pass = Number(text.slice(0, space));
    const lodging = this.#lodgings.get(pass);
    if (!lodging) return;
    note(lodging, JSON.parse(text.slice(space, end)));
    const messages = this.#believe(pass, lodging, text.slice(end + 1));
    if (messages.length > 0) this.onmessages(messages);
  }

  /**
   * The messages of a batch that are to be believed.
   *
   * @param {number} pass
   * @param {Lodging} lodging
   * @param {string} batch
   */
  #believe(pass, lodging, batch) {
    const { lodger, checks } = lodging;
    /** @type {FromGuest[]} */
    const messages = [];
    try {
      /** @type {any[]} */
      const unpacked = unpackBatch(batch);
      for (const message of unpacked) {
        if (message?.pass !== pass || !checks.accepts(message)) throw new SyntaxError("a message of another pass");
        if (message.type === "ended") lodger.ended(message);
        else if (message.type !== "log" || this.#mayWrite(lodging, message)) {
          const over = lodger.said(message);
          messages.push(measured(lodging, message));
          if (over) this.#leave(pass);
        }
      }
    } catch (error) {
      if (!(error instanceof SyntaxError || error instanceof TypeError || checks.isRubbish(error))) throw error;
      const reason = `It sent ${error.message}.`;
      this.#lose({ type: "lost", pass, reason, ref: 0, attempt: 0, used: [] });
    }
    return messages;
  }

  /**
   * @param {Lodging} lodging
   * @param {Extract<FromGuest, { type: "log" }>} message
   */
  #mayWrite(lodging, message) {
    const { maxOutput } = this.#settings;
    const before = lodging.written;
    lodging.written += message.text.length;
    if (lodging.written <= maxOutput) return true;
    if (before > maxOutput) return false;
    Object.assign(message, {
      level: "warning",
      text: `More output was dropped: one run of the workflow may write ${maxOutput.toLocaleString("en")} characters.`,
    });
    return true;
  }

  // Losses -----------------------------------------------------------------------------------------------------------

  /**
   * An interpreter is gone. What it did then is charged.
   *
   * @param {Lost} lost
   */
  #lose({ pass, reason, ref, attempt, used, limit }) {
    const lodging = this.#lodgings.get(pass);
    if (!lodging) return;
    note(lodging, used);
    this.#leave(pass);
    const { running } = lodging.lodger;
    if (limit?.name === "Expired") this.onlost([{ pass, blamed: [], reason }]);
    else if (limit && running.get(ref) === attempt && ref > 0) {
      // It fails as if the step had raised it.
      this.onmessages([measured(lodging, { type: "failed", pass, ref, attempt, error: limit })]);
      this.onlost([{ pass, blamed: [], reason }]);
    } else if (running.size > 0 && !limit) {
      const blamed = running.has(ref) ? [ref] : [...running.keys()];
      this.onlost([{ pass, blamed, reason }]);
    } else {
      const error = limit ?? { name: "WorkflowInternalError", message: `run() has ended its interpreter. ${reason}` };
      this.onmessages([{ type: "fail", pass, error }]);
    }
  }

  /** The process is gone. @param {string} reason */
  #die(reason) {
    this.#process = undefined;
    this.#loaded = undefined;
    this.#isOpen = false;
    this.#replies.get("died")?.({ reason });
    this.#replies.clear();
    const lodgings = [...this.#lodgings];
    this.#lodgings.clear();
    this.#waiting.clear();
    /** @type {LostPass[]} */
    const lost = [];
    for (const [pass, { lodger }] of lodgings) {
      const deaths = (this.#deaths.get(lodger.key) ?? 0) + 1;
      this.#deaths.set(lodger.key, deaths);
      const blamed = deaths >= DEATHS ? [...lodger.running.keys()] : [];
      lost.push({ pass, blamed, reason });
    }
    if (lost.length > 0) this.onlost(lost);
  }

  /** The deployment could be loaded once, and now the process cannot be started. @param {Error} error */
  #failAll({ message }) {
    const passes = [...this.#lodgings.keys()];
    this.#lodgings.clear();
    this.#waiting.clear();
    const error = { name: "WorkflowInternalError", message };
    this.onmessages(passes.map((pass) => ({ type: "fail", pass, error })));
  }

  // Upkeep -----------------------------------------------------------------------------------------------------------

  /** What is there, for people and tests. */
  stats() {
    return { passes: this.#lodgings.size, pid: this.#process?.pid };
  }

  async dispose() {
    this.#disposed = true;
    const process = this.#process;
    this.#process = undefined;
    this.#lodgings.clear();
    await process?.end();
  }
}

/**
 * @param {Lodging} lodging
 * @param {Used} used
 */
function note({ usage }, used) {
  for (const [ref, attempt, cpuMs, memory] of used) {
    usage.set(`${ref} ${attempt}`, memory === null ? { cpuMs } : { cpuMs, memoryBytes: memory });
  }
}

/**
 * A message with what the step that it is about has used.
 *
 * @template {FromGuest} M
 * @param {Lodging} lodging
 * @param {M} message
 * @returns {M}
 */
function measured({ usage }, message) {
  if (message.type !== "done" && message.type !== "failed") return message;
  const key = `${message.ref} ${message.attempt}`;
  const used = usage.get(key);
  usage.delete(key);
  return used === undefined ? message : { ...message, usage: used };
}
