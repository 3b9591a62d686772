/** The rows of the list. Only those in view exist. */

import { html } from "htm/preact";
import { ago, duration, timeOfDay } from "../../../pages/format.js";
import { StatusPill } from "../../../pages/parts/status.js";
import { VirtualList } from "../../../pages/parts/virtual_list.js";
import { filter, instanceHash } from "../state/address.js";
import { failure, isWhole, keyOf, loadMore, rows } from "../state/instances.js";
import { serverNow } from "../state/session.js";
import { chosen, toggle } from "./bulk.js";
import { ColumnHead } from "./order.js";

/** @import { InstanceJson } from "../state/instances.js" */

const PLACES = /** @type {Record<string, string>} */ ({
  id: "id",
  params: "params",
  output: "result",
  error: "error",
  step: "a step",
  log: "a log line",
});

export function InstanceTable() {
  const all = rows.value;
  if (failure.value !== "" && all.length === 0) return null;
  if (all.length === 0) return html`<p class="empty">${isWhole.value ? "No instance matches." : "Searching…"}</p>`;
  return html`<div class="instance-table">
    <div class="instance-heads" role="group" aria-label="Columns">
      <span class="box"></span>
      <${ColumnHead} id="id" />
      <${ColumnHead} id="status" />
      <span class="of"></span>
      <${ColumnHead} id="created" class="when" />
      <${ColumnHead} id="started" class="when" />
      <${ColumnHead} id="ended" class="when" />
      <span class="took muted">Took</span>
    </div>
    <${VirtualList}
      items=${all}
      rowHeight=${48}
      label="Instances"
      onEnd=${() => void loadMore()}
      row=${(/** @type {InstanceJson} */ each) => html`<${Row} key=${keyOf(each)} instance=${each} />`}
    />
  </div>`;
}

/** @param {{ instance: InstanceJson }} props */
function Row({ instance }) {
  const { id, workflow_id, status, created_on, started_on, ended_on, where } = instance;
  const key = keyOf(instance);
  const begun = started_on === null ? null : Date.parse(started_on);
  const took = begun === null ? "" : duration((ended_on === null ? serverNow() : Date.parse(ended_on)) - begun);
  return html`<div class="instance-line">
    <span class="box">
      <input
        type="checkbox"
        aria-label=${`Choose ${id}`}
        checked=${chosen.value.has(key)}
        onChange=${() => toggle(key)}
      />
    </span>
    <a class="name cut" href=${instanceHash(workflow_id, id)} title=${id}>${id}</a>
    <${StatusPill} status=${status} />
    <span class="muted cut of"
      >${filter.value.workflow === "" ? workflow_id : ""}${where === undefined ? "" : ` found in ${PLACES[where] ?? where}`}</span
    >
    <${Time} at=${created_on} class="created" /> <${Time} at=${started_on} /> <${Time} at=${ended_on} />
    <span class="muted num took">${took}</span>
  </div>`;
}

/** @param {{ at: string | null, class?: string }} props */
function Time({ at, class: name = "" }) {
  if (at === null) return html`<span class="muted when">–</span>`;
  return html`<span class="muted num when ${name}" title=${timeOfDay(at, true)}
    >${ago(serverNow() - Date.parse(at))}</span
  >`;
}
