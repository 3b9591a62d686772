/**
 * What a sandboxed instance costs: `node benchmarks/sandbox.js [--instances 500] [--steps 30] [--width 100]`.
 *
 * Through the runtime alone, with an engine of few lines that keeps nothing: start to first step, memory of instances that
 * wait side by side, and steps a second. `benchmarks/run.py` measures the whole, with the state file.
 */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { WasmtimeGuest } from "../runtime/wasmtime/pool.js";
import { Engine } from "../tests/guest/engine.js";

const FLOW = `
import asyncio
from workers import WorkflowEntrypoint

class Chain(WorkflowEntrypoint):
    async def run(self, event, step):
        total = 0
        for number in range(event["payload"]):
            @step.do("one")
            async def one():
                return number
            total += await one()
        return total

class Wait(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do("first")
        async def first():
            return 1
        await first()
        await step.sleep("long", "1 hour")
`;

const { values } = parseArgs({
  options: {
    instances: { type: "string", default: "500" },
    steps: { type: "string", default: "30" },
    width: { type: "string", default: "100" },
  },
});
const root = mkdtempSync(join(tmpdir(), "sandbox-"));
writeFileSync(join(root, "flow.py"), FLOW);
const guest = new WasmtimeGuest({ deployment: { root, main: join(root, "flow.py"), vars: {} } });
const engine = new Engine(guest);
const pid = () => guest.stats().pid ?? 0;

try {
  const loading = performance.now();
  await guest.load();
  say("load the deployment", performance.now() - loading, "ms");
  await measureStart();
  await measureThroughput(Number(values.width), Number(values.steps));
  await measureMemory(Number(values.instances));
} finally {
  await guest.dispose();
  rmSync(root, { recursive: true });
}

async function measureStart() {
  await engine.run("Chain", { payload: 1 });
  const times = [];
  for (let i = 0; i < 50; i++) {
    const began = performance.now();
    const run = engine.start("Chain", { payload: 1 });
    await run.next("do");
    times.push(performance.now() - began);
    await run.output;
  }
  times.sort((a, b) => a - b);
  say("fresh instance to its first step, median of 50", times[25], "ms");
  say("… the fastest", times[0], "ms");
}

/** @param {number} width @param {number} steps */
async function measureThroughput(width, steps) {
  const cpuBefore = processorTime();
  const began = performance.now();
  await Promise.all(Array.from({ length: width }, () => engine.run("Chain", { payload: steps })));
  const seconds = (performance.now() - began) / 1000;
  say(`steps a second, ${steps} in a row in each of ${width} instances`, (width * steps) / seconds, "");
  say("… processor time of the host process a step", ((processorTime() - cpuBefore) * 1000) / (width * steps), "ms");
}

/** @param {number} count */
async function measureMemory(count) {
  const before = memory();
  const began = performance.now();
  const runs = Array.from({ length: count }, () =>
    engine.start("Wait", { answer: (message) => message.type === "sleep" }),
  );
  await Promise.all(runs.map((run) => run.next("sleep")));
  say(`${count} instances, each at its first sleep`, performance.now() - began, "ms");
  say("… memory of the host process", memory() / 1024, "MiB");
  say("… for each instance", (memory() - before) / count / 1024, "MiB");
  for (const run of runs) run.send({ type: "drop", reason: "measured" });
}

/** Of the host process, in KiB; what it shares with others counts in part. */
function memory() {
  const text = readFileSync(`/proc/${pid()}/smaps_rollup`, "utf8");
  return Number(/^Pss:\s+(\d+)/m.exec(text)?.[1]);
}

/** Of the host process, in s. */
function processorTime() {
  const fields = readFileSync(`/proc/${pid()}/stat`, "utf8").split(") ")[1].split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** @param {string} what @param {number} value @param {string} unit */
function say(what, value, unit) {
  process.stdout.write(`${what}: ${value.toLocaleString("en", { maximumFractionDigits: 2 })} ${unit}\n`);
}
