/** An isolate's thread: the user's modules, and the port to the pool. */

import { workerData } from "node:worker_threads";
import { toWire } from "../../bridge/errors.js";
import { UserModule } from "./user_module.js";
import { PassRunner } from "./pass_runner.js";
import { hookModules } from "./modules.js";
import { Output } from "./output.js";
import { answerHost, VirtualTime } from "../pool/virtual_time.js";
import { watchTimers } from "./timers.js";

/** @type {import("node:worker_threads").MessagePort} */
const port = workerData.port;
// User code that gets hold of `workerData` finds no port to the engine there.
delete workerData.port;
const time = workerData.clock && new VirtualTime(workerData.clock);
delete workerData.clock;

const output = new Output();
/** @type {PassRunner | undefined} */
let guest;

const answered = time && answerHost(time, port, () => guest?.isBusy ?? false);
port.on("message", (message) => {
  if (answered?.(message)) return;
  if (typeof message === "string") guest?.deliver(message);
  else if (message.type === "ping") port.postMessage({ type: "pong" });
  else if (message.type === "boot") boot();
  else if (message.type === "load") void load(message.deployment);
  else if (message.type === "census") port.postMessage({ type: "census", census: guest?.census() });
});

// What user code leaves uncaught is no reason for the others in this isolate to end.
process.on("uncaughtException", complain);
process.on("unhandledRejection", complain);

function boot() {
  hookModules();
  output.install();
  time?.install();
  watchTimers((timer) => {
    if (output.origin?.ref === undefined) output.session?.noteTimer(timer);
  });
  process.exit = (code) => {
    throw new Error(`process.exit(${String(code ?? "")}) is not for workflows: other instances live in this process.`);
  };
  port.postMessage({ type: "ready" });
}

/** @param {import("../pool/pool.js").DeploymentOptions} options */
async function load(options) {
  const deployment = new UserModule(options, (binding) => {
    if (output.session) return output.session;
    throw new Error(`env.${binding} can be used while a workflow runs, not while its module is imported.`);
  });
  let loaded;
  try {
    await deployment.load();
    loaded = { classes: deployment.classes };
  } catch (error) {
    loaded = { error: toWire(error) };
  }
  // In a turn of its own: the import's own files are closed by then.
  setImmediate(() => {
    guest = new PassRunner(
      deployment,
      output,
      (text) => port.postMessage(text),
      () => time?.size ?? 0,
    );
    port.postMessage({ type: "loaded", text: JSON.stringify({ ...loaded, output: output.takeUnowned() }) });
  });
}

/** @param {any} error */
function complain(error) {
  output.write("error", `Uncaught: ${error?.stack ?? error}`);
}
