/** The diagram of the source with what has run in it: buttons for steps and calls over frames and arrows. */

import { html } from "htm/preact";
import { useMemo } from "preact/hooks";
import { curve } from "../../graph/curve.js";
import { labelOf } from "../../graph/labels.js";
import { layoutGraph } from "../../graph/layout.js";
import { nodeAt } from "../../graph/node_of_step.js";
import { Mark, stateLook } from "../parts/status.js";
import { page } from "../page.js";
import { keyOf, runsAt, surroundings } from "./node_runs.js";
import { worst } from "./order.js";
import { Sheet } from "./sheet.js";
import { rowNote } from "./steps.js";

/** @import { Box } from "../../graph/boxes.js" */
/** @import { NodeRuns } from "./node_runs.js" */
/** @import { StepRow } from "./steps.js" */

/** Boxes of steps have room for a mark and for how far the step is. */
const LEAST = { width: 176, height: 48 };
/** Boxes that are buttons. */
const STEPS = new Set(["step_do", "step_sleep", "step_sleep_until", "step_wait_for_event", "function_call"]);
/** Boxes that are no frames, and that nothing happens to. */
const PLAIN = new Set(["start", "choice", "nothing", "break"]);

/** `isPlan`: there is no run, only the source. @typedef {{ now: number, isOver: boolean, isPlan?: boolean, selected: string | null, onSelect: (key: string) => void }} Shared */

/** @param {Shared & { known: NodeRuns }} props */
export function SourceGraph({ known, ...shared }) {
  const { graph } = known;
  // A state that changes moves nothing: the layout is of the source, and of the names of other steps.
  const shape = useMemo(() => JSON.stringify(graph), [graph]);
  const { boxes, arrows, width, height } = useMemo(() => layoutGraph(graph, LEAST), [shape]);
  const lines = arrows.map(
    ({ points, label, full }, index) =>
      html`<g key=${index}>
        <path d=${curve(points)} class="edge" marker-end="url(#arrow)" />
        ${label && html`<text class="condition" ...${middle(points)} text-anchor="middle"><title>${full}</title>${label}</text>`}
      </g>`,
  );
  return html`<${Sheet} width=${Math.ceil(width)} height=${Math.ceil(height)} shape=${shape} edges=${lines}>
    ${boxes.map((box, index) => html`<${BoxOf} key=${box.path ? keyOf(box.path) : index} box=${box} known=${known} ...${shared} />`)}
  <//>`;
}

/** @param {{ x: number, y: number }[]} points */
function middle(points) {
  const { x, y } = points[Math.floor(points.length / 2)] ?? { x: 0, y: 0 };
  return { x, y: y + 4 };
}

/** @param {Shared & { box: Box, known: NodeRuns }} props */
function BoxOf({ box, ...rest }) {
  const { shape, x, y, width, height, title, full, path } = box;
  const style = { left: `${x}px`, top: `${y}px`, width: `${width}px`, height: `${height}px` };
  if (path && STEPS.has(shape)) return html`<${StepBox} box=${box} path=${path} style=${style} ...${rest} />`;
  const kind = PLAIN.has(shape) || shape === "error" ? "plain" : "surround";
  return html`<div class="${kind} ${shape}" style=${style} title=${full}><span class="cut">${title}</span></div>`;
}

/** @param {Shared & { box: Box, path: import("../../graph/graph.d.ts").NodePath, style: object, known: NodeRuns }} props */
function StepBox({ box, path, style, known, now, isOver, isPlan = false, selected, onSelect }) {
  const node = nodeAt(known.graph, path);
  const runs = runsAt(known, path);
  const state = runs.length > 0 ? worst(runs) : "pending";
  const look = stateLook(state);
  const word = isPlan ? "" : runs.length === 0 && isOver ? "did not run" : look.word;
  const at = runs.findIndex(({ key }) => key === selected);
  // The last one first; of several, the next click has the one before.
  const next = at > 0 ? runs[at - 1] : runs.at(-1);
  const onClick = () => {
    if (next) onSelect(next.key);
    else if (node.at) page.editor?.goTo({ file: node.at.file, line: node.at.line });
  };
  const around = [
    ...surroundings(known.graph, path),
    ...(node.depends ? [`depends on ${node.depends.join(", ")}`] : []),
  ];
  return html`<button
    type="button"
    class="node tone-${look.tone} ${state}"
    aria-pressed=${at >= 0 ? "true" : "false"}
    style=${style}
    title=${box.full}
    onClick=${onClick}
  >
    <${Mark} look=${look} />
    <span class="name cut">${box.title}</span>
    <span class="note cut num">${noteOf(node, runs, at, now, word)}</span>
    <span class="sr">(${[word, ...around].filter((each) => each !== "").join(", ")})</span>
  </button>`;
}

/** How far a node is. @param {any} node @param {StepRow[]} runs @param {number} at the one of the runs that is selected @param {number} now @param {string} word */
function noteOf(node, runs, at, now, word) {
  const chosen = runs[at] ?? (runs.length === 1 ? runs[0] : undefined);
  const { kind } = labelOf(node);
  if (chosen && node.type !== "function_call")
    return `${runs.length > 1 ? `${at + 1} of ${runs.length}: ` : ""}${rowNote(chosen, now)}`;
  if (runs.length === 0) return kind === "step" ? word : word === "" ? kind : `${kind} · ${word}`;
  const open = runs.filter(({ end }) => end === null).length;
  const count =
    node.type === "function_call" ? `${runs.length} ${runs.length === 1 ? "step" : "steps"}` : `${runs.length} times`;
  return open > 0 ? `${count}, ${open} under way` : count;
}
