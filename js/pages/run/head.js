/** The head of the run that is shown: what it is, how it stands, and what can be done with it. */

import { html } from "htm/preact";
import { duration, timeOfDay } from "../format.js";
import { Icon } from "../parts/icon.js";
import { Menu } from "../parts/menu.js";
import { StatusPill } from "../parts/status.js";
import { attempt, page } from "../page.js";
import * as act from "./actions.js";
import { fileOf } from "./addresses.js";
import { fork } from "./fork.js";
import { tab, watching } from "./view.js";

/** @import { InstanceDetail, RunAddress } from "../run.d.ts" */

/** @param {{ address: RunAddress, detail: InstanceDetail, rows: import("./steps.js").StepRow[], now: number }} props */
export function Head({ address, detail, rows, now }) {
  const instance = "key" in address ? null : address;
  const file = fileOf(address);
  const canAct = instance !== null && page.canWrite.value;
  const hasReplay = page.views.some(({ id: view }) => view === "replay");
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
    <button type="button" class="button quiet icon back" aria-label="Back to the list" onClick=${() => page.back()}>
      <${Icon} name="left" />
    </button>
    <div class="grow">
      <h2 class="cut" title=${id}>${id}</h2>
      <p class="muted cut num">${about}</p>
    </div>
    <span role="status" aria-label=${`Status of ${id}`}><${StatusPill} status=${detail.status} /></span>
    <div class="actions">
      ${
        canAct &&
        !isOver &&
        html`<button
          type="button"
          class="button small"
          onClick=${() => (isPaused ? act.resume(instance) : act.pause(instance))}
        >
          <${Icon} name=${isPaused ? "play" : "pause"} /> ${isPaused ? "Resume" : "Pause"}
        </button>`
      }
      ${canAct && !isOver && sleeps && html`<button type="button" class="button small" onClick=${() => act.skip(instance)}><${Icon} name="skip" /> Skip sleep</button>`}
      ${canAct && !isOver && html`<button type="button" class="button small" onClick=${() => act.sendEvent(instance)}><${Icon} name="event" /> Send event</button>`}
      ${canAct && isOver && html`<button type="button" class="button small" onClick=${() => act.restart(instance)}><${Icon} name="restart" /> Restart…</button>`}
      ${file && hasReplay && html`<button type="button" class="button small" onClick=${replay}><${Icon} name="undo" /> Replay</button>`}
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
    {
      label: "Fork…",
      note: "A new instance from any step",
      icon: "fork",
      disabled: !page.canWrite.value,
      run: () => fork(address, detail),
    },
    ...page.views.map(({ id, label }) => ({
      label,
      icon: /** @type {const} */ ("undo"),
      run: () => ((watching.value = null), (tab.value = id)),
    })),
    { label: "Compare", icon: "compare", run: () => (tab.value = "compare") },
  ];
  const { editor } = page;
  if (editor)
    common.push({
      label: "Open its source",
      note: "In the editor",
      icon: "file",
      run: () => attempt("Opening the source", () => editor.openSource(address)),
    });
  if (!instance)
    return [
      ...common,
      "line",
      { label: "Close the file", icon: "cross", run: () => page.closeFile(/** @type {any} */ (address).key) },
    ];
  return [
    {
      label: "Restart…",
      note: "The whole instance",
      icon: "restart",
      disabled: !page.canWrite.value,
      run: () => act.restart(instance),
    },
    ...common,
    {
      label: "Export",
      note: "As one file: history, source, parameters",
      icon: "download",
      run: () => act.exportRun(instance),
    },
    "line",
    {
      label: "Terminate…",
      icon: "stop",
      disabled: isOver || !page.canWrite.value,
      danger: true,
      run: () => act.terminate(instance, false),
    },
    {
      label: "Terminate and roll back…",
      icon: "undo",
      disabled: isOver || !page.canWrite.value,
      danger: true,
      run: () => act.terminate(instance, true),
    },
    { label: "Delete…", icon: "trash", danger: true, disabled: !page.canWrite.value, run: () => act.remove(instance) },
  ];
}
