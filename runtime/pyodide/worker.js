/** An isolate's thread: one interpreter, and the port to the pool. */

/** @import { GuestFile } from "./files.js" */

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { workerData } from "node:worker_threads";
import { WorkflowStep } from "../../bridge/step.js";
import { Control } from "../control.js";
import { guestGlobals } from "./globals.js";
import { startInterpreter } from "./interpreter.js";
import { mountFolder } from "./mount.js";

/**
 * @typedef {object} Boot
 * @property {"boot"} type
 * @property {GuestFile[]} files
 * @property {WebAssembly.Module} module
 * @property {SharedArrayBuffer} snapshot
 * @property {SharedArrayBuffer} control
 * @property {number} memoryLimit
 * @property {number} cpuLimit
 */

/** @type {import("node:worker_threads").MessagePort} */
const port = workerData.port;
// User code that gets hold of `workerData` finds no port to the engine there.
delete workerData.port;

/** @type {any} */
let pyodide;
/** @type {any} the interpreter's half, a PyProxy that lives as long as the thread */
let guest;
/** @type {Control} */
let control;
/** @type {NodeJS.Timeout | undefined} */
let timer;
/** Processor time when this turn began, in ms. */
let turnBegan = 0;
/** ms of processor time in one turn that say that code computes. */
const COMPUTATION = 20;

port.on("message", (message) => {
  if (typeof message === "string") run(() => guest.deliver(message));
  else if (message.type === "ping") port.postMessage({ type: "pong" });
  else if (message.type === "boot") boot(message).catch(die);
  else if (message.type === "load") load(message.deployment);
  else if (message.type === "census") void answerCensus();
});

// What JavaScript of the user's leaves uncaught is no reason for the others in this isolate to end.
process.on("uncaughtException", (error) => complain(error));
process.on("unhandledRejection", (error) => complain(error));

/** @param {Boot} boot */
async function boot({ files, module, snapshot, control: shared, memoryLimit, cpuLimit }) {
  control = new Control(shared);
  const globals = guestGlobals({ console: guestConsole() });
  pyodide = await startInterpreter({
    files,
    module,
    snapshot: new Uint8Array(snapshot),
    globals,
    memoryLimit,
  });
  pyodide._api.on_fatal = die;
  pyodide.setInterruptBuffer(control.signals);
  const install = pyodide.runPython("from _stepwell_pyodide.install import install; install");
  guest = install({
    cpu_limit: cpuLimit,
    post: (/** @type {string} */ text) => port.postMessage(text),
    wake: () => void setImmediate(turn),
    set_timer(/** @type {number} */ delay) {
      clearTimeout(timer);
      timer = setTimeout(turn, delay);
    },
    // Any word will do that nobody notifies.
    sleep: (/** @type {number} */ delay) => void Atomics.wait(idle, 0, 0, delay),
    computed,
    look: () => control.look(),
    hit: () => control.hit(),
    make_step: (/** @type {any} */ stepPort, /** @type {boolean} */ encoded) =>
      new WorkflowStep(stepPort, { isPython: (value) => value instanceof pyodide.ffi.PyProxy, encoded }),
  });
  install.destroy();
  port.postMessage({ type: "ready" });
}

/** @param {import("../pool.js").Deployment} deployment */
function load(deployment) {
  const { root, modules } = deployment;
  // One within the other would be there already.
  const folders = modules && !modules.startsWith(`${root}/`) ? [root, modules] : [root];
  for (const folder of folders) {
    try {
      mountFolder(pyodide.FS, folder);
    } catch (error) {
      const message = `${folder} cannot be shown to the interpreter: ${/** @type {Error} */ (error).message}`;
      port.postMessage({ type: "loaded", text: JSON.stringify({ error: { name: "OSError", message } }) });
      return;
    }
  }
  run(() => {
    port.postMessage({ type: "loaded", text: guest.load(JSON.stringify(deployment)) });
  });
}

function turn() {
  run(() => guest.turn());
}

/** Code has taken long: it may have computed, or the machine was busy with something else. */
function computed() {
  if (processorTime() - turnBegan > COMPUTATION) control.computed();
}

/** What this thread has used of a processor, in ms. */
function processorTime() {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

/** @param {() => string | void} work */
function run(work) {
  control.beginTurn();
  turnBegan = processorTime();
  let text;
  try {
    text = work();
  } catch (error) {
    die(error);
    return;
  } finally {
    control.endTurn(pyodide._module.HEAP8.length / 65_536);
  }
  if (text) port.postMessage(text);
}

/** `console` of user code is user output. */
function guestConsole() {
  const levels = { debug: "debug", log: "stdout", info: "info", warn: "warning", error: "error", trace: "debug" };
  return Object.fromEntries(
    Object.entries(levels).map(([name, level]) => [
      name,
      (/** @type {unknown[]} */ ...args) => guest?.print(level, args.map(String).join(" ")),
    ]),
  );
}

/** @param {any} error */
function complain(error) {
  if (error?.pyodide_fatal_error) die(error);
  else if (error?.name !== "SessionClosed") guest?.print("error", `Uncaught in JavaScript: ${error?.stack ?? error}`);
}

/** How many objects of each side the other holds, for tests that look for leaks. */
async function answerCensus() {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc");
  const module = pyodide._module;
  module.enable_pyproxy_allocation_tracing();
  // A cycle through both languages takes both collectors, in turns.
  for (let i = 0; i < 3; i++) {
    guest.census();
    collect();
    await new Promise((resolve) => void setTimeout(resolve, 1));
  }
  const jsObjects = module._hiwire_num_refs();
  const pyProxies = module.pyproxy_alloc_map.size;
  port.postMessage({ type: "census", census: { ...JSON.parse(guest.census()), jsObjects, pyProxies } });
}

const idle = new Int32Array(new SharedArrayBuffer(4));
let dead = false;

/** The interpreter is beyond use. @param {any} error */
function die(error) {
  if (dead) return;
  dead = true;
  port.postMessage({ type: "died", reason: String(error?.message ?? error) });
}
