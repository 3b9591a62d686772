/**
 * How long people wait for the playground: `node benchmarks/playground.js [--times N] [TREE]…`. Prints the table of
 * docs/playground.md.
 *
 * Opens the page of each tree (absent: this one) and starts a workflow of one step as soon as its form lets it: on a first
 * visit, with a profile that has seen nothing; again in the same browser; and in a browser that was started anew with the
 * profile. The floor is a page that only loads Pyodide into a worker, without snapshot, and adds two numbers; it is opened in the
 * same way, and all take turns. The browser itself runs already, as people's do.
 */

import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Browser } from "./browser.js";
import { toFragment } from "../js/playground/page/files/share.js";
import { ISOLATION } from "../js/playground/server/policy.js";

const HERE = fileURLToPath(new URL("..", import.meta.url));
const PYODIDE = join(HERE, "node_modules/pyodide");
const FLOW = `from workers import WorkflowEntrypoint


class Flow(WorkflowEntrypoint):
    async def run(self, event, step):
        @step.do("one")
        async def one():
            return 1

        return await one()
`;
const FLOOR_PAGE = `<!doctype html><html lang="en"><title>Floor</title><link rel="icon" href="data:," /><body><p>…</p>
<script type="module">
  new Worker("v/floor.js", { type: "module" }).onmessage = () => (marks.done = performance.now());
</script></body></html>`;
const FLOOR_WORKER = `
import { loadPyodide } from "./pyodide.mjs";
postMessage((await loadPyodide()).runPython("1 + 1"));`;
/** What is told of the page, in the order in which it comes. */
const PHASES = /** @type {const} */ (["paint", "engine", "python", "done"]);
const VISITS = /** @type {const} */ (["first", "again", "restarted"]);

/** @typedef {{ name: string, first: string, later: string }} Subject addresses of the first visit and of those after it */
/** @import { Times } from "./browser.js" */

const { values, positionals } = parseArgs({
  options: { times: { type: "string", default: "5" } },
  allowPositionals: true,
});
const trees = positionals.length > 0 ? positionals.map((tree) => resolve(tree)) : [HERE];
/** @type {{ end: () => void }[]} */
const servers = [];
try {
  const floor = await serveFloor();
  /** @type {Subject[]} */
  const subjects = [{ name: "floor", first: floor, later: floor }];
  const link = await toFragment({ files: { "flow.py": FLOW }, main: "flow.py" });
  for (const tree of trees) {
    const url = await serveTree(tree);
    subjects.push({ name: basename(tree), first: url + link, later: url });
  }
  /** @type {Map<string, Times[]>} */
  const found = new Map();
  for (let i = 0; i < Number(values.times); i++) {
    for (const subject of subjects) {
      const all = await visits(subject);
      for (const visit of VISITS) {
        const key = `${subject.name} ${visit}`;
        found.set(key, [...(found.get(key) ?? []), all[visit]]);
      }
    }
  }
  print(
    subjects.map(({ name }) => name),
    found,
  );
} finally {
  for (const server of servers) server.end();
}

/** @param {Subject} subject @returns {Promise<Record<typeof VISITS[number], Times>>} */
async function visits({ first, later }) {
  const profile = mkdtempSync(join(tmpdir(), "stepwell-visits-"));
  try {
    let browser = await Browser.start(profile);
    const times = { first: await browser.visit(first), again: await browser.visit(later) };
    await browser.end();
    browser = await Browser.start(profile);
    const restarted = await browser.visit(later);
    await browser.end();
    return { ...times, restarted };
  } finally {
    rmSync(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
}

/** The playground of another tree, or of ours. @param {string} tree */
async function serveTree(tree) {
  const server = spawn(process.execPath, [join(tree, "js/playground/server/main.js"), "--port", "0"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  servers.push({ end: () => server.kill() });
  for await (const line of createInterface({ input: server.stdout })) {
    const { ready, error } = JSON.parse(line);
    if (ready === undefined) throw new Error(`${tree}: ${JSON.stringify(error)}`);
    return /** @type {string} */ (ready.url ?? ready);
  }
  throw new Error(`${tree}: the server has ended.`);
}

/** @returns {Promise<string>} */
async function serveFloor() {
  const types = { js: "text/javascript", mjs: "text/javascript", wasm: "application/wasm", json: "application/json" };
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? "/", "http://floor/").pathname;
    const name = basename(path);
    const type = types[/** @type {keyof typeof types} */ (name.slice(name.lastIndexOf(".") + 1))];
    const body = path === "/" ? FLOOR_PAGE : name === "floor.js" ? FLOOR_WORKER : readFileSync(join(PYODIDE, name));
    response.writeHead(200, {
      ...ISOLATION,
      "Content-Type": path === "/" ? "text/html" : (type ?? "application/octet-stream"),
      "Cache-Control": path === "/" ? "no-cache" : "public, max-age=31536000, immutable",
    });
    response.end(body);
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", () => done(undefined)));
  servers.push({ end: () => server.close(() => {}) });
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return `http://127.0.0.1:${port}/`;
}

/** @param {string[]} names @param {Map<string, Times[]>} found */
function print(names, found) {
  say(`| ms | ${[...PHASES, "renderer CPU", "CPU"].join(" | ")} | of the floor |`);
  say(`| --- |${" --- |".repeat(PHASES.length + 3)}`);
  const of = (/** @type {string} */ key, /** @type {keyof Times} */ what) =>
    (found.get(key) ?? []).map((times) => times[what] ?? Number.NaN);
  for (const visit of VISITS) {
    for (const name of names) {
      const key = `${name} ${visit}`;
      const cells = [...PHASES, "renderer", "cpu"].map((phase) => range(of(key, /** @type {any} */ (phase))));
      const ratio = median(of(key, "done")) / median(of(`floor ${visit}`, "done"));
      say(`| ${key} | ${cells.join(" | ")} | ${ratio.toFixed(2)} |`);
    }
  }
}

/** @param {number[]} numbers */
function range(numbers) {
  if (numbers.some((number) => Number.isNaN(number))) return "";
  const [least, most] = [Math.min(...numbers), Math.max(...numbers)];
  return `${median(numbers).toFixed(0)} (${least.toFixed(0)}–${most.toFixed(0)})`;
}

/** @param {number[]} numbers */
function median(numbers) {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
}

/** @param {string} line */
function say(line) {
  process.stdout.write(`${line}\n`);
}
