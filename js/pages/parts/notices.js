/** The notices' place on the page. Screen readers are told of them: of errors at once, of the rest when there is time. */

import { html } from "htm/preact";
import { Icon } from "../parts/icon.js";
import { dismiss, notices } from "../notices.js";

const TONES = { info: "ok", warning: "wait", error: "bad" };

export function Notices() {
  return html`<div class="notices" popover="manual" ref=${raise}>
    <div role="alert">${notices.value.filter(({ level }) => level === "error").map(notice)}</div>
    <div role="status">${notices.value.filter(({ level }) => level !== "error").map(notice)}</div>
  </div>`;
}

/** Above everything, dialogs too. @param {HTMLElement | null} element */
function raise(element) {
  if (element && !element.matches(":popover-open")) element.showPopover();
}

/** @param {import("../notices.js").Notice} notice */
function notice({ id, level, text, action }) {
  const run = () => {
    action?.run();
    dismiss(id);
  };
  return html`<p key=${id} class="notice tone-${TONES[level]}">
    <span class="grow">${text}</span>
    ${action && html`<button type="button" class="button small" onClick=${run}>${action.label}</button>`}
    <button type="button" class="button quiet small icon" aria-label="Close the message" onClick=${() => dismiss(id)}>
      <${Icon} name="cross" />
    </button>
  </p>`;
}
