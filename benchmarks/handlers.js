/**
 * Measures handlers: `node benchmarks/handlers.js --python PYTHON [--seconds N] [--rounds N] [--connections N] [--only NAME,…]`.
 *
 * Each server echoes a small JSON document over loopback, with connections that are kept. All servers are measured in turns
 * in the same run, by the same client: one request after the other, and then by many connections at once.
 *
 * `PYTHON` has Stepwell, and for its peer uvicorn and Starlette. workerd is measured where `stepwell bindings install` has put it.
 */

import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { measureLoad } from "./handlers/load.js";

const { values } = parseArgs({
  options: {
    python: { type: "string", default: "python3" },
    seconds: { type: "string", default: "3" },
    rounds: { type: "string", default: "3" },
    connections: { type: "string", default: "50" },
    only: { type: "string", default: "" },
    json: { type: "boolean", default: false },
  },
});
const HERE = join(import.meta.dirname, "handlers");
const BINDINGS =
  process.env.STEPWELL_BINDINGS ??
  join(process.env.XDG_DATA_HOME || join(homedir(), ".local", "share"), "stepwell", "bindings");
const START_TIMEOUT_MS = 60_000;
const WARM_UP_S = 1;
const URL_OF_SERVER = /http:\/\/[\w.]+:(\d+)[\s/]/;

/** @typedef {{ name: string, command: string[], cwd?: string, env?: Record<string, string>, ready: RegExp }} Server `ready`: finds the port */

const folder = mkdtempSync(join(tmpdir(), "stepwell-handlers-"));
const stepwell = (/** @type {string} */ name, /** @type {string} */ file) => {
  const config = join(folder, `${file}.jsonc`);
  writeFileSync(config, JSON.stringify({ name: "bench", main: join(HERE, file), compatibility_date: "2026-09-08" }));
  const state = join(folder, `${file}.sqlite`);
  const command = [values.python, "-m", "stepwell", "serve", "-c", config, "--port", "0", "--state", state];
  return { name, command, ready: URL_OF_SERVER };
};
/** @type {Server[]} */
const SERVERS = [
  { name: "node:http", command: [process.execPath, join(HERE, "bare_node.js")], ready: URL_OF_SERVER },
  { name: "uvicorn, Starlette", command: [values.python, join(HERE, "starlette_echo.py")], ready: URL_OF_SERVER },
  ...(existsSync(join(BINDINGS, "node_modules", "miniflare"))
    ? [
        {
          name: "workerd, JavaScript",
          command: [process.execPath, join(HERE, "workerd_echo.js"), BINDINGS],
          ready: URL_OF_SERVER,
        },
      ]
    : []),
  stepwell("Stepwell, JavaScript", "echo.mjs"),
  stepwell("Stepwell, Python", "echo.py"),
];

/** @typedef {{ perSecond: number, p50: number, p99: number }} Load */
/** @type {Map<string, { one: Load[], many: Load[] }>} */
const measured = new Map();
const wanted =
  values.only === ""
    ? SERVERS
    : SERVERS.filter(({ name }) => values.only.split(",").some((part) => name.includes(part)));
/** @type {(() => Promise<void>)[]} */
const stops = [];
try {
  const started = [];
  for (const server of wanted) started.push({ server, ...(await start(server)) });
  for (const { port } of started) await measureLoad(port, { connections: 4, seconds: WARM_UP_S });
  for (let round = 0; round < Number(values.rounds); round += 1) {
    for (const { server, port } of started) {
      const kept = measured.get(server.name) ?? { one: [], many: [] };
      measured.set(server.name, kept);
      kept.one.push(await measureLoad(port, { connections: 1, seconds: Number(values.seconds) }));
      kept.many.push(
        await measureLoad(port, { connections: Number(values.connections), seconds: Number(values.seconds) }),
      );
    }
  }
} finally {
  await Promise.all(stops.map((stop) => stop()));
  rmSync(folder, { recursive: true, force: true });
}
report();

/** @param {Server} server @returns {Promise<{ port: number }>} */
async function start({ name, command: [program, ...args], ready, env }) {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...env } });
  stops.push(async () => {
    if (child.exitCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGINT");
    await ended;
  });
  let text = "";
  const port = await new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${name} is not ready:\n${text}`)), START_TIMEOUT_MS);
    const read = (/** @type {Buffer} */ chunk) => {
      // What it logs later is read and dropped.
      if (text === "" || text.length < 10_000) text += String(chunk);
      const found = ready.exec(text);
      if (!found) return;
      clearTimeout(timer);
      resolve(Number(found[1]));
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    child.once("exit", (code) => reject(new Error(`${name} has ended (${code}):\n${text}`)));
  });
  return { port };
}

/** Of several rounds the one in the middle. @param {number[]} figures */
function median(figures) {
  return figures.toSorted((a, b) => a - b)[Math.floor(figures.length / 2)];
}

function report() {
  const rows = [...measured].map(([name, { one, many }]) => ({
    name,
    one: Math.round(median(one.map(({ perSecond }) => perSecond))),
    many: Math.round(median(many.map(({ perSecond }) => perSecond))),
    p50_ms: median(many.map(({ p50 }) => p50)),
    p99_ms: median(many.map(({ p99 }) => p99)),
  }));
  if (values.json) {
    process.stdout.write(`${JSON.stringify(rows)}\n`);
    return;
  }
  const head = `requests/s by ${values.connections}`;
  process.stdout.write(
    `${"".padEnd(24)}${"requests/s by 1".padStart(18)}${head.padStart(18)}${"p50, ms".padStart(10)}${"p99, ms".padStart(10)}\n`,
  );
  for (const { name, one, many, p50_ms: p50, p99_ms: p99 } of rows)
    process.stdout.write(
      `${name.padEnd(24)}${String(one).padStart(18)}${String(many).padStart(18)}${p50.toFixed(1).padStart(10)}${p99.toFixed(1).padStart(10)}\n`,
    );
}
