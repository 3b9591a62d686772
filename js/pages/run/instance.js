/** The run that is shown: what it is, what can be done, and its views. */

import { html } from "htm/preact";
import { useMemo } from "preact/hooks";
import { isFinalStatus } from "../../engine/status.js";
import { Icon } from "../parts/icon.js";
import { Value } from "../parts/value.js";
import { TabList, TabPanel } from "../parts/tabs.js";
import { page } from "../page.js";
import * as act from "./actions.js";
import { fileOf } from "./addresses.js";
import { Compare } from "./compare.js";
import { EventLog } from "./event_log.js";
import { fork } from "./fork.js";
import { StepGraph } from "./graph.js";
import { Head } from "./head.js";
import { detail as liveDetail, events as liveEvents, isMoving, missing, now as clock } from "./followed.js";
import { Inspector } from "./inspector.js";
import { Output } from "./output.js";
import { stepRows } from "./steps.js";
import { Timeline } from "./timeline.js";
import { Fault } from "./traceback.js";
import { selected, tab, watching } from "./view.js";
import { detailAfter, WatchBar } from "./watch.js";

/** @import { InstanceDetail, RunAddress } from "../run.d.ts" */

const TABS = [
  { id: "timeline", label: "Timeline" },
  { id: "graph", label: "Graph" },
  { id: "result", label: "Result" },
  { id: "logs", label: "Logs" },
  { id: "events", label: "Events" },
];

const COMPARE = { id: "compare", label: "Compare" };
/** Views that show the run as it was while it is watched again. */
const WATCHED = new Set(["timeline", "graph", "logs", "events"]);

export function InstancePane() {
  const address = page.shown.value;
  const name = address === null ? "" : "key" in address ? address.key : `${address.workflow}\n${address.id}`;
  if (!address) return html`<section class="pane instance" aria-label="Instance">${page.nothingShown()}</section>`;
  if (missing.value)
    return html`<section class="pane instance" aria-label="Instance">
      <p class="empty" role="status">${missing.value}</p>
    </section>`;
  if (!liveDetail.value)
    return html`<section class="pane instance" aria-label="Instance">
      <p class="empty" role="status">Opening…</p>
    </section>`;
  return html`<${Run} key=${name} address=${address} />`;
}

/** @param {{ address: RunAddress }} props */
function Run({ address }) {
  const whole = /** @type {InstanceDetail} */ (liveDetail.value);
  const events = liveEvents.value;
  const count = watching.value;
  const detail = useMemo(() => (count === null ? whole : detailAfter(whole, events, count)), [whole, events, count]);
  const now =
    count !== null
      ? (events[count - 1]?.timestamp ?? clock.value)
      : isMoving.value
        ? clock.value
        : Date.parse(whole.end ?? whole.queued);
  const rows = useMemo(() => stepRows(detail), [detail]);
  const start = Date.parse(detail.start ?? detail.queued);
  const end = Math.max(start, detail.end ? Date.parse(detail.end) : now);
  const row = rows.find(({ key }) => key === selected.value);
  const instance = "key" in address ? null : address;
  const canAct = instance !== null && page.canWrite.value;
  const canSkip = canAct && row !== undefined && (row.state === "sleeping" || row.state === "retrying");
  const workflow = instance?.workflow ?? fileOf(address)?.workflow ?? "";
  /** @type {Record<string, number>} */
  const counts = { logs: detail.logs.length, events: count ?? events.length };
  const onSelect = (/** @type {string} */ key) => (selected.value = key);
  const shared = { rows, now, selected: selected.value, onSelect };

  return html`<section class="pane instance" aria-label="Instance">
    <${Head} address=${address} detail=${whole} rows=${rows} now=${isMoving.value ? clock.value : now} />
    ${
      detail.error &&
      tab.value !== "result" &&
      html`<div class="banner bad" role="alert">
        <${Icon} name="warning" /><span class="grow"><b>${detail.error.name}</b>: ${detail.error.message}</span>
        <button type="button" class="button small" onClick=${() => (tab.value = "result")}>Traceback</button>
      </div>`
    }
    <${TabList}
      label="Views of the instance"
      name="view"
      value=${tab.value}
      onChange=${(/** @type {string} */ id) => (tab.value = id)}
      tabs=${[...TABS, ...page.views, COMPARE].map((each) => ({ ...each, count: counts[each.id] ?? 0 }))}
    />
    ${count !== null && WATCHED.has(tab.value) && html`<${WatchBar} events=${events} at=${count} onChange=${(/** @type {number} */ to) => (watching.value = to)} onClose=${() => (watching.value = null)} />`}
    <${TabPanel} name="view" value=${tab.value}>
      ${tab.value === "timeline" && html`<${Timeline} ...${shared} start=${start} end=${end} isLive=${count !== null || !isFinalStatus(detail.status)} />`}
      ${tab.value === "graph" && html`<${StepGraph} ...${shared} events=${events} address=${address} versionId=${whole.versionId} workflow=${workflow} isOver=${isFinalStatus(detail.status)} />`}
      ${tab.value === "result" && html`<${Result} detail=${detail} address=${address} />`}
      ${tab.value === "logs" && html`<${Output} logs=${detail.logs} />`}
      ${tab.value === "events" && html`<${EventLog} events=${count === null ? events : events.slice(0, count)} />`}
      ${page.views.find(({ id }) => id === tab.value)?.draw({ address, detail: whole, workflow })}
      ${tab.value === "compare" && html`<${Compare} left=${address} detail=${whole} />`}
    <//>
    ${
      row &&
      (tab.value === "timeline" || tab.value === "graph") &&
      html`<${Inspector}
        row=${row}
        address=${address}
        detail=${detail}
        canSkip=${canSkip}
        onClose=${() => (selected.value = null)}
        onSkip=${canAct && (() => act.skip(instance, row.detail.type === "termination" ? undefined : row.detail.name))}
        onRestart=${canAct && (() => act.restart(instance, act.addressOf(row)))}
        onFork=${page.canWrite.value && (() => fork(address, whole, row))}
      />`
    }
  </section>`;
}

/** @param {{ detail: InstanceDetail, address: RunAddress }} props */
function Result({ detail, address }) {
  const { omitted } = detail;
  return html`<div class="result">
    ${detail.error && html`<${Fault} fault=${detail.error} label="the instance" />`}
    ${detail.rollback && html`<p>Rollback: ${detail.rollback.outcome}${detail.rollback.error ? `, ${detail.rollback.error.message}` : ""}</p>`}
    ${detail.status === "complete" ? html`<${Value} value=${detail.output} label="Output" omitted=${omitted?.output} address=${address} what="output" />` : !detail.error && html`<p class="muted">There is no result yet.</p>`}
    <${Value} value=${detail.params} label="Parameters" omitted=${omitted?.params} address=${address} what="params" />
    <p class="muted">
      ${startedBy(detail.trigger.source)} Code version${" "}
      <code title=${detail.versionId}>${detail.versionId.slice(0, 8)}</code>.
    </p>
  </div>`;
}

/** @param {string} source */
function startedBy(source) {
  if (source === "api" || source === "binding") return "Started by a call.";
  return source === "cron" || source === "schedule" ? "Started by a schedule." : `Started by ${source}.`;
}
