/** The diagram of the source with what has run in it: buttons for steps and calls over frames and arrows. */

import { html } from "htm/preact";
import { useMemo } from "preact/hooks";
import { curve } from "../../graph/curve.js";
import { labelOf } from "../../graph/labels.js";
import { layoutGraph } from "../../graph/layout.js";
import { nodeAt } from "../../graph/node_of_step.js";
import { duration, plural } from "../format.js";
import { Mark, stateLook } from "../parts/status.js";
import * as act from "./actions.js";
import { criticalPath, savings } from "./critical_path.js";
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

/**
 * `isPlan`: there is no run, only the source. `instance`: what can be acted on. `critical`: keys of the steps that the time was
 * made of.
 *
 * @typedef {object} Shared
 * @property {number} now
 * @property {boolean} isOver
 * @property {boolean} [isPlan]
 * @property {{ workflow: string, id: string } | null} [instance]
 * @property {Set<string>} [critical]
 * @property {string | null} selected
 * @property {(key: string) => void} onSelect
 */

/** @param {Shared & { known: NodeRuns, rows?: StepRow[] }} props */
export function SourceGraph({ known, rows = [], ...shared }) {
  const { graph } = known;
  const path = useMemo(() => criticalPath(rows, shared.now), [rows]);
  const saved = useMemo(() => savings(graph, rows), [graph, rows]);
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
  const legend = rows.length > 1 && html`<${Legend} path=${path} saved=${saved} />`;
  const areas = boxes.filter(({ shape: kind, path: own }) => own && STEPS.has(kind)).map((box) => areaOf(box, known));
  return html`<${Sheet}
    width=${Math.ceil(width)}
    height=${Math.ceil(height)}
    shape=${shape}
    edges=${lines}
    legend=${legend}
    areas=${areas}
  >
    ${boxes.map((box, index) => html`<${BoxOf} key=${box.path ? keyOf(box.path) : index} box=${box} known=${known} critical=${path.keys} ...${shared} />`)}
  <//>`;
}

/** A box on the map. @param {Box} box @param {NodeRuns} known */
function areaOf({ x, y, width, height, path }, known) {
  const runs = path ? runsAt(known, path) : [];
  return { x, y, width, height, tone: stateLook(runs.length > 0 ? worst(runs) : "pending").tone };
}

/** @param {{ path: ReturnType<typeof criticalPath>, saved: ReturnType<typeof savings> }} props */
function Legend({ path, saved }) {
  return html`<div class="legend">
    <span class="critical-sign" aria-hidden="true"></span>
    <span>${plural(path.keys.size, "step")} one after the other: ${duration(path.ms)}</span>
    ${saved.map(({ name, ms }) => html`<span key=${name} class="tone-wait">concurrent=True on <b>${name}</b> would save ${duration(ms)}</span>`)}
  </div>`;
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
function StepBox({ box, path, style, known, now, isOver, isPlan = false, instance, critical, selected, onSelect }) {
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
  const isCritical = runs.some(({ key }) => critical?.has(key));
  return html`<button
      type="button"
      class="node tone-${look.tone} ${state} ${isCritical ? "critical" : ""}"
      aria-pressed=${at >= 0 ? "true" : "false"}
      style=${style}
      title=${box.full}
      onClick=${onClick}
    >
      <${Mark} look=${look} />
      <span class="name cut">${box.title}</span>
      <span class="note cut num">${noteOf(node, runs, at, now, word)}</span>
      <span class="sr">(${[word, ...around].filter((each) => each !== "").join(", ")})</span>
    </button>
    ${instance && html`<${NodeAction} runs=${runs} instance=${instance} box=${box} />`}`;
}

/** What can be done about a node that waits: beside its box, since it is a button itself. @param {{ runs: StepRow[], instance: { workflow: string, id: string }, box: Box }} props */
function NodeAction({ runs, instance, box: { x, y, width, height } }) {
  const open = runs.find(({ state }) => state === "waiting" || state === "sleeping" || state === "retrying");
  if (!open || open.detail.type === "termination") return null;
  const { detail } = open;
  const style = { left: `${x + width}px`, top: `${y + height}px` };
  const [label, run] =
    detail.type === "waitForEvent"
      ? [`Send ${detail.event_type}…`, () => act.sendEvent(instance, detail.event_type)]
      : ["Skip the wait", () => act.skip(instance, detail.name)];
  return html`<button type="button" class="button small nodeaction" style=${style} onClick=${run}>
    ${label}<span class="sr"> for ${detail.name}</span>
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
