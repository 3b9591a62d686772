/** A thread of Node's that an isolate lives in. */

/** @import { InterpreterEvents, InterpreterHandle } from "./isolate.js" */

import { MessageChannel, receiveMessageOnPort, Worker } from "node:worker_threads";
import { leaveDeletedFolder } from "./current_folder.js";

/** What Node itself reads of the environment, in each thread: for tools, and for the proxies of `fetch`. */
const PROXY_VARIABLES = ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"];
const READ_BY_NODE = [
  "NODE_V8_COVERAGE",
  ...(process.env.NODE_USE_ENV_PROXY === "1" ? ["NODE_USE_ENV_PROXY", ...PROXY_VARIABLES] : []),
];
const OF_NODE = Object.fromEntries(
  READ_BY_NODE.filter((name) => process.env[name]).map((name) => [name, process.env[name]]),
);

/** Projects for wrangler have no type in their package.json, which Node warns of for each of their modules. */
const QUIET = "--disable-warning=MODULE_TYPELESS_PACKAGE_JSON";

/** How long a thread may take to end. One that is inside a native operation, such as an object's SQL, notices nothing. */
const END_TIMEOUT_MS = 1000;

/** Threads that have been asked to end, and have not ended. @type {Set<Promise<unknown>>} */
const ending = new Set();

/**
 * Waits a moment for the threads that have been asked to end.
 *
 * @returns {Promise<boolean>} false: one is inside a native operation. Node's own exit would wait for it without a limit
 */
export async function haveThreadsEnded() {
  await orLate(Promise.all(ending));
  return ending.size === 0;
}

/** @param {Promise<unknown>} ended */
async function orLate(ended) {
  let timer;
  const late = new Promise((resolve) => (timer = setTimeout(resolve, END_TIMEOUT_MS)));
  await Promise.race([ended, late]);
  clearTimeout(timer);
}

/**
 * @param {URL} program
 * @param {InterpreterEvents} events
 * @param {object} [options]
 * @param {string[]} [options.execArgv] options of Node that hold for this thread
 * @param {SharedArrayBuffer | undefined} [options.clock] what the thread's time is read from; absent: it has real time
 * @param {string | undefined} [options.objects] the folder of the Durable Objects that live in the thread
 * @returns {InterpreterHandle}
 */
export function startThread(program, { onmessage, ondeath }, { execArgv = [], clock, objects } = {}) {
  // Guests live in UTC. A thread has no time zone of its own: it takes that of the process when it starts.
  process.env.TZ = "UTC";
  leaveDeletedFolder();
  const { port1: port, port2 } = new MessageChannel();
  const worker = new Worker(program, {
    workerData: { port: port2, clock, objects },
    transferList: [port2],
    // The environment of the host has secrets that code in there must not read.
    env: OF_NODE,
    execArgv: [QUIET, ...execArgv],
    // The host's own output must stay clean.
    stdout: true,
    stderr: true,
    // Python counts its own stack; V8's must not end before that one does.
    resourceLimits: { stackSizeMb: 64, maxOldGenerationSizeMb: 2048 },
  });
  port.on("message", onmessage);
  worker.on("error", (error) => ondeath(String(error?.message ?? error)));
  worker.on("exit", (code) => ondeath(`The interpreter's thread ended with code ${code}.`));
  return {
    post: (message, transfer) => port.postMessage(message, transfer),
    takeUnreadMessages() {
      /** @type {any[]} */
      const messages = [];
      for (let left = receiveMessageOnPort(port); left; left = receiveMessageOnPort(port)) messages.push(left.message);
      return messages;
    },
    // The first releases of Node 24 do not measure threads.
    ...(typeof worker.cpuUsage === "function" && { cpuTimeMs: () => cpuTimeOf(worker) }),
    async end() {
      port.close();
      const ended = worker.terminate().finally(() => ending.delete(ended));
      ending.add(ended);
      await orLate(ended);
    },
  };
}

/** @param {Worker} worker @returns {Promise<number>} in ms */
async function cpuTimeOf(worker) {
  const { user, system } = await worker.cpuUsage();
  return (user + system) / 1000;
}
