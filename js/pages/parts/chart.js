/** Charts over time as plain SVG: a chart is some sixty rectangles or two lines, for which no library is needed. */

import { html } from "htm/preact";
import { useState } from "preact/hooks";
import { timeOfDay } from "../format.js";

const WIDTH = 600;
const HEIGHT = 96;

/** @typedef {{ name: string, tone: string, values: (number | null)[] }} Series `tone` as in the styles: "ok", "bad", … */

/**
 * @param {{
 *   title: string, series: Series[], from: number, bucketMs: number, kind: "bars" | "lines",
 *   format?: (value: number) => string, total?: boolean,
 * }} props `from` in ms since 1970; bars of several series stand on each other; `total`: say the sum of each series
 */
export function Chart({ title, series, from, bucketMs, kind, format = String, total = false }) {
  const [at, setAt] = useState(-1);
  const length = series[0]?.values.length ?? 0;
  const highest = Math.max(0, ...sums(series, kind, length));
  const top = highest === 0 ? 1 : highest;
  const onMove = (/** @type {PointerEvent} */ event) => {
    const { left, width } = /** @type {Element} */ (event.currentTarget).getBoundingClientRect();
    setAt(Math.max(0, Math.min(length - 1, Math.floor(((event.clientX - left) / width) * length))));
  };
  const shown = (/** @type {Series} */ { values }) =>
    at >= 0 ? textOf(values[at] ?? null, format) : total ? format(sum(values)) : lastOf(values, format);
  return html`<figure class="chart">
    <figcaption>
      <h3>${title}</h3>
      <span class="grow"></span>
      <span class="muted num">${at >= 0 ? timeOfDay(from + at * bucketMs) : ""}</span>
    </figcaption>
    <ul class="key">
      ${series.map((each) => html`<li class="tone-${each.tone}"><i aria-hidden="true"></i>${each.name} <b class="num">${shown(each)}</b></li>`)}
    </ul>
    <svg
      viewBox="0 0 ${WIDTH} ${HEIGHT}"
      preserveAspectRatio="none"
      role="img"
      aria-label=${`${title}: ${series.map((each) => `${each.name} ${total ? format(sum(each.values)) : lastOf(each.values, format)}`).join(", ")}; highest ${format(highest)}`}
      onPointerMove=${onMove}
      onPointerLeave=${() => setAt(-1)}
    >
      <line class="grid" x1="0" x2=${WIDTH} y1="1" y2="1" />
      <line class="grid" x1="0" x2=${WIDTH} y1=${HEIGHT / 2} y2=${HEIGHT / 2} />
      ${kind === "bars" ? bars(series, length, top) : series.map((each) => line(each, top))}
      ${at >= 0 && html`<rect class="at" x=${(at / length) * WIDTH} y="0" width=${WIDTH / length} height=${HEIGHT} />`}
    </svg>
    <p class="scale muted num" aria-hidden="true">
      <span>${timeOfDay(from)}</span><span>highest ${format(highest)}</span
      ><span>${timeOfDay(from + length * bucketMs)}</span>
    </p>
  </figure>`;
}

/** @param {Series[]} series @param {string} kind @param {number} length */
function sums(series, kind, length) {
  if (kind === "lines") return series.flatMap(({ values }) => values.map((value) => value ?? 0));
  return Array.from({ length }, (_, index) => series.reduce((all, { values }) => all + (values[index] ?? 0), 0));
}

/** @param {(number | null)[]} values */
function sum(values) {
  return values.reduce((/** @type {number} */ all, value) => all + (value ?? 0), 0);
}

/** @param {(number | null)[]} values @param {(value: number) => string} format */
function lastOf(values, format) {
  return textOf(values.findLast((value) => value !== null) ?? null, format);
}

/** @param {number | null} value @param {(value: number) => string} format */
function textOf(value, format) {
  return value === null ? "–" : format(value);
}

/** @param {Series[]} series @param {number} length @param {number} top */
function bars(series, length, top) {
  const width = WIDTH / length;
  const below = Array.from({ length }, () => 0);
  return series.flatMap(({ tone, values }) =>
    values.flatMap((value, index) => {
      if (!value) return [];
      const height = Math.max(1.5, (value / top) * (HEIGHT - 2));
      below[index] += height;
      return [
        html`<rect
          class="tone-${tone}"
          x=${index * width + 0.75}
          y=${HEIGHT - below[index]}
          width=${width - 1.5}
          height=${height}
        />`,
      ];
    }),
  );
}

/** Times at which nothing was measured interrupt the line. @param {Series} series @param {number} top */
function line({ tone, values }, top) {
  const width = WIDTH / values.length;
  let path = "";
  let pen = "M";
  for (const [index, value] of values.entries()) {
    if (value === null) {
      pen = "M";
      continue;
    }
    const y = HEIGHT - 1 - (value / top) * (HEIGHT - 2);
    path += `${pen}${(index * width).toFixed(1)} ${y.toFixed(1)}h${width.toFixed(1)}`;
    pen = "L";
  }
  return html`<path class="tone-${tone}" d=${path} />`;
}
