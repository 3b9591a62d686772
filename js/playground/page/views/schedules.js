/** Schedules: what the clock starts while the page is open, and the form for another. */

import { html } from "htm/preact";
import { useState } from "preact/hooks";
import { timeOfDay } from "../../../pages/format.js";
import { dialog, FormDialog } from "../../../pages/parts/dialog.js";
import { Icon } from "../../../pages/parts/icon.js";
import { attempt } from "../../../pages/page.js";
import { addSchedule, removeSchedule, schedules } from "../state/schedules.js";

const PRESETS = [
  ["* * * * *", "every minute"],
  ["*/15 * * * *", "every quarter of an hour"],
  ["0 9 * * MON-FRI", "at 9 on weekdays"],
];

export function Schedules() {
  const all = schedules.value;
  if (all.length === 0) return null;
  return html`<div class="schedules">
    <h2 id="all-schedules">Schedules <span class="badge num">${all.length}</span></h2>
    <ul aria-labelledby="all-schedules">
      ${all.map(
        (each) =>
          html`<li key=${`${each.workflow} ${each.cron}`}>
            <${Icon} name="clock" />
            <div class="grow">
              <code>${each.cron}</code> <span class="name cut">${each.workflow}</span>
              <span class="about num cut"
                >${each.next === null ? "does not come again" : `next at ${timeOfDay(each.next)}`}</span
              >
            </div>
            <button
              type="button"
              class="button quiet small icon"
              aria-label=${`Remove the schedule ${each.cron} of ${each.workflow}`}
              onClick=${() => attempt("Removing the schedule", () => removeSchedule(each))}
            >
              <${Icon} name="cross" />
            </button>
          </li>`,
      )}
    </ul>
  </div>`;
}

/** @param {string} workflow */
export function schedule(workflow) {
  dialog.value = () => html`<${ScheduleDialog} workflow=${workflow} />`;
}

/** @param {{ workflow: string }} props */
function ScheduleDialog({ workflow }) {
  const [cron, setCron] = useState("");
  const send = async () => {
    if (cron.trim() === "") throw new Error("A schedule needs a cron expression.");
    await addSchedule(workflow, cron.trim());
  };
  return html`<${FormDialog} title=${`Schedule ${workflow}`} submit="Add" onSubmit=${send}>
    <p class="muted">
      The clock starts an instance at each of these times while the playground is open. If runs were missed while the
      page was closed, only the latest is run.
    </p>
    <label class="field">
      <span class="label">Cron expression, in UTC</span>
      <input
        type="text"
        class="mono"
        placeholder="minute hour day month weekday"
        autocomplete="off"
        spellcheck="false"
        value=${cron}
        onInput=${(/** @type {any} */ { target }) => setCron(target.value)}
      />
    </label>
    <div class="choices" role="group" aria-label="Usual ones">
      ${PRESETS.map(
        ([expression, words]) =>
          html`<button
            type="button"
            class="button small"
            aria-pressed=${cron === expression ? "true" : "false"}
            onClick=${() => setCron(expression ?? "")}
          >
            ${words}
          </button>`,
      )}
    </div>
  <//>`;
}
