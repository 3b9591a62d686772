/**
 * The graph of the steps: the diagram of the source with what has run in it, or where the source cannot be drawn, the
 * steps in the order in which they ran.
 */

import { html } from "htm/preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { page } from "../page.js";
import { isDrawn, runsOfNodes } from "./node_runs.js";
import { stepGraph } from "./order.js";
import { RunGraph } from "./run_graph.js";
import { SourceGraph } from "./source_graph.js";

/** @import { Graph, InstanceEvent, RunAddress } from "../run.d.ts" */
/** @import { StepRow } from "./steps.js" */

/**
 * @param {{
 *   rows: StepRow[], events: InstanceEvent[], now: number, address: RunAddress, versionId: string,
 *   workflow: string, isOver: boolean, selected: string | null, onSelect: (key: string) => void,
 * }} props
 */
export function StepGraph({ rows, events, address, workflow, versionId, ...shared }) {
  const graph = useGraph(address, workflow, versionId);
  const known = useMemo(() => (graph && isDrawn(graph) ? runsOfNodes(graph, rows) : null), [graph, rows]);
  const ran = useMemo(() => (known ? null : stepGraph(rows, events)), [known, rows, events]);
  const instance = "key" in address || !page.canWrite.value ? null : address;
  if (known) return html`<${SourceGraph} ...${shared} known=${known} rows=${rows} instance=${instance} />`;
  if (!ran || ran.nodes.length === 0) return html`<p class="empty">No step is known yet.</p>`;
  return html`<${RunGraph} ...${shared} ...${ran} />`;
}

/** @param {RunAddress} address @param {string} workflow @param {string} versionId @returns {Graph | null} null until it is there, or if the version has no graph */
function useGraph(address, workflow, versionId) {
  const [found, setFound] = useState(/** @type {{ address: RunAddress, graph: Graph | null } | null} */ (null));
  useEffect(() => {
    let isOver = false;
    void page
      .graphOf(address, workflow, versionId)
      .catch(() => null)
      .then((graph) => !isOver && setFound({ address, graph }));
    return () => {
      isOver = true;
    };
  }, [address, workflow, versionId]);
  return found?.address === address ? found.graph : null;
}
