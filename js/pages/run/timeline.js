/** The steps over time: a row each, with a bar for every attempt, wait and sleep. It moves while the instance does. */

import { html } from "htm/preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { Mark, stateLook } from "../parts/status.js";
import { VirtualList } from "../parts/virtual_list.js";
import { duration, plural } from "../format.js";
import { rowNote } from "./steps.js";
import { timeScale } from "./scale.js";

/** @import { StepRow } from "./steps.js" */

const NARROW = 620;

/**
 * @param {{
 *   rows: StepRow[], start: number, end: number, now: number, selected: string | null,
 *   onSelect: (key: string) => void, label?: string, id?: string,
 * }} props
 */
export function Timeline({ rows, start, end, now, selected, onSelect, label = "Steps", id = "step" }) {
  const place = useRef(/** @type {HTMLElement | null} */ (null));
  const [width, setWidth] = useState(800);
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => setWidth(entry?.contentRect.width ?? 800));
    observer.observe(/** @type {HTMLElement} */ (place.current));
    return () => observer.disconnect();
  }, []);
  const scale = useMemo(() => timeScale(rows, start, end), [rows, start, end]);
  const isNarrow = width < NARROW;
  const at = rows.findIndex(({ key }) => key === selected);
  return html`<div class="timeline ${isNarrow ? "narrow" : ""}" ref=${place}>
    <${Axis} scale=${scale} start=${start} end=${end} width=${isNarrow ? width - 90 : width * 0.5} />
    ${
      rows.length === 0
        ? html`<p class="empty">No step has begun yet.</p>`
        : html`<${VirtualList}
            items=${rows}
            rowHeight=${isNarrow ? 52 : 34}
            label=${label}
            follow=${at < 0}
            listbox=${{ id, selected: at, onSelect: (/** @type {number} */ index) => onSelect(rows[index].key) }}
            row=${(/** @type {StepRow} */ row) => html`<${Row} row=${row} place=${scale.place} now=${now} />`}
          />`
    }
  </div>`;
}

/** @param {{ row: StepRow, place: (time: number) => number, now: number }} props */
function Row({ row, place, now }) {
  const look =
    row.kind === "rollback" && row.state === "done"
      ? { ...stateLook("done"), tone: "undo", word: "undone" }
      : stateLook(row.state);
  return html`<div class="step">
    <${Mark} look=${look} />
    <span class="name cut">${row.name}${row.count > 1 ? html`<i class="num">${row.count}</i>` : null}</span>
    <span class="note cut num tone-${look.tone}" title=${rowNote(row, now)}
      ><span class="sr">${look.word}, </span>${rowNote(row, now)}</span
    >
    <span class="track" aria-hidden="true">
      ${row.bars.map(({ from, to, kind }) => {
        const left = place(from);
        const right = place(Math.min(to, now));
        return html`<i class=${kind} style=${{ left: percent(left), width: percent(Math.max(0, right - left)) }}></i>`;
      })}
    </span>
  </div>`;
}

/** @param {{ scale: ReturnType<typeof timeScale>, start: number, end: number, width: number }} props `width` of the track, in pixels, roughly */
function Axis({ scale, start, end, width }) {
  const gaps = scale.stretches.filter(({ short, weight }) => short && weight > 0.02);
  return html`<div class="axis">
    <span class="label num">${duration(end - start)} in all</span>
    <span class="track" aria-hidden="true">
      ${gaps.map(
        ({ at, weight, from, to }) =>
          html`<i class="gap" style=${{ left: percent(at), width: percent(weight) }}
            >${weight * width > 7 * duration(to - from).length + 8 && html`<b class="num">${duration(to - from)}</b>`}</i
          >`,
      )}
    </span>
    ${gaps.length > 0 && html`<span class="sr">${plural(gaps.length, "idle stretch", "idle stretches")} drawn shorter.</span>`}
  </div>`;
}

/** @param {number} share */
function percent(share) {
  return `${(share * 100).toFixed(2)}%`;
}
