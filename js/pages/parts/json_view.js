/** A value as indented, coloured JSON; a large one is cut until somebody asks for all of it. */

import { html } from "htm/preact";
import { useMemo, useState } from "preact/hooks";
import { Icon } from "./icon.js";
import { size } from "../format.js";

const SHOWN = 20_000;
const TOKEN = /("(?:\\.|[^"\\])*")(\s*:)?|\b(?:true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** @param {{ value: unknown, label: string }} props */
export function JsonView({ value, label }) {
  const [whole, setWhole] = useState(false);
  const text = useMemo(() => JSON.stringify(value ?? null, null, 2), [value]);
  const cut = !whole && text.length > SHOWN;
  return html`<figure class="json">
    <figcaption>
      <h3>${label}</h3>
      <span class="grow"></span>
      <button type="button" class="button quiet small" onClick=${() => navigator.clipboard.writeText(text)}>
        <${Icon} name="copy" /> Copy<span class="sr"> ${label}</span>
      </button>
    </figcaption>
    <pre tabindex="0" role="region" aria-label=${label}>${coloured(cut ? text.slice(0, SHOWN) : text)}</pre>
    ${
      cut &&
      html`<button type="button" class="button small" onClick=${() => setWhole(true)}>
        Show all ${size(text.length)}
      </button>`
    }
  </figure>`;
}

/** @param {string} text */
function coloured(text) {
  // Colouring makes an element per token: what is very large stays plain.
  if (text.length > SHOWN) return text;
  const parts = [];
  let end = 0;
  for (const match of text.matchAll(TOKEN)) {
    if (match.index > end) parts.push(text.slice(end, match.index));
    const [all, string, colon] = match;
    parts.push(
      html`<span class=${colon ? "tok-propertyName" : string ? "tok-string" : "tok-number"}>${string ?? all}</span>`,
    );
    if (colon) parts.push(colon);
    end = match.index + all.length;
  }
  parts.push(text.slice(end));
  return parts;
}
