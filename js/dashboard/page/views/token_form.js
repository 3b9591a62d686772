/** The form for a token, where the server wants one. */

import { html } from "htm/preact";
import { useState } from "preact/hooks";
import { session, tokenWanted, useToken } from "../state/session.js";

/** @param {{ reason: string }} props */
export function TokenForm({ reason }) {
  const [secret, setSecret] = useState("");
  const send = (/** @type {Event} */ event) => {
    event.preventDefault();
    void useToken(secret.trim());
  };
  return html`<form class="token" onSubmit=${send}>
    <h2>Token</h2>
    <p role="status">${reason}</p>
    <label class="field">
      <span class="label">Secret of the token</span>
      <input
        type="password"
        autocomplete="off"
        autofocus
        value=${secret}
        onInput=${(/** @type {any} */ { target }) => setSecret(target.value)}
      />
    </label>
    <p class="muted">
      Create one with <code>stepwell tokens create NAME --scope read</code>. The page keeps it as long as this tab is
      open.
    </p>
    <div class="actions">
      ${session.value !== null && html`<button type="button" class="button" onClick=${() => (tokenWanted.value = null)}>Cancel</button>`}
      <button type="submit" class="button primary" aria-disabled=${secret.trim() === "" ? "true" : undefined}>
        Use it
      </button>
    </div>
  </form>`;
}
