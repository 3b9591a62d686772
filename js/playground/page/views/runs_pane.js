/** Starting instances, and the list of all there are. */

import { html } from "htm/preact";
import { JsonField } from "../editor/json_field.js";
import { Icon } from "../parts/icon.js";
import { Mark, statusLook } from "../parts/status.js";
import { VirtualList } from "../parts/virtual_list.js";
import { ago, countdown } from "../format.js";
import { hostState, pythonState } from "../state/connection.js";
import { isDeploying, startable } from "../state/deployment.js";
import { opened, params } from "../state/project.js";
import { instances, isSame, openedRuns, show, shown } from "../state/runs.js";
import { now } from "../state/shown_run.js";
import { chosen, currentWorkflow, isStarting, start, wantedId } from "../state/start.js";
import { schedule, Schedules } from "./schedules.js";

export function RunsPane() {
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

function InstanceList() {
  const all = instances.value;
  const time = Math.max(now.value, all[0]?.createdOn ?? 0);
  if (hostState.value.phase === "elsewhere") return html`<p class="empty">The instances are in the other tab.</p>`;
  if (all.length === 0) return html`<p class="empty">No instances yet.</p>`;
  return html`<div class="list instances">
    <h2 id="all-instances">Instances <span class="badge num">${all.length}</span></h2>
    <${VirtualList}
      items=${all}
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
