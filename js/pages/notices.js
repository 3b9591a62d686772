/** Short messages at the edge of the page. Errors stay until they are closed, the rest goes by itself. */

import { signal } from "@preact/signals";

/** @typedef {{ id: number, level: "info" | "warning" | "error", text: string, action?: { label: string, run: () => void } }} Notice */

const SHOWN_MS = 7000;
const MOST = 4;
let last = 0;

/** @type {import("@preact/signals").Signal<Notice[]>} */
export const notices = signal([]);

/** @param {Notice["level"]} level @param {string} text @param {Notice["action"]} [action] */
export function notify(level, text, action) {
  const id = ++last;
  const others = notices.value.filter((notice) => notice.text !== text);
  notices.value = [...others, { id, level, text, ...(action ? { action } : {}) }].slice(-MOST);
  if (level !== "error") setTimeout(() => dismiss(id), action ? SHOWN_MS * 2 : SHOWN_MS);
}

/** @param {number} id */
export function dismiss(id) {
  notices.value = notices.value.filter((notice) => notice.id !== id);
}
