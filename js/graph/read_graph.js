/**
 * The graph of a workflow's source, for a host.
 *
 * A process of its own reads the source: Python for Python, Node for JavaScript and TypeScript. So a source that a
 * parser cannot stand ends that process and not the host, and reading does not hold up the host's event loop.
 */

/** @import { Graph } from "./graph.d.ts" */

import { spawn } from "node:child_process";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";

const PYTHON_PACKAGE = fileURLToPath(new URL("../../py/workflow_graph", import.meta.url));
const MAIN = fileURLToPath(new URL("main.js", import.meta.url));
const TIMEOUT_MS = 20_000;
const LARGEST_GRAPH_BYTES = 64 * 1024 * 1024;

/**
 * A project: a folder with its main file, or all its files by their path. `className`: the workflow; without it the only
 * one of the main file.
 *
 * @typedef {{ root: string, main: string, className?: string } | { files: Record<string, string>, main: string, className?: string }} GraphSource
 */
/** `graph` is null where the file has none or several workflows and none is named. @typedef {{ classes: string[], graph: Graph | null, error?: SourceProblem }} SourceGraph */
/** Why the main file cannot be read. @typedef {{ message: string, file: string, line: number, column: number }} SourceProblem */

/**
 * Read the graph of a workflow. A source that cannot be drawn gives a graph with a node that says why.
 *
 * @param {GraphSource} source
 * @param {{ python?: string, timeoutMs?: number }} [options] `python`: the Python that reads Python
 * @returns {Promise<SourceGraph>}
 */
export async function readGraph(
  source,
  { python = process.env.STEPWELL_HOST_PYTHON ?? "python3", timeoutMs = TIMEOUT_MS } = {},
) {
  const isPython = extname(source.main) === ".py";
  const [command, ...parameters] = isPython
    ? [python, "-I", PYTHON_PACKAGE]
    : [process.execPath, "--no-warnings", MAIN];
  const answer = await run(command, parameters, JSON.stringify(source), timeoutMs);
  if (answer !== null) return JSON.parse(answer);
  const error = { message: "The source is too complex to be read", file: source.main, line: 1, column: 1 };
  return { classes: [], graph: source.className === undefined ? null : failedGraph(source.className, error), error };
}

/** @param {string} className @param {SourceProblem} error @returns {Graph} */
function failedGraph(className, error) {
  const name = `${error.message} (${error.file}, line ${error.line}, column ${error.column})`;
  return {
    version: 1,
    workflow: { class_name: className, functions: {}, nodes: [{ type: "function_call", name, error }] },
  };
}

/**
 * @param {string} command
 * @param {string[]} parameters
 * @param {string} input
 * @param {number} timeoutMs
 * @returns {Promise<string | null>} what it prints; null where it dies, or takes too long
 */
function run(command, parameters, input, timeoutMs) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, parameters, {
      stdio: ["pipe", "pipe", "ignore"],
      timeout: timeoutMs,
      killSignal: "SIGKILL",
    });
    /** @type {Buffer[]} */
    const chunks = [];
    let bytes = 0;
    child.stdout.on("data", (/** @type {Buffer} */ chunk) => {
      bytes += chunk.length;
      chunks.push(chunk);
      if (bytes > LARGEST_GRAPH_BYTES) child.kill("SIGKILL");
    });
    // It may have died before it has read everything; its exit code says so.
    child.stdin.on("error", () => {});
    child.on("error", reject);
    child.on("close", (code) => resolve(code === 0 ? Buffer.concat(chunks).toString("utf8") : null));
    child.stdin.end(input);
  });
}
