/** Starting instances, and the list of all there are. */

import { html } from "htm/preact";
import { useMemo } from "preact/hooks";
import { signal } from "@preact/signals";
import { isFinalStatus } from "../../../engine/status.js";
import { JsonField } from "../editor/json_field.js";
import { Icon } from "../../../pages/parts/icon.js";
import { Mark, statusLook } from "../../../pages/parts/status.js";
import { VirtualList } from "../../../pages/parts/virtual_list.js";
import { ago, countdown } from "../../../pages/format.js";
import { hostState, pythonState } from "../state/connection.js";
import { isDeploying, startable } from "../state/deployment.js";
import { opened, params } from "../state/project.js";
import { isSame } from "../../../pages/run/addresses.js";
import { instances, openedRuns, show, shown } from "../state/runs.js";
import { now } from "../../../pages/run/followed.js";
import { chosen, currentWorkflow, isStarting, refused, start, wantedId } from "../state/start.js";
import { schedule, Schedules } from "./schedules.js";

export function RunsPane() {
  // What is started here would not run: the other tab has the state.
  if (hostState.value.phase === "elsewhere")
    return html`<section class="pane runspane" aria-label="Instances">
      <p class="empty">The instances are in the other tab.</p>
    </section>`;
  return html`<section class="pane runspane" aria-label="Instances">
    <${StartForm} />
    <${Schedules} />
    <${OpenedFiles} />
    <${InstanceList} />
  </section>`;
}

function StartForm() {
  const workflow = currentWorkflow();
  const names = startable.value;
  const send = (/** @type {Event} */ event) => {
    event.preventDefault();
    void start();
  };
  const label = isDeploying.value ? "Deploying…" : isStarting.value ? "Starting…" : "Start";
  return html`<form class="startform" onSubmit=${send}>
    <div class="row">
      <label class="field"
        ><span class="label">Workflow</span>
        <select
          value=${workflow}
          disabled=${names.length === 0}
          onChange=${(/** @type {any} */ { target }) => (chosen.value = target.value)}
        >
          ${names.length === 0 && html`<option value="">no workflow in the main file</option>`}
          ${names.map((name) => html`<option key=${name} value=${name}>${name}</option>`)}
        </select>
      </label>
      <label class="field"
        ><span class="label">Id</span>
        <input
          type="text"
          placeholder="a new one"
          spellcheck="false"
          value=${wantedId.value}
          onInput=${(/** @type {any} */ { target }) => (wantedId.value = target.value)}
        />
      </label>
    </div>
    <${JsonField}
      key=${`${workflow} ${opened.value}`}
      label="Parameters (JSON)"
      value=${params.value[workflow] ?? ""}
      onChange=${(/** @type {string} */ text) => (params.value = { ...params.value, [workflow]: text })}
      onEnter=${() => void start()}
    />
    <div class="row">
      <button
        type="submit"
        class="button primary grow"
        aria-disabled=${names.length === 0 || isStarting.value ? "true" : undefined}
        title="Start (Ctrl+Enter)"
      >
        <${Icon} name="play" /> ${label}
      </button>
      <button
        type="button"
        class="button"
        aria-disabled=${names.length === 0 ? "true" : undefined}
        onClick=${() => names.length > 0 && schedule(workflow)}
      >
        <${Icon} name="clock" /> Schedule…
      </button>
    </div>
    ${refused.value && html`<p class="wrong" role="alert">${refused.value}</p>`}
    ${isStarting.value && pythonState.value === "loading" && html`<p class="muted" role="status">It starts as soon as Python has.</p>`}
  </form>`;
}

function OpenedFiles() {
  const runs = openedRuns.value;
  if (runs.length === 0) return null;
  return html`<div class="list files-of-runs">
    <h2 id="opened-files">Opened files</h2>
    <ul aria-labelledby="opened-files">
      ${runs.map((run) => {
        const look = statusLook(run.detail.status);
        return html`<li key=${run.key}>
          <button
            type="button"
            aria-current=${isSame(shown.value, { key: run.key }) ? "true" : undefined}
            onClick=${() => show({ key: run.key })}
          >
            <${Mark} look=${look} /><span class="name cut">${run.id}</span><span class="time">${look.word}</span>
            <span class="about cut">${run.fileName}</span>
          </button>
        </li>`;
      })}
    </ul>
  </div>`;
}

/** What is looked for in the list: a part of an id or of a workflow's name, and a group of statuses. */
const wanted = signal("");
const group = signal("");

/** @type {Record<string, (status: string) => boolean>} */
const GROUPS = {
  unfinished: (status) => !isFinalStatus(status),
  complete: (status) => status === "complete",
  errored: (status) => status === "errored",
  terminated: (status) => status === "terminated",
};

/** @param {string} text @param {string} name of a group; empty: all @returns {(each: import("../../host.d.ts").InstanceSummary) => boolean} */
function matches(text, name) {
  const part = text.trim().toLowerCase();
  return ({ workflow, id, status }) =>
    (GROUPS[name]?.(status) ?? true) && `${workflow}\n${id}`.toLowerCase().includes(part);
}

/** @param {{ all: import("../../host.d.ts").InstanceSummary[] }} props */
function Filter({ all }) {
  return html`<div class="filter">
    <input
      type="search"
      aria-label="Search the instances"
      placeholder="Search"
      value=${wanted.value}
      onInput=${(/** @type {any} */ { target }) => (wanted.value = target.value)}
    />
    <select
      aria-label="Status of the instances"
      value=${group.value}
      onChange=${(/** @type {any} */ { target }) => (group.value = target.value)}
    >
      <option value="">all</option>
      ${Object.entries(GROUPS).map(([name, has]) => html`<option key=${name} value=${name}>${`${name} (${all.filter(({ status }) => has(status)).length})`}</option>`)}
    </select>
  </div>`;
}

function InstanceList() {
  const all = instances.value;
  const time = Math.max(now.value, all[0]?.createdOn ?? 0);
  const found = useMemo(() => all.filter(matches(wanted.value, group.value)), [all, wanted.value, group.value]);
  if (all.length === 0) return html`<p class="empty">No instances yet.</p>`;
  return html`<div class="list instances">
    <h2 id="all-instances">
      Instances${" "}
      <span class="badge num" role="status"
        >${found.length === all.length ? all.length : `${found.length} of ${all.length}`}</span
      >
    </h2>
    <${Filter} all=${all} />
    ${found.length === 0 && html`<p class="empty">No instance matches.</p>`}
    <${VirtualList}
      items=${found}
      rowHeight=${50}
      label="Instances"
      row=${(/** @type {import("../../host.d.ts").InstanceSummary} */ each) => instance(each, time)}
    />
  </div>`;
}

/** @param {import("../../host.d.ts").InstanceSummary} summary @param {number} time */
function instance({ workflow, id, status, createdOn, wakeAt }, time) {
  const look = statusLook(status);
  const wakes = status === "waiting" && wakeAt !== null && wakeAt > time ? `, ${countdown(wakeAt - time)} left` : "";
  return html`<button
    type="button"
    class="instance-row"
    aria-current=${isSame(shown.value, { workflow, id }) ? "true" : undefined}
    onClick=${() => show({ workflow, id })}
  >
    <${Mark} look=${look} /><span class="name cut" title=${id}>${id}</span
    ><span class="time num">${ago(time - createdOn)}</span>
    <span class="about cut num">${workflow} · ${look.word}${wakes}</span>
  </button>`;
}
