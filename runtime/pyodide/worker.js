/** An isolate's thread in Node. */

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { workerData } from "node:worker_threads";
import { loadPyodide } from "pyodide";
import { loadFactory } from "./factory.js";
import { guestGlobals, lazyClass } from "./globals.js";
import { hideHost } from "./hide_host.js";
import { startFrom } from "./snapshot_memory.js";
import { startInterpreter } from "./interpreter.js";
import { restoreLibraries } from "./libraries.js";
import { openExchange } from "./blocking_fetch.js";
import { mountFolder, showLibraries } from "./mount.js";
import { loadHtmlParser } from "../handlers/html_parser.js";
import { answerHost, VirtualTime } from "../pool/virtual_time.js";
import { InterpreterThread } from "./thread.js";
import { provideConstants } from "./thread_rights.js";
import { openUpstream } from "./upstream.js";

// It is hidden later. An import of `node:process` would open the standard streams.
const { process } = globalThis;
/** @type {import("node:worker_threads").MessagePort} */
const port = workerData.port;
// User code that gets hold of `workerData` finds no port to the engine there.
delete workerData.port;
const time = workerData.clock && new VirtualTime(workerData.clock);
delete workerData.clock;

/** How many turns have been asked for and not begun. */
let turnsAsked = 0;

/** The folder of Durable Objects, where those live in this thread. @type {string | undefined} */
const folder = workerData.objects;
delete workerData.objects;
const objects =
  folder === undefined
    ? undefined
    : { folder, Objects: (await import("../objects/resident_objects.js")).ResidentObjects };

provideConstants();

/** The folder of packages, where a snapshot has needed it already. @type {string | undefined} */
let mounted;
/** Lets modules of a folder be imported. @type {(folder: string) => void} */
let showFolder = () => {};
const idle = new Int32Array(new SharedArrayBuffer(4));

/** Ports are the pool's, and those of the thread's own output. */
const others = () => process.getActiveResourcesInfo().filter((kind) => kind !== "MessagePort").length;

const thread = new InterpreterThread({
  port,
  async start({ files, module, snapshot, factory, packages, memoryLimit, signals }, own) {
    // Every snapshot refers to it, and with it Node would load all of its HTTP client.
    const globals = guestGlobals({ Request: lazyClass(() => globalThis.Request), ...own });
    const { createPyodideModule, compiled } = factory ? loadFactory(factory) : {};
    const options = createPyodideModule ? { createPyodideModule } : {};
    const pyodide = await startFrom(snapshot, (bytes) =>
      startInterpreter({ loadPyodide, files, module, snapshot: bytes, globals, memoryLimit, signals, options }),
    );
    // When whoever waits for the interpreter has been told.
    if (compiled) setImmediate(() => port.postMessage({ type: "compiled", data: compiled() }));
    if (packages) {
      // They may have been linked to anything, which their snapshot does not tell.
      pyodide._module.link?.();
      mountFolder(pyodide.FS, packages.modules);
      showLibraries(pyodide, packages.modules);
      restoreLibraries(pyodide._module, packages.libraries);
      mounted = packages.modules;
    }
    // The interpreter asks Node for its source of random bytes when it first needs some.
    pyodide.runPython("import os; os.urandom(1)");
    showFolder = hideHost(/** @type {object} */ (own.console));
    return pyodide;
  },
  mount: mountDeployment,
  upstream: openUpstream,
  loadHtmlParser,
  // Virtual time knows no stacks that wait.
  isSuspendable: !time,
  soon: (run) => {
    turnsAsked += 1;
    setImmediate(() => {
      turnsAsked -= 1;
      run();
    });
  },
  // Any word will do that nobody notifies.
  block: (ms) => (time ? time.block(ms) : void Atomics.wait(idle, 0, 0, ms)),
  openExchange: (request, body) => openExchange((message) => port.postMessage(message), request, body),
  // Node does not know timers of virtual time.
  others: (timer) => others() - (timer && !time ? 1 : 0),
  digest: (text) => process.getBuiltinModule("node:crypto").hash("sha256", text),
  ...(objects && { objects }),
  processorTime() {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1000;
  },
  async collector() {
    setFlagsFromString("--expose-gc");
    return runInNewContext("gc");
  },
});

time?.install();
const answered = time && answerHost(time, port, () => turnsAsked > 0 || others() > 0);
port.on("message", (message) => {
  if (!answered?.(message)) thread.receive(message);
});
process.on("uncaughtException", (error) => thread.complain(error));
process.on("unhandledRejection", (error) => thread.complain(error));

/**
 * Show the deployment's folders at the same paths, so that every file is called what the user calls it.
 *
 * @param {any} pyodide
 * @param {import("../pool/pool.js").DeploymentOptions} deployment
 */
function mountDeployment(pyodide, { root, modules }) {
  const { FS } = pyodide;
  mountFolder(FS, root);
  showFolder(root);
  // One within the other is there already.
  if (modules && modules !== mounted && !modules.startsWith(`${root}/`)) mountFolder(FS, modules);
  if (modules) showLibraries(pyodide, modules);
  // No code of the user's mounts more of the machine.
  delete FS.filesystems.NODEFS;
}
