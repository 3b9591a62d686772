/** Tabs and their panel, by the pattern that screen readers know: arrows between tabs, Tab into the panel. */

import { html } from "htm/preact";

/**
 * @param {{
 *   label: string, name: string, value: string, onChange: (id: string) => void,
 *   tabs: { id: string, label: string, count?: number }[], children?: unknown,
 * }} props
 */
export function TabList({ label, name, value, onChange, tabs, children }) {
  const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
    const at = tabs.findIndex(({ id }) => id === value);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1 + tabs.length, Home: 0, End: tabs.length - 1 }[event.key];
    const next = to === undefined ? undefined : tabs[to % tabs.length];
    if (!next) return;
    event.preventDefault();
    onChange(next.id);
    document.getElementById(`${name}-tab-${next.id}`)?.focus();
  };
  return html`<div class="tabline">
    <div class="tabs" role="tablist" aria-label=${label} onKeyDown=${onKeyDown}>
      ${tabs.map(
        ({ id, label, count }) =>
          html`<button
            key=${id}
            type="button"
            role="tab"
            id=${`${name}-tab-${id}`}
            aria-selected=${id === value ? "true" : "false"}
            aria-controls=${id === value ? `${name}-panel` : undefined}
            tabindex=${id === value ? 0 : -1}
            onClick=${() => onChange(id)}
          >
            ${label}${count ? html`<span class="badge num">${count > 999 ? "999+" : count}</span>` : null}
          </button>`,
      )}
    </div>
    ${children}
  </div>`;
}

/** @param {{ name: string, value: string, children?: unknown }} props */
export function TabPanel({ name, value, children }) {
  return html`<div class="panel" role="tabpanel" id=${`${name}-panel`} aria-labelledby=${`${name}-tab-${value}`}>
    ${children}
  </div>`;
}
