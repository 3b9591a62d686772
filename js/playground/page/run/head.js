/** The head of the run that is shown: what it is, how it stands, and what can be done with it. */

import { html } from "htm/preact";
import { duration, timeOfDay } from "../format.js";
import { ask } from "../parts/dialog.js";
import { Icon } from "../parts/icon.js";
import { Menu } from "../parts/menu.js";
import { StatusPill } from "../parts/status.js";
import { host } from "../state/connection.js";
import { currentProject, openProject } from "../state/project.js";
import { closeRunFile, pane, shownFile } from "../state/runs.js";
import * as act from "./actions.js";
import { fork } from "./fork.js";
import { tab, watching } from "./view.js";

/** @import { InstanceDetail, RunAddress } from "../../host.d.ts" */

/** @param {{ address: RunAddress, detail: InstanceDetail, rows: import("./steps.js").StepRow[], now: number }} props */
export function Head({ address, detail, rows, now }) {
  const instance = "key" in address ? null : address;
  const file = shownFile.value;
  const id = instance?.id ?? file?.id ?? "";
  const isOver = detail.success !== null || detail.end !== null;
  const isPaused = detail.status === "paused" || detail.status === "waitingForPause";
  const sleeps = rows.some(({ state }) => state === "sleeping" || state === "retrying");
  const took = detail.start ? duration((detail.end ? Date.parse(detail.end) : now) - Date.parse(detail.start)) : "";
  const about = [
    instance?.workflow ?? file?.workflow,
    ...(file ? [`from ${file.fileName}`] : []),
    timeOfDay(detail.queued),
    ...(took ? [took] : []),
  ].join(" · ");
  return html`<header class="head">
    <button
      type="button"
      class="button quiet icon back"
      aria-label="Back to the list"
      onClick=${() => (pane.value = "runs")}
    >
      <${Icon} name="left" />
    </button>
    <div class="grow">
      <h2 class="cut" title=${id}>${id}</h2>
      <p class="muted cut num">${about}</p>
    </div>
    <span role="status" aria-label=${`Status of ${id}`}><${StatusPill} status=${detail.status} /></span>
    <div class="actions">
      ${
        instance &&
        !isOver &&
        html`<button
          type="button"
          class="button small"
          onClick=${() => (isPaused ? act.resume(instance) : act.pause(instance))}
        >
          <${Icon} name=${isPaused ? "play" : "pause"} /> ${isPaused ? "Resume" : "Pause"}
        </button>`
      }
      ${instance && !isOver && sleeps && html`<button type="button" class="button small" onClick=${() => act.skip(instance)}><${Icon} name="skip" /> Skip sleep</button>`}
      ${instance && !isOver && html`<button type="button" class="button small" onClick=${() => act.sendEvent(instance)}><${Icon} name="event" /> Send event</button>`}
      ${instance && isOver && html`<button type="button" class="button small" onClick=${() => act.restart(instance)}><${Icon} name="restart" /> Restart…</button>`}
      ${file && html`<button type="button" class="button small" onClick=${replay}><${Icon} name="undo" /> Replay</button>`}
      ${file && html`<button type="button" class="button small" onClick=${() => fork(address, detail)}><${Icon} name="fork" /> Fork</button>`}
      <${Menu} label="More actions" icon="dots" short items=${menuOf(address, detail, isOver)} />
    </div>
  </header>`;
}

function replay() {
  watching.value = null;
  tab.value = "replay";
}

/** @param {RunAddress} address @param {InstanceDetail} detail @param {boolean} isOver @returns {import("../parts/menu.js").MenuItem[]} */
function menuOf(address, detail, isOver) {
  const instance = "key" in address ? null : address;
  /** @type {import("../parts/menu.js").MenuItem[]} */
  const common = [
    {
      label: "Watch again",
      note: "Event by event",
      icon: "play",
      run: () => ((watching.value = 1), (tab.value = "timeline")),
    },
    { label: "Fork…", note: "A new instance from any step", icon: "fork", run: () => fork(address, detail) },
    {
      label: "Replay",
      note: "Does the code come to the same end?",
      icon: "undo",
      run: replay,
    },
    { label: "Compare", icon: "compare", run: () => (tab.value = "compare") },
    { label: "Open its source", note: "In the editor", icon: "file", run: () => openSource(address) },
  ];
  if (!instance)
    return [
      ...common,
      "line",
      { label: "Close the file", icon: "cross", run: () => closeRunFile(/** @type {any} */ (address).key) },
    ];
  return [
    { label: "Restart…", note: "The whole instance", icon: "restart", run: () => act.restart(instance) },
    ...common,
    {
      label: "Export",
      note: "As one file: history, source, parameters",
      icon: "download",
      run: () => act.exportRun(instance),
    },
    "line",
    { label: "Terminate…", icon: "stop", disabled: isOver, danger: true, run: () => act.terminate(instance, false) },
    {
      label: "Terminate and roll back…",
      icon: "undo",
      disabled: isOver,
      danger: true,
      run: () => act.terminate(instance, true),
    },
    { label: "Delete…", icon: "trash", danger: true, run: () => act.remove(instance) },
  ];
}

/** @param {RunAddress} address */
function openSource(address) {
  const file = shownFile.peek();
  const load = async () => ("key" in address ? file : host.source(address.workflow, address.id));
  return act.openSource(address, load, (source) => {
    const same = JSON.stringify(source.files) === JSON.stringify(currentProject().files);
    const open = () => {
      openProject(source);
      pane.value = "code";
    };
    if (same) open();
    else
      ask({
        title: "Open the source of this run?",
        text: "It takes the place of what is in the editor.",
        submit: "Open",
        danger: false,
        run: open,
      });
  });
}
