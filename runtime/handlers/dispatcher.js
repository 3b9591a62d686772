/** An interpreter's end of the port: calls handlers for the host, and asks the host for the bindings. */

/** @import { HandlerCall, PackedBatch, PortMessage, QueueOutcome, Reply } from "./protocol.d.ts" */
/** @import { ResidentObjects } from "../objects/resident_objects.js" */
/** @import { CallContext } from "./port.js" */
/** @import { EnvBinding } from "./facades.js" */

import { toWire } from "../../bridge/errors.js";
import { decode } from "../../bridge/values.js";
import { askBy, makeExports, makeFacades, withWire } from "./facades.js";
import { ExecutionContext } from "./execution_context.js";
import { packResponse, packValue, unpackRequest, unpackValue } from "./packing.js";
import { isOfHibernating } from "../objects/hibernation.js";
import { HandlerPort } from "./port.js";
import { socketOf } from "./response.js";
import { MessageBatch } from "./message_batch.js";

/**
 * A call of a handler, as a language carries it out.
 *
 * @typedef {object} Invocation
 * @property {number} id
 * @property {string | undefined} entrypoint
 * @property {string} method "fetch", "scheduled", "queue", or one of the entrypoint's own
 * @property {any[]} args
 * @property {ExecutionContext} context
 * @property {AbortSignal} signal of the caller's leaving
 * @property {{ key: string, parts: import("../objects/resident_objects.js").ObjectParts }} [object] the Durable Object that is
 *   called; `entrypoint` is its class then
 *
 * What carries it out. The promise gives what the handler gives; work of its own that goes on is given to `context.waitUntil`.
 * @typedef {(invocation: Invocation) => Promise<any>} Invoke
 */

export class HandlerDispatcher {
  port;
  #invoke;
  #ask;
  #log;
  /** @type {object} */
  #exports = {};
  /** Objects live in interpreters of their own. @type {ResidentObjects | undefined} */
  #objects;
  #digest;
  #ownCalls = 0;

  /**
   * @param {object} options
   * @param {(messages: PortMessage[], transfer: ArrayBuffer[]) => void} options.post
   * @param {Invoke} options.invoke
   * @param {(invocation: number, text: string) => void} options.onerror takes what fails after the answer
   * @param {import("../objects/ids.js").Digest} [options.digest] absent: there are no namespaces of objects
   */
  constructor({ post, invoke, onerror, digest }) {
    this.#invoke = invoke;
    this.#log = onerror;
    this.#digest = digest;
    this.port = new HandlerPort({
      post: (messages, transfer) => {
        // What leaves the interpreter may follow from what objects have written.
        this.#objects?.commit();
        post(messages, transfer);
      },
      answer: (call, context) => this.#answer(call, context),
    });
    this.#ask = askBy(this.port);
  }

  /**
   * Let Durable Objects live here.
   *
   * @param {typeof ResidentObjects} Objects
   * @param {string} folder of their files
   */
  openObjects(Objects, folder) {
    this.#objects = new Objects({
      folder,
      invoke: this.#invoke,
      exports: () => this.#exports,
      onalarm: (object, due) => this.port.send({ type: "alarm", object, due }),
      onerror: (text) => this.#log(0, text),
      newCall: () => ({ id: --this.#ownCalls, context: new ExecutionContext({ exports: this.#exports }) }),
    });
    // Requests leave the interpreter too.
    const { fetch } = globalThis;
    globalThis.fetch = async (...args) => {
      this.#objects?.commit();
      return await fetch(...args);
    };
  }

  /** What `env` has for these bindings. @param {Record<string, EnvBinding> | null | undefined} bindings */
  facades(bindings) {
    return makeFacades(bindings ?? {}, this.#ask, this.#digest);
  }

  /** What `ctx.exports` has: the entrypoints of the deployment. @param {import("../pool/pool.js").Handlers} handlers */
  setExports({ default: ours, entrypoints }) {
    this.#exports = makeExports([...(ours.length > 0 ? ["default"] : []), ...Object.keys(entrypoints)], this.#ask);
  }

  /**
   * A method of a workflow, for code outside every pass.
   *
   * @param {string} workflow
   * @param {string} method
   * @param {object} args
   * @returns {Promise<string | undefined>} canonical text
   */
  async callWorkflow(workflow, method, args) {
    return (await withWire(this.port.call({ what: "workflow", workflow, method, args }).reply)).text;
  }

  /**
   * @param {HandlerCall} call
   * @param {CallContext} port
   * @returns {Promise<Reply>}
   */
  async #answer(call, port) {
    const context = new ExecutionContext({
      ...(call.props === undefined ? {} : { props: decode(call.props) }),
      exports: this.#exports,
      onerror: (error) =>
        this.#log(port.id, `Failed after the answer: ${String(/** @type {any} */ (error)?.stack ?? error)}`),
    });
    /** @type {(sent: Promise<void>) => void} */
    let note = () => {};
    const sent = new Promise((resolve) => (note = resolve));
    port.lasting = ExecutionContext.settled(context, sent);
    const { id, signal } = port;
    const run = (/** @type {string} */ method, /** @type {any[]} */ args) =>
      Promise.race([
        call.object
          ? this.#residents.run(call.object, { id, method, args, context, signal })
          : this.#invoke({ id, entrypoint: call.entrypoint, method, args, context, signal }),
        // A handler whose caller has gone may never end.
        abortOf(port.signal),
      ]);
    try {
      if (call.what === "evict") return { evicted: this.#residents.evict(objectOf(call)) };
      if (call.what === "alarm") return await this.#residents.alarm(objectOf(call), call, { id, context, signal });
      return await this.#carryOut(call, port, run, note);
    } finally {
      note(Promise.resolve());
    }
  }

  get #residents() {
    if (!this.#objects) throw new Error("No Durable Objects live in this interpreter.");
    return this.#objects;
  }

  /**
   * @param {Exclude<HandlerCall, import("./protocol.d.ts").ObjectEvent>} call
   * @param {CallContext} port
   * @param {(method: string, args: any[]) => Promise<any>} run
   * @param {(sent: Promise<void>) => void} note
   * @returns {Promise<Reply>}
   */
  async #carryOut(call, { signal }, run, note) {
    const { streams } = this.port;
    if (call.what === "fetch") {
      const response = await run("fetch", [unpackRequest(call.request, streams, signal)]);
      const { packed, sent } = await packResponse(checkResponse(response), this.port);
      // A socket that hibernates does not keep its object in memory.
      note(isOfHibernating(socketOf(response)) ? Promise.resolve() : sent);
      return { response: packed };
    }
    if (call.what === "scheduled") {
      const controller = new ScheduledController(call.cron, call.scheduledTime);
      await run("scheduled", [controller]);
      return { noRetry: controller.isFinal };
    }
    if (call.what === "queue") {
      const batch = new MessageBatch(call.batch);
      try {
        await run("queue", [batch]);
      } catch (error) {
        // What was acknowledged before stays acknowledged.
        return { queue: batch.outcome, error: toWire(error) };
      }
      return { queue: batch.outcome };
    }
    const args = call.args.map((packed) => unpackValue(packed, this.port));
    const result = await run(call.method, args);
    const { packed, sent } = await packValue(result, `the result of ${call.method}()`, this.port);
    note(sent);
    return { value: packed };
  }
}

/** @param {HandlerCall} call */
function objectOf({ object }) {
  if (!object) throw new Error("An event of a Durable Object names none.");
  return object;
}

/** @param {AbortSignal} signal @returns {Promise<never>} */
function abortOf(signal) {
  return new Promise((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

/** What the handler of a schedule is given. */
class ScheduledController {
  isFinal = false;

  /** @param {string} cron @param {number} scheduledTime ms since 1970 */
  constructor(cron, scheduledTime) {
    this.cron = cron;
    this.scheduledTime = scheduledTime;
    this.type = "scheduled";
  }

  /** A failure is not to be tried again. */
  noRetry() {
    this.isFinal = true;
  }
}

/** @param {unknown} response @returns {Response} */
function checkResponse(response) {
  if (response instanceof Response) return response;
  const kind =
    response === null
      ? "null"
      : typeof response === "object"
        ? (response?.constructor?.name ?? "object")
        : typeof response;
  throw new TypeError(
    `fetch() has to give a Response, and has given ${kind === "undefined" ? "nothing" : `a ${kind}`}.`,
  );
}
