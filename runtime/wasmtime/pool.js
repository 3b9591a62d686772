/**
 * Passes in sandboxed interpreters: each has one of its own, an instance of a WebAssembly component, which is gone when the
 * pass is. One process, in Python, hosts them all; it decides what they may reach and use, and says what has become of them.
 *
 * The process is ours and is believed; what a pass says is not (`process/checks.js`).
 */

/** @import { FromGuest, Guest, LostPass, ToGuest, Usage, WireError } from "../../bridge/protocol.d.ts" */
/** @import { DeploymentOptions } from "../pool/pool.js" */
/** @import { RestReport } from "../pool/virtual_time.js" */
/** @import { SandboxSettings } from "./settings.js" */

import { fileURLToPath } from "node:url";
import { packBatch, unpackBatch } from "../../bridge/batch.js";
import { PassState } from "../pool/pass_state.js";
import { ProtocolViolation } from "../pool/sender_checks.js";
import { ProtocolChecks } from "../process/checks.js";
import { ProcessHandle } from "../process/process.js";
import { componentPath } from "./files.js";
import { cacheFolder, settingsOf } from "./settings.js";

const PROGRAM = fileURLToPath(new URL("main.py", import.meta.url));
const COMPILING_NOTICE =
  "Compiling the sandboxed interpreter for this machine, which is done once and takes some seconds.";
/** So many deaths of the process may an instance be there for, before it is taken for their reason. */
const MAX_HOST_DEATHS = 2;
/** How much is kept of the output beyond a pass's limit, and of each message of it. */
const MAX_LATE_OUTPUT_CHARACTERS = 1 << 16;
const MAX_LATE_LINE_CHARACTERS = 1000;

/**
 * What steps have used so far: ref, attempt, ms of processor time, bytes of memory. @typedef {[number, number, number, number | null][]} Used
 *
 * @typedef {{ type: "lost", pass: number, reason: string, ref: number, attempt: number, used: Used, limit?: WireError }} Lost
 * @typedef {{ state: PassState, checks: ProtocolChecks, outbox: ToGuest[], written: number, usage: Map<string, Usage> }} SandboxedPass
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
  /** @type {ProcessHandle | undefined} */
  #process;
  /** @type {Promise<any> | undefined} */
  #loaded;
  #isOpen = false;
  /** @type {Map<number, SandboxedPass>} */
  #passes = new Map();
  /** Passes with messages that wait for the end of the turn. @type {Set<number>} */
  #waiting = new Set();
  /** How often the process has died with an instance in it. @type {Map<string, number>} */
  #deaths = new Map();
  /** @type {Map<string, (message: any) => void>} */
  #replies = new Map();
  #disposed = false;
  #clock;
  /** Who has asked for a report of rest, in order. @type {((report: RestReport) => void)[]} */
  #rests = [];
  /** Whether user code has virtual time, as the process has said. */
  hasVirtualTime = false;

  /**
   * @param {object} options
   * @param {DeploymentOptions} options.deployment
   * @param {SharedArrayBuffer} [options.clock] virtual time for user code
   * @param {Partial<SandboxSettings>} [options.settings] what differs from the deployment's and the defaults
   */
  constructor({ deployment, clock, settings }) {
    this.#deployment = deployment;
    this.#clock = clock;
    this.#settings = settingsOf(deployment, settings);
  }

  /** Whether passes are there. */
  get inUse() {
    return this.#passes.size > 0;
  }

  /**
   * Import the deployment's main module, in an interpreter that is for nothing else.
   *
   * @returns {Promise<{ classes: string[], handlers?: import("../pool/pool.js").Handlers, schemas?: Record<string, object>, output: { level: string, text: string }[] }>}
   * @throws what the import raised, with `traceback`
   */
  async load() {
    const { classes, handlers, schemas, error, output } = await this.#start();
    if (error) {
      const message = error.message ? `${error.name}: ${error.message}` : error.name;
      throw Object.assign(new Error(message), { traceback: error.traceback, wire: error });
    }
    return { classes, handlers, schemas, output };
  }

  /** The process, with the deployment loaded. @returns {Promise<any>} */
  #start() {
    this.#loaded ??= this.#open();
    return this.#loaded;
  }

  async #open() {
    const { python, threads, fetch, maxOutput: _, ...limits } = this.#settings;
    const component = await componentPath();
    const child = new ProcessHandle(
      // Nothing of the environment is for code of the user's, and none of it gets there. Python needs little of it.
      { command: python, args: ["-P", PROGRAM], what: "host of sandboxed interpreters" },
      {
        onmessage: (message) => child === this.#process && this.#receive(message),
        ondeath: (reason) => child === this.#process && this.#die(reason),
        onviolation: (what) => child === this.#process && this.#die(`It sent ${what}.`),
        onoutput: (_level, text) => this.onoutput(text),
      },
      this.#clock,
    );
    this.#process = child;
    const ready = this.#reply("ready");
    child.post({ type: "boot", component, cache: cacheFolder(), limits, fetch, threads });
    this.hasVirtualTime = (await ready).virtualTime;
    const loaded = this.#reply("loaded");
    child.post({ type: "load", deployment: this.#deployment });
    const { text } = await loaded;
    this.#isOpen = true;
    for (const pass of this.#passes.keys()) child.post({ type: "open", pass });
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
    if (message.type === "start") this.#openPass(message);
    const sandboxed = this.#passes.get(pass);
    if (!sandboxed) return;
    if (message.type === "drop") {
      this.#closePass(pass);
      return;
    }
    if (message.type !== "start") sandboxed.state.sent(message);
    if (message.type === "expired" && this.#isOpen) this.#process?.post(message);
    sandboxed.checks.sent(message);
    sandboxed.outbox.push(message);
    if (this.#waiting.size === 0 && this.#isOpen) setImmediate(() => this.#flush());
    this.#waiting.add(pass);
  }

  /** @param {Extract<ToGuest, { type: "start" }>} start */
  #openPass(start) {
    const { pass } = start;
    const state = new PassState(start);
    this.#passes.set(pass, { state, checks: new ProtocolChecks(), outbox: [], written: 0, usage: new Map() });
    if (this.#isOpen) this.#process?.post({ type: "open", pass });
    else this.#start().catch((error) => this.#failPasses(error));
  }

  #flush() {
    if (!this.#isOpen) return;
    for (const pass of this.#waiting) {
      const sandboxed = this.#passes.get(pass);
      if (!sandboxed) continue;
      this.#process?.post(`${pass}\n${packBatch(sandboxed.outbox)}`);
      sandboxed.outbox = [];
    }
    this.#waiting.clear();
  }

  /** @param {number} pass */
  #closePass(pass) {
    this.#passes.delete(pass);
    if (this.#isOpen) this.#process?.post({ type: "close", pass });
  }

  // From the interpreters --------------------------------------------------------------------------------------------

  /** @param {any} message */
  #receive(message) {
    if (typeof message === "string") this.#take(message);
    else if (message.type === "lost") this.#lose(message);
    else if (message.type === "rested") this.#rests.shift()?.({ busy: message.busy, next: message.next });
    else if (message.type === "compiling") this.onproblem(COMPILING_NOTICE);
    else if (message.type === "warning") this.onproblem(message.text);
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
    const sandboxed = this.#passes.get(pass);
    if (!sandboxed) return;
    note(sandboxed, JSON.parse(text.slice(space, end)));
    const messages = this.#checked(pass, sandboxed, text.slice(end + 1));
    if (messages.length > 0) this.onmessages(messages);
  }

  /**
   * The messages of a batch that are to be believed.
   *
   * @param {number} pass
   * @param {SandboxedPass} sandboxed
   * @param {string} batch
   */
  #checked(pass, sandboxed, batch) {
    const { state, checks } = sandboxed;
    /** @type {FromGuest[]} */
    const messages = [];
    try {
      /** @type {any[]} */
      const unpacked = unpackBatch(batch);
      for (const message of unpacked) {
        if (message?.pass !== pass || !checks.accepts(message))
          throw new ProtocolViolation("a message of another pass");
        if (message.type === "ended") state.attemptEnded(message);
        else if (message.type === "log") messages.push(...this.#keptOutput(sandboxed, message));
        else {
          const over = state.received(message);
          messages.push(measured(sandboxed, message));
          if (over) this.#closePass(pass);
        }
      }
    } catch (error) {
      // Whatever is wrong with it, it is this instance's batch.
      const reason = `It sent ${error instanceof ProtocolViolation ? error.message : `a batch that cannot be read (${String(error)})`}.`;
      this.#lose({ type: "lost", pass, reason, ref: 0, attempt: 0, used: [] });
    }
    return messages;
  }

  /**
   * What is kept of output: all of it, up to a bound, and the beginnings of what comes later, up to another.
   *
   * @param {SandboxedPass} sandboxed
   * @param {Extract<FromGuest, { type: "log" }>} message
   * @returns {FromGuest[]} a warning, too, where it begins to be less than all
   */
  #keptOutput(sandboxed, message) {
    const { maxOutput } = this.#settings;
    const room = maxOutput - sandboxed.written;
    const lateRoom = Math.min(MAX_LATE_LINE_CHARACTERS, MAX_LATE_OUTPUT_CHARACTERS + room);
    const text = message.text.slice(0, Math.max(0, room, lateRoom));
    sandboxed.written += text.length;
    if (text.length === message.text.length) return [message];
    /** @type {FromGuest[]} */
    const kept = text ? [{ ...message, text }] : [];
    if (room > 0)
      kept.push({
        type: "log",
        pass: message.pass,
        level: "warning",
        text: `More output was dropped: one run of the workflow may write ${maxOutput.toLocaleString("en")} characters.`,
      });
    return kept;
  }

  // Losses -----------------------------------------------------------------------------------------------------------

  /**
   * An interpreter is gone. What it did then is charged.
   *
   * @param {Lost} lost
   */
  #lose({ pass, reason, ref, attempt, used, limit }) {
    const sandboxed = this.#passes.get(pass);
    if (!sandboxed) return;
    note(sandboxed, used);
    this.#closePass(pass);
    const { running } = sandboxed.state;
    if (limit?.name === "Expired") this.onlost([{ pass, blamed: [], reason }]);
    else if (limit && running.get(ref) === attempt && ref > 0) {
      // It fails as if the step had raised it.
      this.onmessages([measured(sandboxed, { type: "failed", pass, ref, attempt, error: limit })]);
      this.onlost([{ pass, blamed: [], reason }]);
    } else if (running.size > 0 && !limit) {
      const blamed = running.has(ref) ? [ref] : [...running.keys()];
      this.onlost([{ pass, blamed, reason }]);
    } else {
      const error = limit ?? { name: "WorkflowInternalError", message: `run() crashed the interpreter. ${reason}` };
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
    for (const resolve of this.#rests.splice(0)) resolve({ busy: true, next: null });
    const passes = [...this.#passes];
    this.#passes.clear();
    this.#waiting.clear();
    /** @type {LostPass[]} */
    const lost = [];
    for (const [pass, { state }] of passes) {
      const deaths = (this.#deaths.get(state.key) ?? 0) + 1;
      this.#deaths.set(state.key, deaths);
      const blamed = deaths >= MAX_HOST_DEATHS ? [...state.running.keys()] : [];
      lost.push({ pass, blamed, reason });
    }
    if (lost.length > 0) this.onlost(lost);
  }

  /** The deployment could be loaded once, and now the process cannot be started. @param {Error} error */
  #failPasses({ message }) {
    const passes = [...this.#passes.keys()];
    this.#passes.clear();
    this.#waiting.clear();
    const error = { name: "WorkflowInternalError", message };
    this.onmessages(passes.map((pass) => ({ type: "fail", pass, error })));
  }

  // Virtual time -----------------------------------------------------------------------------------------------------

  /** Whether interpreters rest, once none of them runs. @returns {Promise<RestReport[]>} */
  async rest() {
    if (!this.#isOpen || !this.#process) return [{ busy: this.#passes.size > 0, next: null }];
    this.#flush();
    this.#process.post({ type: "rest" });
    return [await new Promise((/** @type {(report: RestReport) => void} */ resolve) => this.#rests.push(resolve))];
  }

  /** The virtual clock has moved. */
  ring() {
    if (this.#isOpen) this.#process?.post({ type: "ring" });
  }

  // Upkeep -----------------------------------------------------------------------------------------------------------

  /** What is there, for people and tests. */
  stats() {
    return { passes: this.#passes.size, pid: this.#process?.pid };
  }

  async dispose() {
    this.#disposed = true;
    const process = this.#process;
    this.#process = undefined;
    this.#passes.clear();
    for (const resolve of this.#rests.splice(0)) resolve({ busy: false, next: null });
    await process?.end();
  }
}

/**
 * @param {SandboxedPass} sandboxed
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
 * @param {SandboxedPass} sandboxed
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
