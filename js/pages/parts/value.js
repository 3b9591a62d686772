/** A value of an instance or of a step: shown, or where it is large, fetched first when a person asks for it. */

import { html } from "htm/preact";
import { useEffect, useState } from "preact/hooks";
import { size } from "../format.js";
import { attempt, page } from "../page.js";
import { Icon } from "./icon.js";
import { JsonView } from "./json_view.js";

/** @import { RunAddress } from "../run.d.ts" */

/**
 * @param {{
 *   value: unknown, label: string, omitted: number | undefined, address: RunAddress,
 *   what: "params" | "output" | { step: string, type: string },
 * }} props `omitted`: the size of a value that is not here, in characters
 */
export function Value({ value, label, omitted, address, what }) {
  const [whole, setWhole] = useState(/** @type {{ value: unknown } | null} */ (null));
  const key = JSON.stringify([address, what, omitted]);
  useEffect(() => setWhole(null), [key]);
  if (omitted === undefined) return html`<${JsonView} value=${value} label=${label} />`;
  if (whole) return html`<${JsonView} value=${whole.value} label=${label} />`;
  const load = () =>
    attempt("Loading the value", async () => setWhole({ value: await page.host.wholeValue?.(address, what) }));
  return html`<figure class="json">
    <figcaption><h3>${label}</h3></figcaption>
    <button type="button" class="button small" onClick=${load}>
      <${Icon} name="download" /> Load ${size(omitted)}<span class="sr"> of ${label}</span>
    </button>
  </figure>`;
}
