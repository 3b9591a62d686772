/**
 * What a runtime for Python costs, and what it keeps apart: `node benchmarks/runtimes.js RUNTIME FOLDER`, a line of JSON.
 * `benchmarks/runtimes.py` makes the table of docs/runtimes.md from it. All by the engine and the store as they are.
 *
 * `first_ms`: from nothing to the end of one step. `fresh_ms`: a further instance, of one step, when everything is warm.
 * `step_ms`: steps one after the other in one instance. `steps_per_s`: over 100 instances at a time. `memory_mib`: of all
 * processes after that. `held_mib`: while 500 instances at a time are in a step. `reaches`: what code of an instance can.
 */

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { RUNTIMES } from "../runtime/registry.js";
import { Bench } from "./bench.js";

const FLOWS = fileURLToPath(new URL("flows/", import.meta.url));
const MIB = 1 << 20;
const STEPS = 100;
const INSTANCES = 100;
const HELD = 500;

const [name, folder] = process.argv.slice(2);
process.env.STEPWELL_BENCH_SECRET = "reached";
const GuestClass = await RUNTIMES[name].load();
const costs = await measure();
const apart = await look();
process.stdout.write(`${JSON.stringify({ ...costs, ...apart })}\n`);
process.exit(0);

async function measure() {
  const before = memory();
  const began = performance.now();
  const { bench, dispose } = await open("workloads.py");
  await bench.run("Sequential", { steps: 1 });
  const first = performance.now() - began;
  const fresh = median(await repeat(20, () => timed(() => bench.run("Sequential", { steps: 1 }))));
  const inOne = (await timed(() => bench.run("Sequential", { steps: 500 }))) / 500;
  const many = () => Promise.all(Array.from({ length: INSTANCES }, () => bench.run("Sequential", { steps: STEPS })));
  await many();
  const over = (INSTANCES * STEPS * 1000) / median(await repeat(3, () => timed(many)));
  const used = memory() - before;
  await dispose();
  return { first_ms: first, fresh_ms: fresh, step_ms: inOne, steps_per_s: over, memory_mib: used };
}

async function look() {
  const file = join(folder, "outside");
  writeFileSync(file, "reached");
  const server = createServer((_, response) => response.end("reached")).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  const { bench, dispose } = await open("walls.py");
  const probe = { file, port, variable: "STEPWELL_BENCH_SECRET" };
  await bench.run("Walls", probe);
  const { output } = await bench.run("Walls", probe);
  server.close();
  let held = memory();
  const sampling = setInterval(() => {
    held = Math.max(held, memory());
  }, 100);
  await Promise.all(Array.from({ length: HELD }, () => bench.run("Held", { seconds: 8 })));
  clearInterval(sampling);
  await dispose();
  return { held_mib: held, reaches: output };
}

/** @param {string} main */
async function open(main) {
  const state = join(folder, main);
  mkdirSync(state);
  const path = join(FLOWS, main);
  const guest = new GuestClass({ deployment: { root: FLOWS, main: path, vars: {}, runtime: { name } } });
  const { classes } = await guest.load();
  const bench = new Bench(state, /** @type {any} */ (guest));
  for (const each of classes) {
    const code = { className: each, root: FLOWS, main: path, vars: "{}", versionId: "1" };
    await bench.engine.saveWorkflow({ name: each, ...code, stepLimit: 100_000 });
  }
  return { bench, dispose: () => guest.dispose() };
}

/** What this process and those that it has started have in memory, in MiB; what they share counts once. */
function memory() {
  let kib = 0;
  for (let pids = [process.pid]; pids.length > 0; pids = pids.flatMap((pid) => children(pid))) {
    for (const pid of pids) kib += proportionalSize(pid);
  }
  return (kib * 1024) / MIB;
}

/** @param {number} pid one that may have ended @returns {number} in KiB */
function proportionalSize(pid) {
  try {
    return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/** @param {number} pid */
function children(pid) {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

/** @param {() => Promise<unknown>} work */
async function timed(work) {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

/** @param {number} times @param {() => Promise<number>} work */
async function repeat(times, work) {
  const took = [];
  for (let i = 0; i < times; i++) took.push(await work());
  return took;
}

/** @param {number[]} numbers */
function median(numbers) {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
}
