/**
 * The Durable Objects that are in this interpreter's memory: each is made of its storage by the first event, and gets its
 * events one after the other through its input gate.
 */

/** @import { ObjectEvent, ObjectTarget } from "../handlers/protocol.d.ts" */
/** @import { Invocation } from "../handlers/dispatcher.js" */

import { join } from "node:path";
import { ObjectDatabase } from "./database.js";
import { InputGate } from "./gate.js";
import { DurableObjectId } from "./ids.js";
import { ObjectSockets } from "./sockets.js";
import { DurableObjectState } from "./state.js";
import { DurableObjectStorage, StorageCore } from "./storage.js";

/**
 * Carries out a call of an object in the language of its class. The method "constructor" makes the object, and gives the names
 * of those methods that it has which the host calls.
 *
 * @typedef {(invocation: Invocation) => Promise<any>} InvokeObject
 *
 * What code of an object stands on: `state` is its `ctx` in JavaScript.
 * @typedef {{ state: DurableObjectState, core: StorageCore, block: () => () => void, reset: (error: Error) => void }} ObjectParts
 */

/** Names that callers cannot use: what makes and ends an object, and methods that the host calls. */
const RESERVED = new Set([
  "constructor",
  "destructor",
  "alarm",
  "webSocketMessage",
  "webSocketClose",
  "webSocketError",
]);

/** For calls whose caller does not leave. */
const NEVER = () => {};

export class ResidentObjects {
  #folder;
  #invoke;
  #exports;
  #onalarm;
  #onerror;
  #newCall;
  /** @type {Map<string, ResidentObject>} */
  #objects = new Map();
  /** Sockets outlive objects. @type {Map<string, ObjectSockets>} */
  #sockets = new Map();
  /** @type {Set<ObjectDatabase>} */
  #dirty = new Set();

  /**
   * @param {object} options
   * @param {string} options.folder of the files
   * @param {InvokeObject} options.invoke
   * @param {() => object} options.exports what `ctx.exports` has
   * @param {(key: string, due: number | null) => void} options.onalarm told of each alarm once it is durable
   * @param {(text: string) => void} options.onerror
   * @param {() => Pick<Invocation, "id" | "context">} options.newCall makes a call that no caller waits for
   */
  constructor({ folder, invoke, exports, onalarm, onerror, newCall }) {
    this.#folder = folder;
    this.#invoke = invoke;
    this.#exports = exports;
    this.#onalarm = onalarm;
    this.#newCall = newCall;
    this.#onerror = onerror;
  }

  /** Make durable what all objects have written in this turn. Nothing that follows from it may be told before. */
  commit() {
    for (const database of this.#dirty) {
      this.#dirty.delete(database);
      try {
        database.commit();
      } catch {
        // The object has been reset, and its calls get the error.
      }
    }
  }

  /**
   * Give an event to an object.
   *
   * @param {ObjectTarget} target
   * @param {Omit<Invocation, "object" | "entrypoint">} invocation
   */
  async run(target, invocation) {
    const { method } = invocation;
    if (RESERVED.has(method))
      throw new TypeError(`'${method}' is a reserved method, which cannot be called by a stub.`);
    return await this.#find(target).run(invocation);
  }

  /**
   * Carry out the alarm of an object, if it is due.
   *
   * @param {ObjectTarget} target
   * @param {Extract<ObjectEvent, { what: "alarm" }>} event
   * @param {Omit<Invocation, "object" | "entrypoint" | "method" | "args">} invocation
   * @returns {Promise<{ alarm: number | null, failed?: string }>} when the next one is due; `failed`: what the handler has raised, unless
   *   it has set another alarm
   */
  async alarm(target, event, invocation) {
    return await this.#find(target).runAlarm(event, invocation);
  }

  /**
   * Let go of an object that has nothing to do.
   *
   * @param {ObjectTarget} target
   * @returns {boolean} whether nothing of it is here any more. One that has sockets comes back with their next event
   */
  evict({ key }) {
    const object = this.#objects.get(key);
    if (object?.isBusy) return false;
    object?.close();
    this.#objects.delete(key);
    if ((this.#sockets.get(key)?.size ?? 0) > 0) return false;
    this.#sockets.delete(key);
    return true;
  }

  /** @param {ObjectTarget} target @param {string} method @param {unknown[]} args */
  #receive(target, method, args) {
    this.#find(target)
      .run({ ...this.#newCall(), method, args, onabort: NEVER })
      .catch((error) => this.#onerror(`Failed in ${method}() of a Durable Object: ${String(error?.stack ?? error)}`));
  }

  /** @param {ObjectTarget} target */
  #find(target) {
    const { key } = target;
    const known = this.#objects.get(key);
    if (known) return known;
    let sockets = this.#sockets.get(key);
    if (!sockets) {
      sockets = new ObjectSockets((method, args) => this.#receive(target, method, args));
      this.#sockets.set(key, sockets);
    }
    const object = new ResidentObject(target, {
      file: join(this.#folder, target.file),
      invoke: this.#invoke,
      exports: this.#exports,
      sockets,
      ondirty: (database) => this.#noteDirty(database),
      onalarm: (due) => this.#onalarm(key, due),
      onerror: this.#onerror,
      newCall: this.#newCall,
      ongone: () => {
        if (this.#objects.get(key) === object) this.#objects.delete(key);
      },
    });
    this.#objects.set(key, object);
    return object;
  }

  /** @param {ObjectDatabase} database */
  #noteDirty(database) {
    if (this.#dirty.size === 0) setImmediate(() => this.commit());
    this.#dirty.add(database);
  }
}

/**
 * @typedef {object} ResidentOptions
 * @property {string} file
 * @property {InvokeObject} invoke
 * @property {() => object} exports
 * @property {ObjectSockets} sockets
 * @property {(database: ObjectDatabase) => void} ondirty
 * @property {(due: number | null) => void} onalarm
 * @property {(text: string) => void} onerror
 * @property {() => Pick<Invocation, "id" | "context">} newCall
 * @property {() => void} ongone told when it is no longer there for further events
 */

class ResidentObject {
  #target;
  #options;
  #gate = new InputGate();
  #database;
  #parts;
  /** @type {PromiseWithResolvers<never>} */
  #lost = Promise.withResolvers();
  /** @type {Promise<string[]> | undefined} */
  #made;
  /** @type {string[] | undefined} the methods that it has which the host calls */
  #methods;
  #running = 0;
  #isRunningAlarm = false;
  #wasAlarmSet = false;
  #isGone = false;

  /** @param {ObjectTarget} target @param {ResidentOptions} options */
  constructor(target, options) {
    this.#target = target;
    this.#options = options;
    this.#lost.promise.catch(() => {});
    this.#database = new ObjectDatabase(options.file, options.ondirty);
    this.#database.onalarm = options.onalarm;
    this.#database.onfailure = (error) => this.#reset(error);
    const core = new StorageCore(this.#database, this.#gate, {
      // While it is made it is not known yet.
      hasHandler: () => this.#methods?.includes("alarm") ?? true,
      isRunning: () => this.#isRunningAlarm && !this.#wasAlarmSet,
      wasSet: () => (this.#wasAlarmSet = true),
    });
    const block = () => this.#gate.block();
    const reset = (/** @type {Error} */ error) => this.#reset(error);
    const state = new DurableObjectState({
      id: new DurableObjectId(target.id, target.name),
      storage: new DurableObjectStorage(core),
      exports: options.exports,
      block,
      reset,
      keep: (promise) => this.#keep(promise),
      sockets: options.sockets,
    });
    /** @type {ObjectParts} */
    this.#parts = { state, core, block, reset };
  }

  get isBusy() {
    return this.#running > 0 || this.#gate.waiting > 0;
  }

  /** @param {Omit<Invocation, "object" | "entrypoint">} invocation */
  async run(invocation) {
    this.#running += 1;
    try {
      return await Promise.race([this.#begin(invocation), this.#lost.promise]);
    } finally {
      this.#running -= 1;
    }
  }

  /** @param {Omit<Invocation, "object" | "entrypoint">} invocation */
  async #begin(invocation) {
    const methods = await (this.#made ??= this.#make(invocation));
    await this.#gate.enter();
    if (this.#isGone) return await this.#lost.promise;
    const { method } = invocation;
    if (method === "fetch" && !methods.includes(method))
      throw new TypeError(`Durable Object class ${this.#target.className} has no fetch() handler.`);
    // A socket's event that the class has no method for is dropped.
    if (method.startsWith("webSocket") && !methods.includes(method)) return undefined;
    return await this.#call(invocation);
  }

  /** @param {Omit<Invocation, "object" | "entrypoint">} invocation */
  async #call(invocation) {
    const { className, key } = this.#target;
    return await this.#options.invoke({ ...invocation, entrypoint: className, object: { key, parts: this.#parts } });
  }

  /** @param {Omit<Invocation, "object" | "entrypoint">} invocation of the event that needs it @returns {Promise<string[]>} */
  async #make(invocation) {
    try {
      // No caller's leaving ends it: others wait for it too.
      this.#methods = await this.#call({
        ...invocation,
        method: "constructor",
        args: [],
        incoming: undefined,
        onabort: NEVER,
      });
      return /** @type {string[]} */ (this.#methods);
    } catch (error) {
      this.#reset(/** @type {Error} */ (error));
      throw error;
    }
  }

  /**
   * @param {Extract<ObjectEvent, { what: "alarm" }>} event
   * @param {Omit<Invocation, "object" | "entrypoint" | "method" | "args">} invocation
   */
  async runAlarm({ scheduledTime, retryCount, isLast }, invocation) {
    const due = this.#database.alarm;
    // Another one has been set, or none: what the host knew is out of date.
    if (due !== scheduledTime || this.#isRunningAlarm) return { alarm: due };
    this.#isRunningAlarm = true;
    this.#wasAlarmSet = false;
    const info = { retryCount, isRetry: retryCount > 0, scheduledTime: new Date(scheduledTime) };
    try {
      await this.run({ ...invocation, method: "alarm", args: [info] });
      this.#endAlarm(true);
      return { alarm: this.#database.alarm };
    } catch (error) {
      if (this.#isGone) throw error;
      const isOver = this.#wasAlarmSet;
      this.#endAlarm(isLast);
      const text = String(/** @type {any} */ (error)?.stack ?? error);
      return isOver ? { alarm: this.#database.alarm } : { alarm: this.#database.alarm, failed: text };
    } finally {
      this.#isRunningAlarm = false;
    }
  }

  /** @param {boolean} isDone it is not carried out again */
  #endAlarm(isDone) {
    this.#isRunningAlarm = false;
    if (isDone && !this.#wasAlarmSet) this.#parts.core.deleteAlarm();
    this.#database.commit();
  }

  /** @param {Promise<unknown>} promise */
  #keep(promise) {
    this.#running += 1;
    void promise
      .catch((error) =>
        this.#options.onerror(`Failed in waitUntil() of a Durable Object: ${String(error?.stack ?? error)}`),
      )
      .finally(() => (this.#running -= 1));
  }

  /** What is not durable yet is dropped. @param {Error} error what its calls end with */
  #reset(error) {
    if (this.#isGone) return;
    this.#lost.reject(error);
    this.#end();
    this.#options.ongone();
  }

  /** Let go of it. What it has written is durable afterwards. */
  close() {
    if (this.#isGone) return;
    this.#database.commit();
    this.#end();
  }

  #end() {
    this.#isGone = true;
    this.#database.close();
    const { className, key } = this.#target;
    const object = { key, parts: this.#parts };
    const call = { ...this.#options.newCall(), method: "destructor", args: [], onabort: NEVER };
    this.#options.invoke({ ...call, entrypoint: className, object }).catch(() => {});
  }
}
