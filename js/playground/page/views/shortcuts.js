/** Keys that work everywhere, and the list of them. */

import { html } from "htm/preact";
import { dialog, FormDialog } from "../../../pages/parts/dialog.js";
import { deployNow } from "../state/deployment.js";
import { pane, shown } from "../state/runs.js";
import { detail } from "../../../pages/run/followed.js";
import { start } from "../state/start.js";
import { pause, resume } from "../../../pages/run/actions.js";

const PANES = /** @type {const} */ (["code", "runs", "run"]);
const SELECTORS = {
  code: ".codepane .cm-content",
  runs: ".runspane select",
  run: ".instance [role=tab][aria-selected=true]",
};

const SHORTCUTS = [
  ["Ctrl+Enter", "Start an instance"],
  ["Ctrl+S", "Deploy the code; unfinished instances continue with it"],
  ["Alt+P", "Pause or resume the instance that is shown"],
  ["Alt+1, Alt+2, Alt+3", "To the code, the instances, the instance"],
  ["F6", "To the next of these"],
  ["Escape, then Tab", "Out of the editor"],
  ["Ctrl+Space", "Completion in the editor"],
  ["Ctrl+F", "Search in the editor"],
  ["F2, Delete", "Rename or delete a file, on its tab"],
  ["Arrow keys", "Between tabs, steps and entries of a menu"],
  ["?", "This list"],
];

export function showShortcuts() {
  dialog.value = () =>
    html`<${FormDialog} title="Keyboard shortcuts">
      <dl class="shortcuts">
        ${SHORTCUTS.map(
          ([keys, what]) =>
            html`<div>
              <dt>${keys?.split(", ").map((key, index) => html`${index > 0 ? " " : ""}<kbd>${keyName(key)}</kbd>`)}</dt>
              <dd>${what}</dd>
            </div>`,
        )}
      </dl>
    <//>`;
}

/** A key as this machine's keyboard has it. @param {string} keys */
function keyName(keys) {
  return /Mac|iPhone|iPad/.test(navigator.platform)
    ? keys.replace("Ctrl+Space", "⌃Space").replace("Ctrl+", "⌘").replace("Alt+", "⌥")
    : keys;
}

export function listenToKeys() {
  addEventListener("keydown", (event) => {
    if (dialog.value || event.defaultPrevented) return;
    const run = actionOf(event);
    if (!run) return;
    event.preventDefault();
    run();
  });
}

/** @param {KeyboardEvent} event */
function actionOf(event) {
  const { key, code, ctrlKey, metaKey, altKey, shiftKey } = event;
  const isCommand = ctrlKey || metaKey;
  if (isCommand && key === "Enter") return () => void start();
  if (isCommand && key.toLowerCase() === "s" && !shiftKey) return () => void deployNow();
  // By the place of the key: with Option a Mac has other letters. Ctrl and Alt together are the AltGr key of Windows.
  const [, digit] = /^(?:Digit|Numpad)([123])$/.exec(code) ?? [];
  if (altKey && !ctrlKey && digit !== undefined) return () => goToPane(Number(digit) - 1);
  if (altKey && !ctrlKey && (code === "KeyP" || key.toLowerCase() === "p")) return togglePause;
  if (key === "F6") return () => goToPane(paneOfFocus() + (shiftKey ? 2 : 1));
  const place = /** @type {HTMLElement | null} */ (document.activeElement);
  const isWriting = place?.closest("input, textarea, select, [contenteditable=true]");
  return key === "?" && !isWriting ? showShortcuts : undefined;
}

/** @param {number} index */
function goToPane(index) {
  const name = PANES[index % PANES.length] ?? "code";
  pane.value = name;
  // At once where it is in sight, or the next key would go where the focus was.
  if (focusPane(name)) return;
  // A narrow screen shows the pane only after it has been drawn again.
  requestAnimationFrame(() => focusPane(name));
}

/** @param {keyof typeof SELECTORS} name */
function focusPane(name) {
  /** @type {HTMLElement | null} */
  const place = document.querySelector(SELECTORS[name]);
  place?.focus();
  return place !== null && document.activeElement === place;
}

function paneOfFocus() {
  const place = document.activeElement;
  return place?.closest(".codepane")
    ? 0
    : place?.closest(".runspane")
      ? 1
      : place?.closest(".instance")
        ? 2
        : -1 + PANES.length;
}

function togglePause() {
  const address = shown.value;
  if (!address || "key" in address) return;
  const status = detail.value?.status;
  void (status === "paused" || status === "waitingForPause" ? resume(address) : pause(address));
}
