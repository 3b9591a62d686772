/** What user code prints, and whose it is. */

/** @import { FromGuest, LogLevel } from "../../bridge/protocol.d.ts" */
/** @import { Session } from "../../bridge/session.js" */

import { AsyncLocalStorage } from "node:async_hooks";
import { format, inspect } from "node:util";
import { wellFormed } from "../../bridge/json_text.js";

/**
 * Whose code is running: a pass and, in a step, its ref; or a call of a handler, and what it has as `ctx`.
 *
 * @typedef {{ session: Session, ref: number | undefined, call?: undefined, context?: undefined }} PassOrigin
 * @typedef {{ call: number, context: import("../handlers/execution_context.js").ExecutionContext, session?: undefined, ref?: undefined }} CallOrigin
 * @typedef {PassOrigin | CallOrigin} Origin
 */

/** @type {Record<string, LogLevel>} */
const LEVELS = { debug: "debug", log: "stdout", info: "info", warn: "warning", error: "error", trace: "debug" };

export class Output {
  /** Set by the guest. */
  onwrite = () => {};
  /** Set by the thread: takes what handlers write; `call` undefined: the call is unknown. @type {((level: LogLevel, text: string, call: number | undefined) => void) | undefined} */
  onhandlerwrite;
  /** @type {AsyncLocalStorage<Origin>} */
  #origin = new AsyncLocalStorage();
  /** @type {Extract<FromGuest, { type: "log" }>[]} */
  #lines = [];
  /** @type {{ level: LogLevel, text: string }[]} */
  #unowned = [];

  /** Take over `console` and the streams of this thread. */
  install() {
    for (const [name, level] of Object.entries(LEVELS)) {
      /** @type {any} */ (console)[name] = (/** @type {unknown[]} */ ...values) => this.write(level, format(...values));
    }
    // oxlint-disable-next-line no-console -- it is what is taken over
    console.dir = (value) => this.write("stdout", inspect(value));
    for (const name of /** @type {const} */ (["stdout", "stderr"])) {
      process[name].write = (/** @type {unknown} */ chunk) => {
        this.write(name, String(chunk).replace(/\n$/, ""));
        return true;
      };
    }
  }

  /**
   * Run *code*; what it prints, and all that it starts, is *origin*'s.
   *
   * @template T
   * @param {Origin} origin
   * @param {() => T} code
   */
  attribute(origin, code) {
    return this.#origin.run(origin, code);
  }

  /** Whose code is running, if it is a pass's, and in which step. */
  get origin() {
    return this.#origin.getStore();
  }

  /** Whose code is running, if it is a pass's. */
  get session() {
    return this.#origin.getStore()?.session;
  }

  /**
   * @param {LogLevel} level
   * @param {string} written
   */
  write(level, written) {
    const text = wellFormed(written);
    const origin = this.#origin.getStore();
    if (!origin?.session) {
      if (this.onhandlerwrite) this.onhandlerwrite(level, text, origin?.call);
      else this.#unowned.push({ level, text });
      return;
    }
    const { session, ref } = origin;
    if (session.closed) return;
    const step = ref === undefined ? {} : { ref };
    const replay = ref === undefined && session.replaying ? { replay: /** @type {const} */ (true) } : {};
    this.#lines.push({ type: "log", pass: session.pass, ...step, level, text, ...replay });
    this.onwrite();
  }

  take() {
    return this.#lines.splice(0);
  }

  /** What was printed by nobody, as while modules are imported. */
  takeUnowned() {
    return this.#unowned.splice(0);
  }
}
