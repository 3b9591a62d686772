/** The steps over time: a row each, with a bar for every attempt, wait and sleep. It moves while the instance does. */

import { html } from "htm/preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { signal } from "@preact/signals";
import { Mark, stateLook } from "../parts/status.js";
import { VirtualList } from "../parts/virtual_list.js";
import { duration, timeOfDay } from "../format.js";
import { Axis, moved, percent, WHOLE, zoomed } from "./axis.js";
import { rowNote } from "./steps.js";
import { timeScale } from "./scale.js";

/** @import { Window } from "./axis.js" */
/** @import { Scale } from "./scale.js" */
/** @import { Bar, StepRow } from "./steps.js" */

const NARROW = 620;
/** What of a wide row is the track; the rest is as wide as its columns. */
const COLUMNS_PX = 430;
const NARROW_COLUMNS_PX = 60;
const ZOOM = 0.6;

/** Whether stretches in which nothing runs are drawn shorter. */
const isCompressed = signal(true);

/** What the bars are, in words. */
const BARS = {
  ok: "attempt, ended well",
  bad: "attempt, failed",
  run: "runs",
  retry: "wait before the next attempt",
  sleep: "sleep",
  wait: "wait for an event",
};

/**
 * @param {{
 *   rows: StepRow[], start: number, end: number, now: number, selected: string | null,
 *   onSelect: (key: string) => void, isLive?: boolean, label?: string, id?: string,
 * }} props `isLive`: the newest step stays in view
 */
export function Timeline({ rows, start, end, now, selected, onSelect, isLive = false, label = "Steps", id = "step" }) {
  const place = useRef(/** @type {HTMLElement | null} */ (null));
  const [width, setWidth] = useState(800);
  const [window, setWindow] = useState(WHOLE);
  const [pointer, setPointer] = useState(/** @type {number | null} */ (null));
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => setWidth(entry?.contentRect.width ?? 800));
    observer.observe(/** @type {HTMLElement} */ (place.current));
    return () => observer.disconnect();
  }, []);
  const compressed = isCompressed.value;
  const scale = useMemo(() => timeScale(rows, start, end, compressed), [rows, start, end, compressed]);
  const isNarrow = width < NARROW;
  const at = rows.findIndex(({ key }) => key === selected);
  const shareAt = (/** @type {MouseEvent} */ { clientX }) => {
    const track = place.current?.querySelector(".axis .track")?.getBoundingClientRect();
    return track && track.width > 0 ? (clientX - track.left) / track.width : -1;
  };
  const onWheel = (/** @type {WheelEvent} */ event) => {
    const share = shareAt(event);
    if (!event.ctrlKey || share < 0 || share > 1) return;
    event.preventDefault();
    setWindow((current) => zoomed(current, event.deltaY < 0 ? ZOOM : 1 / ZOOM, share));
  };
  const onPointerMove = (/** @type {PointerEvent} */ event) => {
    const share = shareAt(event);
    setPointer(share < 0 || share > 1 ? null : scale.timeAt(window.from + share * (window.to - window.from)));
  };
  const track = width - (isNarrow ? NARROW_COLUMNS_PX : COLUMNS_PX);
  return html`<div
    class="timeline ${isNarrow ? "narrow" : ""}"
    ref=${place}
    onWheel=${onWheel}
    onPointerMove=${onPointerMove}
    onPointerLeave=${() => setPointer(null)}
  >
    <${Tools} window=${window} onChange=${setWindow} />
    <${Axis} scale=${scale} start=${start} end=${end} width=${track} window=${window} pointer=${pointer} />
    ${
      rows.length === 0
        ? html`<p class="empty">No step has begun yet.</p>`
        : html`<${VirtualList}
            items=${rows}
            rowHeight=${isNarrow ? 52 : 34}
            label=${label}
            follow=${isLive && at < 0}
            listbox=${{ id, selected: at, onSelect: (/** @type {number} */ index) => onSelect(rows[index].key) }}
            row=${(/** @type {StepRow} */ row) => html`<${Row} row=${row} scale=${scale} window=${window} now=${now} />`}
          />`
    }
  </div>`;
}

/** @param {{ window: Window, onChange: (to: Window) => void }} props */
function Tools({ window, onChange }) {
  const isWhole = window.to - window.from >= 1;
  const button = (
    /** @type {string} */ text,
    /** @type {string} */ title,
    /** @type {Window} */ to,
    disabled = false,
  ) =>
    html`<button
      type="button"
      class="button quiet small"
      aria-label=${title}
      title=${title}
      aria-disabled=${disabled ? "true" : undefined}
      onClick=${() => !disabled && onChange(to)}
    >
      ${text}
    </button>`;
  return html`<div class="tools" role="group" aria-label="Scale of the timeline">
    <label
      ><input
        type="checkbox"
        checked=${isCompressed.value}
        onChange=${() => (isCompressed.value = !isCompressed.value)}
      />
      shorten idle time</label
    >
    <span class="grow"></span>
    ${button("←", "Earlier", moved(window, -0.5), isWhole)} ${button("→", "Later", moved(window, 0.5), isWhole)}
    ${button("−", "Zoom out", zoomed(window, 1 / ZOOM), isWhole)}
    ${button("+", "Zoom in (Ctrl and wheel)", zoomed(window, ZOOM))}
    ${button("All", "Show all of the time", WHOLE, isWhole)}
  </div>`;
}

/** @param {{ row: StepRow, scale: Scale, window: Window, now: number }} props */
function Row({ row, scale, window, now }) {
  const look =
    row.kind === "rollback" && row.state === "done"
      ? { ...stateLook("done"), tone: "undo", word: "undone" }
      : stateLook(row.state);
  return html`<div class="step">
    <${Mark} look=${look} />
    <span class="name cut" title=${row.name}
      >${row.name}${row.count > 1 ? html`<i class="num">${row.count}</i>` : null}</span
    >
    <span class="note cut num tone-${look.tone}" title=${rowNote(row, now)}
      ><span class="sr">${look.word}, </span>${rowNote(row, now)}</span
    >
    <span class="track" aria-hidden="true">${row.bars.map((bar) => barOf(bar, scale, window, now))}</span>
  </div>`;
}

/** @param {Bar} bar @param {Scale} scale @param {Window} window @param {number} now */
function barOf({ from, to, kind }, scale, { from: first, to: last }, now) {
  const end = Math.min(to, now);
  const left = Math.max(0, (scale.place(from) - first) / (last - first));
  const right = Math.min(1, (scale.place(end) - first) / (last - first));
  if (right < 0 || left > 1) return null;
  const times = `${timeOfDay(from, true)} to ${to > now ? "now" : timeOfDay(end, true)}, ${duration(end - from)}`;
  return html`<i
    class=${kind}
    title=${`${BARS[kind]}: ${times}`}
    style=${{ left: percent(left), width: percent(Math.max(0, right - left)) }}
  ></i>`;
}
