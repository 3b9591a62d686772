/** An isolate's thread: the user's modules, and the port to the pool. */

import { hash } from "node:crypto";
import { workerData } from "node:worker_threads";
import { toWire } from "../../bridge/errors.js";
import { HandlerDispatcher } from "../handlers/dispatcher.js";
import { workerGlobals } from "../handlers/globals.js";
import { loadHtmlParser } from "../handlers/html_parser.js";
import { UserModule } from "./user_module.js";
import { PassRunner } from "./pass_runner.js";
import { hookModules } from "./modules.js";
import { Output } from "./output.js";
import { answerHost, VirtualTime } from "../pool/virtual_time.js";
import { watchTimers } from "./timers.js";
import { traceFetch } from "./tracing.js";
import { isUnlinked } from "./unlinked.js";
import { handlerContext } from "./workers.js";

/** @type {import("node:worker_threads").MessagePort} */
const port = workerData.port;
// User code that gets hold of `workerData` finds no port to the engine there.
delete workerData.port;
const time = workerData.clock && new VirtualTime(workerData.clock);
delete workerData.clock;

const output = new Output();
/** @type {PassRunner | undefined} */
let guest;
/** @type {UserModule | undefined} */
let userModule;

/** The folder of Durable Objects, where those live in this thread. @type {string | undefined} */
const folder = workerData.objects;
delete workerData.objects;
const dispatcher = new HandlerDispatcher({
  post: (messages, transfer) => port.postMessage({ type: "port", messages }, transfer),
  invoke: async ({ id, ...invocation }) =>
    await output.attribute({ call: id, context: invocation.context }, () => userModule?.handlers.invoke(invocation)),
  onerror: (call, text) => writeOfHandler("error", text, call),
  digest: (text) => hash("sha256", text),
});
if (folder !== undefined)
  dispatcher.openObjects((await import("../objects/resident_objects.js")).ResidentObjects, folder);
handlerContext.current = () => output.origin?.context;

/** @param {import("../../bridge/protocol.d.ts").LogLevel} level @param {string} text @param {number | undefined} call */
function writeOfHandler(level, text, call) {
  dispatcher.port.send({ type: "log", level, text, ...(call === undefined ? {} : { id: call }) });
}

const answered = time && answerHost(time, port, () => guest?.isBusy ?? false);
port.on("message", (message) => {
  if (answered?.(message)) return;
  if (typeof message === "string") guest?.deliver(message);
  else if (message.type === "port") dispatcher.port.receive(message.messages);
  else if (message.type === "ping") port.postMessage({ type: "pong" });
  else if (message.type === "boot") boot();
  else if (message.type === "load") void load(message.deployment);
  else if (message.type === "reload") void reload();
  else if (message.type === "census") port.postMessage({ type: "census", census: guest?.census() });
});

// What user code leaves uncaught is no reason for the others in this isolate to end.
process.on("uncaughtException", complain);
process.on("unhandledRejection", complain);

function boot() {
  hookModules();
  for (const [name, make] of Object.entries(workerGlobals(loadHtmlParser))) takePlace(name, make);
  output.install();
  traceFetch(output);
  time?.install();
  watchTimers((timer) => {
    if (output.origin?.ref === undefined) output.session?.skips.noteTimer(timer);
  });
  process.exit = (code) => {
    throw new Error(`process.exit(${String(code ?? "")}) is not for workflows: other instances live in this process.`);
  };
  port.postMessage({ type: "ready" });
}

/**
 * Put a global in place of Node's, which is made when it is first needed.
 *
 * @param {string} name
 * @param {() => unknown} make
 */
function takePlace(name, make) {
  const settle = (/** @type {unknown} */ value) =>
    void Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  let original;
  Object.defineProperty(globalThis, name, {
    configurable: true,
    get: () => (settle((original = make())), original),
    set: settle,
  });
}

/** What makes the calls of a pass, if its code is running. */
function ofPass() {
  const { session, ref } = output.origin ?? {};
  return session && { call: (/** @type {[string, string, object]} */ ...call) => session.call(...call, ref) };
}

/** @param {import("../pool/pool.js").DeploymentOptions} options */
async function load(options) {
  const ofHost = { call: dispatcher.callWorkflow.bind(dispatcher) };
  const deployment = new UserModule(options, () => ofPass() ?? ofHost, dispatcher.facades(options.env));
  userModule = deployment;
  let loaded;
  try {
    await deployment.load();
    const handlers = deployment.handlers.describe();
    dispatcher.setExports(handlers);
    loaded = { classes: deployment.classes, handlers };
  } catch (error) {
    loaded = { error: toWire(error), unlinked: isUnlinked(error) };
  }
  // In a turn of its own: the import's own files are closed by then.
  setImmediate(() => {
    guest = new PassRunner(
      deployment,
      output,
      (text) => port.postMessage(text),
      () => time?.size ?? 0,
      () => dispatcher.port.waiting,
    );
    port.postMessage({ type: "loaded", text: JSON.stringify({ ...loaded, output: output.takeUnowned() }) });
    output.onhandlerwrite = writeOfHandler;
  });
}

async function reload() {
  // The same files were imported before: an error is one that varies.
  await userModule?.reload().catch(complain);
  port.postMessage({ type: "reloaded" });
}

/** @param {any} error */
function complain(error) {
  output.write("error", `Uncaught: ${error?.stack ?? error}`);
}
