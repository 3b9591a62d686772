/** The page: three panes beside each other, or one at a time on a narrow screen. */

import { html } from "htm/preact";
import { DialogPlace } from "../../pages/parts/dialog.js";
import { InstancePane } from "../../pages/run/instance.js";
import { hostState } from "./state/connection.js";
import { instances, pane } from "./state/runs.js";
import { Banners, Unsupported } from "./views/banners.js";
import { CodePane } from "./views/code_pane.js";
import { Header } from "./views/header.js";
import { Notices } from "../../pages/parts/notices.js";
import { RunsPane } from "./views/runs_pane.js";
import { split, Splitter } from "./views/splitter.js";

export function App() {
  if (hostState.value.phase === "unsupported") return html`<${Header} /><${Unsupported} />`;
  return html`<${Header} />
    <div class="banners"><${Banners} /></div>
    <main
      class="panes"
      data-pane=${pane.value}
      data-code=${split.value === 0 ? "folded" : "open"}
      style=${{ "--split": `${split.value}%` }}
    >
      <${CodePane} />
      <${Splitter} />
      <${RunsPane} />
      <${InstancePane} />
    </main>
    <${PaneSwitch} />
    <${Notices} />
    <${DialogPlace} />`;
}

const PANES = /** @type {const} */ ([
  ["code", "Code"],
  ["runs", "Instances"],
  ["run", "Details"],
]);

function PaneSwitch() {
  return html`<nav class="paneswitch" aria-label="Views">
    ${PANES.map(
      ([id, label]) =>
        html`<button
          key=${id}
          type="button"
          aria-current=${pane.value === id ? "page" : undefined}
          onClick=${() => (pane.value = id)}
        >
          ${label}${id === "runs" && instances.value.length > 0 ? html` <span class="badge num">${instances.value.length}</span>` : null}
        </button>`,
    )}
  </nav>`;
}
