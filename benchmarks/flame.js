/**
 * A flame graph of a V8 profile, as an SVG that needs nothing else: `node benchmarks/flame.js IN.cpuprofile OUT.svg [TITLE]`.
 *
 * `node --cpu-prof` writes such profiles, one for each thread; `calls.js` one of Python's calls. Width is time on the processor, or a
 * number of calls; callers stand above what they call. What the thread has waited is left out. Functions of Pyodide's WebAssembly are called by the names under which it exports them; those
 * that have none are drawn as part of who called them.
 */

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const WIDTH = 1200;
const ROW = 16;
const HEAD = 28;
/** Narrower boxes, in px, are left out: they would make most of the file. */
const LEAST = 0.8;
const LETTER = 6.2;
const WAITING = new Set(["(idle)", "(program)"]);
const WASM = join(fileURLToPath(new URL("..", import.meta.url)), "node_modules/pyodide/pyodide.asm.wasm");
/** Our packages as they are mounted in the guest. */
const OURS = /site-packages\/(_stepwell|_workflows|workers)/;
const EXPORTS = 7;
const FUNCTION = 0;

/** @typedef {{ name: string, kind: string, total: number, children: Map<string, Frame> }} Frame */

const [input, output, title = ""] = process.argv.slice(2);
if (!output) {
  process.stderr.write("usage: node benchmarks/flame.js IN.cpuprofile OUT.svg [TITLE]\n");
  process.exit(2);
}
const profile = JSON.parse(readFileSync(input, "utf8"));
const unit = profile.unit ?? "ms on the processor";
writeFileSync(output, draw(collapse(profile)));

/** One tree in which the same call path is there once. @param {any} profile @returns {Frame} */
function collapse({ nodes, samples, timeDeltas }) {
  const names = exportedNames(WASM);
  const byId = new Map(nodes.map((/** @type {any} */ node) => [node.id, node]));
  for (const node of nodes) for (const child of node.children ?? []) byId.get(child).parent = node;
  const root = frame("all", "root");
  samples.forEach((/** @type {number} */ id, /** @type {number} */ i) => {
    const path = [];
    for (let node = byId.get(id); node?.parent; node = node.parent) path.unshift(describe(node.callFrame, names));
    if (path.length === 0 || WAITING.has(path[0].name)) return;
    const time = timeDeltas[i] / 1000;
    root.total += time;
    let at = root;
    for (const { name, kind } of path) {
      // An interpreter calls itself over and over: one box says as much.
      if (name === "" || name === at.name) continue;
      if (!at.children.has(name)) at.children.set(name, frame(name, kind));
      at = /** @type {Frame} */ (at.children.get(name));
      at.total += time;
    }
  });
  return root;
}

/** @param {string} name @param {string} kind @returns {Frame} */
function frame(name, kind) {
  return { name, kind, total: 0, children: new Map() };
}

/** @param {any} callFrame @param {Map<number, string>} names */
function describe({ functionName, url, lineNumber }, names) {
  const [, index] = /^wasm-function\[(\d+)\]$/.exec(functionName) ?? [];
  if (index) return { name: names.get(Number(index)) ?? "", kind: "wasm" };
  const file = url.split("/").at(-1);
  if (functionName.startsWith("(")) return { name: functionName, kind: "engine" };
  // Green is ours, orange Pyodide, blue Node, violet what is neither, red V8 itself.
  const kind = url.startsWith("node:")
    ? "node"
    : /node_modules|python\d|\.zip/.test(url) && !OURS.test(url)
      ? "package"
      : "own";
  return { name: `${functionName || `function ${file}:${lineNumber + 1}`}`, kind };
}

/** The names of the functions that a WebAssembly module exports, by index. @param {string} path */
function exportedNames(path) {
  const bytes = readFileSync(path);
  /** @type {Map<number, string>} */
  const names = new Map();
  let at = 8;
  const number = () => {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = bytes[at++];
      value += (byte & 127) * shift;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const section = bytes[at++];
    const size = number();
    const end = at + size;
    for (let count = section === EXPORTS ? number() : 0; count > 0; count--) {
      const length = number();
      const name = bytes.toString("utf8", at, at + length);
      at += length;
      const kind = bytes[at++];
      const index = number();
      if (kind === FUNCTION) names.set(index, name);
    }
    at = end;
  }
  return names;
}

/** @param {Frame} root */
function draw(root) {
  /** @type {string[]} */
  const boxes = [];
  let deepest = 0;
  /** @param {Frame} at @param {number} left @param {number} depth */
  const place = (at, left, depth) => {
    const width = (WIDTH * at.total) / root.total;
    if (width < LEAST) return;
    deepest = Math.max(deepest, depth);
    const share = ((100 * at.total) / root.total).toFixed(1);
    const shown = at.name.slice(0, Math.max(0, Math.floor((width - 4) / LETTER)));
    const text =
      shown.length > 2 ? `<text x="${(left + 3).toFixed(1)}" y="${depth * ROW + 12}">${escape(shown)}</text>` : "";
    boxes.push(
      `<g><title>${escape(at.name)}: ${share} %, ${number(at.total)} ${unit}</title>` +
        `<rect class="${at.kind}" x="${left.toFixed(1)}" y="${depth * ROW}" width="${width.toFixed(1)}" height="${ROW - 1}"/>${text}</g>`,
    );
    let next = left;
    for (const child of [...at.children.values()].toSorted((a, b) => b.total - a.total)) {
      place(child, next, depth + 1);
      next += (WIDTH * child.total) / root.total;
    }
  };
  place(root, 0, 0);
  const height = HEAD + (deepest + 1) * ROW;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" role="img">
<title>${escape(title)}</title>
<style>
svg { background: #fff; } text { font: 10px ui-monospace, monospace; fill: #1f2328; } text.head { font: 600 13px system-ui, sans-serif; }
rect { stroke: #fff; stroke-width: 0.5; } .root { fill: #d0d7de; } .own { fill: #7bc47f; } .node { fill: #9fc5e8; } .package { fill: #c9b6e4; }
.wasm { fill: #f6c177; } .engine { fill: #e5a5a5; }
</style>
<text class="head" x="4" y="18">${escape(title)} — ${number(root.total)} ${escape(unit)}</text>
<g transform="translate(0 ${HEAD})">
${boxes.join("\n")}
</g>
</svg>
`;
}

/** @param {number} value */
function number(value) {
  return value.toFixed(value < 1000 ? 1 : 0);
}

/** @param {string} text */
function escape(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
