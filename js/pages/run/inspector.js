/** One step in full: configuration, attempts, output and error, and what can be done from here. */

import { html } from "htm/preact";
import { Icon } from "../parts/icon.js";
import { Value } from "../parts/value.js";
import { Mark, stateLook } from "../parts/status.js";
import { duration, timeOfDay } from "../format.js";
import { reported } from "./reported.js";
import { Fault } from "./traceback.js";

/** @import { InstanceDetail, RunAddress } from "../run.d.ts" */
/** @import { StepRow } from "./steps.js" */

const KINDS = { do: "Step", sleep: "Sleep", waitForEvent: "Wait for an event", rollback: "Rollback handler" };

/**
 * @param {{
 *   row: StepRow, address: RunAddress, detail: InstanceDetail, canSkip: boolean, onClose: () => void,
 *   onSkip?: () => void, onRestart?: () => void, onFork?: () => void,
 * }} props
 */
export function Inspector({ row, address, detail, canSkip, onClose, onSkip, onRestart, onFork }) {
  const look = stateLook(row.state);
  return html`<section class="inspector" aria-label=${`Step ${nameOf(row)}`}>
    <header>
      <${Mark} look=${look} />
      <h3 class="cut">${row.name}${row.count > 1 ? ` #${row.count}` : ""}</h3>
      <span class="muted cut">${KINDS[row.kind]}, ${look.word}</span>
      <span class="grow"></span>
      ${canSkip && onSkip && html`<button type="button" class="button small" onClick=${onSkip}><${Icon} name="skip" /> Skip the wait</button>`}
      ${onRestart && row.kind !== "rollback" && html`<button type="button" class="button small" onClick=${onRestart}><${Icon} name="restart" /> Restart from here…</button>`}
      ${onFork && row.kind !== "rollback" && html`<button type="button" class="button small" onClick=${onFork}><${Icon} name="fork" /> Fork from here…</button>`}
      <button type="button" class="button quiet small icon close" aria-label="Close the step" onClick=${onClose}>
        <${Icon} name="cross" />
      </button>
    </header>
    <div class="facts">
      <${Times} row=${row} />
      <${Body} row=${row} address=${address} omitted=${detail.omitted?.steps[nameOf(row)]} />
      ${"key" in address ? null : html`<${Progress} row=${row} />`}
      <${Prints} row=${row} logs=${detail.logs} />
    </div>
  </section>`;
}

/** @param {{ row: StepRow }} props */
function Times({ row }) {
  const { detail } = row;
  return html`<dl class="pairs">
    <${Pair} name="Began">${timeOfDay(row.start, true)}<//>
    ${row.end !== null && html`<${Pair} name="Took">${duration(row.end - row.start)}<//>`}
    ${row.due !== null && html`<${Pair} name=${row.kind === "waitForEvent" ? "Gives up" : "Due"}>${timeOfDay(row.due)}<//>`}
    ${detail.type === "waitForEvent" && html`<${Pair} name="Event type"><code>${detail.event_type}</code><//>`}
    ${(detail.type === "step" || detail.type === "rollback") && html`<${Config} config=${detail.config} />`}
  </dl>`;
}

/** @param {{ name: string, children?: unknown }} props */
function Pair({ name, children }) {
  return html`<div>
    <dt>${name}</dt>
    <dd class="num">${children}</dd>
  </div>`;
}

/** @param {{ config: any }} props */
function Config({ config }) {
  const retries = config?.retries;
  if (!retries) return null;
  const delay = typeof retries.delay === "number" ? duration(retries.delay) : retries.delay;
  const timeout = typeof config.timeout === "number" ? duration(config.timeout) : config.timeout;
  const backoff = retries.backoff && retries.backoff !== "constant" ? `, ${retries.backoff}` : "";
  return html`<${Pair} name="Retries">${`${retries.limit}, after ${delay}${backoff}`}<//>
    <${Pair} name="Timeout">${timeout}<//>`;
}

/** @param {{ row: StepRow, address: RunAddress, omitted: number | undefined }} props */
function Body({ row, address, omitted }) {
  const { detail } = row;
  if (detail.type === "termination") return null;
  if (detail.type === "sleep") return detail.error && html`<${Fault} fault=${detail.error} label=${detail.name} />`;
  if (detail.type === "waitForEvent") {
    return html`${detail.error && html`<${Fault} fault=${detail.error} label=${detail.name} />`}
    ${detail.output !== undefined && html`<${Value} value=${detail.output} label="Event" omitted=${omitted} address=${address} what=${{ step: detail.name, type: "waitForEvent" }} />`}`;
  }
  return html`${detail.success === true && detail.type === "step" && html`<${Value} value=${detail.output} label="Output" omitted=${omitted} address=${address} what=${{ step: detail.name, type: "do" }} />`}
    <h3>Attempts</h3>
    <ol class="attempts">
      ${detail.attempts.map(
        (attempt, index) =>
          html`<li>
            <span class="num">${index + 1}</span>
            <${Mark} look=${stateLook(attempt.success === null ? "running" : attempt.success ? "done" : "failed")} />
            <div class="grow">
              <span class="num muted">
                ${timeOfDay(attempt.start, true)}${attempt.end ? `, took ${duration(Date.parse(attempt.end) - Date.parse(attempt.start))}` : ""}${attempt.retryDelayMs === undefined ? "" : `, tried again after ${duration(attempt.retryDelayMs)}`}
              </span>
              ${attempt.error && html`<${Fault} fault=${attempt.error} label=${`attempt ${index + 1} of ${detail.name}`} />`}
            </div>
          </li>`,
      )}
    </ol>`;
}

/** What the step reports while it runs. @param {{ row: StepRow }} props */
function Progress({ row }) {
  const found = reported.value.get(nameOf(row));
  if (row.kind !== "do" || !found) return null;
  return html`<h3>
      Progress
      <span class="muted num"
        >${`${found.items} ${found.items === 1 ? "item" : "items"} of attempt ${found.attempt}`}</span
      >
    </h3>
    <pre class="traceback" tabindex="0" role="region" aria-label=${`Progress of ${nameOf(row)}`}>${found.text}</pre>`;
}

/** Lines of a step that are shown with it; the rest is among the logs. */
const MOST_LINES = 50;

/** What the step has printed. @param {{ row: StepRow, logs: InstanceDetail["logs"] }} props */
function Prints({ row, logs }) {
  const name = nameOf(row);
  const own = logs.filter(({ step }) => step === name);
  if (own.length === 0) return null;
  const shown = own.slice(-MOST_LINES);
  return html`<h3>
      Printed${own.length > shown.length ? html` <span class="muted">(the last ${MOST_LINES} of ${own.length} lines)</span>` : null}
    </h3>
    <pre class="traceback" tabindex="0" role="region" aria-label=${`Printed by ${name}`}>
${shown.map(({ text }) => text.replace(/\n?$/, "\n").slice(0, 2000))}</pre>`;
}

/** `NAME-COUNT`. @param {StepRow} row */
function nameOf({ detail }) {
  return detail.type === "termination" ? "" : detail.name;
}
