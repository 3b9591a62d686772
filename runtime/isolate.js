/** One isolate as the pool sees it: an interpreter somewhere beside us, and the passes that live there. */

/** @import { FromGuest, ToGuest } from "../bridge/protocol.d.ts" */
/** @import { Culprit } from "./watchdog.js" */
/** @import { Deployment } from "./pool.js" */

import { packBatch, unpackBatch } from "../bridge/batch.js";
import { Control } from "./control.js";
import { Lodger } from "./lodger.js";
import { Watchdog } from "./watchdog.js";

/**
 * What an interpreter runs in: a thread of Node's, a page's worker, a process.
 *
 * @typedef {object} Thread
 * @property {(message: any) => void} post
 * @property {() => any[]} takeLeft messages that it had sent when it ended, and that have not been handed over
 * @property {() => Promise<void>} end
 *
 * @typedef {object} ThreadEvents
 * @property {(message: any) => void} onmessage
 * @property {(reason: string) => void} ondeath it has ended by itself
 *
 * What kind of interpreter an isolate has.
 *
 * @typedef {object} Kind
 * @property {(events: ThreadEvents) => Thread} start
 * @property {() => Promise<object>} parts what its `boot` message carries besides `control` and the limits
 * @property {boolean} interruptible whether it can be interrupted in the middle of what it does
 * @property {(run: () => void) => void} soon runs its argument after the messages of this turn have been read
 */

/**
 * The guest's one message that is not for the engine: an attempt that had timed out runs no more.
 *
 * @typedef {{ type: "ended", pass: number, ref: number, attempt: number }} Ended
 */

/** How an isolate has ended, and through whom if that is known. @typedef {{ reason: string, culprit?: Culprit }} Death */

export class Isolate {
  /** Set by the pool. @type {(messages: FromGuest[]) => void} */
  onmessages = () => {};
  /** Set by the pool; called once, unless it was disposed of. @type {(death: Death) => void} */
  ondeath = () => {};
  /** Passes that live here. @type {Map<number, Lodger>} */
  lodgers = new Map();
  /** The instance that is alone here because it may have ended another isolate. @type {string | undefined} */
  quarantined;
  #control = new Control();
  #kind;
  #thread;
  #watchdog;
  /** @type {ToGuest[]} */
  #outbox = [];
  #flushing = false;
  #loaded = false;
  #ready;
  #dead = false;
  /** @type {Map<string, (message: any) => void>} */
  #replies = new Map();

  /**
   * @param {Kind} kind
   * @param {{ memoryLimit: number, cpuLimit: number }} limits in bytes and ms
   */
  constructor(kind, { memoryLimit, cpuLimit }) {
    this.#kind = kind;
    this.#thread = kind.start({
      onmessage: (message) => this.#receive(message),
      ondeath: (reason) => this.#die({ reason }),
    });
    this.#watchdog = new Watchdog(
      {
        control: this.#control,
        ping: () => this.#thread.post({ type: "ping" }),
        expired: () => [...this.lodgers.values()].flatMap((lodger) => lodger.expired),
        attempting: () => [...this.lodgers.values()].some((lodger) => lodger.running.size > 0),
        interruptible: kind.interruptible,
        giveUp: (culprit, reason) => this.#die({ reason, culprit }),
      },
      cpuLimit,
    );
    this.#ready = this.#boot(memoryLimit, cpuLimit);
    // Who waits for it is told; a prewarmed one may have nobody who waits.
    this.#ready.catch(() => {});
  }

  /** Memory of the interpreter in bytes. */
  get memory() {
    return this.#control.memory;
  }

  /** Changes when the interpreter begins or ends to run; odd while it does. */
  get turn() {
    return this.#control.turn;
  }

  /** How often code has kept the interpreter to itself for long. */
  get computations() {
    return this.#control.computations;
  }

  /** How long it has owed a sign of life, in ms. */
  get silence() {
    return this.#watchdog.silence;
  }

  /**
   * @param {number} memoryLimit
   * @param {number} cpuLimit
   */
  async #boot(memoryLimit, cpuLimit) {
    const ready = this.#reply("ready");
    this.#thread.post({
      ...(await this.#kind.parts()),
      type: "boot",
      control: this.#control.buffer,
      memoryLimit,
      cpuLimit,
    });
    await ready;
  }

  /**
   * Import the deployment's main module. Messages sent before wait until then.
   *
   * @param {Deployment} deployment
   * @returns {Promise<any>} `{classes, output}` or `{error, output}`
   */
  async load(deployment) {
    await this.#ready;
    this.#watchdog.start();
    this.#watchdog.ask();
    const { text } = await this.#ask({ type: "load", deployment }, "loaded");
    this.#loaded = true;
    this.#flush();
    return JSON.parse(text);
  }

  /**
   * @param {object} message
   * @param {string} answer
   */
  #ask(message, answer) {
    const reply = this.#reply(answer);
    this.#thread.post(message);
    return reply;
  }

  /** @param {string} type @returns {Promise<any>} */
  #reply(type) {
    return new Promise((resolve, reject) => {
      if (this.#dead) reject(new Error("The interpreter is gone."));
      this.#replies.set(type, resolve);
      this.#replies.set("died", ({ reason }) => reject(new Error(reason)));
    });
  }

  /** What is alive inside, for tests that look for leaks. */
  async census() {
    return (await this.#ask({ type: "census" }, "census")).census;
  }

  /** @param {ToGuest} message */
  send(message) {
    if (message.type === "start") {
      this.lodgers.set(message.pass, new Lodger(message));
      this.#watchdog.start();
    } else {
      const lodger = this.lodgers.get(message.pass);
      if (!lodger) return;
      if (message.type === "drop") this.#leave(message.pass);
      else lodger.told(message);
    }
    this.#outbox.push(message);
    if (message.type === "expired") this.#watchdog.ask();
    if (this.#flushing || !this.#loaded) return;
    this.#flushing = true;
    this.#kind.soon(() => {
      this.#flushing = false;
      this.#flush();
    });
  }

  #flush() {
    const messages = this.#outbox;
    this.#outbox = [];
    if (messages.length > 0 && !this.#dead) this.#thread.post(packBatch(messages));
  }

  /** @param {any} message */
  #receive(message) {
    if (typeof message === "string") this.#hand(unpack(message));
    else if (message.type === "pong") this.#watchdog.heard();
    else if (message.type === "died") this.#die({ reason: message.reason });
    else {
      this.#replies.get(message.type)?.(message);
      this.#replies.delete(message.type);
    }
  }

  /** @param {(FromGuest | Ended)[]} messages */
  #hand(messages) {
    /** @type {FromGuest[]} */
    const forEngine = [];
    for (const message of messages) {
      const lodger = this.lodgers.get(message.pass);
      if (message.type === "ended") lodger?.ended(message);
      else {
        forEngine.push(message);
        if (lodger?.said(message)) this.#leave(message.pass);
      }
    }
    if (forEngine.length > 0) this.onmessages(forEngine);
  }

  /** @param {number} pass */
  #leave(pass) {
    this.lodgers.delete(pass);
    if (this.lodgers.size === 0) this.#watchdog.stop();
  }

  /** @param {Death} death */
  #die(death) {
    if (this.#dead) return;
    // What it said before counts, or a finished step would run again.
    for (const message of this.#thread.takeLeft()) if (typeof message === "string") this.#hand(unpack(message));
    void this.dispose();
    this.#replies.get("died")?.(death);
    this.ondeath(death);
  }

  async dispose() {
    this.#dead = true;
    this.#watchdog.stop();
    await this.#thread.end();
  }
}

/** @param {string} text @returns {(FromGuest | Ended)[]} */
function unpack(text) {
  return /** @type {any} */ (unpackBatch(text));
}
