/** An interpreter's end of the port: calls handlers for the host, and asks the host for the bindings. */

/** @import { HandlerCall, PackedBatch, PortMessage, QueueOutcome, Reply } from "./protocol.d.ts" */
/** @import { ResidentObjects } from "../objects/resident_objects.js" */
/** @import { CallContext } from "./port.js" */
/** @import { EnvBinding } from "./facades.js" */

import { toWire } from "../../bridge/errors.js";
import { decode } from "../../bridge/values.js";
import { askBy, makeExports, makeFacades, withWire } from "./facades.js";
import { ExecutionContext } from "./execution_context.js";
import { IncomingRequest } from "./incoming_request.js";
import { packResponse, packValue, unpackValue } from "./packing.js";
import { isOfHibernating } from "../objects/hibernation.js";
import { HandlerPort } from "./port.js";
import { PlainResponse, socketOf } from "./response.js";
import { MessageBatch } from "./message_batch.js";

/**
 * A call of a handler, as a language carries it out.
 *
 * @typedef {object} Invocation
 * @property {number} id
 * @property {string | undefined} entrypoint
 * @property {string} method "fetch", "scheduled", "queue", or one of the entrypoint's own
 * @property {any[]} [args] see `argsOf`
 * @property {IncomingRequest | undefined} [incoming] the request of a `fetch`, in the place of `args`
 * @property {ExecutionContext} context
 * @property {(run: (reason: Error) => void) => void} onabort calls `run` when the caller leaves
 * @property {{ key: string, parts: import("../objects/resident_objects.js").ObjectParts }} [object] the Durable Object that is
 *   called; `entrypoint` is its class then
 *
 * Calls a method with what it gets.
 * @typedef {(method: string, given: { args: any[] } | { incoming: IncomingRequest }) => Promise<any>} Run
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

  /** What `ctx.exports` has. */
  get exports() {
    return this.#exports;
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
    const answered = ExecutionContext.hold(context);
    port.lasting = {
      get isIdle() {
        return ExecutionContext.isIdle(context);
      },
      whenIdle: () => ExecutionContext.settled(context),
    };
    const { id } = port;
    const onabort = port.onabort.bind(port);
    /** @type {Run} */
    const run = (method, given) =>
      new Promise((resolve, reject) => {
        // A handler whose caller has gone may never end.
        onabort(reject);
        const invocation = { id, method, context, onabort, ...given };
        const result = call.object
          ? this.#residents.run(call.object, invocation)
          : this.#invoke({ ...invocation, entrypoint: call.entrypoint });
        result.then(resolve, reject);
      });
    try {
      if (call.what === "evict") return { evicted: this.#residents.evict(objectOf(call)) };
      if (call.what === "alarm") return await this.#residents.alarm(objectOf(call), call, { id, context, onabort });
      return await this.#carryOut(call, port, run, (sent) => {
        const release = ExecutionContext.hold(context);
        void sent.then(release, release);
      });
    } finally {
      answered();
    }
  }

  get #residents() {
    if (!this.#objects) throw new Error("No Durable Objects live in this interpreter.");
    return this.#objects;
  }

  /**
   * @param {Exclude<HandlerCall, import("./protocol.d.ts").ObjectEvent>} call
   * @param {CallContext} caller
   * @param {Run} run
   * @param {(sent: Promise<void>) => void} note what is still sent after the answer
   * @returns {Promise<Reply>}
   */
  async #carryOut(call, caller, run, note) {
    if (call.what === "fetch") {
      const response = await run("fetch", {
        incoming: new IncomingRequest(call.request, this.port.streams, caller),
      });
      if (response instanceof PlainResponse) return { response: response.packed };
      const { packed, sent } = await packResponse(checkResponse(response), this.port);
      // A socket that hibernates does not keep its object in memory.
      if (isSentLater(packed) && !isOfHibernating(socketOf(response))) note(sent);
      return { response: packed };
    }
    if (call.what === "scheduled") {
      const controller = new ScheduledController(call.cron, call.scheduledTime);
      await run("scheduled", { args: [controller] });
      return { noRetry: controller.isFinal };
    }
    if (call.what === "queue") {
      const batch = new MessageBatch(call.batch);
      try {
        await run("queue", { args: [batch] });
      } catch (error) {
        // What was acknowledged before stays acknowledged.
        return { queue: batch.outcome, error: toWire(error) };
      }
      return { queue: batch.outcome };
    }
    const args = call.args.map((packed) => unpackValue(packed, this.port));
    const result = await run(call.method, { args });
    const { packed, sent } = await packValue(result, `the result of ${call.method}()`, this.port);
    if (!("value" in packed)) note(sent);
    return { value: packed };
  }
}

/** @param {HandlerCall} call */
function objectOf({ object }) {
  if (!object) throw new Error("An event of a Durable Object names none.");
  return object;
}

/** Whether more of a response follows its head. @param {import("./protocol.d.ts").PackedResponse} packed */
function isSentLater({ body, socket }) {
  return socket !== undefined || !(body === null || typeof body === "string" || body instanceof Uint8Array);
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
