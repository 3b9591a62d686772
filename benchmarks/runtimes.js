/**
 * What each runtime for Python costs: `node benchmarks/runtimes.js [RUNTIME]…`. Prints the table of docs/runtimes.md.
 *
 * `first`: from nothing to the end of one step. `fresh`: a further instance, of one step, when everything is warm. `in one`: steps one
 * after the other in one instance. `over 100`: steps a second over 100 instances at a time. All of it durable, by the engine
 * and the store as they are.
 */

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { RUNTIMES } from "../runtime/registry.js";
import { Bench } from "./bench.js";

const FLOWS = fileURLToPath(new URL("flows/", import.meta.url));
const MAIN = join(FLOWS, "workloads.py");
const MIB = 1 << 20;
const STEPS = 100;
const INSTANCES = 100;

const wanted = process.argv.slice(2);
const names = Object.keys(RUNTIMES).filter((name) => RUNTIMES[name].suffixes.includes(".py"));

say("| runtime | first (ms) | fresh (ms) | in one (ms a step) | over 100 (steps/s) | memory (MiB) |");
say("| --- | --- | --- | --- | --- | --- |");
for (const name of wanted.length > 0 ? wanted : names) {
  try {
    say(`| \`${name}\` | ${(await measure(name)).join(" | ")} |`);
  } catch (error) {
    say(`| \`${name}\` | not measured: ${String(error).split("\n")[0]} |`);
  }
}
process.exit(0);

/** @param {string} name */
async function measure(name) {
  const folder = mkdtempSync(join(tmpdir(), "stepwell-runtimes-"));
  const before = memory();
  const began = performance.now();
  const GuestClass = await RUNTIMES[name].load();
  const guest = new GuestClass({ deployment: { root: FLOWS, main: MAIN, vars: {}, runtime: { name } } });
  const { classes } = await guest.load();
  const bench = new Bench(folder, /** @type {any} */ (guest));
  for (const each of classes) {
    const code = { className: each, root: FLOWS, main: MAIN, vars: "{}", versionId: "1" };
    await bench.engine.saveWorkflow({ name: each, ...code, stepLimit: 100_000 });
  }
  await bench.run("Sequential", { steps: 1 });
  const first = performance.now() - began;
  const fresh = median(await repeat(20, () => timed(() => bench.run("Sequential", { steps: 1 }))));
  const inOne = (await timed(() => bench.run("Sequential", { steps: 500 }))) / 500;
  const many = () => Promise.all(Array.from({ length: INSTANCES }, () => bench.run("Sequential", { steps: STEPS })));
  await many();
  const over = (INSTANCES * STEPS * 1000) / median(await repeat(3, () => timed(many)));
  const used = memory() - before;
  await guest.dispose();
  rmSync(folder, { recursive: true });
  return [first.toFixed(0), fresh.toFixed(1), inOne.toFixed(2), Math.round(over).toLocaleString("en"), used.toFixed(0)];
}

/** What this process and those that it has started have in memory, in MiB. */
function memory() {
  let bytes = process.memoryUsage.rss();
  for (let pids = [process.pid]; pids.length > 0;) {
    pids = pids.flatMap((pid) => children(pid));
    for (const pid of pids) bytes += Number(readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1]) * 4096;
  }
  return bytes / MIB;
}

/** @param {number} pid */
function children(pid) {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean).map(Number);
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

/** @param {string} line */
function say(line) {
  process.stdout.write(`${line}\n`);
}
