/** The instances of a workflow, or of all: filter, search, and what is done to several at once. */

import { html } from "htm/preact";
import { useEffect, useState } from "preact/hooks";
import { signal } from "@preact/signals";
import { Icon } from "../../../pages/parts/icon.js";
import { statusLook } from "../../../pages/parts/status.js";
import { changeQuery, filter } from "../state/address.js";
import { useAnswer } from "../state/answers.js";
import { failure, isWhole, loadMore, rows, searched, stop, total, useInstances } from "../state/instances.js";
import { canWrite, inAccount } from "../state/session.js";
import { BulkBar, chosen } from "./bulk.js";
import { Charts } from "./charts.js";
import { InstanceTable } from "./instance_table.js";
import { ORDERS, readOrder } from "./order.js";
import { startInstance } from "./start_dialog.js";
import { WorkflowDiagram } from "./workflow_diagram.js";

/** On a narrower screen the list comes first. */
const NARROW_PX = 820;

/** What stands above the list. */
const above = signal(/** @type {"charts" | "diagram" | "none"} */ (innerWidth < NARROW_PX ? "none" : "charts"));
/** How long after the last key a search begins, in ms. */
const TYPING_MS = 300;

export function ListPage() {
  const { workflow } = filter.value;
  useInstances();
  useEffect(() => {
    chosen.value = new Set();
  }, [workflow]);
  return html`<header class="listhead">
      <h2 class="cut">${workflow === "" ? "Instances of all workflows" : workflow}</h2>
      <span class="grow"></span>
      <div class="choices" role="group" aria-label="Above the list">
        <${Above} id="charts" label="Charts" />
        ${workflow !== "" && html`<${Above} id="diagram" label="Diagram" />`}
      </div>
      ${workflow !== "" && canWrite.value && html`<button type="button" class="button primary" onClick=${() => startInstance(workflow)}><${Icon} name="play" /> Start an instance…</button>`}
    </header>
    ${above.value === "charts" && html`<${Charts} workflow=${workflow} />`}
    ${above.value === "diagram" && workflow !== "" && html`<${WorkflowDiagram} workflow=${workflow} />`}
    <${Filters} />
    <${BulkBar} />
    <${InstanceTable} />
    ${failure.value === "" ? html`<${Foot} />` : html`<p class="empty" role="alert">${failure.value}</p>`}`;
}

/** @param {{ id: "charts" | "diagram", label: string }} props */
function Above({ id, label }) {
  const isOpen = above.value === id;
  return html`<button
    type="button"
    class="button small"
    aria-pressed=${isOpen ? "true" : "false"}
    onClick=${() => (above.value = isOpen ? "none" : id)}
  >
    ${label}
  </button>`;
}

function Filters() {
  const { text, workflow, status, order, direction } = filter.value;
  const [wanted, setWanted] = useState(text);
  useEffect(() => setWanted(text), [text]);
  useEffect(() => {
    if (wanted === text) return undefined;
    const timer = setTimeout(() => changeQuery({ text: wanted }), TYPING_MS);
    return () => clearTimeout(timer);
  }, [wanted]);
  return html`<div class="filters" role="search" aria-label="Instances">
    <input
      type="search"
      aria-label="Search in ids, params, results, errors and logs"
      placeholder="Search in ids, params, results, errors and logs"
      value=${wanted}
      onInput=${(/** @type {any} */ { target }) => setWanted(target.value)}
    />
    <${Statuses} workflow=${workflow} status=${status} />
    <label class="field inline"
      ><span class="label">Order</span>
      <select
        value=${`${order} ${direction}`}
        disabled=${text !== ""}
        onChange=${(/** @type {any} */ { target }) => changeQuery(readOrder(target.value))}
      >
        ${ORDERS.flatMap(({ id, desc, asc }) => [html`<option value=${`${id} desc`}>${desc}</option>`, html`<option value=${`${id} asc`}>${asc}</option>`])}
      </select>
    </label>
  </div>`;
}

/** @param {{ workflow: string, status: string }} props */
function Statuses({ workflow, status }) {
  const counts = useCounts(workflow);
  const names = Object.keys(counts).filter((name) => counts[name] || name === status);
  return html`<div class="choices" role="group" aria-label="Status">
    <button
      type="button"
      class="button small"
      aria-pressed=${status === "" ? "true" : "false"}
      onClick=${() => changeQuery({ status: "" })}
    >
      all
    </button>
    ${names.map((name) => {
      const { icon, word, tone } = statusLook(name);
      return html`<button
        key=${name}
        type="button"
        class="button small tone-${tone}"
        aria-pressed=${status === name ? "true" : "false"}
        onClick=${() => changeQuery({ status: status === name ? "" : name })}
      >
        <${Icon} name=${icon} />${word} <span class="badge num">${counts[name]?.toLocaleString()}</span>
      </button>`;
    })}
  </div>`;
}

/** Instances by status, of a workflow or of all. @param {string} workflow @returns {Record<string, number>} */
function useCounts(workflow) {
  const { value } = useAnswer(
    workflow === "" ? `${inAccount("workflows")}?per_page=100` : inAccount("workflows", workflow),
  );
  const all = /** @type {{ instances: Record<string, number> }[]} */ (value === null ? [] : [value].flat());
  /** @type {Record<string, number>} */
  const counts = {};
  for (const { instances } of all)
    for (const [name, count] of Object.entries(instances)) counts[name] = (counts[name] ?? 0) + count;
  return counts;
}

function Foot() {
  const count = rows.value.length;
  const isSearch = filter.value.text !== "";
  const found = isSearch
    ? `${count.toLocaleString()} found in ${searched.value.toLocaleString()} instances`
    : `${count.toLocaleString()} of ${total.value.toLocaleString()} instances`;
  return html`<footer class="listfoot">
    <span class="muted num" role="status">${found}${isSearch && !isWhole.value ? "; searching…" : ""}</span>
    ${isSearch && !isWhole.value && html`<button type="button" class="button small" onClick=${stop}>Stop</button>`}
    ${!isSearch && !isWhole.value && html`<button type="button" class="button small" onClick=${() => void loadMore()}>More</button>`}
  </footer>`;
}
