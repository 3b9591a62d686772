/** One isolate as the pool sees it: an interpreter somewhere beside us, and the passes that live there. */

/** @import { FromGuest, ToGuest } from "../../bridge/protocol.d.ts" */
/** @import { BindingCall, PortMessage } from "../handlers/protocol.d.ts" */
/** @import { InterpreterVitals } from "./control.js" */
/** @import { Culprit } from "./watchdog.js" */
/** @import { DeploymentOptions } from "./pool.js" */

import { packBatch, unpackBatch } from "../../bridge/batch.js";
import { HandlerPort } from "../handlers/port.js";
import { Control } from "./control.js";
import { PassState } from "./pass_state.js";
import { ProtocolViolation, SenderChecks, shown } from "./sender_checks.js";
import { Watchdog } from "./watchdog.js";

/**
 * What an interpreter runs in: a thread of Node's, a page's worker, a process.
 *
 * @typedef {object} InterpreterHandle
 * @property {(message: any, transfer?: ArrayBuffer[]) => void} post
 * @property {() => any[]} takeUnreadMessages messages that it had sent when it ended, and that have not been handed over
 * @property {() => Promise<void>} end
 * @property {InterpreterVitals} [control] where it shares no memory with us, as a process
 * @property {() => Promise<number>} [cpuTimeMs] gets the processor time that it has used, in ms, also while it is busy
 * @property {() => void} [kill] end it at once. Its messages are still under way: `ondeath` follows after the last one.
 *   Absent where `takeUnreadMessages` has it all
 *
 * @typedef {object} InterpreterEvents
 * @property {(message: any) => void} onmessage
 * @property {(reason: string) => void} ondeath it has ended by itself
 * @property {(level: "stdout" | "stderr", text: string) => void} onoutput it has written, for an unknown pass
 * @property {(what: string) => void} onviolation it has sent what no guest sends
 *
 * What kind of interpreter an isolate has.
 *
 * @typedef {object} InterpreterBackend
 * @property {(events: InterpreterEvents, clock?: SharedArrayBuffer, objects?: string) => InterpreterHandle} start `clock`: virtual
 *   time for user code; `objects`: the folder of the Durable Objects that are to live in it
 * @property {boolean} [runsHandlers] whether handlers can be called in it
 * @property {boolean} [hasObjects] whether Durable Objects can live in it
 * @property {() => Promise<object>} parts the fields of its `boot` message besides `control` and the limits
 * @property {boolean} interruptible whether it can be interrupted while it runs code
 * @property {boolean} [reloads] whether it can import a deployment's modules anew
 * @property {boolean} [hasVirtualTime] whether user code can have virtual time
 * @property {boolean} [isUsers] whether the interpreter is the user's own, and none that came with us
 * @property {Partial<{ isolates: number, memoryLimit: number, cpuLimit: number, memoryMark: number }>} [limits] its limits
 *   where the pool gets no others, in bytes and ms
 * @property {() => SenderChecks} [checks] makes what looks at each message; by default it is `SenderChecks`
 * @property {(run: () => void) => void} soon runs its argument after the messages of this turn have been read
 */

/**
 * The guest's one message that is not for the engine: an attempt that had timed out runs no more.
 *
 * @typedef {{ type: "ended", pass: number, ref: number, attempt: number }} AttemptEnded
 */

/** How an isolate has ended, and through whom if that is known. @typedef {{ reason: string, culprit?: Culprit }} Death */

/** Messages that are sent as one: the interpreter begins with the first of many at once, and is seen to get on. */
const MAX_BATCH_MESSAGES = 100;

export class Isolate {
  /** Set by the pool. @type {(messages: FromGuest[]) => void} */
  onmessages = () => {};
  /** Set by the pool; called once, unless it was disposed of. @type {(death: Death) => void} */
  ondeath = () => {};
  /** Set by the pool; told when a debugger takes the terminal, and when it gives it back. @type {(on: boolean) => void} */
  ondebugging = () => {};
  /** Set by the pool; takes a line for the operator. @type {(line: string) => void} */
  onproblem = () => {};
  /** Set by the pool; takes output that cannot be attributed to a pass. @type {(text: string) => void} */
  onoutput = () => {};
  /** Set by its opener; takes what is neither a call nor a stream: output of handlers, and which calls have settled. @type {(message: PortMessage) => void} */
  onnotice = () => {};
  /** Set by its opener; answers calls of bindings. @type {(call: BindingCall, port: HandlerPort) => Promise<any>} */
  answer = () => Promise.reject(new Error("There is no host that answers this call."));
  /** For calls of handlers, and of bindings. */
  port = new HandlerPort({
    post: (messages, transfer) => this.#interpreter.post({ type: "port", messages }, transfer),
    answer: (call) => this.answer(call, this.port),
    onnotice: (message) => this.onnotice(message),
    // Requests that have arrived together cross together.
    soon: (run) => this.#backend.soon(run),
  });
  /** How many calls of handlers have not settled. */
  #calls = 0;
  /** Passes that live here. @type {Map<number, PassState>} */
  passes = new Map();
  /** The instance that is alone here because it may have ended another isolate. @type {string | undefined} */
  quarantined;
  #control;
  #backend;
  #interpreter;
  #watchdog;
  /** @type {ToGuest[]} */
  #outbox = [];
  /** What will flush. @type {((run: () => void) => void) | undefined} */
  #flushing;
  #started = false;
  #loaded = false;
  /** What was written before that. If it ends, its last words say why. @type {string[]} */
  #outputBeforeLoad = [];
  #ready;
  #dead = false;
  /** Why it is being ended. @type {Death | undefined} */
  #death;
  /** Whether it said what no guest says: then nothing that it says counts. */
  #untrusted = false;
  #checks;
  /** By the type of the message that is waited for. @type {Map<string, { resolve: (message: any) => void, reject: (error: Error) => void }>} */
  #replies = new Map();
  #requests = 0;

  /**
   * @param {InterpreterBackend} backend
   * @param {{ memoryLimit: number, cpuLimit: number }} limits in bytes and ms
   * @param {SharedArrayBuffer} [clock] virtual time for user code
   */
  constructor(backend, { memoryLimit, cpuLimit }, clock) {
    this.#backend = backend;
    this.#checks = backend.checks?.() ?? new SenderChecks();
    this.#interpreter = backend.start(
      {
        onmessage: (message) => this.#receive(message),
        ondeath: (reason) => this.#die(this.#death ?? { reason }),
        onoutput: (level, text) => this.#attributeOutput(level, text),
        onviolation: (what) => this.#markUntrusted(what),
      },
      clock,
    );
    this.#control = this.#interpreter.control ?? new Control();
    this.#watchdog = new Watchdog(
      {
        control: this.#control,
        ping: () => this.#interpreter.post({ type: "ping" }),
        expired: () => [...this.passes.values()].flatMap((state) => state.expired),
        attempting: () => [...this.passes.values()].some((state) => state.running.size > 0),
        interruptible: backend.interruptible,
        cpuTimeMs: this.#interpreter.cpuTimeMs,
        giveUp: (culprit, reason) => this.#end({ reason, culprit }),
      },
      cpuLimit,
    );
    this.#ready = this.#boot(memoryLimit, cpuLimit);
    // Callers that wait get the error; a prewarmed isolate may have no caller.
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
  get silenceMs() {
    return this.#watchdog.unresponsiveMs;
  }

  /**
   * @param {number} memoryLimit
   * @param {number} cpuLimit
   */
  async #boot(memoryLimit, cpuLimit) {
    const ready = this.#reply("ready");
    // It may be ended before anybody waits for this.
    ready.catch(() => {});
    this.#interpreter.post({
      ...(await this.#backend.parts()),
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
   * @param {DeploymentOptions} deployment
   * @returns {Promise<any>} `{classes, output}` or `{error, output}`
   * @throws {Error & { during?: "start" | "import" }} the interpreter has ended. `during` where the fault is the user's: it is
   *   an interpreter of the user's that does not start, or a module of the user's has ended it
   */
  async load(deployment) {
    try {
      await this.#ready;
    } catch (error) {
      throw this.#backend.isUsers ? Object.assign(/** @type {Error} */ (error), { during: "start" }) : error;
    }
    this.#started = true;
    this.#watchdog.start();
    this.#watchdog.ping();
    const { text } = await this.#request({ type: "load", deployment }, "loaded").catch((error) => {
      throw Object.assign(error, { during: "import" });
    });
    this.#loaded = true;
    for (const early of this.#outputBeforeLoad.splice(0)) this.onoutput(early);
    this.#flush();
    return JSON.parse(text);
  }

  /**
   * @param {object} message
   * @param {string} answer
   */
  #request(message, answer) {
    const reply = this.#reply(answer);
    this.#interpreter.post(message);
    return reply;
  }

  /** @param {string} type @returns {Promise<any>} */
  #reply(type) {
    return new Promise((resolve, reject) => {
      if (this.#dead) reject(new Error("The interpreter has exited."));
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
    this.#requests += 1;
    const reply = `examined ${this.#requests}`;
    const { text } = await this.#request({ type: "examine", reply, what, text: JSON.stringify(given) }, reply);
    return JSON.parse(text);
  }

  /** Import the deployment's modules anew: what they keep in their variables is gone. */
  async reload() {
    // One that has not loaded them has nothing of them.
    if (!this.#loaded) return;
    this.#flush();
    await this.#request({ type: "reload" }, "reloaded");
  }

  /**
   * Whether it is at rest, as an interpreter in virtual time says.
   *
   * @returns {Promise<import("./virtual_time.js").RestReport>} busy where it has ended, or starts
   */
  async rest() {
    if (!this.#loaded) return { busy: true, next: null };
    this.#flush();
    return await this.#request({ type: "rest" }, "rested").catch(() => ({ busy: true, next: null }));
  }

  /** The virtual clock has moved. */
  ring() {
    if (!this.#dead) this.#interpreter.post({ type: "ring" });
  }

  /** What is alive inside, for tests that look for leaks. */
  async census() {
    return (await this.#request({ type: "census" }, "census")).census;
  }

  /** @param {ToGuest} message */
  send(message) {
    if (message.type === "start") {
      this.passes.set(message.pass, new PassState(message));
      this.#checks.sent(message);
      // One that starts takes its time, and knows no interrupt yet.
      if (this.#started) this.#watchdog.start();
    } else {
      const state = this.passes.get(message.pass);
      if (!state) return;
      if (message.type === "drop") this.#leave(message.pass);
      else if (message.type === "attempt" || message.type === "expired") {
        this.#checks.sent(message);
        state.sent(message);
      }
    }
    this.#outbox.push(message);
    if (message.type === "expired") this.#watchdog.ping();
    if (!this.#loaded) return;
    // What lets code go on leaves with the commit that covers it, before other work of this turn. A start can wait for more of its backend.
    if (message.type === "start") this.#flushWith(this.#backend.soon);
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
    for (let first = 0; first < messages.length; first += MAX_BATCH_MESSAGES) {
      this.#interpreter.post(packBatch(messages.slice(first, first + MAX_BATCH_MESSAGES)));
    }
  }

  /** @param {any} message */
  #receive(message) {
    if (this.#untrusted) return;
    if (typeof message === "string") this.#dispatch(this.#unpack(message));
    else if (typeof message?.type !== "string") this.#markUntrusted(`what is no message: ${shown(message)}`);
    else if (message.type === "pong") this.#watchdog.pongReceived();
    else if (message.type === "port") this.port.receive(message.messages);
    else if (message.type === "debugging") this.#debug(message.on === true);
    else if (message.type === "died") this.#end({ reason: message.reason });
    else {
      this.#replies.get(message.type)?.resolve(message);
      this.#replies.delete(message.type);
    }
  }

  /** @param {boolean} on a debugger is attached */
  #debug(on) {
    this.#watchdog.setPaused(on);
    this.ondebugging(on);
  }

  /** @param {string} text @returns {(FromGuest | AttemptEnded)[]} */
  #unpack(text) {
    /** @type {(FromGuest | AttemptEnded)[]} */
    const messages = [];
    try {
      for (const message of unpack(text)) if (this.#checks.accepts(message)) messages.push(message);
    } catch (error) {
      this.#markUntrusted(
        error instanceof ProtocolViolation ? error.message : `a batch that cannot be read (${String(error)})`,
      );
    }
    // What it said before that is as good as ever.
    return messages;
  }

  /** @param {string} what it has sent */
  #markUntrusted(what) {
    if (this.#untrusted || this.#dead) return;
    this.#untrusted = true;
    const reason = `The interpreter was ended, because it sent ${what}.`;
    this.onproblem(reason);
    this.#end({ reason });
  }

  /** @param {(FromGuest | AttemptEnded)[]} messages */
  #dispatch(messages) {
    /** @type {FromGuest[]} */
    const forEngine = [];
    for (const message of messages) {
      const state = this.passes.get(message.pass);
      if (message.type === "ended") state?.attemptEnded(message);
      else {
        forEngine.push(message);
        if (state?.received(message)) this.#leave(message.pass);
      }
    }
    if (forEngine.length > 0) this.onmessages(forEngine);
  }

  /** A call of a handler begins: the interpreter has to give signs of life. */
  beginCall() {
    this.#calls += 1;
    if (this.#started) this.#watchdog.start();
  }

  /** A call has been sent: the next ones go elsewhere if this one keeps the interpreter to itself. */
  callSent() {
    this.#watchdog.pingSoon();
  }

  /** It has settled. */
  endCall() {
    this.#calls -= 1;
    this.#stopIfIdle();
  }

  /** @param {number} pass */
  #leave(pass) {
    this.passes.delete(pass);
    this.#checks.left(pass);
    this.#stopIfIdle();
  }

  /** Nothing runs that has to give signs of life. */
  #stopIfIdle() {
    if (this.passes.size === 0 && this.#calls === 0) this.#watchdog.stop();
  }

  /** @param {"stdout" | "stderr"} level @param {string} text */
  #attributeOutput(level, text) {
    const [pass, another] = this.passes.keys();
    if (!this.#loaded) this.#outputBeforeLoad.push(text);
    else if (pass === undefined || another !== undefined) this.onoutput(text);
    else this.onmessages([{ type: "log", pass, level, text }]);
  }

  /** End it, and read the messages that it has sent until then. @param {Death} death */
  #end(death) {
    if (!this.#interpreter.kill) return this.#die(death);
    this.#death ??= death;
    this.#watchdog.stop();
    this.#interpreter.kill();
  }

  /** @param {Death} death */
  #die(death) {
    if (this.#dead) return;
    // What it said before counts, or a finished step would run again.
    for (const message of this.#interpreter.takeUnreadMessages())
      if (typeof message === "string") this.#dispatch(this.#unpack(message));
    this.#refuseReplies(death.reason);
    this.port.close(lost(`The interpreter has ended while it was asked. ${death.reason}`));
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
    this.#refuseReplies("The interpreter was stopped.");
    this.port.close(lost("The interpreter was stopped."));
    await this.#interpreter.end();
  }
}

/** @param {string} text @returns {(FromGuest | AttemptEnded)[]} */
function unpack(text) {
  return /** @type {any} */ (unpackBatch(text));
}

/** Why a call of a handler has no answer. @param {string} message */
function lost(message) {
  return Object.assign(new Error(message), { code: "handler.lost" });
}
