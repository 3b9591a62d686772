/** What a session asks of the runtime that it lives in. The twin is `link.py`. `S` is the session itself. */

import type { Call } from "./calls.js";
import type { FromGuest } from "./protocol.d.ts";

/** The way to the engine, and to the event loop that decides when code runs. */
export interface Link<S> {
  /** Sends a message with the batch of this turn. */
  post(message: FromGuest): void;
  /** Has `AttemptRunner.run` called after all messages posted so far have left the interpreter. */
  begin(session: S, call: Call, attempt: number): void;
  /** The callback of a timed-out attempt has ended: the pool stops watching it. */
  ended(session: S, ref: number, attempt: number): void;
  /** `session` may be quiet now: check it at the end of this turn. */
  touch(session: S): void;
  /** Call `Session.giveOutcome` when the code of `session` has done all that it could. */
  outcomeDue(session: S): void;
}

/** An event loop that knows which code belongs to which session. */
export interface Loop<S> {
  /** How often code has had its turn. */
  readonly drains: number;
  /** The time in seconds. */
  time(): number;
  /** Runs an attempt, so that what its code prints is known to be its own. */
  beginNow(session: S, ref: number, run: () => Promise<void>): void;
  /** Runs code as that of `run()`. */
  runAsRun<T>(session: S, run: () => T): T;
}
