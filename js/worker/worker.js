/** A Worker: the handlers of a deployment. They take requests, schedules, batches of queues, and calls of other Workers. */

/** @import { Handlers } from "../../runtime/pool/pool.js" */
/** @import { HandlerLog, OpenIsolate } from "../../runtime/pool/handler_pool.js" */
/** @import { ObjectTarget, QueueOutcome } from "../../runtime/handlers/protocol.d.ts" */

import { fromWire } from "../../bridge/errors.js";
import { encode } from "../../bridge/values.js";
import { packRequest, packValue, unpackResponse, unpackValue } from "../../runtime/handlers/packing.js";
import { HandlerPool } from "../../runtime/pool/handler_pool.js";
import { ObjectPool } from "../../runtime/pool/object_pool.js";
import { HandlerError, toHandlerError } from "./errors.js";

/**
 * @typedef {object} CallOptions
 * @property {string} [entrypoint] absent: the default one
 * @property {unknown} [props] what the handler finds as `ctx.props`
 * @property {number} [timeLimitMs] for the answer to begin; absent: no limit
 * @property {ObjectTarget} [object] the Durable Object that is called
 *
 * @typedef {object} QueueBatch
 * @property {string} queue
 * @property {{ id: string, timestamp: number, attempts: number, body: unknown }[]} messages `timestamp` in ms since 1970
 */

export class Worker {
  /** Takes output of handlers, with the request or the event whose handler has printed it. @type {(log: HandlerLog) => void} */
  onlog = () => {};
  #handlers;
  #pool;
  #why;
  #hasObjects;
  /** The interpreters of its Durable Objects. @type {ObjectPool} */
  objects;

  /**
   * @param {Handlers} handlers
   * @param {OpenIsolate | string} open or why handlers do not run
   * @param {{ isolates?: number, openForObjects?: OpenIsolate | string }} [options] `isolates`: see `HandlerPool`; `openForObjects`: as
   *   `open`, for Durable Objects
   */
  constructor(handlers, open, { openForObjects = "No Durable Objects live here.", ...options } = {}) {
    this.#handlers = handlers;
    this.#why = typeof open === "string" ? open : undefined;
    this.#pool = new HandlerPool(typeof open === "string" ? refuse(open) : open, options);
    this.#pool.onlog = (log) => this.onlog(log);
    this.#hasObjects = typeof openForObjects !== "string";
    this.objects = new ObjectPool(typeof openForObjects === "string" ? refuse(openForObjects) : openForObjects);
    this.objects.onlog = (log) => this.onlog(log);
  }

  get handlers() {
    return this.#handlers;
  }

  /** Whether it has no handler. */
  get isEmpty() {
    return this.#handlers.default.length === 0 && Object.keys(this.#handlers.entrypoints).length === 0;
  }

  /** Why its handlers do not run; undefined: they do. */
  get refusal() {
    return this.isEmpty ? undefined : this.#why;
  }

  /** Start interpreters before the first call, those of handlers first. */
  async warm() {
    if (!this.isEmpty && this.#why === undefined) await this.#pool.warm();
    if (this.#handlers.objects.length > 0 && this.#hasObjects) await this.objects.warm();
  }

  /**
   * Answer a request.
   *
   * @param {Request} request its `signal` is the client's leaving
   * @param {CallOptions & { cf?: object, rawHeaders?: string[], unpack?: typeof unpackResponse }} [options] `rawHeaders`: the
   *   request's, names and values in turns, where they are at hand; `unpack` makes the response
   * @returns {Promise<Response>} its body comes as the handler gives it, and as fast as it is read
   * @throws {HandlerError}
   */
  async fetch(request, { cf, rawHeaders, unpack = unpackResponse, ...options } = {}) {
    const { reply, port } = await this.#call(
      "fetch",
      options,
      request.signal,
      { method: request.method, url: request.url },
      async ({ streams }) => ({
        what: "fetch",
        request: (await packRequest(request, streams, { cf, rawHeaders })).packed,
      }),
    );
    return unpack(reply.response, port);
  }

  /**
   * Fire a schedule.
   *
   * @param {{ cron: string, scheduledTime: number }} event `scheduledTime` in ms since 1970
   * @param {CallOptions} [options]
   * @returns {Promise<{ outcome: "ok", noRetry: boolean }>}
   * @throws {HandlerError}
   */
  async scheduled({ cron, scheduledTime }, options = {}) {
    const call = async () => ({ what: "scheduled", cron, scheduledTime });
    const { reply } = await this.#call("scheduled", options, undefined, { handler: "scheduled", cron }, call);
    return { outcome: "ok", noRetry: reply.noRetry };
  }

  /**
   * Hand over a batch of a queue.
   *
   * @param {QueueBatch} batch
   * @param {CallOptions} [options]
   * @returns {Promise<QueueOutcome>} what the handler has decided about the messages
   * @throws {HandlerError} with what it had decided before, as `queueOutcome`
   */
  async queue({ queue, messages }, options = {}) {
    const packed = { queue, messages: messages.map(({ body, ...rest }) => ({ ...rest, body: encode(body, "body") })) };
    const call = async () => ({ what: "queue", batch: packed });
    const { reply } = await this.#call("queue", options, undefined, { handler: "queue", queue }, call);
    if (reply.error) throw Object.assign(toHandlerError(fromWire(reply.error)), { queueOutcome: reply.queue });
    return reply.queue;
  }

  /**
   * Call a method of an entrypoint, as a service binding does.
   *
   * @param {string | undefined} entrypoint undefined: the default one
   * @param {string} method
   * @param {unknown[]} args
   * @param {Omit<CallOptions, "entrypoint">} [options]
   * @returns {Promise<any>}
   * @throws {HandlerError}
   */
  async call(entrypoint, method, args, options = {}) {
    const about = { handler: method };
    const { reply, port } = await this.#call(
      method,
      { ...options, ...(entrypoint === undefined ? {} : { entrypoint }) },
      undefined,
      about,
      async (port) => ({
        what: "call",
        method,
        args: await Promise.all(
          args.map(
            async (value, index) => (await packValue(value, `argument ${index + 1} of ${method}()`, port)).packed,
          ),
        ),
      }),
    );
    return unpackValue(reply.value, port);
  }

  /**
   * Call a method of a Durable Object.
   *
   * @param {ObjectTarget} object
   * @param {string} method
   * @param {unknown[]} args
   * @returns {Promise<any>}
   * @throws {HandlerError}
   */
  async callObject(object, method, args) {
    return await this.call(undefined, method, args, { object });
  }

  /**
   * @param {string} method
   * @param {CallOptions} options
   * @param {AbortSignal | undefined} signal
   * @param {object} about
   * @param {(port: import("../../runtime/handlers/port.js").HandlerPort) => Promise<any>} pack
   */
  async #call(method, { entrypoint, props, timeLimitMs, object }, signal, about, pack) {
    if (!object) this.#check(entrypoint, method);
    const head = {
      ...(object === undefined ? {} : { object }),
      ...(entrypoint === undefined ? {} : { entrypoint }),
      ...(props === undefined ? {} : { props: encode(props, "props") }),
    };
    const limit = timeLimitMs === undefined ? undefined : limitOf(timeLimitMs, method);
    const ended = limit && signal ? AbortSignal.any([signal, limit.signal]) : (limit?.signal ?? signal);
    try {
      const packAll = async (/** @type {import("../../runtime/handlers/port.js").HandlerPort} */ port) => ({
        ...head,
        ...(await pack(port)),
      });
      const options = { ...(ended ? { signal: ended } : {}), about };
      return await (object ? this.objects.call(object, packAll, options) : this.#pool.call(packAll, options));
    } catch (error) {
      if (signal?.aborted && error === signal.reason) throw error;
      throw toHandlerError(error);
    } finally {
      limit?.clear();
    }
  }

  /** @param {string | undefined} entrypoint @param {string} method */
  #check(entrypoint, method) {
    if (this.#why !== undefined) throw new HandlerError("handler.missing", this.#why);
    const { default: ours, entrypoints } = this.#handlers;
    const isDefault = entrypoint === undefined || entrypoint === "default";
    const methods = isDefault ? ours : entrypoints[entrypoint];
    if (!methods) {
      const known = Object.keys(entrypoints).join(", ") || "none";
      throw new HandlerError("handler.missing", `The Worker has no entrypoint ${entrypoint}. Found: ${known}.`);
    }
    if (methods.includes(method)) return;
    const where = isDefault ? "The Worker's default entrypoint" : `Entrypoint ${entrypoint}`;
    throw new HandlerError("handler.missing", `${where} has no ${method}(). Found: ${methods.join(", ") || "none"}.`);
  }

  /** How many interpreters there are, and how many calls have not settled. */
  stats() {
    return { isolates: this.#pool.isolates, inFlight: this.#pool.inFlight };
  }

  /**
   * End when the calls that run have settled, streams of their answers and `waitUntil` included. Durable Objects that are in
   * memory stay: they end at the first event that the new code gets.
   */
  async retire() {
    await this.#pool.retire();
    if (this.objects.size === 0) await this.objects.dispose();
  }

  /** End now. */
  async dispose() {
    await Promise.all([this.#pool.dispose(), this.objects.dispose()]);
  }
}

/** @param {number} timeLimitMs @param {string} method */
function limitOf(timeLimitMs, method) {
  const controller = new AbortController();
  const error = new HandlerError("handler.timeout", `${method}() gave no answer within ${timeLimitMs / 1000} s.`);
  const timer = setTimeout(() => controller.abort(error), timeLimitMs);
  return { signal: controller.signal, clear: () => clearTimeout(timer) };
}

/** @param {string} why @returns {OpenIsolate} */
function refuse(why) {
  return () => {
    throw new Error(why);
  };
}
