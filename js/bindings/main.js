/**
 * The process that runs miniflare, and workerd under it: `node main.js INSTALLATION`. It ends when its standard input does, however
 * the host has ended.
 *
 * It is told the Workers with a message of the parent's each time they change, and answers with the address of each.
 */

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import { pathToFileURL } from "node:url";
import { folderProblem } from "./assets_folder.js";
import { beginOf } from "./begin_of.js";
import { miniflareOptions } from "./options.js";

/** @import { BoundWorker } from "./options.js" */

const [, , installation] = process.argv;
const require = createRequire(`${installation}/package.json`);
const { convertV4MiniflareOptions, Log, LogLevel, Miniflare } = await import(
  pathToFileURL(require.resolve("miniflare")).href
);

/** @type {any} */
let miniflare;

process.stdin.resume();
process.stdin.on("end", () => void end());
process.on("message", (/** @type {BoundWorkers} */ message) => void apply(message));

/**
 * The Workers, where their data is, and what a request must carry. `turn` counts these messages: the answer has it too.
 *
 * @typedef {{ turn: number, secret: string, folder: string, workers: BoundWorker[] }} BoundWorkers
 */

/** @param {BoundWorkers} message */
async function apply({ turn, secret, folder, workers: all }) {
  const { workers, problems } = servable(all);
  const options = convertV4MiniflareOptions({
    ...miniflareOptions(workers, secret, folder),
    log: new Log(LogLevel.ERROR),
    unsafeHandleRuntimeRestart: tellChildren,
  });
  try {
    if (miniflare) await miniflare.setOptions(options);
    else miniflare = new Miniflare(options);
    await miniflare.ready;
    /** @type {Record<string, string>} */
    const addresses = {};
    for (const { name } of workers) addresses[name] = String(await miniflare.unsafeGetDirectURL(name));
    tellChildren();
    process.send?.({ type: "ready", turn, addresses, problems });
  } catch (error) {
    // One that has not started fails with the same reason ever after.
    await miniflare?.dispose().catch(() => {});
    miniflare = undefined;
    process.send?.({ type: "failed", turn, message: error instanceof Error ? error.message : String(error) });
  }
}

/**
 * The Workers without the assets that cannot be served, and why not, by Worker and binding.
 *
 * @param {BoundWorker[]} all
 */
function servable(all) {
  /** @type {Record<string, Record<string, string>>} */
  const problems = {};
  const workers = all.map(({ name, bindings }) => {
    const kept = Object.entries(bindings).filter(([binding, { type, options }]) => {
      const problem = type === "assets" ? assetsProblem(options?.directory) : undefined;
      if (problem) (problems[name] ??= {})[binding] = problem;
      return !problem;
    });
    return { name, bindings: Object.fromEntries(kept) };
  });
  return { workers, problems };
}

/** @param {string} directory */
function assetsProblem(directory) {
  try {
    return folderProblem(directory);
  } catch (error) {
    return `The folder of assets ${directory} cannot be read: ${/** @type {Error} */ (error).message}.`;
  }
}

/** Where the system tells, the host ends what this process has started, should this one be killed. */
function tellChildren() {
  try {
    const pids = readFileSync(`/proc/self/task/${process.pid}/children`, "utf8").trim().split(" ").map(Number);
    process.send?.({ type: "children", children: pids.map((pid) => ({ pid, began: beginOf(pid) })) });
  } catch {
    // Not on Linux.
  }
}

async function end() {
  try {
    await miniflare?.dispose();
  } finally {
    process.exit();
  }
}
