/** An error with its traceback; lines of the project's own files lead to the editor. */

import { html } from "htm/preact";
import { goal } from "../editor/code_editor.js";
import { readTraceback } from "../editor/places.js";
import { noModule } from "../../remedy.js";
import { files } from "../state/project.js";
import { pane } from "../state/runs.js";

/** @param {{ fault: import("../../host.d.ts").Fault, label?: string }} props */
export function Fault({ fault, label = "Error" }) {
  const remedy = remedyOf(fault);
  return html`<div class="fault">
    <p><b>${fault.name}</b>${fault.message ? `: ${fault.message}` : ""}</p>
    ${remedy && html`<p>${remedy}</p>`}
    ${fault.traceback && html`<${Traceback} text=${fault.traceback} label=${label} />`}
  </div>`;
}

/** What can be done about a package that is not there. @param {import("../../host.d.ts").Fault} fault */
function remedyOf({ name, message, traceback = "" }) {
  const [, module] = name === "ModuleNotFoundError" ? (/No module named '([\w.]+)'/.exec(message) ?? []) : [];
  // An error of an import at the top of a file has it in its traceback.
  return module === undefined || traceback.includes("stepwell playground") ? "" : noModule(module);
}

/** @param {{ text: string, label: string }} props */
export function Traceback({ text, label }) {
  const lines = readTraceback(text, files.value);
  const shown = lines.map(({ text: line, place }) => [
    place ? html`<button type="button" onClick=${() => goTo(place)}>${line}</button>` : line,
    "\n",
  ]);
  return html`<pre class="traceback" tabindex="0" role="region" aria-label=${`Traceback: ${label}`}>${shown}</pre>`;
}

/** @param {{ file: string, line: number }} place */
export function goTo(place) {
  pane.value = "code";
  goal.value = place;
}
