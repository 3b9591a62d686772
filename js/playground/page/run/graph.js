/** The graph of the steps, laid out by dagre: buttons for the steps over drawn edges. */

import { html } from "htm/preact";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { Graph, layout } from "@dagrejs/dagre";
import { signal } from "@preact/signals";
import { host, pythonState } from "../state/connection.js";
import { Mark, stateLook } from "../parts/status.js";
import { goal } from "../editor/code_editor.js";
import { rowNote } from "./steps.js";
import { stepGraph } from "./order.js";

/** @import { Files, Graph as Declared, InstanceEvent } from "../../host.d.ts" */
/** @import { GraphStep } from "./order.js" */
/** @import { StepRow } from "./steps.js" */

const NODE = { width: 196, height: 48 };
/** A graph wider than its place is drawn smaller, down to this; beyond, it scrolls. */
const SMALLEST = 0.75;

/** The steps that the source declares, by source. @type {import("@preact/signals").Signal<{ key: unknown, graph: Declared | null }>} */
const declared = signal({ key: null, graph: null });

/**
 * @param {{
 *   rows: StepRow[], events: InstanceEvent[], now: number, source: { files: Files, main: string } | null,
 *   workflow: string, selected: string | null, onSelect: (key: string) => void,
 * }} props
 */
export function StepGraph({ rows, events, now, source, workflow, selected, onSelect }) {
  useDeclared(source, workflow);
  const graph = declared.value.graph;
  const { nodes, edges } = useMemo(() => stepGraph(rows, events, graph), [rows, events, graph]);
  // The layout is of the shape alone: a state that changes moves nothing.
  const shape = `${nodes.map(({ id }) => id).join("\n")}\n\n${edges.map(({ from, to }) => `${from}\n${to}`).join("\n")}`;
  const places = useMemo(() => arrange(nodes, edges), [shape]);
  const kinds = new Map(edges.map(({ from, to, kind }) => [`${from}\n${to}`, kind]));
  const frame = useRef(/** @type {HTMLElement | null} */ (null));
  const width = useWidth(frame);
  useLayoutEffect(() => {
    if (frame.current) frame.current.scrollLeft = (frame.current.scrollWidth - frame.current.clientWidth) / 2;
  }, [shape, width]);
  const zoom = Math.max(SMALLEST, Math.min(1, width / Math.max(1, places.width)));
  if (nodes.length === 0) return html`<p class="empty">No step is known yet.</p>`;
  return html`<div ref=${frame} class="graph" tabindex="0" role="region" aria-label="Graph of the steps">
    <div class="sheet" style=${{ width: `${places.width}px`, height: `${places.height}px`, zoom }}>
      <svg width=${places.width} height=${places.height} aria-hidden="true">
        <defs>
          <marker
            id="arrow"
            viewBox="0 0 8 8"
            refX="7"
            refY="4"
            markerWidth="7"
            markerHeight="7"
            orient="auto-start-reverse"
          >
            <path d="M1 1l6 3-6 3" class="tip" />
          </marker>
        </defs>
        ${places.edges.map(({ key, path }) => html`<path key=${key} d=${path} class="edge ${kinds.get(key) ?? "after"}" marker-end="url(#arrow)" />`)}
      </svg>
      ${nodes.map((node) => html`<${Node} key=${node.id} node=${node} at=${places.nodes.get(node.id)} now=${now} before=${before(node.id, edges)} selected=${selected} onSelect=${onSelect} />`)}
    </div>
    <p class="legend"><span class="line depends"></span> depends on <span class="line after"></span> ran after</p>
  </div>`;
}

/** @param {{ current: HTMLElement | null }} frame */
function useWidth(frame) {
  const [width, setWidth] = useState(Infinity);
  useLayoutEffect(() => {
    if (!frame.current) return undefined;
    const observer = new ResizeObserver(([entry]) => setWidth(entry?.contentRect.width ?? Infinity));
    observer.observe(frame.current);
    return () => observer.disconnect();
  }, [frame.current]);
  return width;
}

/** @param {string} id @param {import("./order.js").GraphEdge[]} edges */
function before(id, edges) {
  return edges.filter(({ to }) => to === id).map(({ from }) => from);
}

/** @param {{ node: GraphStep, at: { x: number, y: number } | undefined, now: number, before: string[], selected: string | null, onSelect: (key: string) => void }} props */
function Node({ node, at, now, before, selected, onSelect }) {
  const look = stateLook(node.state);
  const last = node.runs.at(-1);
  const note = node.runs.length > 1 ? `${node.runs.length} times` : last ? rowNote(last, now) : "not yet";
  const isSelected = node.runs.some(({ key }) => key === selected);
  const onClick = () => {
    if (last) onSelect(last.key);
    else if (node.file !== undefined) goal.value = { file: node.file, line: node.line ?? 1 };
  };
  if (!at) return null;
  return html`<button
    type="button"
    class="node tone-${look.tone} ${node.state}"
    aria-pressed=${isSelected ? "true" : "false"}
    style=${{ left: `${at.x - NODE.width / 2}px`, top: `${at.y - NODE.height / 2}px`, width: `${NODE.width}px`, height: `${NODE.height}px` }}
    onClick=${onClick}
  >
    <${Mark} look=${look} />
    <span class="name cut">${node.id}</span>
    <span class="note cut num">${note}</span>
    <span class="sr">(${look.word}${before.length > 0 ? `, after ${before.join(", ")}` : ""})</span>
  </button>`;
}

/** @param {{ files: Files, main: string } | null} source @param {string} workflow */
function useDeclared(source, workflow) {
  const [, retry] = useState(0);
  const isThere = pythonState.value === "ready";
  useEffect(() => {
    if (!source || !isThere || declared.value.key === source) return;
    void host
      .graph(source.files, source.main, workflow)
      .then((graph) => (declared.value = { key: source, graph }))
      .catch(() => (declared.value = { key: source, graph: null }))
      .then(() => retry((count) => count + 1));
  }, [source, workflow, isThere]);
}

/** @param {GraphStep[]} nodes @param {import("./order.js").GraphEdge[]} edges */
function arrange(nodes, edges) {
  // dagre's own types are lost in its bundle.
  const graph = /** @type {any} */ (new Graph());
  graph.setGraph({ rankdir: "TB", nodesep: 20, ranksep: 34, marginx: 16, marginy: 16 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const { id } of nodes) graph.setNode(id, { ...NODE });
  for (const { from, to } of edges) graph.setEdge(from, to);
  layout(graph);
  const { width = 0, height = 0 } = graph.graph();
  return {
    width: Math.ceil(width),
    height: Math.ceil(height),
    /** @type {Map<string, { x: number, y: number }>} */
    nodes: new Map(nodes.map(({ id }) => [id, graph.node(id)])),
    edges: edges.map(({ from, to }) => ({ key: `${from}\n${to}`, path: curve(graph.edge(from, to).points) })),
  };
}

/** A smooth line through the points of an edge. @param {{ x: number, y: number }[]} points */
function curve(points) {
  const [first, ...rest] = points;
  if (!first) return "";
  let path = `M${first.x} ${first.y}`;
  for (const [index, point] of rest.entries()) {
    const next = rest[index + 1];
    if (!next) path += `L${point.x} ${point.y}`;
    else path += `Q${point.x} ${point.y} ${(point.x + next.x) / 2} ${(point.y + next.y) / 2}`;
  }
  return path;
}
