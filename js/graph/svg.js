/** A graph as a picture: SVG that stands alone, in light and dark, with a title and a description. */

/** @import { Graph } from "./graph.d.ts" */
/** @import { Arrow, Box } from "./boxes.js" */

import { curve, tenths } from "./curve.js";
import { cut, visible } from "./labels.js";
import { layoutGraph } from "./layout.js";
import { drawText } from "./text.js";

/** Containers, which have their title in a corner. */
export const FRAMES = new Set([
  "loop",
  "parallel",
  "block",
  "try",
  "catch",
  "finally",
  "if",
  "switch",
  "function",
  "callback",
]);

/** Characters of a line of the description. */
const DESCRIPTION_WIDTH = 120;
const LONGEST_DESCRIPTION = 8000;

const STYLE = `
  .graph { --bg: #ffffff; --text: #15201e; --muted: #51605c; --line: #dbe1df; --edge: #76827f; --box: #ffffff; --frame: #f4f6f5;
    --step: #1a58ad; --sleep: #51605c; --wait: #774800; --call: #0b6b62; --end: #67389f; --bad: #ae231b; }
  @media (prefers-color-scheme: dark) {
    .graph { --bg: #161c1b; --text: #e3eae8; --muted: #a3b1ad; --line: #2a3432; --edge: #75837f; --box: #1d2423; --frame: #19201e;
      --step: #8abbff; --sleep: #a3b1ad; --wait: #f1c26c; --call: #58c9ba; --end: #cdaef5; --bad: #ffa49b; }
  }
  .graph text { font-family: system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; fill: var(--text); }
  .graph .name { font-size: 13px; font-weight: 600; }
  .graph .note, .graph .label, .graph .corner { font-size: 11px; fill: var(--muted); }
  .graph .label { paint-order: stroke; stroke: var(--frame); stroke-width: 5px; stroke-linejoin: round; }
  .graph .box { fill: var(--box); stroke: var(--line); }
  .graph .frame { fill: var(--frame); fill-opacity: 0.6; stroke: var(--edge); stroke-dasharray: 4 3; }
  .graph .frame.function, .graph .frame.try { stroke-dasharray: none; }
  .graph .mark { fill: var(--tone); }
  .graph .step_do { --tone: var(--step); }
  .graph .step_sleep, .graph .step_sleep_until { --tone: var(--sleep); }
  .graph .step_wait_for_event { --tone: var(--wait); }
  .graph .function_call { --tone: var(--call); }
  .graph .break { --tone: var(--end); }
  .graph .error { --tone: var(--bad); }
  .graph .dynamic .box { stroke-dasharray: 4 3; stroke: var(--edge); }
  .graph .edge { fill: none; stroke: var(--edge); stroke-width: 1.5; }
  .graph .tip { fill: none; stroke: var(--edge); stroke-width: 1.2; }
  .graph .under { fill: var(--bg); }`;

/** @param {Graph} graph @returns {string} */
export function drawSvg(graph) {
  const { width, height, boxes, arrows } = layoutGraph(graph);
  const [w, h] = [Math.ceil(width), Math.ceil(height)];
  const name = visible(graph.workflow.class_name);
  const description = cut(drawText(graph, DESCRIPTION_WIDTH), LONGEST_DESCRIPTION);
  return `<svg xmlns="http://www.w3.org/2000/svg" class="graph" viewBox="0 0 ${w} ${h}" width="${w}" height="${h}" role="img" aria-labelledby="graph-title graph-description">
<title id="graph-title">${escape(`Steps of the workflow ${name}`)}</title>
<desc id="graph-description">${escape(description)}</desc>
<style>${STYLE}
</style>
<defs><marker id="graph-tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto-start-reverse"><path d="M1 1l6 3-6 3" class="tip"/></marker></defs>
<rect class="under" width="${w}" height="${h}"/>
${boxes.map(drawBox).join("\n")}
${arrows.map(drawArrow).join("\n")}
</svg>
`;
}

/** @param {Box} box @returns {string} */
function drawBox(box) {
  const { shape, x, y, width, height, full, path, dynamic } = box;
  const place = path ? ` data-path="${escape(pathText(path))}"` : "";
  const classes = `${shape}${dynamic ? " dynamic" : ""}`;
  const isFrame = FRAMES.has(shape);
  const inside = isFrame ? frameParts(box) : boxParts(box);
  const rect = `<rect class="${isFrame ? `frame ${shape}` : "box"}" x="${tenths(x)}" y="${tenths(y)}" width="${tenths(width)}" height="${tenths(height)}" rx="${radius(shape, height)}"/>`;
  const hint = full ? `<title>${escape(full)}</title>` : "";
  return `<g class="node ${classes}"${place}>${hint}${rect}${inside}</g>`;
}

/** A path as JSON, in characters that every XML parser takes. @param {import("./graph.d.ts").NodePath} path */
function pathText(path) {
  return JSON.stringify(path).replaceAll(
    /\p{Cc}/gu,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** @param {string} shape @param {number} height */
function radius(shape, height) {
  if (shape === "start" || shape === "break" || shape === "nothing") return tenths(height / 2);
  return shape.startsWith("step_sleep") ? "14" : "6";
}

/** @param {Box} box */
function frameParts({ x, y, title }) {
  return title ? `<text class="corner" x="${tenths(x + 12)}" y="${tenths(y + 17)}">${escape(title)}</text>` : "";
}

/** @param {Box} box */
function boxParts({ shape, x, y, width, height, title, note }) {
  const middle = y + height / 2;
  const isPlain = shape === "start" || shape === "choice" || shape === "nothing";
  const mark = isPlain
    ? ""
    : `<rect class="mark" x="${tenths(x)}" y="${tenths(y + 8)}" width="4" height="${tenths(height - 16)}" rx="2"/>`;
  const at = tenths(x + width / 2 + (isPlain ? 0 : 2));
  const name = `<text class="${shape === "nothing" ? "note" : "name"}" x="${at}" y="${tenths(note ? middle - 4 : middle + 4.5)}" text-anchor="middle">${escape(title)}</text>`;
  return `${mark}${name}${note ? `<text class="note" x="${at}" y="${tenths(middle + 13)}" text-anchor="middle">${escape(note)}</text>` : ""}`;
}

/** @param {Arrow} arrow @returns {string} */
function drawArrow({ points, label, full }) {
  const line = `<path class="edge" d="${curve(points)}" marker-end="url(#graph-tip)"/>`;
  if (!label) return line;
  const middle = points[Math.floor(points.length / 2)] ?? { x: 0, y: 0 };
  const at = `x="${tenths(middle.x)}" y="${tenths(middle.y + 4)}"`;
  return `${line}<text class="label" ${at} text-anchor="middle"><title>${escape(full)}</title>${escape(label)}</text>`;
}

/** @param {string} text */
function escape(text) {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}
