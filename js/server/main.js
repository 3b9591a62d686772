/**
 * The host process: `node main.js --state PATH [--idle] [--warm JSON]`.
 *
 * Its standard output carries one line, `{"ready": …}` or `{"error": …}`. Its standard input is held open by the parent:
 * when that ends, the parent is gone, and the host goes too as soon as nobody else is subscribed to anything.
 */

import { parseArgs } from "node:util";
import { RUNTIMES } from "../../runtime/registry.js";
import "./heap.js";

const EXIT_STATE = 3;
const EXIT_INTERNAL = 70;

const { values } = parseArgs({
  options: {
    state: { type: "string" },
    idle: { type: "boolean", default: false },
    lane: { type: "string" },
    warm: { type: "string", default: "" },
  },
});

// The interpreter takes longest to start; it does so while the rest is being loaded.
if (values.warm) {
  const runtime = JSON.parse(values.warm);
  (await RUNTIMES[runtime.name].load()).prewarm?.(runtime);
}

// Ctrl-C at a terminal reaches the whole group. The parent decides what it means, and closes our input.
process.on("SIGINT", () => {});
process.on("SIGHUP", () => {});

// Who started us may be gone while others still follow their instances.
process.stderr.on("error", () => {});

const { Host } = await import("./host.js");
const { VERSION } = await import("./version.js");

try {
  const host = new Host({
    state: values.state ?? ".stepwell/state.sqlite",
    idle: values.idle,
    ...(values.lane === "js" ? { lane: /** @type {const} */ ("js") } : {}),
    report: (line) => process.stderr.write(`${line}\n`),
    onstopped: (code) => process.exit(code),
  });
  process.on("SIGTERM", () => void host.stop());
  await host.open();
  process.stdin.on("end", () => host.parentGone());
  process.stdin.on("error", () => host.parentGone());
  process.stdin.resume();
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
