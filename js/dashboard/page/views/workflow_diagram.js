/** The diagram of a workflow's newest code, before anything runs. */

import { html } from "htm/preact";
import { useEffect, useState } from "preact/hooks";
import { runsOfNodes } from "../../../pages/run/node_runs.js";
import { SourceGraph } from "../../../pages/run/source_graph.js";
import { useAnswer } from "../state/answers.js";
import { graphOf } from "../state/host.js";
import { inAccount, serverNow } from "../state/session.js";

/** @import { Graph } from "../../../pages/run.d.ts" */

/** @param {{ workflow: string }} props */
export function WorkflowDiagram({ workflow }) {
  const { value } = useAnswer(`${inAccount("workflows", workflow, "versions")}?per_page=1`, { live: false });
  const [version] = /** @type {{ id: string }[]} */ (value ?? []);
  const [graph, setGraph] = useState(/** @type {Graph | null | undefined} */ (undefined));
  useEffect(() => {
    if (version) void graphOf(null, workflow, version.id).then(setGraph, () => setGraph(null));
  }, [workflow, version?.id]);
  if (graph === undefined) return html`<p class="empty" role="status">Reading the source…</p>`;
  if (graph === null) return html`<p class="empty">There is no diagram: the source of this version is gone.</p>`;
  return html`<div class="diagram">
    <${SourceGraph}
      known=${runsOfNodes(graph, [])}
      now=${serverNow()}
      isOver=${false}
      isPlan
      selected=${null}
      onSelect=${() => {}}
    />
  </div>`;
}
