/** A field for JSON as a plain text area: what is wrong is said while people write. */

import { html } from "htm/preact";
import { useId, useState } from "preact/hooks";
import { parseJson } from "../json_text.js";

/** @param {import("../services.d.ts").JsonFieldProps} props */
export function JsonText({ label, value, hint = "", onChange, onEnter }) {
  const id = useId();
  const [text, setText] = useState(value);
  const parsed = parseJson(text);
  const wrong = "error" in parsed ? parsed.error : "";
  const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    if (onEnter) onEnter();
    else /** @type {HTMLElement} */ (event.currentTarget).closest("form")?.requestSubmit();
  };
  const note = wrong || (text.trim() === "" ? "Empty: {} is used." : "");
  return html`<label class="field">
    <span class="label">${label}</span>
    <textarea
      class="mono"
      rows=${Math.max(3, Math.min(14, text.split("\n").length))}
      spellcheck="false"
      placeholder=${hint && `for example ${hint}`}
      value=${text}
      aria-invalid=${wrong ? "true" : undefined}
      aria-describedby=${note ? id : undefined}
      onKeyDown=${onKeyDown}
      onInput=${(/** @type {any} */ { target }) => {
        setText(target.value);
        onChange(target.value);
      }}
    ></textarea>
    ${note && html`<span id=${id} class=${wrong ? "wrong" : "muted note"}>${note}</span>`}
  </label>`;
}
