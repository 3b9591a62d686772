/** One isolate as the pool sees it: an interpreter somewhere beside us, and the passes that live there. */

/** @import { FromGuest, ToGuest } from "../../bridge/protocol.d.ts" */
/** @import { Vitals } from "./control.js" */
/** @import { Culprit } from "./watchdog.js" */
/** @import { Deployment } from "./pool.js" */

import { packBatch, unpackBatch } from "../../bridge/batch.js";
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
 * @property {Vitals} [control] where it shares no memory with us, as a process
 * @property {() => void} [kill] end it at once. What it has said is still under way: `ondeath` follows, after the last of it.
 *   Absent where `takeLeft` has it all
 *
 * @typedef {object} ThreadEvents
 * @property {(message: any) => void} onmessage
 * @property {(reason: string) => void} ondeath it has ended by itself
 * @property {(level: "stdout" | "stderr", text: string) => void} onoutput it has written, and nobody knows for which pass
 * @property {(what: string) => void} onrubbish it has sent what no guest sends
 *
 * What kind of interpreter an isolate has.
 *
 * @typedef {object} Kind
 * @property {(events: ThreadEvents) => Thread} start
 * @property {() => Promise<object>} parts what its `boot` message carries besides `control` and the limits
 * @property {boolean} interruptible whether it can be interrupted in the middle of what it does
 * @property {boolean} [isUsers] whether the interpreter is the user's own, and none that came with us
 * @property {Partial<{ isolates: number, memoryLimit: number, cpuLimit: number, memoryMark: number }>} [limits] what holds for it
 *   where the pool is told nothing else, in bytes and ms
 * @property {() => Checks} [checks] makes what looks at each message of an interpreter that user code may speak for
 * @property {(run: () => void) => void} soon runs its argument after the messages of this turn have been read
 */

/**
 * Who does not believe everything: `process/checks.js`.
 *
 * @typedef {object} Checks
 * @property {(message: ToGuest) => void} sent notes what the interpreter is told
 * @property {(pass: number) => void} left forgets a pass
 * @property {(message: any) => boolean} accepts whether the message is of a pass that lives there; throws if no guest sends it
 * @property {(error: any) => error is Error} isRubbish whether `accepts` has thrown it
 */

/**
 * The guest's one message that is not for the engine: an attempt that had timed out runs no more.
 *
 * @typedef {{ type: "ended", pass: number, ref: number, attempt: number }} Ended
 */

/** How an isolate has ended, and through whom if that is known. @typedef {{ reason: string, culprit?: Culprit }} Death */

/** Messages that are sent as one: the interpreter begins with the first of many at once, and is seen to get on. */
const MOST = 100;

export class Isolate {
  /** Set by the pool. @type {(messages: FromGuest[]) => void} */
  onmessages = () => {};
  /** Set by the pool; called once, unless it was disposed of. @type {(death: Death) => void} */
  ondeath = () => {};
  /** Set by the pool; told when a debugger takes the terminal, and when it gives it back. @type {(on: boolean) => void} */
  ondebugging = () => {};
  /** Set by the pool; takes a line for the operator. @type {(line: string) => void} */
  onproblem = () => {};
  /** Set by the pool; takes what was written, nobody knows for whom. @type {(text: string) => void} */
  onoutput = () => {};
  /** Passes that live here. @type {Map<number, Lodger>} */
  lodgers = new Map();
  /** The instance that is alone here because it may have ended another isolate. @type {string | undefined} */
  quarantined;
  #control;
  #kind;
  #thread;
  #watchdog;
  /** @type {ToGuest[]} */
  #outbox = [];
  /** What will flush. @type {((run: () => void) => void) | undefined} */
  #flushing;
  #started = false;
  #loaded = false;
  /** What was written before that. If it ends, its last words say why. @type {string[]} */
  #early = [];
  #ready;
  #dead = false;
  /** Why it is being ended. @type {Death | undefined} */
  #death;
  /** Whether it said what no guest says: then nothing that it says counts. */
  #distrusted = false;
  #checks;
  /** By the type of the message that is waited for. @type {Map<string, { resolve: (message: any) => void, reject: (error: Error) => void }>} */
  #replies = new Map();
  #asked = 0;

  /**
   * @param {Kind} kind
   * @param {{ memoryLimit: number, cpuLimit: number }} limits in bytes and ms
   */
  constructor(kind, { memoryLimit, cpuLimit }) {
    this.#kind = kind;
    this.#checks = kind.checks?.();
    this.#thread = kind.start({
      onmessage: (message) => this.#receive(message),
      ondeath: (reason) => this.#die(this.#death ?? { reason }),
      onoutput: (level, text) => this.#attribute(level, text),
      onrubbish: (what) => this.#distrust(what),
    });
    this.#control = this.#thread.control ?? new Control();
    this.#watchdog = new Watchdog(
      {
        control: this.#control,
        ping: () => this.#thread.post({ type: "ping" }),
        expired: () => [...this.lodgers.values()].flatMap((lodger) => lodger.expired),
        attempting: () => [...this.lodgers.values()].some((lodger) => lodger.running.size > 0),
        interruptible: kind.interruptible,
        giveUp: (culprit, reason) => this.#end({ reason, culprit }),
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

  /** How long it has given no sign of life that it owes, in ms. */
  get silence() {
    return this.#watchdog.stillness;
  }

  /**
   * @param {number} memoryLimit
   * @param {number} cpuLimit
   */
  async #boot(memoryLimit, cpuLimit) {
    const ready = this.#reply("ready");
    // It may be ended before anybody waits for this.
    ready.catch(() => {});
    this.#thread.post({
      ...(await this.#kind.parts()),
      type: "boot",
      ...(this.#control instanceof Control ? { control: this.#control.buffer } : {}),
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
   * @throws {Error & { during?: "start" | "import" }} the interpreter has ended. `during` where that is not for us to mend: it is
   *   an interpreter of the user's that does not start, or a module of the user's has ended it
   */
  async load(deployment) {
    try {
      await this.#ready;
    } catch (error) {
      throw this.#kind.isUsers ? Object.assign(/** @type {Error} */ (error), { during: "start" }) : error;
    }
    this.#started = true;
    this.#watchdog.start();
    this.#watchdog.ask();
    const { text } = await this.#ask({ type: "load", deployment }, "loaded").catch((error) => {
      throw Object.assign(error, { during: "import" });
    });
    this.#loaded = true;
    for (const early of this.#early.splice(0)) this.onoutput(early);
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
      this.#replies.set(type, { resolve, reject });
    });
  }

  /** Settles when the interpreter has started. */
  async ready() {
    await this.#ready;
  }

  /**
   * Let the interpreter look at source code, without running any of it.
   *
   * @param {string} what
   * @param {object} given
   */
  async examine(what, given) {
    await this.#ready;
    this.#asked += 1;
    const reply = `examined ${this.#asked}`;
    const { text } = await this.#ask({ type: "examine", reply, what, text: JSON.stringify(given) }, reply);
    return JSON.parse(text);
  }

  /** What is alive inside, for tests that look for leaks. */
  async census() {
    return (await this.#ask({ type: "census" }, "census")).census;
  }

  /** @param {ToGuest} message */
  send(message) {
    if (message.type === "start") {
      this.lodgers.set(message.pass, new Lodger(message));
      this.#checks?.sent(message);
      // One that starts takes its time, and knows no interrupt yet.
      if (this.#started) this.#watchdog.start();
    } else {
      const lodger = this.lodgers.get(message.pass);
      if (!lodger) return;
      this.#checks?.sent(message);
      if (message.type === "drop") this.#leave(message.pass);
      else lodger.told(message);
    }
    this.#outbox.push(message);
    if (message.type === "expired") this.#watchdog.ask();
    if (!this.#loaded) return;
    // What lets code go on leaves with the commit that covers it, before other work of this turn. A start can wait for more of its kind.
    if (message.type === "start") this.#flushWith(this.#kind.soon);
    else this.#flushWith(queueMicrotask);
  }

  /** @param {(run: () => void) => void} soon */
  #flushWith(soon) {
    if (this.#flushing === soon) return;
    this.#flushing = soon;
    soon(() => {
      if (this.#flushing === soon) this.#flushing = undefined;
      this.#flush();
    });
  }

  #flush() {
    const messages = this.#outbox;
    this.#outbox = [];
    if (this.#dead || messages.length === 0) return;
    for (let first = 0; first < messages.length; first += MOST) {
      this.#thread.post(packBatch(messages.slice(first, first + MOST)));
    }
  }

  /** @param {any} message */
  #receive(message) {
    if (this.#distrusted) return;
    if (typeof message === "string") this.#hand(this.#unpack(message));
    else if (message.type === "pong") this.#watchdog.heard();
    else if (message.type === "debugging") this.#debug(message.on === true);
    else if (message.type === "died") this.#end({ reason: message.reason });
    else {
      this.#replies.get(message.type)?.resolve(message);
      this.#replies.delete(message.type);
    }
  }

  /** @param {boolean} on somebody looks at it in a debugger */
  #debug(on) {
    this.#watchdog.hold(on);
    this.ondebugging(on);
  }

  /** @param {string} text @returns {(FromGuest | Ended)[]} */
  #unpack(text) {
    const checks = this.#checks;
    if (!checks) return unpack(text);
    /** @type {(FromGuest | Ended)[]} */
    const messages = [];
    try {
      for (const message of unpack(text)) if (checks.accepts(message)) messages.push(message);
    } catch (error) {
      this.#distrust(checks.isRubbish(error) ? error.message : `a batch that cannot be read (${String(error)})`);
    }
    // What it said before that is as good as ever.
    return messages;
  }

  /** @param {string} what it has sent */
  #distrust(what) {
    if (this.#distrusted || this.#dead) return;
    this.#distrusted = true;
    const reason = `The guest process was ended, because it sent ${what}.`;
    this.onproblem(reason);
    this.#end({ reason });
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
    this.#checks?.left(pass);
    if (this.lodgers.size === 0) this.#watchdog.stop();
  }

  /** @param {"stdout" | "stderr"} level @param {string} text */
  #attribute(level, text) {
    const [pass, another] = this.lodgers.keys();
    if (!this.#loaded) this.#early.push(text);
    else if (pass === undefined || another !== undefined) this.onoutput(text);
    else this.onmessages([{ type: "log", pass, level, text }]);
  }

  /** End it, and hear what it has said until then. @param {Death} death */
  #end(death) {
    if (!this.#thread.kill) return this.#die(death);
    this.#death ??= death;
    this.#watchdog.stop();
    this.#thread.kill();
  }

  /** @param {Death} death */
  #die(death) {
    if (this.#dead) return;
    // What it said before counts, or a finished step would run again.
    for (const message of this.#thread.takeLeft()) if (typeof message === "string") this.#hand(unpack(message));
    this.#refuseReplies(death.reason);
    void this.dispose();
    this.ondeath(death);
  }

  /** @param {string} reason */
  #refuseReplies(reason) {
    for (const { reject } of this.#replies.values()) reject(new Error(reason));
    this.#replies.clear();
  }

  async dispose() {
    this.#dead = true;
    this.#watchdog.stop();
    this.#refuseReplies("The interpreter has been ended.");
    await this.#thread.end();
  }
}

/** @param {string} text @returns {(FromGuest | Ended)[]} */
function unpack(text) {
  return /** @type {any} */ (unpackBatch(text));
}
