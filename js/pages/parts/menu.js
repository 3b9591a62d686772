/** A button with a menu: the browser's popover for opening and closing, arrow keys inside. */

import { html } from "htm/preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { Icon } from "./icon.js";

/**
 * @typedef {{
 *   label: string, note?: string, icon?: import("./icon.js").IconName, keys?: string, danger?: boolean,
 *   disabled?: boolean, run: () => unknown,
 * } | "line"} MenuItem
 */

/** @param {{ label: string, icon?: import("./icon.js").IconName, items: MenuItem[], kind?: string, short?: boolean, children?: unknown }} props */
export function Menu({ label, icon, items, kind = "quiet", short = false }) {
  const id = useId();
  const button = useRef(/** @type {HTMLButtonElement | null} */ (null));
  const list = useRef(/** @type {HTMLElement | null} */ (null));

  useEffect(() => {
    const menu = /** @type {HTMLElement} */ (list.current);
    const ontoggle = (/** @type {any} */ { newState }) => {
      button.current?.setAttribute("aria-expanded", String(newState === "open"));
      if (newState !== "open") return;
      place(menu, /** @type {HTMLButtonElement} */ (button.current));
      entries(menu)[0]?.focus();
    };
    menu.addEventListener("toggle", ontoggle);
    return () => menu.removeEventListener("toggle", ontoggle);
  }, []);

  return html`<button
      ref=${button}
      type="button"
      class="button ${kind} ${short ? "icon" : ""}"
      aria-haspopup="menu"
      aria-expanded="false"
      aria-label=${short ? label : undefined}
      title=${short ? label : undefined}
      popovertarget=${id}
    >
      ${icon && html`<${Icon} name=${icon} />`}${!short && html`<span>${label}</span><${Icon} name="down" />`}
    </button>
    <div ref=${list} id=${id} class="menu" popover="auto" role="menu" aria-label=${label} onKeyDown=${onArrow}>
      ${items.map((item) => (item === "line" ? html`<hr role="separator" />` : entry(item, list)))}
    </div>`;
}

/** @param {Exclude<MenuItem, "line">} item @param {{ current: HTMLElement | null }} list */
function entry({ label, note, icon, keys, danger, disabled, run }, list) {
  const onClick = () => {
    if (disabled) return;
    list.current?.hidePopover();
    void run();
  };
  return html`<button
    type="button"
    role="menuitem"
    tabindex="-1"
    class=${danger ? "danger" : ""}
    aria-disabled=${disabled ? "true" : undefined}
    onClick=${onClick}
  >
    <span>${icon && html`<${Icon} name=${icon} />`}</span>
    <span>${label}${note && html`<small>${note}</small>`}</span>
    ${keys ? html`<kbd>${keys}</kbd>` : html`<span></span>`}
  </button>`;
}

/** @param {HTMLElement} menu @returns {HTMLElement[]} */
const entries = (menu) => [...menu.querySelectorAll('[role="menuitem"]')].map((each) => /** @type {any} */ (each));

/** @param {KeyboardEvent} event */
function onArrow(event) {
  const all = entries(/** @type {HTMLElement} */ (event.currentTarget));
  const at = all.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  const to = { ArrowDown: at + 1, ArrowUp: at - 1 + all.length, Home: 0, End: all.length - 1 }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  all[to % all.length]?.focus();
}

/** Below the button, or above where there is no room, and never out of the window. @param {HTMLElement} menu @param {HTMLElement} button */
function place(menu, button) {
  const at = button.getBoundingClientRect();
  const { width, height } = menu.getBoundingClientRect();
  const below = at.bottom + 4 + height <= innerHeight || at.top < height;
  menu.style.left = `${Math.max(8, Math.min(at.left, innerWidth - width - 8))}px`;
  menu.style.top = `${below ? Math.min(at.bottom + 4, innerHeight - height - 8) : at.top - height - 4}px`;
}
