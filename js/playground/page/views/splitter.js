/** The line between two panes, moved by pointer or arrow keys. */

import { html } from "htm/preact";
import { signal } from "@preact/signals";

const KEY = "stepwell.split";
const [LEAST, MOST, BEGIN] = [20, 70, 42];

/** How much of the width the code has, in percent. */
export const split = signal(stored());

export function Splitter() {
  const move = (/** @type {number} */ to) => {
    split.value = Math.round(Math.max(LEAST, Math.min(MOST, to)) * 10) / 10;
    try {
      localStorage.setItem(KEY, String(split.value));
    } catch {
      // Without storage it is as it was again after a reload.
    }
  };
  const onPointerDown = (/** @type {PointerEvent} */ { currentTarget, pointerId }) => {
    const line = /** @type {HTMLElement} */ (currentTarget);
    line.setPointerCapture(pointerId);
    const onMove = (/** @type {PointerEvent} */ { clientX }) => move((clientX / innerWidth) * 100);
    line.addEventListener("pointermove", onMove);
    line.addEventListener("lostpointercapture", () => line.removeEventListener("pointermove", onMove), { once: true });
  };
  const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
    const to = { ArrowLeft: split.value - 2, ArrowRight: split.value + 2, Home: LEAST, End: MOST, Enter: BEGIN }[
      event.key
    ];
    if (to === undefined) return;
    event.preventDefault();
    move(to);
  };
  return html`<div
    class="splitter"
    role="separator"
    aria-orientation="vertical"
    aria-label="Width of the code"
    aria-valuenow=${Math.round(split.value)}
    aria-valuemin=${LEAST}
    aria-valuemax=${MOST}
    tabindex="0"
    onPointerDown=${onPointerDown}
    onKeyDown=${onKeyDown}
    onDblClick=${() => move(BEGIN)}
  ></div>`;
}

function stored() {
  try {
    const value = Number(localStorage.getItem(KEY));
    return value >= LEAST && value <= MOST ? value : BEGIN;
  } catch {
    return BEGIN;
  }
}
