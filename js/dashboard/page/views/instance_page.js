/** One instance: where it is, and the pane that the playground has too. */

import { html } from "htm/preact";
import { InstancePane } from "../../../pages/run/instance.js";
import { listHash, shown } from "../state/address.js";

export function InstancePage() {
  const address = shown.value;
  if (!address || "key" in address) return null;
  return html`<nav class="crumbs" aria-label="Breadcrumbs">
      <ol>
        <li><a href="#/">Workflows</a></li>
        <li><a href=${listHash(address.workflow)}>${address.workflow}</a></li>
        <li aria-current="page" class="cut">${address.id}</li>
      </ol>
    </nav>
    <${InstancePane} />`;
}
