/** The graph of a run whose source cannot be drawn: its steps, joined by what came after what. */

import { html } from "htm/preact";
import { useMemo } from "preact/hooks";
import { Graph, layout } from "@dagrejs/dagre";
import { curve } from "../../graph/curve.js";
import { Mark, stateLook } from "../parts/status.js";
import { Sheet } from "./sheet.js";
import { rowNote } from "./steps.js";

/** @import { GraphEdge, GraphStep } from "./order.js" */

const NODE = { width: 196, height: 48 };

/**
 * @param {{ nodes: GraphStep[], edges: GraphEdge[], now: number, selected: string | null, onSelect: (key: string) => void }} props
 */
export function RunGraph({ nodes, edges, now, selected, onSelect }) {
  // The layout is of the shape alone: a state that changes moves nothing.
  const shape = `${nodes.map(({ id }) => id).join("\n")}\n\n${edges.map(({ from, to }) => `${from}\n${to}`).join("\n")}`;
  const places = useMemo(() => arrange(nodes, edges), [shape]);
  const lines = places.edges.map(
    ({ key, path }) => html`<path key=${key} d=${path} class="edge after" marker-end="url(#arrow)" />`,
  );
  const legend = html`<p class="legend"><span class="line after"></span> ran after</p>`;
  return html`<${Sheet} width=${places.width} height=${places.height} shape=${shape} edges=${lines} legend=${legend}>
    ${nodes.map((node) => html`<${Node} key=${node.id} node=${node} at=${places.nodes.get(node.id)} now=${now} before=${before(node.id, edges)} selected=${selected} onSelect=${onSelect} />`)}
  <//>`;
}

/** @param {string} id @param {GraphEdge[]} edges */
function before(id, edges) {
  return edges.filter(({ to }) => to === id).map(({ from }) => from);
}

/** @param {{ node: GraphStep, at: { x: number, y: number } | undefined, now: number, before: string[], selected: string | null, onSelect: (key: string) => void }} props */
function Node({ node, at, now, before, selected, onSelect }) {
  const look = stateLook(node.state);
  const last = node.runs.at(-1);
  if (!at || !last) return null;
  const note = node.runs.length > 1 ? `${node.runs.length} times` : rowNote(last, now);
  const isSelected = node.runs.some(({ key }) => key === selected);
  return html`<button
    type="button"
    class="node tone-${look.tone} ${node.state}"
    aria-pressed=${isSelected ? "true" : "false"}
    style=${{ left: `${at.x - NODE.width / 2}px`, top: `${at.y - NODE.height / 2}px`, width: `${NODE.width}px`, height: `${NODE.height}px` }}
    onClick=${() => onSelect(last.key)}
  >
    <${Mark} look=${look} />
    <span class="name cut">${node.id}</span>
    <span class="note cut num">${note}</span>
    <span class="sr">(${look.word}${before.length > 0 ? `, after ${before.join(", ")}` : ""})</span>
  </button>`;
}

/** @param {GraphStep[]} nodes @param {GraphEdge[]} edges */
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
