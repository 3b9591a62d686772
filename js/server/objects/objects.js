/**
 * The Durable Objects of a host. What an object has stored is in a file of its own; the state knows which objects there are, which
 * may be in memory, and when their alarms are due.
 *
 * The file is the truth about an alarm, and the row of the state a copy that follows it. An object is marked as open before it
 * comes into memory, so after a crash the files of the open ones are read, and no others.
 */

/** @import { Clock } from "../../engine/clock.d.ts" */
/** @import { Commits } from "../../engine/commits.js" */
/** @import { SqliteObjects } from "../../store/objects.js" */
/** @import { ObjectPool } from "../../../runtime/pool/object_pool.js" */
/** @import { ObjectTarget } from "../../../runtime/handlers/protocol.d.ts" */
/** @import { Alarm } from "./alarms.js" */
/** @import { ObjectFiles } from "./object_files.js" */

import { fromWire } from "../../../bridge/errors.js";
import { HandlerError } from "../../worker/errors.js";
import { Alarms, MAX_RETRIES } from "./alarms.js";

/**
 * A Worker, as far as its objects go.
 *
 * @typedef {object} ObjectWorker
 * @property {ObjectPool} objects
 * @property {(request: Request, options: { object: ObjectTarget }) => Promise<Response>} fetch
 * @property {(object: ObjectTarget, method: string, args: unknown[]) => Promise<any>} callObject
 *
 * @typedef {{ account: string, script: string }} Script
 *
 * @typedef {object} ObjectsContext
 * @property {SqliteObjects} store
 * @property {Pick<Commits, "write" | "committed">} commits
 * @property {Clock} clock
 * @property {ObjectFiles} files
 * @property {(script: Script) => Promise<ObjectWorker>} workerOf the Worker of that name in its newest code
 * @property {(line: string) => void} report
 */

export class Objects {
  #context;
  #alarms;
  /** The Worker that has the objects of each script in memory. @type {Map<string, { worker: ObjectWorker, ready: Promise<void> }>} */
  #current = new Map();
  /** Namespaces whose alarms are armed. @type {Map<string, Promise<void>>} */
  #open = new Map();
  #disposed = false;

  /** @param {ObjectsContext} context */
  constructor(context) {
    this.#context = context;
    this.#alarms = new Alarms(context.clock, (alarm) => void this.#fire(alarm));
  }

  /**
   * Call an object.
   *
   * @param {Script} script
   * @param {string} className
   * @param {import("../../../runtime/handlers/facades.js").CallPath} path the object's id and name, then the method
   */
  async call(script, className, [[, [id, name]], [method, args]]) {
    const namespace = namespaceOf(script, className);
    const called = await this.#workerFor(namespace);
    const object = this.#targetOf(namespace, String(id), /** @type {string | null} */ (name));
    try {
      if (method === "fetch") return await called.fetch(/** @type {Request} */ (args[0]), { object });
      return await called.callObject(object, method, args);
    } catch (error) {
      // The caller catches the error of the user's own class.
      throw error instanceof HandlerError && error.wire ? fromWire(error.wire) : error;
    }
  }

  /** Let the alarms of a class fire from now on. @param {Script} script @param {string} className */
  async openNamespace(script, className) {
    const namespace = namespaceOf(script, className);
    const known = this.#open.get(namespace);
    if (known) return await known;
    const opening = this.#takeUp(namespace);
    this.#open.set(namespace, opening);
    await opening;
  }

  /** @param {string} namespace */
  async #takeUp(namespace) {
    const { store, commits, files, report } = this.#context;
    const left = store.left(namespace);
    const found = left.map(({ id }) => {
      try {
        return { id, alarm: files.alarmOf(namespace, id) };
      } catch (error) {
        report(
          `The storage of Durable Object ${id} cannot be read: ${/** @type {Error} */ (error).message}. Its alarm does not fire.`,
        );
        return undefined;
      }
    });
    commits.write(() => {
      for (const each of found) {
        if (!each) continue;
        const row = left.find(({ id }) => id === each.id);
        const retries = row?.alarm === each.alarm ? (row?.retries ?? 0) : 0;
        store.alarmChanged(namespace, each.id, each.alarm, retries);
        store.closed(namespace, each.id);
      }
    });
    await commits.committed();
    for (const { id, name, alarm, retries } of store.withAlarm(namespace))
      if (alarm !== null) this.#arm({ namespace, id, name, due: alarm, retries });
  }

  /** @param {Alarm} alarm @param {number} [at] */
  #arm(alarm, at) {
    if (!this.#disposed) this.#alarms.set(keyOf(alarm.namespace, alarm.id), alarm, at);
  }

  /** @param {string} namespace */
  async #workerFor(namespace) {
    const [account, script, className] = JSON.parse(namespace);
    await this.openNamespace({ account, script }, className);
    const worker = await this.#context.workerOf({ account, script });
    const key = JSON.stringify([account, script]);
    const current = this.#current.get(key);
    if (current?.worker === worker) {
      await current.ready;
      return worker;
    }
    // Two interpreters never have the same object.
    const reset = new Error("The Durable Object has been reset: the code of its Worker was changed.");
    const ready = (async () => {
      await current?.ready;
      await current?.worker.objects.dispose(reset);
    })();
    this.#current.set(key, { worker, ready });
    this.#connect(worker.objects);
    await ready;
    return worker;
  }

  /** @param {ObjectPool} pool */
  #connect(pool) {
    const { store, commits } = this.#context;
    pool.onenter = async ({ key, id, name }) => {
      commits.write(() => store.opened(namespaceIn(key), id, name ?? null));
      await commits.committed();
    };
    pool.onleave = ({ key, id }) => this.#write(() => store.closed(namespaceIn(key), id));
    pool.onalarm = (key, due) => this.#noteAlarm(key, due);
  }

  /** @param {string} key @param {number | null} due */
  #noteAlarm(key, due) {
    const { namespace, id } = JSON.parse(key);
    const { store } = this.#context;
    this.#write(() => store.alarmChanged(namespace, id, due));
    if (due === null) this.#alarms.clear(key);
    else this.#arm({ namespace, id, name: store.nameOf(namespace, id), due, retries: 0 });
  }

  /** @param {() => void} write */
  #write(write) {
    const { commits } = this.#context;
    try {
      commits.write(write);
    } catch {
      // The state cannot be written: the engine stops, and says so. The files have all there is to know.
    }
  }

  /** @param {Alarm} alarm */
  async #fire(alarm) {
    const { namespace, id, name, due, retries } = alarm;
    const { clock, report } = this.#context;
    const key = keyOf(namespace, id);
    const isLast = retries >= MAX_RETRIES;
    let outcome;
    try {
      const worker = await this.#workerFor(namespace);
      const object = this.#targetOf(namespace, id, name);
      const event = /** @type {const} */ ({ what: "alarm", object, scheduledTime: due, retryCount: retries, isLast });
      const about = { handler: "alarm" };
      outcome = (await worker.objects.call(object, async () => event, { about })).reply;
    } catch (error) {
      if (this.#disposed) return;
      const { message } = /** @type {Error} */ (error);
      outcome = { alarm: due, failed: message };
    }
    // Another one has been set meanwhile.
    if (this.#disposed || this.#alarms.get(key)) return;
    if (outcome.failed !== undefined) {
      const what = isLast ? "has failed for the last time" : "has failed";
      report(`The alarm of Durable Object ${name ?? id} ${what}: ${outcome.failed}`);
    }
    if (outcome.alarm !== due || isLast) {
      this.#noteAlarm(key, outcome.alarm === due ? null : outcome.alarm);
      return;
    }
    const next = { ...alarm, retries: retries + 1 };
    this.#write(() => this.#context.store.alarmChanged(namespace, id, due, next.retries));
    this.#arm(next, Alarms.retryAt(clock.now(), next.retries));
  }

  /** @param {string} namespace @param {string} id @param {string | null} name @returns {ObjectTarget} */
  #targetOf(namespace, id, name) {
    const { files } = this.#context;
    const className = JSON.parse(namespace).at(-1);
    return {
      key: keyOf(namespace, id),
      className,
      id,
      ...(name === null ? {} : { name }),
      file: files.fileOf(namespace, id),
    };
  }

  dispose() {
    this.#disposed = true;
    this.#alarms.dispose();
  }
}

/** @param {Script} script @param {string} className */
function namespaceOf({ account, script }, className) {
  return JSON.stringify([account, script, className]);
}

/** @param {string} namespace @param {string} id */
function keyOf(namespace, id) {
  return JSON.stringify({ namespace, id });
}

/** @param {string} key of an object */
function namespaceIn(key) {
  return JSON.parse(key).namespace;
}
