/** An error with its traceback; lines of the project's own files lead to the editor. */

import { html } from "htm/preact";
import { page } from "../page.js";
import { readTraceback } from "./places.js";

/** @param {{ fault: import("../run.d.ts").Fault, label?: string }} props */
export function Fault({ fault, label = "Error" }) {
  const remedy = page.remedyOf?.(fault);
  return html`<div class="fault">
    <p><b>${fault.name}</b>${fault.message ? `: ${fault.message}` : ""}</p>
    ${remedy && html`<p>${remedy}</p>`}
    ${fault.traceback && html`<${Traceback} text=${fault.traceback} label=${label} />`}
  </div>`;
}

/** @param {{ text: string, label: string }} props */
export function Traceback({ text, label }) {
  const lines = readTraceback(text, page.editor?.files.value ?? {});
  const shown = lines.map(({ text: line, place }) => [
    place ? html`<button type="button" onClick=${() => page.editor?.goTo(place)}>${line}</button>` : line,
    "\n",
  ]);
  return html`<pre class="traceback" tabindex="0" role="region" aria-label=${`Traceback: ${label}`}>${shown}</pre>`;
}
