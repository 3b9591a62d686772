/**
 * `WorkflowStep` as JavaScript has it, over the session of a guest.
 *
 * This is the transport on which each call crosses by itself: its arguments and its outcome as text, its callback as a
 * function. Counters, history and messages are the session's (`session.py`), so that both transports can serve one pass. The
 * Python half is `step.py`.
 */

/** @import { StreamLimits, WireError } from "./protocol.d.ts" */

import { fromWire, toWire } from "./errors.js";
import { identify } from "./error_classes.js";
import { checkOptions } from "./options.js";
import { aKind } from "./refusal.js";
import { writeShallow } from "./shallow_json.js";
import { decodeOutput, isStream, keep } from "./streams.js";
import { encode } from "./values.js";

/**
 * The session's end. It borrows its arguments for the call, but for `callback` and `settle`: those it holds until
 * `settle` has been called or the pass is over.
 *
 * `writeChunk`, `readChunk` and `readStreamLimits` serve byte streams, `progress` what a step reports: `name` and `count`
 * (in `options`) are the step's.
 *
 * @typedef {(
 *   kind: PortKind,
 *   name: string,
 *   options: string,
 *   settle: Settle,
 *   callback?: Callback,
 *   delay?: Callback,
 *   rollback?: Callback,
 * ) => void} StepPort
 *
 * @typedef {"do" | "sleep" | "waitForEvent" | "writeChunk" | "readChunk" | "readStreamLimits" | "progress" | "call"} PortKind
 *
 * Takes the outcome of a call.
 * @typedef {(outcome: OutcomeKind, text: string | undefined, failure: number) => void} Settle
 *
 * What became of a call. An error is made anew of its data, also of one that was thrown just now: a `catch` must not see
 * whether the step ran in this pass or in an earlier one.
 * @typedef {"value" | "error"} OutcomeKind
 *
 * Runs an attempt, or a rollback handler: takes its input as text, and the ref of the call; gives `{value}` or `{error}` as
 * text, and never rejects. A delay function gives `{delay}`. `onabort` takes a function that ends the signal of the attempt.
 * @typedef {(context: string, ref: number, onabort?: (abort: () => void) => void) => Promise<string>} Callback
 */

/**
 * What differs from guest to guest.
 *
 * @typedef {object} JsEnvironment
 * @property {(value: unknown) => boolean} [isPython] whether a value is a proxy of a Python object
 * @property {(promise: Promise<any>) => Promise<any>} [watch] is given each promise that a caller gets, and gives it on:
 *   what waits for it waits for the engine
 * @property {(error: unknown) => WireError | undefined} [describe] as data, an error that is known better elsewhere
 * @property {(wire: WireError) => Error} [restore] the error that a caller gets
 */

export class WorkflowStep {
  #port;
  #encoded;
  /** @type {StreamLimits | undefined} */
  #streamLimits;
  #isPython;
  #watch;
  #describe;
  #restore;

  /**
   * @param {StepPort} port borrowed; its creator destroys it when the pass is over, and calls throw after that
   * @param {JsEnvironment & { encoded?: boolean }} [options] `encoded`: give values as canonical text, for a caller that has
   *   its own codec
   */
  constructor(port, options = {}) {
    const { encoded = false, isPython = () => false, watch = same, describe = none, restore = fromWire } = options;
    this.#port = port;
    this.#encoded = encoded;
    this.#isPython = isPython;
    this.#watch = watch;
    this.#describe = describe;
    this.#restore = restore;
    // A stub of Cloudflare's lets itself be wrapped in a Proxy, whose methods are called on the Proxy.
    this.do = this.do.bind(this);
    this.sleep = this.sleep.bind(this);
    this.sleepUntil = this.sleepUntil.bind(this);
    this.waitForEvent = this.waitForEvent.bind(this);
  }

  /**
   * Run a step. A Python callback is handed on to Python and called there, so that what it raises stays what it is; the
   * caller keeps its proxy and may destroy it as soon as this returns.
   *
   * @param {string} name
   * @param {...any} rest `[config], callback, [rollbackOptions]`
   * @returns {Promise<any>}
   */
  do(name, ...rest) {
    return this.#watch(this.#do(name, rest));
  }

  /**
   * @param {string} name
   * @param {any[]} rest
   */
  async #do(name, rest) {
    const config = typeof rest[0] === "function" ? undefined : rest.shift();
    const [callback, rollbackOptions] = rest;
    if (typeof callback !== "function") throw refusal(`Step "${name}" requires a callback function`);
    const rollback = rollbackOf(name, rollbackOptions);
    const delay = config?.retries?.delay;
    const dynamic = typeof delay === "function";
    const options = {
      ...(config !== undefined && config !== null
        ? { config: dynamic ? { ...config, retries: { ...config.retries, delay: DYNAMIC } } : config }
        : {}),
      ...(rollback?.config ? { rollback: rollback.config } : {}),
    };
    return await this.#call("do", name, toJson(options, name), [
      this.#isPython(callback) ? callback : this.#attemptOf(callback),
      dynamic ? (this.#isPython(delay) ? delay : delayOf(delay)) : undefined,
      rollback && (this.#isPython(rollback.run) ? rollback.run : this.#rollbackOf(rollback.run)),
    ]);
  }

  /**
   * @param {string} name
   * @param {number | string} duration
   * @returns {Promise<void>}
   */
  sleep(name, duration) {
    return this.#watch(this.#ask("sleep", name, { duration }));
  }

  /**
   * @param {string} name
   * @param {Date | number} timestamp
   * @returns {Promise<void>}
   */
  sleepUntil(name, timestamp) {
    const until = timestamp instanceof Date ? timestamp.getTime() : timestamp;
    return this.#watch(this.#ask("sleep", name, { until }));
  }

  /**
   * @param {string} name
   * @param {{ type: string, timeout?: number | string }} options
   * @returns {Promise<any>}
   */
  waitForEvent(name, options) {
    return this.#watch(this.#wait(name, options));
  }

  /**
   * @param {string} name
   * @param {{ type: string, timeout?: number | string }} options
   */
  async #wait(name, options) {
    checkOptions("step.waitForEvent()", options, ["type", "timeout"]);
    const { type, timeout = "24 hours" } = options;
    return await this.#ask("waitForEvent", name, { event_type: type, timeout });
  }

  /**
   * @param {"sleep" | "waitForEvent"} kind
   * @param {string} name
   * @param {object} options
   */
  async #ask(kind, name, options) {
    return await this.#call(kind, name, toJson(options, name));
  }

  /**
   * @param {PortKind} kind
   * @param {string} name
   * @param {string} options
   * @param {(Callback | undefined)[]} [functions] callback, delay function and rollback handler
   * @returns {Promise<any>}
   */
  #call(kind, name, options, functions = []) {
    return new Promise((resolve, reject) => {
      /** @type {Settle} */
      const settle = (outcome, text, failure) => {
        try {
          if (outcome === "value") resolve(this.#encoded || text === undefined ? text : this.#decode(text));
          else reject(Object.assign(this.#restore(JSON.parse(text ?? "{}")), this.#encoded ? { failure } : {}));
        } catch (cause) {
          // To make an error anew is to run the user's code.
          reject(new Error("The outcome of the step cannot be read.", { cause }));
        }
      };
      this.#port(kind, name, options, settle, ...functions);
    });
  }

  // Outputs ----------------------------------------------------------------------------------------------------------

  /**
   * @param {(context: object) => unknown} callback
   * @returns {Callback}
   */
  #attemptOf(callback) {
    return async (text, ref, onabort) => {
      try {
        const controller = new AbortController();
        onabort?.(() => controller.abort(new Error("The outcome of this attempt no longer counts.")));
        const context = withInfinity(JSON.parse(text));
        context.signal = controller.signal;
        const { attempt } = context;
        const { name, count } = context.step;
        // Not enumerable: a context that is stored or printed is what it was without.
        Object.defineProperty(context, "reportProgress", {
          value: (/** @type {unknown} */ item) => this.#report(item, { name, count }, { step: ref, attempt }),
        });
        return JSON.stringify({ value: await this.#encode(await callback(context), { name, count }, ref, attempt) });
      } catch (error) {
        return JSON.stringify({ error: this.#describe(error) ?? toWire(error) });
      }
    };
  }

  /**
   * @param {(input: { ctx: object, error: Error, output: unknown, stepName: string }) => unknown} handler
   * @returns {Callback}
   */
  #rollbackOf(handler) {
    return async (text) => {
      const { ctx, error, output, stepName } = JSON.parse(text);
      const value = output === null ? undefined : this.#decode(output);
      const input = { ctx: withInfinity(ctx), error: fromWire(error), stepName };
      try {
        return JSON.stringify({ value: encode(await handler({ ...input, output: value })) });
      } catch (thrown) {
        return JSON.stringify({ error: this.#describe(thrown) ?? toWire(thrown) });
      }
    };
  }

  /**
   * Report *item* to all who follow the instance.
   *
   * @param {unknown} item
   * @param {{ name: string, count: number }} step
   * @param {{ step: number, attempt: number }} origin
   * @returns {Promise<void>} settled once it is durable
   */
  #report(item, step, origin) {
    const reported = this.#exchange("progress", step, { ...origin, value: encode(item, "progress") }).then(none);
    // Most callers do not wait for it, and a refusal is for those that do.
    reported.catch(none);
    return reported;
  }

  /**
   * What a step gave, as canonical text. The chunks of a byte stream are kept first.
   *
   * @param {unknown} output
   * @param {{ name: string, count: number }} step
   * @param {number} ref
   * @param {number} attempt
   */
  async #encode(output, step, ref, attempt) {
    if (!isStream(output)) return encode(output);
    const write = (/** @type {number} */ index, /** @type {string} */ value) =>
      this.#exchange("writeChunk", step, { step: ref, attempt, index, value });
    return await keep(output, step, () => this.#readStreamLimits(step), write);
  }

  /** The first call asks the engine: most passes have no stream. @param {{ name: string, count: number }} step */
  async #readStreamLimits(step) {
    return (this.#streamLimits ??= JSON.parse((await this.#exchange("readStreamLimits", step, {})) ?? "{}"));
  }

  /** @param {string} text a step's output as canonical text */
  #decode(text) {
    return decodeOutput(text, (step, index) => this.#exchange("readChunk", step, { index }));
  }

  /**
   * @param {"writeChunk" | "readChunk" | "readStreamLimits" | "progress"} kind
   * @param {{ name: string, count: number }} step
   * @param {object} more
   * @returns {Promise<string | undefined>} what was asked for, as canonical text
   */
  #exchange(kind, { name, count }, more) {
    return new Promise((resolve, reject) => {
      this.#port(kind, name, JSON.stringify({ count, ...more }), (outcome, text) => {
        if (outcome === "value") resolve(text);
        else reject(fromWire(JSON.parse(text ?? "{}")));
      });
    });
  }
}

/** @param {any} context in which a retry limit without end is written as JSON can */
function withInfinity(context) {
  const { retries } = context.config;
  if (retries.limit === "Infinity") retries.limit = Infinity;
  return context;
}

/** @template T @param {T} value */
const same = (value) => value;
const none = () => undefined;

/** Stands for a delay function, which cannot be stored. */
const DYNAMIC = "[dynamic]";

/** @param {string} message */
function refusal(message) {
  return fromWire({ name: "WorkflowFatalError", message });
}

/**
 * The parts of a step's rollback options.
 *
 * @param {string} name
 * @param {any} options
 * @returns {{ run: any, config: object | undefined } | undefined}
 */
function rollbackOf(name, options) {
  if (options === undefined || options === null) return undefined;
  if (typeof options !== "object") throw refusal(`Rollback options for "${name}" must be an object`);
  checkOptions("step.do()", options, ["rollback", "rollbackConfig"]);
  if (typeof options.rollback !== "function") throw refusal(`Rollback for "${name}" must be a function`);
  return { run: options.rollback, config: options.rollbackConfig };
}

/**
 * @param {(input: { ctx: object, error: Error }) => unknown} ask
 * @returns {Callback}
 */
function delayOf(ask) {
  return async (text) => {
    const { ctx, error } = JSON.parse(text);
    try {
      return JSON.stringify({ delay: await ask({ ctx: withInfinity(ctx), error: fromWire(error) }) });
    } catch (thrown) {
      return JSON.stringify({ error: toWire(thrown) });
    }
  };
}

/**
 * What JSON has not is told as what it is, for the engine's complaint.
 *
 * @param {unknown} value what is configured
 * @param {unknown} name the call's
 * @throws {TypeError} JSON cannot hold it.
 */
function toJson(value, name) {
  try {
    return writeShallow(value, (item) => {
      if (typeof item === "function" || typeof item === "bigint" || typeof item === "symbol") return { $: aKind(item) };
      return typeof item === "number" && !Number.isFinite(item) ? String(item) : item;
    });
  } catch (error) {
    // It contains itself, or a getter of the user's throws.
    const what = typeof name === "string" ? `The configuration of "${name}"` : "The configuration of a call";
    throw new TypeError(`${what} cannot be sent: ${identify(error).message.split("\n")[0]}`, { cause: error });
  }
}
