/** Carries out calls of Cloudflare's bindings, in a process of their own. It starts with the first call, or before it. */

/** @import { BoundWorker } from "./options.js" */

import { fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { Agent, request } from "node:http";
import { Readable } from "node:stream";
import { beginOf } from "./begin_of.js";
import { findInstallation, MISSING } from "./installation.js";

const MAIN = new URL("main.js", import.meta.url);
/** An answer of a known length up to this is given whole. */
const WHOLE_ANSWER_BYTES = 1024 * 1024;

/** What SQLite says of a file that is damaged or of another kind. */
const DAMAGED = /SQLITE_(NOTADB|CORRUPT)/;

/** A process for the next `BindingsProcess` that starts. @type {import("node:child_process").ChildProcess | undefined} */
let standing;

/** Start a process before it is known for which data, where it is installed. Most of its start is to load miniflare. */
export function standBy() {
  const installation = findInstallation();
  if (!installation || standing) return;
  const child = (standing = startProcess(installation));
  const forget = () => {
    if (standing === child) standing = undefined;
  };
  child.on("exit", forget);
  child.on("error", forget);
}

/** @param {string} installation */
function startProcess(installation) {
  const { PATH, HOME, TMPDIR, NODE_COMPILE_CACHE } = process.env;
  return fork(MAIN, [installation], {
    execArgv: [],
    stdio: ["pipe", "ignore", "pipe", "ipc"],
    env: { PATH, HOME, TMPDIR, NODE_COMPILE_CACHE, CI: "1" },
  });
}

/** @typedef {{ addresses: Record<string, string>, problems: Record<string, Record<string, string>> }} Started `problems`: why a binding of a Worker cannot be used */

export class BindingsProcess {
  #folder;
  #report;
  #secret = randomBytes(32).toString("base64url");
  #agent = new Agent({ keepAlive: true });
  /** @type {Map<string, BoundWorker>} */
  #workers = new Map();
  /** @type {import("node:child_process").ChildProcess | undefined} */
  #process;
  /** What the process has last been told, and its answer. @type {Promise<Started> | undefined} */
  #started;
  /** @type {PromiseWithResolvers<Started> | undefined} */
  #answer;
  /** Counts what the process has been told: an answer to an earlier message lacks Workers that were added since. */
  #turn = 0;
  /** What the process has started. @type {{ pid: number, began?: string }[]} */
  #children = [];

  /**
   * @param {string} folder where the data of the bindings is
   * @param {(line: string) => void} report a line of text for people
   */
  constructor(folder, report) {
    this.#folder = folder;
    this.#report = report;
  }

  /**
   * From now on *worker* has its bindings; one of the same name has them no longer.
   *
   * @param {BoundWorker} worker
   */
  add(worker) {
    const known = this.#workers.get(worker.name);
    this.#workers.set(worker.name, worker);
    // Calls that are under way would be cut, so unchanged bindings change nothing.
    if (this.#started && JSON.stringify(known) !== JSON.stringify(worker)) void this.#begin();
  }

  /**
   * @param {string} worker the name of one that was added
   * @param {string} binding its name in `env`
   * @param {Uint8Array | ReadableStream<Uint8Array>} message see `runtime/bindings/codec.js`
   * @returns {Promise<Uint8Array | ReadableStream<Uint8Array>>}
   * @throws {Error} it cannot be carried out: what carries it out is not installed, or has ended
   */
  async call(worker, binding, message) {
    const { addresses, problems } = await (this.#started ?? this.#begin());
    const problem = problems[worker]?.[binding];
    if (problem) throw new Error(problem);
    try {
      return await this.#post(addresses[worker], binding, message);
    } catch (error) {
      const { message: text } = /** @type {Error} */ (error);
      throw new Error(`The process of the bindings has ended during a call of ${binding} (${text}).`, { cause: error });
    }
  }

  dispose() {
    this.#agent.destroy();
    // It ends with its standard input, and takes workerd along.
    this.#process?.stdin?.end();
    this.#process = undefined;
  }

  /** Start the process before the first call, where it is installed. What is in the way is the error of that call. */
  warm() {
    if (this.#started === undefined && findInstallation() !== undefined) void this.#begin();
  }

  #begin() {
    const started = this.#tell();
    this.#started = started;
    // The next call tries again: what was in the way, such as a link that leads nowhere, may be gone by then.
    started.catch(() => {
      if (this.#started === started) this.#started = undefined;
    });
    return started;
  }

  async #tell() {
    /** @type {PromiseWithResolvers<Started>} */
    const answer = Promise.withResolvers();
    answer.promise.catch(() => {});
    // Who waits for the answer to the message before gets this one.
    this.#answer?.resolve(answer.promise);
    this.#answer = answer;
    const child = (this.#process ??= this.#start(findInstallation()));
    // The arguments and the environment of a process can be read by others.
    this.#turn += 1;
    child.send({ turn: this.#turn, secret: this.#secret, folder: this.#folder, workers: [...this.#workers.values()] });
    return await answer.promise;
  }

  /** @param {string | undefined} installation */
  #start(installation) {
    if (!installation) throw new Error(MISSING);
    const child = standing ?? startProcess(installation);
    standing = undefined;
    child.stderr?.on("data", (bytes) => this.#report(`Bindings: ${String(bytes).trimEnd()}`));
    child.on("message", (/** @type {any} */ { type, turn, message, children, ...started }) => {
      if (type === "children") this.#children = children;
      else if (turn !== this.#turn) return;
      else if (type === "ready") this.#answer?.resolve(started);
      else if (type === "failed") this.#answer?.reject(new Error(this.#reasonOf(message)));
    });
    child.on("exit", (code, signal) => this.#lose(child, String(signal ?? code)));
    child.on("error", ({ message }) => this.#lose(child, message));
    // It has gone already, and that has been noticed.
    child.stdin?.on("error", () => {});
    return child;
  }

  /** Why the process could not start, from what workerd says. @param {string} message */
  #reasonOf(message) {
    if (!DAMAGED.test(message)) return `The bindings cannot be started: ${message}`;
    return `The data of the bindings in ${this.#folder} is damaged. Restore it, or move it away. workerd says: ${message}`;
  }

  /** The next call starts another one. @param {import("node:child_process").ChildProcess} child @param {string} why */
  #lose(child, why) {
    if (this.#process !== child) return;
    this.#process = undefined;
    this.#started = undefined;
    this.#answer?.reject(new Error(`The process of the bindings has ended (${why}).`));
    // A process that is killed leaves workerd behind.
    for (const { pid, began } of this.#children.splice(0)) if (began && beginOf(pid) === began) process.kill(pid);
  }

  /**
   * @param {string} address
   * @param {string} binding
   * @param {Uint8Array | ReadableStream<Uint8Array>} message
   * @returns {Promise<Uint8Array | ReadableStream<Uint8Array>>}
   */
  #post(address, binding, message) {
    const { promise, resolve, reject } = Promise.withResolvers();
    const headers = { "stepwell-secret": this.#secret, "stepwell-binding": binding };
    const sent = request(address, { method: "POST", agent: this.#agent, headers });
    sent.on("error", reject);
    sent.on("response", (response) => void answerOf(response).then(resolve, reject));
    if (message instanceof Uint8Array) sent.end(message);
    else
      Readable.fromWeb(/** @type {any} */ (message))
        .on("error", (error) => sent.destroy(error))
        .pipe(sent);
    return promise;
  }
}

/** @param {import("node:http").IncomingMessage} response @returns {Promise<Uint8Array | ReadableStream<Uint8Array>>} */
async function answerOf(response) {
  if (response.statusCode !== 200) throw new Error(`it has answered with status ${response.statusCode}`);
  const length = Number(response.headers["content-length"] ?? Infinity);
  if (length > WHOLE_ANSWER_BYTES) return /** @type {any} */ (Readable.toWeb(response));
  const parts = [];
  for await (const part of response) parts.push(part);
  return new Uint8Array(Buffer.concat(parts));
}
