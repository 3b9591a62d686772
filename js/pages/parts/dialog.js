/** Dialogs: the browser's own, so that focus stays inside, Escape closes, and what had the focus gets it back. */

import { html } from "htm/preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { signal } from "@preact/signals";
import { Icon } from "./icon.js";

/** What is open: a function that draws it, or null. @type {import("@preact/signals").Signal<(() => unknown) | null>} */
export const dialog = signal(null);

export function closeDialog() {
  dialog.value = null;
}

/**
 * A dialog with a form. `onSubmit` may reject: the dialog stays open then, and says why.
 *
 * @param {{ title: string, submit?: string, danger?: boolean, wide?: boolean, onSubmit?: () => unknown, children?: unknown }} props
 */
export function FormDialog({ title, submit, danger = false, wide = false, onSubmit, children }) {
  const id = useId();
  const place = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const [wrong, setWrong] = useState("");
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    if (!place.current?.open) place.current?.showModal();
  }, []);
  const send = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (busy || !onSubmit) return;
    setBusy(true);
    try {
      await onSubmit();
      closeDialog();
    } catch (error) {
      setWrong(/** @type {Error} */ (error).message);
      setBusy(false);
    }
  };
  return html`<dialog ref=${place} class="dialog ${wide ? "wide" : ""}" aria-labelledby=${id} onClose=${closeDialog}>
    <form onSubmit=${send} novalidate>
      <header>
        <h2 id=${id}>${title}</h2>
        <button type="button" class="button quiet icon" aria-label="Close" onClick=${closeDialog}>
          <${Icon} name="cross" />
        </button>
      </header>
      <div class="body">${children}</div>
      ${wrong && html`<p class="wrong" role="alert">${wrong}</p>`}
      ${
        submit &&
        html`<footer>
          <button type="button" class="button" onClick=${closeDialog}>Cancel</button>
          <button
            type="submit"
            class="button primary ${danger ? "danger" : ""}"
            aria-disabled=${busy ? "true" : undefined}
          >
            ${submit}
          </button>
        </footer>`
      }
    </form>
  </dialog>`;
}

/**
 * Ask before something that cannot be taken back.
 *
 * @param {{ title: string, text: unknown, submit: string, danger?: boolean, run: () => unknown }} question
 */
export function ask({ title, text, submit, danger = true, run }) {
  dialog.value = () =>
    html`<${FormDialog} title=${title} submit=${submit} danger=${danger} onSubmit=${run}><p>${text}</p><//>`;
}

export function DialogPlace() {
  return dialog.value ? html`<div key=${dialogNumber(dialog.value)}>${dialog.value()}</div>` : null;
}

/** @type {WeakMap<() => unknown, number>} */
const numbers = new WeakMap();
let last = 0;

/** A key per dialog, so that one that follows another begins afresh. @param {() => unknown} draw */
function dialogNumber(draw) {
  const number = numbers.get(draw) ?? ++last;
  numbers.set(draw, number);
  return number;
}
