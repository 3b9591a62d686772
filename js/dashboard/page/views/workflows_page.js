/** All workflows: charts over all of them, and each with the numbers of its instances. */

import { html } from "htm/preact";
import { ago, timeOfDay } from "../../../pages/format.js";
import { statusLook } from "../../../pages/parts/status.js";
import { Icon } from "../../../pages/parts/icon.js";
import { listHash, page, workflowsHash } from "../state/address.js";
import { useAnswer } from "../state/answers.js";
import { inAccount, serverNow } from "../state/session.js";
import { Charts } from "./charts.js";

/** @typedef {{ name: string, class_name: string, script_name: string, triggered_on: string | null, instances: Record<string, number>, schedules: { cron: string, next_instance: string | null }[] }} Workflow */

/** How many workflows a page of the list has. */
const PAGE_SIZE = 100;

export function WorkflowsPage() {
  const { value, error } = useAnswer(`${inAccount("workflows")}?per_page=${PAGE_SIZE}&page=${page.value}`);
  const workflows = /** @type {Workflow[] | null} */ (value);
  if (error) return html`<p class="empty" role="alert">${error}</p>`;
  if (workflows === null) return html`<p class="empty" role="status">Opening…</p>`;
  if (workflows.length === 0 && page.value === 1)
    return html`<div class="welcome">
      <h2>No workflow yet</h2>
      <p>
        A workflow appears here when its code runs for the first time: <code>stepwell run FILE</code> or
        <code>stepwell serve DIR</code>.
      </p>
    </div>`;
  return html`<${Charts} workflow="" />
    <section class="workflows" aria-label="Workflows">
      <h2>Workflows <span class="badge num">${workflows.length}</span></h2>
      <div class="scroll" tabindex="0" role="region" aria-label="Table of workflows">
        <table>
          <thead>
            <tr>
              <th scope="col">Workflow</th>
              <th scope="col">Instances</th>
              <th scope="col">Last started</th>
              <th scope="col">Next by schedule</th>
            </tr>
          </thead>
          <tbody>
            ${workflows.map((each) => html`<${Row} key=${each.name} workflow=${each} />`)}
          </tbody>
        </table>
      </div>
      <${Pages} isFull=${workflows.length === PAGE_SIZE} />
    </section>`;
}

/** The ways to the pages before and after this one. @param {{ isFull: boolean }} props a page that is not full is the last one */
function Pages({ isFull }) {
  const number = page.value;
  if (number === 1 && !isFull) return null;
  return html`<nav aria-label="Pages of workflows">
    ${number > 1 && html`<a class="button small" href=${workflowsHash(number - 1)}>Previous ${PAGE_SIZE}</a>`}
    ${" "}${isFull && html`<a class="button small" href=${workflowsHash(number + 1)}>Next ${PAGE_SIZE}</a>`}
  </nav>`;
}

/** @param {{ workflow: Workflow }} props */
function Row({ workflow: { name, class_name, script_name, triggered_on, instances, schedules } }) {
  const counts = Object.entries(instances).filter(([, count]) => count > 0);
  const next = schedules.flatMap(({ next_instance }) => (next_instance === null ? [] : [next_instance])).sort()[0];
  return html`<tr>
    <th scope="row">
      <a href=${listHash(name)}>${name}</a>
      <span class="muted">${class_name} in ${script_name}</span>
    </th>
    <td>
      <span class="counts">
        ${counts.length === 0 ? html`<span class="muted">none</span>` : counts.map(([status, count]) => html`<${Count} key=${status} workflow=${name} status=${status} count=${count} />`)}
      </span>
    </td>
    <td class="num">
      ${triggered_on === null ? "–" : html`<span title=${timeOfDay(triggered_on, true)}>${ago(serverNow() - Date.parse(triggered_on))}</span>`}
    </td>
    <td class="num">${next === undefined ? "–" : timeOfDay(next)}</td>
  </tr>`;
}

/** @param {{ workflow: string, status: string, count: number }} props */
function Count({ workflow, status, count }) {
  const { tone, icon, word } = statusLook(status);
  return html`<a class="pill tone-${tone}" href=${listHash(workflow, { status })}
    ><${Icon} name=${icon} />${count.toLocaleString()} ${word}</a
  >`;
}
