/**
 * Runs a query that people have written, in a process of its own over tables in its memory: a query without end, or one that
 * takes all memory, ends that process, and nothing that it does reaches the state.
 */

/** @import { Tables } from "./tables.js" */

import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("main.js", import.meta.url));
const TIMEOUT_MS = 10_000;
const LARGEST_ANSWER_BYTES = 64 * 1024 * 1024;

/**
 * @param {Tables} tables
 * @param {{ sql: string, params: unknown[] }} query
 * @param {number} [timeoutMs]
 * @returns {Promise<{ columns: string[], rows: unknown[][] } | { error: string }>}
 */
export function queryTables(tables, query, timeoutMs = TIMEOUT_MS) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ["--no-warnings", "--max-old-space-size=512", MAIN], {
      stdio: ["pipe", "pipe", "ignore"],
      timeout: timeoutMs,
      killSignal: "SIGKILL",
    });
    /** @type {Buffer[]} */
    const chunks = [];
    let bytes = 0;
    child.stdout.on("data", (/** @type {Buffer} */ chunk) => {
      bytes += chunk.length;
      if (bytes > LARGEST_ANSWER_BYTES) child.kill("SIGKILL");
      else chunks.push(chunk);
    });
    // It may have died before it has read everything; its exit code says so.
    child.stdin.on("error", () => {});
    child.on("error", reject);
    child.on("close", (code) =>
      resolve(code === 0 ? JSON.parse(Buffer.concat(chunks).toString("utf8")) : { error: tooMuch(timeoutMs) }),
    );
    child.stdin.end(JSON.stringify({ ...tables, ...query }));
  });
}

/** @param {number} timeoutMs */
function tooMuch(timeoutMs) {
  return `The query was stopped: it takes longer than ${timeoutMs / 1000} s, or its answer is too large. Add a LIMIT.`;
}
