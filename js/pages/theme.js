/** Dark or light: as the system has it, until somebody says otherwise. `early.js` applies it before the first paint. */

import { effect, signal } from "@preact/signals";

const KEY = "stepwell.theme";

/** @typedef {"system" | "light" | "dark"} Theme */

/** @type {import("@preact/signals").Signal<Theme>} */
export const theme = signal(stored());

effect(() => {
  const { dataset } = document.documentElement;
  if (theme.value === "system") delete dataset["theme"];
  else dataset["theme"] = theme.value;
  try {
    localStorage.setItem(KEY, theme.value);
  } catch {
    // Without storage the choice lasts as long as the page does.
  }
});

function stored() {
  const text = document.documentElement.dataset["theme"];
  return text === "light" || text === "dark" ? text : "system";
}
