/** What this machine can do at most: the parts that every step is made of, bare. */

import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { loadPyodide } from "pyodide";
import { openDriver } from "../../js/store/node_driver.js";
import { memory, times } from "../bench.js";

const ECHO = `
const { parentPort } = require("node:worker_threads");
parentPort.on("message", (message) => parentPort.postMessage(message));`;
const COMPUTE = `
const { parentPort } = require("node:worker_threads");
const { pbkdf2Sync } = require("node:crypto");
parentPort.on("message", () => parentPort.postMessage(pbkdf2Sync("a", "b", 200_000, 64, "sha512").length));`;
const CALLS = `
async def calls(count, call):
    for _ in range(count):
        await call()
calls`;

/** @param {{ folder: string }} settings */
export async function floors({ folder }) {
  const interpreter = await pyodide();
  const commit = commits(join(folder, "small.sqlite"), 100, 2000);
  return {
    commits_per_s: 1000 / commit,
    commit_ms: commit,
    large_commit_ms: commits(join(folder, "large.sqlite"), 100_000, 100),
    thread_ms: await roundTrips(ECHO, 5000),
    ...interpreter,
    threads_speedup: await speedup(),
  };
}

/** One row a commit at the engine's own durability: ms for each. @param {string} path @param {number} size @param {number} count */
function commits(path, size, count) {
  const db = openDriver(path);
  db.exec("CREATE TABLE floor (id INTEGER PRIMARY KEY, value TEXT)");
  const insert = db.prepare("INSERT INTO floor (value) VALUES (?)");
  const value = "x".repeat(size);
  const begun = performance.now();
  for (let i = 0; i < count; i++) insert.run(value);
  const ms = performance.now() - begun;
  db.close();
  return ms / count;
}

/** A bare interpreter: to start it, what it holds, and what a call costs that Python awaits and JavaScript answers. */
async function pyodide() {
  const count = 5000;
  const begun = performance.now();
  const python = await loadPyodide();
  const load = performance.now() - begun;
  const { rss, pss } = memory();
  const calls = python.runPython(CALLS);
  const called = await times(1, 1, () => calls(count, async () => {}));
  return { load_ms: load, rss_mb: rss, pss_mb: pss, call_ms: called.ms / count };
}

/** Messages to a thread and back, one at a time: ms for each. @param {string} code @param {number} count */
async function roundTrips(code, count) {
  const worker = new Worker(code, { eval: true });
  await answer(worker);
  const { ms } = await times(count, 1, () => answer(worker));
  await worker.terminate();
  return ms / count;
}

/** How much faster two threads are than one. */
async function speedup() {
  const workers = [0, 1].map(() => new Worker(COMPUTE, { eval: true }));
  await Promise.all(workers.map(answer));
  const one = await times(2, 1, () => answer(workers[0]));
  const two = await times(2, 2, (index) => answer(workers[index]));
  await Promise.all(workers.map((worker) => worker.terminate()));
  return one.ms / two.ms;
}

/** @param {Worker} worker */
function answer(worker) {
  return new Promise((resolve) => {
    worker.once("message", resolve);
    worker.postMessage({ type: "go" });
  });
}
