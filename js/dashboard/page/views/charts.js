/** Charts of a workflow, or of all: instances, how long they take, steps, retries. */

import { html } from "htm/preact";
import { duration } from "../../../pages/format.js";
import { Chart } from "../../../pages/parts/chart.js";
import { changeQuery, minutes } from "../state/address.js";
import { useAnswer } from "../state/answers.js";
import { inAccount } from "../state/session.js";

const RANGES = /** @type {const} */ ([
  [15, "15 minutes"],
  [60, "1 hour"],
  [360, "6 hours"],
  [1440, "24 hours"],
  [10_080, "7 days"],
]);
const REFRESH_MS = 5000;

/** @typedef {{ from: number, bucket_ms: number, complete_since: number } & Record<string, (number | null)[]>} Activity */

/** @param {{ workflow: string }} props empty: all workflows */
export function Charts({ workflow }) {
  const query = new URLSearchParams({ minutes: String(minutes.value), ...(workflow === "" ? {} : { workflow }) });
  const { value, error } = useAnswer(`${inAccount("activity")}?${query}`, { live: false, everyMs: REFRESH_MS });
  const activity = value;
  return html`<section class="charts" aria-label="Charts">
    <header>
      <h2>Activity</h2>
      <span class="grow"></span>
      <label class="field inline"
        ><span class="label">Last</span>
        <select
          value=${minutes.value}
          onChange=${(/** @type {any} */ { target }) => changeQuery({ minutes: target.value })}
        >
          ${RANGES.map(([value, label]) => html`<option value=${value}>${label}</option>`)}
        </select>
      </label>
    </header>
    ${error && html`<p class="wrong" role="alert">${error}</p>`}
    ${activity && html`<div class="row">${all(activity)}</div>`}
    ${activity && activity.complete_since > activity.from && html`<p class="muted">Counted are the newest instances and steps, those since ${new Date(activity.complete_since).toLocaleString()}.</p>`}
  </section>`;
}

/** @param {any} a */
function all(a) {
  const time = { from: a.from, bucketMs: a.bucket_ms };
  const perSecond = (/** @type {number} */ value) => `${trimmed((value * 1000) / a.bucket_ms)}/s`;
  return html`<${Chart}
      ...${time}
      title="Instances that ended"
      kind="bars"
      total
      series=${[
        { name: "complete", tone: "ok", values: a.completed },
        { name: "errored", tone: "bad", values: a.errored },
        { name: "terminated", tone: "idle", values: a.terminated },
      ]}
    />
    <${Chart}
      ...${time}
      title="Instances created"
      kind="bars"
      total
      series=${[{ name: "created", tone: "run", values: a.created }]}
    />
    <${Chart}
      ...${time}
      title="Time to the end"
      kind="lines"
      format=${duration}
      series=${[
        { name: "median", tone: "run", values: a.p50 },
        { name: "95 %", tone: "wait", values: a.p95 },
      ]}
    />
    <${Chart}
      ...${time}
      title="Steps"
      kind="bars"
      format=${perSecond}
      series=${[{ name: "ended well", tone: "ok", values: a.steps }]}
    />
    <${Chart}
      ...${time}
      title="Retries"
      kind="bars"
      total
      series=${[{ name: "attempts after the first", tone: "wait", values: a.retries }]}
    />`;
}

/** @param {number} value */
function trimmed(value) {
  return value >= 100 || Number.isInteger(value) ? String(Math.round(value)) : value.toPrecision(2);
}
