/** What user code printed and logged, line by line, each with its step. */

import { html } from "htm/preact";
import { useMemo, useState } from "preact/hooks";
import { VirtualList } from "../parts/virtual_list.js";
import { timeOfDay } from "../format.js";

/** @import { InstanceDetail } from "../run.d.ts" */

/** A line longer than this is cut: it would stop the page, not inform anybody. */
const LONGEST = 2000;

/** @param {{ logs: InstanceDetail["logs"] }} props */
export function Output({ logs }) {
  const [wanted, setWanted] = useState("");
  const lines = useMemo(() => logs.flatMap(split), [logs]);
  const found = useMemo(() => {
    const text = wanted.trim().toLowerCase();
    return text === ""
      ? lines
      : lines.filter((line) => `${line.level} ${line.step ?? ""} ${line.text}`.toLowerCase().includes(text));
  }, [lines, wanted]);
  if (lines.length === 0) return html`<p class="empty">Nothing has been printed or logged.</p>`;
  return html`<div class="log">
    <div class="filter">
      <input
        type="search"
        aria-label="Search the logs"
        placeholder="Search"
        value=${wanted}
        onInput=${(/** @type {any} */ { target }) => setWanted(target.value)}
      />
      <span class="muted num" role="status"
        >${found.length === lines.length ? `${lines.length} lines` : `${found.length} of ${lines.length}`}</span
      >
    </div>
    <${VirtualList}
      items=${found}
      rowHeight=${24}
      label="Logs"
      follow=${wanted === ""}
      row=${(/** @type {ReturnType<typeof split>[number]} */ { timestamp, step, level, text }) =>
        html`<div class="line level-${level}">
          <span class="num muted">${timestamp ? timeOfDay(timestamp) : ""}</span>
          <span class="muted cut">${step ?? ""}</span>
          <code>${level === "stdout" ? "" : html`<b>${level}</b> `}${text}</code>
        </div>`}
    />
  </div>`;
}

/** @param {InstanceDetail["logs"][number]} entry */
function split({ timestamp, step, level, text }) {
  return text
    .replace(/\n$/, "")
    .split("\n")
    .map((line, index) => ({
      timestamp: index === 0 ? timestamp : "",
      step: index === 0 ? step : "",
      level,
      text: line.length > LONGEST ? `${line.slice(0, LONGEST)}… (${line.length} characters)` : line,
    }));
}
