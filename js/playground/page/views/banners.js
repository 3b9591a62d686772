/** What stands in the way of everything, or limits it: another tab, a browser that lacks something, a full disk. */

import { html } from "htm/preact";
import { Icon } from "../../../pages/parts/icon.js";
import { host, hostState } from "../state/connection.js";
import { attempt } from "../../../pages/page.js";
import { saved } from "../state/project.js";

export function Banners() {
  const state = hostState.value;
  const failure = typeof saved.value === "object" ? saved.value.error : null;
  return html`${state.phase === "ready" && state.storage.kind === "memory" && html`<${Banner} tone="wait">${state.storage.why ?? "Nothing is kept here: a reload loses everything."}<//>`}
  ${"missing" in state && state.phase !== "unsupported" && state.missing.map(({ what, message }) => (what === "OPFS" ? null : html`<${Banner} key=${what} tone="wait">${message}<//>`))}
  ${state.phase === "ready" && state.python === "failed" && html`<${Banner} tone="bad">Python could not be started: nothing can run. What is kept can be looked at.<//>`}
  ${state.phase === "stopped" && html`<${Banner} tone="bad" action=${{ label: "Start again", run: () => attempt("Starting again", () => host.restart()) }}>${state.error.message} ${state.error.remedy}<//>`}
  ${state.phase === "elsewhere" && html`<${Banner} tone="wait" action=${{ label: "Take over", run: () => attempt("Taking over", () => host.takeOver()) }}>The playground is open in another tab. Instances run there, and continue here when that tab is closed.<//>`}
  ${failure && state.phase === "ready" && html`<${Banner} tone="bad">The project is not saved: ${failure}<//>`}`;
}

/** @param {{ tone: "wait" | "bad", action?: { label: string, run: () => unknown }, children?: unknown }} props */
function Banner({ tone, action, children }) {
  return html`<div class="banner ${tone}" role=${tone === "bad" ? "alert" : "status"}>
    <${Icon} name="warning" /><span class="grow">${children}</span>
    ${action && html`<button type="button" class="button small" onClick=${action.run}>${action.label}</button>`}
  </div>`;
}

/** The whole page, where the browser cannot do it. */
export function Unsupported() {
  const state = hostState.value;
  const missing = "missing" in state ? state.missing : [];
  return html`<main class="first" aria-label="Not supported">
    <h2>This browser cannot run the playground.</h2>
    <ul>
      ${missing.filter(({ fatal }) => fatal).map(({ what, message }) => html`<li key=${what}><b>${what}</b>: ${message}</li>`)}
    </ul>
  </main>`;
}
