/**
 * The host process: `node main.js --state PATH [--idle] [--warm JSON] [--patience MS]`.
 *
 * Its standard output carries one line, `{"ready": …}` or `{"error": …}`. Its standard input is held open by the parent:
 * when that ends, the parent is gone, and the host goes too as soon as nobody else is subscribed to anything.
 *
 * Where somebody else owns the state it ends as soon as that one answers, or after its patience.
 */

import { parseArgs } from "node:util";
import { RUNTIMES } from "../../runtime/registry.js";
import "./heap.js";
import { takeOwnership } from "./owner.js";

const EXIT_STATE = 3;
const EXIT_INTERNAL = 70;

const { values } = parseArgs({
  options: {
    state: { type: "string" },
    idle: { type: "boolean", default: false },
    transport: { type: "string" },
    warm: { type: "string", default: "" },
    patience: { type: "string", default: "0" },
  },
});

// Ctrl-C at a terminal reaches the whole group. The parent decides what it means, and closes our input.
process.on("SIGINT", () => {});
process.on("SIGHUP", () => {});

// Who started us may be gone while others still follow their instances.
process.stderr.on("error", () => {});

// While another owner is waited for, nothing is lost by going at once.
/** @type {(value?: unknown) => void} */
let parentGone = () => process.exit(EXIT_STATE);
process.stdin.on("end", () => parentGone());
process.stdin.on("error", () => parentGone());
process.stdin.resume();

try {
  const ownership = await takeOwnership(values.state ?? ".stepwell/state.sqlite", Number(values.patience));
  const gone = new Promise((resolve) => {
    parentGone = resolve;
  });
  // The interpreter takes longest to start; it does so while the rest is being loaded.
  if (values.warm) {
    const runtime = JSON.parse(values.warm);
    (await RUNTIMES[runtime.name].load()).prewarm?.(runtime);
  }
  const { Host } = await import("./host.js");
  const { VERSION } = await import("./version.js");
  const host = new Host({
    ownership,
    idle: values.idle,
    ...(values.transport === "js" ? { transport: /** @type {const} */ ("js") } : {}),
    report: (line) => process.stderr.write(`${line}\n`),
    onstopped(code) {
      // Whoever waits for us need not wait for Node, which takes a while to end.
      process.stderr.write('{"left":true}\n');
      process.exit(code);
    },
  });
  process.on("SIGTERM", () => void host.stop());
  await host.open();
  void gone.then(() => host.parentGone());
  say({ ready: { socket: host.socket, pid: process.pid, version: VERSION } });
} catch (error) {
  const { code, message, owner, stack } = /** @type {any} */ (error);
  const known = typeof code === "string" && code.startsWith("state.");
  say({ error: { code: known ? code : "internal", message: known ? message : String(stack ?? error), owner } });
  process.exit(known ? EXIT_STATE : EXIT_INTERNAL);
}

/** @param {object} line */
function say(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
