/**
 * Measures bindings: `node benchmarks/bindings.js --python PYTHON [--calls N] [--rounds N]`.
 *
 * A KV get and a D1 query from a Python handler, one call after the other, beside miniflare's own proxy; and how long `stepwell dev`
 * takes until the first call is answered, beside a start without bindings and miniflare's own. All in turns, in the same run.
 *
 * It needs what `stepwell bindings install` installs.
 */

import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { findInstallation, MISSING } from "../js/bindings/installation.js";

const { values } = parseArgs({
  options: {
    python: { type: "string", default: "python3" },
    calls: { type: "string", default: "500" },
    rounds: { type: "string", default: "3" },
  },
});
const HERE = join(import.meta.dirname, "bindings");
const ADDRESS = /(http:\/\/[\w.]+:\d+)[\s/]/;

const installation = findInstallation();
if (installation === undefined) throw new Error(MISSING);
const root = mkdtempSync(join(tmpdir(), "stepwell-bindings-"));
/** @typedef {{ firstMs: number, kv: number[], d1: number[] }} Figures */
/** @type {Record<string, Figures[]>} */
const measured = { "miniflare alone": [], "Stepwell, Python": [], "Stepwell, no bindings": [] };
try {
  for (let round = 0; round < Number(values.rounds); round += 1) {
    measured["miniflare alone"]?.push(await bare(round));
    measured["Stepwell, Python"]?.push(await bound(round));
    measured["Stepwell, no bindings"]?.push(await unbound(round));
  }
} finally {
  rmSync(root, { recursive: true, force: true });
}
for (const [name, rounds] of Object.entries(measured)) {
  const first = median(rounds.map(({ firstMs }) => firstMs));
  const calls = (/** @type {"kv" | "d1"} */ what) =>
    rounds[0][what].length === 0
      ? ""
      : `  ${what}: p50 ${median(rounds.flatMap((each) => each[what])).toFixed(2)}, p99 ${quantile(
          rounds.flatMap((each) => each[what]),
          0.99,
        ).toFixed(2)} ms`;
  process.stdout.write(
    `${name.padEnd(24)}first answer ${first.toFixed(0).padStart(6)} ms${calls("kv")}${calls("d1")}\n`,
  );
}

/** @param {number} round @returns {Promise<Figures>} */
async function bare(round) {
  const began = performance.now();
  const folder = join(root, `bare-${round}`);
  const child = spawn(
    process.execPath,
    [join(HERE, "bare_miniflare.js"), installation ?? "", folder, values.calls ?? ""],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  await lines.next();
  const firstMs = performance.now() - began;
  const times = JSON.parse((await lines.next()).value ?? "");
  await new Promise((resolve) => (child.exitCode === null ? child.once("exit", resolve) : resolve(undefined)));
  return { firstMs, ...times };
}

/** @param {number} round @returns {Promise<Figures>} */
async function bound(round) {
  const keys = {
    kv_namespaces: [{ binding: "KV", id: "bench" }],
    d1_databases: [{ binding: "DB", database_name: "bench", database_id: "bench" }],
  };
  return await served(`bound-${round}`, join(HERE, "bound.py"), keys, async (url, began) => {
    await fetch(`${url}/?calls=0`).then((response) => response.json());
    const firstMs = performance.now() - began;
    const times = await fetch(`${url}/?calls=${values.calls}`).then((response) => response.json());
    return { firstMs, ...times };
  });
}

/** @param {number} round @returns {Promise<Figures>} */
async function unbound(round) {
  return await served(`unbound-${round}`, join(HERE, "..", "handlers", "echo.py"), {}, async (url, began) => {
    await fetch(url, { method: "POST", body: "{}" }).then((response) => response.text());
    return { firstMs: performance.now() - began, kv: [], d1: [] };
  });
}

/**
 * What `measure` finds at a server of its own.
 *
 * @param {string} name @param {string} main @param {object} keys of the configuration
 * @param {(url: string, began: number) => Promise<Figures>} measure
 */
async function served(name, main, keys, measure) {
  const folder = join(root, name);
  mkdirSync(folder);
  const config = join(folder, "wrangler.jsonc");
  writeFileSync(config, JSON.stringify({ name: "bench", main, compatibility_date: "2026-09-08", ...keys }));
  // Outside of the folder that `dev` watches.
  const state = join(root, `${name}.sqlite`);
  const began = performance.now();
  const child = spawn(values.python, ["-m", "stepwell", "dev", "-c", config, "--port", "0", "--state", state], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  try {
    const url = await new Promise((resolve, reject) => {
      let text = "";
      const read = (/** @type {Buffer} */ chunk) => {
        text += String(chunk);
        const found = ADDRESS.exec(text);
        if (found) resolve(found[1]);
      };
      child.stdout.on("data", read);
      child.stderr.on("data", read);
      child.once("exit", (code) => reject(new Error(`stepwell dev has ended (${code}):\n${text}`)));
    });
    return await measure(url, began);
  } finally {
    child.kill("SIGINT");
    await ended;
  }
}

/** @param {number[]} times */
function median(times) {
  return quantile(times, 0.5);
}

/** @param {number[]} times @param {number} part */
function quantile(times, part) {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];
}
