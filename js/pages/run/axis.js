/** The axis of the timeline: what is in view, ticks, idle stretches, and the time under the pointer. */

import { html } from "htm/preact";
import { duration, plural, timeOfDay } from "../format.js";

/** @import { Scale } from "./scale.js" */

/** Least distance of two ticks, in pixels. */
const TICK_PX = 110;
/** Half of a tick's label, in pixels. */
const TICK_LABEL_PX = 36;
/** Of a character of a label, in pixels. */
const CHARACTER_PX = 7;

/** What is in view, as shares of the whole. @typedef {{ from: number, to: number }} Window */

/** @type {Window} */
export const WHOLE = { from: 0, to: 1 };
const SMALLEST_WINDOW = 0.002;

/** @param {Window} window @param {number} factor below 1: nearer @param {number} [at] what keeps its place, as a share of the view @returns {Window} */
export function zoomed({ from, to }, factor, at = 0.5) {
  const length = Math.min(1, Math.max(SMALLEST_WINDOW, (to - from) * factor));
  const kept = from + (to - from) * at;
  const start = Math.max(0, Math.min(1 - length, kept - length * at));
  return { from: start, to: start + length };
}

/** @param {Window} window @param {number} by as a share of the view @returns {Window} */
export function moved({ from, to }, by) {
  const step = Math.max(-from, Math.min(1 - to, (to - from) * by));
  return { from: from + step, to: to + step };
}

/** @param {{ scale: Scale, start: number, end: number, width: number, window: Window, pointer: number | null }} props `width` of the track, in pixels; `pointer`: a time */
export function Axis({ scale, start, end, width, window, pointer }) {
  const length = window.to - window.from;
  const inView = (/** @type {number} */ share) => (share - window.from) / length;
  const gaps = scale.stretches.flatMap(({ short, at, weight, from, to }) => {
    const [left, right] = [Math.max(0, inView(at)), Math.min(1, inView(at + weight))];
    return short && right - left > 0.02 ? [{ left, right, text: duration(to - from) }] : [];
  });
  const count = Math.max(1, Math.floor(width / TICK_PX));
  const ticks = Array.from({ length: count }, (_, index) => (index + 0.5) / count);
  return html`<div class="axis">
    <span class="label num">${duration(end - start)} in all</span>
    <span class="track" aria-hidden="true">
      ${gaps.map(({ left, right, text }) => html`<i class="gap" style=${{ left: percent(left), width: percent(right - left) }} title=${`Nothing ran for ${text}`}>${(right - left) * width > CHARACTER_PX * text.length + 8 && html`<b class="num">${text}</b>`}</i>`)}
      ${ticks.map((share) => {
        const time = scale.timeAt(window.from + share * length);
        const hidden = gaps.some(
          ({ left, right }) => share > left - TICK_LABEL_PX / width && share < right + TICK_LABEL_PX / width,
        );
        return hidden
          ? null
          : html`<span class="tick num" style=${{ left: percent(share) }}>${elapsed(time - start)}</span>`;
      })}
      ${pointer !== null && html`<span class="pointed num" style=${{ left: percent(inView(scale.place(pointer))) }}>${elapsed(pointer - start)} · ${timeOfDay(pointer, true)}</span>`}
    </span>
    ${gaps.length > 0 && html`<span class="sr">${plural(gaps.length, "idle stretch", "idle stretches")} drawn shorter.</span>`}
  </div>`;
}

/** @param {number} ms since the start */
function elapsed(ms) {
  return `+${duration(Math.max(0, ms))}`;
}

/** @param {number} share */
export function percent(share) {
  return `${(share * 100).toFixed(2)}%`;
}
