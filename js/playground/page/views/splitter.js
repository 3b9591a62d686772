/** The line between two panes, moved by pointer or arrow keys; Enter and a double click fold the code away, and bring it back. */

import { html } from "htm/preact";
import { signal } from "@preact/signals";

const KEY = "stepwell.split";
const [LEAST, MOST, BEGIN] = [20, 70, 42];
/** The code is folded away. */
const FOLDED = 0;

/** How much of the width the code has, in percent; 0: it is folded away. */
export const split = signal(stored());

export function Splitter() {
  const move = (/** @type {number} */ to) => {
    split.value = to === FOLDED ? FOLDED : Math.round(Math.max(LEAST, Math.min(MOST, to)) * 10) / 10;
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
  const fold = () => move(split.value === FOLDED ? BEGIN : FOLDED);
  const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
    if (event.key === "Enter") {
      event.preventDefault();
      fold();
      return;
    }
    const to = { ArrowLeft: split.value - 2, ArrowRight: split.value + 2, Home: LEAST, End: MOST }[event.key];
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
    aria-valuemin=${FOLDED}
    aria-valuemax=${MOST}
    tabindex="0"
    onPointerDown=${onPointerDown}
    onKeyDown=${onKeyDown}
    title="Drag to resize. Enter or a double click folds the code away."
    onDblClick=${fold}
  ></div>`;
}

function stored() {
  try {
    const value = Number(localStorage.getItem(KEY));
    const isFolded = localStorage.getItem(KEY) === String(FOLDED);
    return isFolded || (value >= LEAST && value <= MOST) ? value : BEGIN;
  } catch {
    return BEGIN;
  }
}
