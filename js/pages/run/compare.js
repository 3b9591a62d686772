/** Two runs side by side: their timelines on one scale of steps, and what differs. */

/** @import { Comparison, InstanceDetail, RunAddress } from "../run.d.ts" */

import { html } from "htm/preact";
import { useEffect, useState } from "preact/hooks";
import { page } from "../page.js";
import { Mark, stateLook, StatusPill } from "../parts/status.js";
import { fileOf, instanceNamed, isSame, nameOf as nameOfRun } from "./addresses.js";
import { timeScale } from "./scale.js";
import { rowNote, stepRows } from "./steps.js";
import { comparedWith } from "./view.js";

/** @param {{ left: RunAddress, detail: InstanceDetail }} props */
export function Compare({ left, detail }) {
  const others = othersThan(left);
  const chosen = others.find(({ address }) => nameOfRun(address) === comparedWith.value) ?? others[0];
  const right = chosen?.address;
  const found = useComparison(left, right, detail);
  if (!chosen)
    return html`<p class="empty">
      There is no other run to compare with. Fork this one, or drop a run file on the page.
    </p>`;
  return html`<div class="compare">
    <label class="field inline">
      <span class="label">Compare with</span>
      <select
        value=${nameOfRun(chosen.address)}
        onChange=${(/** @type {any} */ { target }) => (comparedWith.value = target.value)}
      >
        ${others.map(({ label, address }) => html`<option key=${nameOfRun(address)} value=${nameOfRun(address)}>${label}</option>`)}
      </select>
    </label>
    ${found && "error" in found && html`<p class="wrong" role="alert">${found.error}</p>`}
    ${found && "rows" in found && html`<${Table} found=${found} detail=${detail} />`}
  </div>`;
}

/** The runs to choose from; the one that the address names is among them, however old it is. @param {RunAddress} left */
function othersThan(left) {
  const others = page.others.value.filter(({ address }) => !isSame(address, left));
  const named = instanceNamed(comparedWith.value);
  if (!named || isSame(named, left) || others.some(({ address }) => isSame(address, named))) return others;
  return [{ label: `${named.id} of ${named.workflow}`, address: named }, ...others];
}

/** @typedef {Comparison & { other: InstanceDetail }} Found */

/** @param {RunAddress} left @param {RunAddress | undefined} right @param {InstanceDetail} detail */
function useComparison(left, right, detail) {
  const [found, setFound] = useState(/** @type {Found | { error: string } | null} */ (null));
  useEffect(() => {
    if (!right) return undefined;
    let isOver = false;
    const other = "key" in right ? fileOf(right)?.detail : page.host.detail(right.workflow, right.id);
    void Promise.all([page.host.compare(left, right), other])
      .then(([comparison, theirs]) => !isOver && theirs && setFound({ ...comparison, other: theirs }))
      .catch((error) => !isOver && setFound({ error: error.message }));
    return () => {
      isOver = true;
    };
  }, [left, JSON.stringify(right), detail.status, detail.steps.length]);
  return found;
}

/** @param {{ found: Found, detail: InstanceDetail }} props */
function Table({ found, detail }) {
  const [mine, theirs] = [sideOf(detail), sideOf(found.other)];
  const different = found.rows.filter(({ same }) => !same).length;
  return html`<p class="muted" role="status">
      ${different === 0 ? "Both did the same." : `${different} of ${found.rows.length} steps differ.`}
    </p>
    <div class="scroll" tabindex="0" role="region" aria-label="Comparison">
      <table>
        <thead>
          <tr>
            <th scope="col">Step, and in what it differs</th>
            <th scope="col">This run <${StatusPill} status=${detail.status} /></th>
            <th scope="col">The other <${StatusPill} status=${found.other.status} /></th>
          </tr>
        </thead>
        <tbody>
          ${found.rows.map(
            ({ step, left, right, same, differs }) =>
              html`<tr class=${same ? "" : "different"}>
                <th scope="row">
                  ${nameOf(step)}
                  <span class="differs"
                    >${!left || !right ? `only ${left ? "this run" : "the other"} has it` : differs.join(", ")}</span
                  >
                </th>
                <td>${cell(left, mine)}</td>
                <td>${cell(right, theirs)}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>`;
}

/** "TYPE NAME-COUNT" for people: the count where there is more than one, the type where it is no plain step. @param {string} text */
function nameOf(text) {
  const [, type = "", name = text, count = "1"] = /^(\w+) ([^]*)-(\d+)$/.exec(text) ?? [];
  const kind = { sleep: "sleep", waitForEvent: "event", rollback: "rollback" }[type];
  return `${name}${count === "1" ? "" : ` #${count}`}${kind ? ` (${kind})` : ""}`;
}

/** @param {InstanceDetail} detail */
function sideOf(detail) {
  const rows = stepRows(detail);
  const start = Date.parse(detail.start ?? detail.queued);
  const end = detail.end ? Date.parse(detail.end) : page.now();
  return { rows: new Map(rows.map((row) => [row.key, row])), scale: timeScale(rows, start, end), end };
}

/** @param {import("../run.d.ts").StepDetail | null} step @param {ReturnType<typeof sideOf>} side */
function cell(step, { rows, scale, end }) {
  const row = step && step.type !== "termination" ? rows.get(`${step.type} ${step.name}`) : undefined;
  if (!row) return html`<span class="muted">–</span>`;
  const output =
    "output" in row.detail && row.detail.output !== undefined && row.detail.output !== null
      ? JSON.stringify(row.detail.output)
      : "";
  return html`<div class="side">
    <${Mark} look=${stateLook(row.state)} />
    <span class="track" aria-hidden="true"
      >${row.bars.map(({ from, to, kind }) => {
        const [at, until] = [scale.place(from), scale.place(Math.min(to, end))];
        return html`<i class=${kind} style=${{ left: `${at * 100}%`, width: `${(until - at) * 100}%` }}></i>`;
      })}</span
    >
    <span class="note num">${rowNote(row, end)}</span>
    ${output && html`<code class="cut" title=${output.slice(0, 1000)}>${output.slice(0, 200)}</code>`}
  </div>`;
}
