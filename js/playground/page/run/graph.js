/**
 * The graph of the steps: the diagram of the source with what has run in it, or where the source cannot be drawn, the
 * steps in the order in which they ran.
 */

import { html } from "htm/preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { signal } from "@preact/signals";
import { host, pythonState } from "../state/connection.js";
import { isDrawn, runsOfNodes } from "./node_runs.js";
import { stepGraph } from "./order.js";
import { RunGraph } from "./run_graph.js";
import { SourceGraph } from "./source_graph.js";

/** @import { Files, Graph, InstanceEvent } from "../../host.d.ts" */
/** @import { StepRow } from "./steps.js" */

/** The graph of a source, by source. @type {import("@preact/signals").Signal<{ key: unknown, graph: Graph | null }>} */
const declared = signal({ key: null, graph: null });

/**
 * @param {{
 *   rows: StepRow[], events: InstanceEvent[], now: number, source: { files: Files, main: string } | null,
 *   workflow: string, isOver: boolean, selected: string | null, onSelect: (key: string) => void,
 * }} props
 */
export function StepGraph({ rows, events, source, workflow, ...shared }) {
  useDeclared(source, workflow);
  const graph = declared.value.key === source ? declared.value.graph : null;
  const known = useMemo(() => (graph && isDrawn(graph) ? runsOfNodes(graph, rows) : null), [graph, rows]);
  const ran = useMemo(() => (known ? null : stepGraph(rows, events)), [known, rows, events]);
  if (known) return html`<${SourceGraph} ...${shared} known=${known} />`;
  if (!ran || ran.nodes.length === 0) return html`<p class="empty">No step is known yet.</p>`;
  return html`<${RunGraph} ...${shared} ...${ran} />`;
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
