/**
 * The test kit's host process: one for each process that runs tests, started when it is first needed.
 *
 * A socket connects the two. Requests and replies are JSON objects, a line each. The twin of this file is `host_link.py`.
 */

/** @import { Duplex } from "node:stream" */

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { answerCall } from "./doubles.js";
import { hostError, TestKitError } from "./errors.js";

const PROGRAM = fileURLToPath(new URL("../testkit/main.js", import.meta.url));
/** As every host has them; see `py/stepwell/node.py`. */
const FLAGS = ["--max-semi-space-size=4"];
/** Where the host finds its end of the socket. */
const SOCKET_FD = 3;
/** The first major with the `node:sqlite` that the store is written for. */
const MIN_NODE_MAJOR = 24;

/**
 * How a host starts.
 *
 * @typedef {object} HostOptions
 * @property {Record<string, string>} environment
 * @property {{ main: string, runtime: object | null }} warm the deployment whose interpreter is needed first
 */

export class HostLink {
  /** @type {HostLink | undefined} */
  static #current;
  /** @type {Map<number, { resolve: (value: any) => void, reject: (error: Error) => void }>} */
  #waiting = new Map();
  #lastNumber = 0;
  #process;
  /** @type {any} */
  #socket;
  #isClosed = false;
  /** Objects of tests, by main file and name of the binding. @type {Map<string, any>} */
  doubles = new Map();

  /** The host of this process; the first call starts it. @param {HostOptions} options of a host that starts */
  static current(options) {
    if (!HostLink.#current || HostLink.#current.#isClosed) HostLink.#current = new HostLink(options);
    return HostLink.#current;
  }

  /** @param {HostOptions} options */
  constructor({ environment, warm }) {
    if (Number.parseInt(process.versions.node, 10) < MIN_NODE_MAJOR)
      throw new TestKitError(
        `Node ${process.versions.node} runs the tests; Stepwell needs ${MIN_NODE_MAJOR} or newer.`,
      );
    // What the test's Node was started with, such as hooks for its modules, is not for the host.
    const { NODE_OPTIONS: _, ...inherited } = process.env;
    this.#process = spawn(process.execPath, [...FLAGS, PROGRAM, String(SOCKET_FD), JSON.stringify(warm)], {
      stdio: ["ignore", 2, 2, "pipe"],
      env: { MALLOC_ARENA_MAX: "2", MALLOC_TRIM_THRESHOLD_: "131072", ...inherited, ...environment },
    });
    this.#socket = /** @type {Duplex} */ (this.#process.stdio[SOCKET_FD]);
    this.#process.on("error", () => this.#lose());
    this.#socket.on("close", () => this.#lose());
    this.#socket.on("error", () => this.#lose());
    createInterface({ input: this.#socket, crlfDelay: Infinity }).on("line", (line) => this.#receive(JSON.parse(line)));
    this.#process.unref();
    this.#socket.unref();
  }

  /**
   * Carry out an operation of the host.
   *
   * @param {string} op
   * @param {object} fields
   * @returns {Promise<any>}
   * @throws {TestKitError} it is refused
   */
  call(op, fields) {
    if (this.#isClosed) return Promise.reject(lost());
    const number = ++this.#lastNumber;
    const place = new Error(op);
    return new Promise((resolve, fail) => {
      // The stack is that of the caller, with the line of the test.
      const reject = (/** @type {Error} */ error) => {
        error.stack = [String(error), ...(place.stack ?? "").split("\n").slice(1)].join("\n");
        fail(error);
      };
      // A test that waits for the host keeps its process alive.
      if (this.#waiting.size === 0) this.#socket.ref();
      this.#waiting.set(number, { resolve, reject });
      this.#socket.write(`${JSON.stringify({ number, op, ...fields })}\n`);
    });
  }

  /** @param {any} reply */
  #receive(reply) {
    if ("call" in reply) {
      const answer = async () => this.call("answer", { call: reply.call, ...(await answerCall(this.doubles, reply)) });
      answer().catch(() => {}); // the host has ended in between
      return;
    }
    const waiting = this.#waiting.get(reply.number);
    this.#waiting.delete(reply.number);
    if (this.#waiting.size === 0) this.#socket.unref();
    if (reply.error) waiting?.reject(hostError(reply.error));
    else waiting?.resolve(reply.result);
  }

  #lose() {
    this.#isClosed = true;
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) reject(lost());
  }
}

function lost() {
  return new TestKitError("The host process of the test kit has ended.");
}
