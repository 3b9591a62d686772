/**
 * The guest: all passes of one thread, driven by the batches of the pool.
 *
 * Quiet passes. JavaScript does not tell what a promise waits for, but Node tells whether anything in this thread but our own port
 * can still wake it: timers, sockets, files. With nothing of that kind, whatever is pending waits for the engine, and a pass
 * whose calls all wait for a time, an event or a retry is at rest. Otherwise some pass awaits something of its own, and
 * nobody can say which: then a pass is said to be at rest once that has ended, or, as upstream does, after five minutes.
 */

/** @import { ToGuest } from "../../bridge/protocol.d.ts" */
/** @import { Link, Loop } from "../../bridge/link.d.ts" */
/** @import { Session } from "../../bridge/session.js" */
/** @import { UserModule } from "./user_module.js" */
/** @import { Output } from "./output.js" */

import { Batch, unpackBatch } from "../../bridge/batch.js";
import { PassRun } from "./pass_run.js";
import { Replays } from "./replays.js";

/** How often a pass that may wait for something of its own is looked at again. */
const POLL_INTERVAL_MS = 20;
/** Upstream's grace period. */
const GRACE_MS = 5 * 60_000;

const seconds = () => performance.now() / 1000;
/** Real ones, also where user code has virtual time. */
const { setTimeout: setRealTimeout, clearTimeout: clearRealTimeout } = globalThis;

export class PassRunner {
  #userModule;
  #output;
  #post;
  #countVirtualTimers;
  /** @type {Map<number, PassRun>} */
  #passes = new Map();
  #outbox = new Batch();
  /** @type {(() => void)[]} */
  #attempts = [];
  /** Passes that may have an outcome to give. @type {Set<Session>} */
  #due = new Set();
  #replays;
  /** How many turns have ended. */
  #drains = 0;
  /** Passes that may be at rest, and since when they have been looked at. @type {Map<Session, number>} */
  #touched = new Map();
  #scheduled = false;
  /** @type {NodeJS.Timeout | undefined} */
  #pollTimer;
  /** What keeps the thread awake when no pass is there. */
  #own;
  #countCalls;

  /**
   * @param {UserModule} userModule loaded
   * @param {Output} output
   * @param {(text: string) => void} post
   * @param {() => number} [countVirtualTimers] how many timers are set that are none of Node's
   * @param {() => number} [countCalls] how many calls of bindings, and bodies of theirs, are waited for
   */
  constructor(userModule, output, post, countVirtualTimers = () => 0, countCalls = () => 0) {
    this.#userModule = userModule;
    this.#output = output;
    this.#post = post;
    this.#countVirtualTimers = countVirtualTimers;
    this.#own = process.getActiveResourcesInfo().length;
    this.#countCalls = countCalls;
    this.#replays = new Replays(seconds, () => this.#schedule(), countCalls);
    output.onwrite = () => this.#schedule();
  }

  /** @param {string} text a batch of the engine */
  deliver(text) {
    /** @type {ToGuest[]} */
    const messages = unpackBatch(text);
    /** @type {PassRun[]} */
    const started = [];
    for (const message of messages) {
      if (message.type === "start") started.push(this.#start(message));
      else {
        const pass = this.#passes.get(message.pass);
        if (message.type === "drop") pass?.close();
        else pass?.session.receive(message);
      }
    }
    // The engine may have put a pass on hold at once: its first step heeds that.
    for (const pass of started) if (!pass.session.closed) this.#run(pass);
    this.#schedule();
  }

  /** @param {Extract<ToGuest, { type: "start" }>} message */
  #start(message) {
    const pass = new PassRun(message, this.#link(), this.#loop(), this.#userModule, () => this.#forget(message.pass));
    this.#passes.set(message.pass, pass);
    if (pass.session.searching) this.#replays.watch(pass.session);
    return pass;
  }

  /** @param {PassRun} pass */
  #run(pass) {
    void this.#output.attribute({ session: pass.session, ref: undefined }, () => pass.run());
  }

  /** @returns {Link<Session>} */
  #link() {
    return {
      post: (each) => {
        this.#takeOutput();
        this.#outbox.add(each);
        this.#schedule();
      },
      begin: (session, call, attempt) => {
        this.#attempts.push(() => session.attempts.run(call, attempt));
        this.#schedule();
      },
      // Nobody watches an attempt here that has timed out: one that spins has cost the thread.
      ended: () => {},
      touch: (session) => {
        this.#touched.set(session, performance.now());
        this.#schedule();
      },
      outcomeDue: (session) => {
        this.#due.add(session);
        this.#replays.noteProgress(session);
        this.#schedule();
      },
    };
  }

  /** @returns {Loop<Session>} */
  #loop() {
    const drains = () => this.#drains;
    return {
      get drains() {
        return drains();
      },
      time: seconds,
      beginNow: (session, ref, run) => void this.#output.attribute({ session, ref }, run),
      runAsRun: (session, run) => this.#output.attribute({ session, ref: undefined }, run),
    };
  }

  /** @param {number} pass */
  #forget(pass) {
    const run = this.#passes.get(pass);
    this.#passes.delete(pass);
    if (!run) return;
    this.#due.delete(run.session);
    this.#replays.forget(run.session);
  }

  // Turns ------------------------------------------------------------------------------------------------------------

  /** End this turn when all that can run now has run. */
  #schedule() {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#endTurn();
    });
  }

  #endTurn() {
    this.#drains += 1;
    this.#giveOutcomes();
    this.#flush();
    // The log must know of an attempt before the attempt can do anything.
    for (const begin of this.#attempts.splice(0)) begin();
    if (this.#scheduled) return;
    this.#replays.advance();
    if (!this.#scheduled) this.#reportQuiet();
  }

  /** Give each pass one outcome. What it makes the code do has been done when the next turn ends. */
  #giveOutcomes() {
    for (const session of this.#due) {
      if (session.giveOutcome()) this.#schedule();
      else {
        this.#due.delete(session);
        if (session.skips.isStalled) this.#replays.watch(session);
      }
    }
  }

  #flush() {
    this.#takeOutput();
    if (!this.#outbox.isEmpty) this.#post(this.#outbox.pack());
  }

  #takeOutput() {
    for (const message of this.#output.take()) this.#outbox.add(message);
  }

  #reportQuiet() {
    clearRealTimeout(this.#pollTimer);
    this.#pollTimer = undefined;
    if (this.#touched.size === 0) return;
    const alone = !this.#hasOwnResources && this.#countVirtualTimers() === 0;
    for (const [session, since] of this.#touched) {
      const pass = this.#passes.get(session.pass);
      if (!pass || !session.idle || pass.reportedQuiet === session.progress) this.#touched.delete(session);
      else if (alone || performance.now() - since >= GRACE_MS) {
        this.#touched.delete(session);
        pass.reportedQuiet = session.progress;
        session.endRepetition();
        this.#outbox.add({ type: "quiet", pass: session.pass, seen: session.seen });
      }
    }
    this.#flush();
    if (this.#touched.size > 0) this.#pollTimer = setRealTimeout(() => this.#schedule(), POLL_INTERVAL_MS).unref();
  }

  /** Whether a socket, a file or a timer of Node's is open that user code has opened, or a call of a binding is under way. */
  get #hasOwnResources() {
    return this.#countCalls() > 0 || process.getActiveResourcesInfo().length > this.#own;
  }

  /** Whether code is runnable, or something real is under way. */
  get isBusy() {
    return this.#scheduled || this.#hasOwnResources;
  }

  /** How many passes live here, for tests that look for leaks. */
  census() {
    return { passes: this.#passes.size };
  }
}
