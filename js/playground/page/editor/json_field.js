/** A field for JSON: coloured, and what is wrong is shown at its place while people write. */

import { html } from "htm/preact";
import { useEffect, useRef } from "preact/hooks";
import { EditorState } from "@codemirror/state";
import { EditorView, keymap } from "@codemirror/view";
import { parseJson } from "../../../pages/json_text.js";
import { jsonExtensions } from "./setup.js";

/** @param {import("../../../pages/services.d.ts").JsonFieldProps} props */
export function JsonField({ label, value, hint = "", onChange, onEnter }) {
  const place = useRef(/** @type {HTMLElement | null} */ (null));
  const view = useRef(/** @type {EditorView | null} */ (null));
  const told = useRef({ onChange, onEnter });
  told.current = { onChange, onEnter };

  useEffect(() => {
    const enter = () => {
      if (told.current.onEnter) told.current.onEnter();
      else place.current?.closest("form")?.requestSubmit();
      return true;
    };
    view.current = new EditorView({
      parent: /** @type {HTMLElement} */ (place.current),
      state: EditorState.create({
        doc: value,
        extensions: [
          keymap.of([{ key: "Mod-Enter", run: enter }]),
          ...jsonExtensions({ label, hint: hint && `for example ${hint}` }),
          EditorView.updateListener.of(
            ({ docChanged, state }) => docChanged && told.current.onChange(state.doc.toString()),
          ),
        ],
      }),
    });
    return () => view.current?.destroy();
  }, []);
  const parsed = parseJson(value);
  const wrong = "error" in parsed ? parsed.error : "";
  return html`<div class="field">
    <span class="label" aria-hidden="true">${label}</span>
    <div class="jsonfield" aria-invalid=${wrong ? "true" : undefined} ref=${place}></div>
    ${wrong ? html`<span class="wrong">${wrong}</span>` : value.trim() === "" && html`<span class="muted note">Empty: {} is used.</span>`}
  </div>`;
}
