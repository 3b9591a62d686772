/**
 * What a step takes of Python: `node benchmarks/calls.js OUT.cpuprofile` counts the calls of its functions, for `flame.js`.
 *
 * The interpreter is driven here without engine and threads, so that two runs count the same: 100 instances of ten steps, and each batch
 * has the answers to all that the last one asked.
 */

/** @import { FromGuest, ToGuest } from "../bridge/protocol.d.ts" */

import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { loadPyodide } from "pyodide";
import { packBatch, unpackBatch } from "../bridge/batch.js";
import { guestFiles } from "../runtime/pyodide/files.js";
import { guestGlobals } from "../runtime/pyodide/globals.js";
import { startFrom } from "../runtime/pyodide/snapshot_memory.js";
import { startInterpreter } from "../runtime/pyodide/interpreter.js";
import { mountFolder } from "../runtime/pyodide/mount.js";
import { findSnapshot } from "../runtime/pyodide/snapshot.js";

const FLOWS = fileURLToPath(new URL("flows", import.meta.url));
const INSTANCES = 100;
const STEPS = 10;

const [output] = process.argv.slice(2);
if (!output) {
  process.stderr.write("usage: node benchmarks/calls.js OUT.cpuprofile\n");
  process.exit(2);
}

const options = { loadPyodide, files: guestFiles(), globals: guestGlobals({ console }) };
const pyodide = await startFrom((await findSnapshot()).snapshot, (snapshot) =>
  startInterpreter({ ...options, snapshot }),
);
mountFolder(pyodide.FS, FLOWS);
/** @type {FromGuest[]} */
let said = [];
let passes = 0;
const guest = pyodide.runPython("from _stepwell_pyodide.install import install; install")({
  cpu_limit: 60_000,
  post: hear,
  wake: () => {},
  set_timer: () => {},
  alone: () => true,
  sleep: () => {},
  computed: () => {},
  read_interrupt: () => "{}",
  interrupt_raised: () => {},
  make_step: () => null,
  facades: () => undefined,
  open_upstream: () => undefined,
  blocking_fetch: () => undefined,
  begin_turn: () => {},
  end_turn: () => {},
});
guest.load(JSON.stringify({ root: FLOWS, main: `${FLOWS}/workloads.py`, vars: {} }));
pyodide.runPython(readFileSync(new URL("calls.py", import.meta.url), "utf8"));

run();
pyodide.runPython("begin()");
run();
writeFileSync(output, pyodide.runPython(`end(${INSTANCES * STEPS})`));
process.exit(0);

/** A hundred instances, from their start to their end. */
function run() {
  /** @type {ToGuest[]} */
  let messages = Array.from({ length: INSTANCES }, start);
  while (messages.length > 0) {
    hear(guest.deliver(packBatch(messages)) ?? "[]");
    messages = said.filter(({ type }) => type === "done").map(resolve);
    said = [];
  }
}

/** @param {string} text */
function hear(text) {
  /** @type {FromGuest[]} */
  const messages = unpackBatch(text);
  said.push(...messages);
}

/** @returns {ToGuest} */
function start() {
  passes += 1;
  return {
    type: "start",
    pass: passes,
    className: "Sequential",
    event: { timestamp: 0, instanceId: `instance-${passes}`, workflowName: "Sequential" },
    value: JSON.stringify({ steps: STEPS }),
    defaults: { retries: { limit: 5, delay: 1000, backoff: "constant" }, timeout: "10 minutes" },
    stepLimit: STEPS,
    history: [],
  };
}

/** @param {any} done @returns {ToGuest} */
function resolve({ pass, ref }) {
  return { type: "resolve", pass, ref };
}
