/** What is done to the instances that are chosen in the list. */

import { html } from "htm/preact";
import { signal } from "@preact/signals";
import { plural } from "../../../pages/format.js";
import { notify } from "../../../pages/notices.js";
import { ask as askFirst } from "../../../pages/parts/dialog.js";
import { compareHash } from "../state/address.js";
import { keyOf, rows } from "../state/instances.js";
import { ask, canWrite, inAccount } from "../state/session.js";

/** How many the server changes with one request. */
const AT_ONCE = 100;

/** Keys of instances. @type {import("@preact/signals").Signal<Set<string>>} */
export const chosen = signal(new Set());

/** @param {string} key */
export function toggle(key) {
  const next = new Set(chosen.value);
  if (!next.delete(key)) next.add(key);
  chosen.value = next;
}

/** @typedef {"pause" | "resume" | "terminate" | "restart" | "delete"} Action */

const ACTIONS = /** @type {[Action, string, string | null][]} */ ([
  ["pause", "Pause", null],
  ["resume", "Resume", null],
  ["terminate", "Terminate…", "They end at once, and cannot be resumed."],
  ["restart", "Restart…", "Everything that they have recorded is cleared, and they run again from their beginning."],
  ["delete", "Delete…", "Their histories are lost."],
]);

export function BulkBar() {
  const count = chosen.value.size;
  if (rows.value.length === 0) return null;
  const isAll = rows.value.every((row) => chosen.value.has(keyOf(row)));
  return html`<div class="bulk">
    <label
      ><input
        type="checkbox"
        checked=${isAll}
        onChange=${() => (chosen.value = isAll ? new Set() : new Set(rows.value.map(keyOf)))}
      />
      All ${rows.value.length} of the list</label
    >
    ${
      count > 0 &&
      html`<span class="muted num" role="status">${plural(count, "chosen", "chosen")}</span>
        <div class="choices" role="group" aria-label="Do to those that are chosen">
          ${count === 2 && html`<${CompareLink} />`}
          ${canWrite.value && ACTIONS.map(([action, label, warning]) => html`<button key=${action} type="button" class="button small ${action === "delete" ? "danger" : ""}" onClick=${() => begin(action, label, warning)}>${label}</button>`)}
        </div>`
    }
  </div>`;
}

function CompareLink() {
  const [one, other] = [...chosen.value].map(readKey);
  if (!one || !other) return null;
  return html`<a class="button small" href=${compareHash(one, other)}>Compare</a>`;
}

/** @param {string} key as `keyOf` gives it */
function readKey(key) {
  const [workflow = "", id = ""] = key.split("\n");
  return { workflow, id };
}

/** @param {Action} action @param {string} label @param {string | null} warning */
function begin(action, label, warning) {
  const keys = [...chosen.value];
  if (warning === null) {
    void carryOut(action, keys);
    return;
  }
  const verb = label.replace("…", "");
  askFirst({
    title: `${verb} ${plural(keys.length, "instance")}?`,
    text: warning,
    submit: verb,
    run: () => carryOut(action, keys),
  });
}

/** @param {Action} action @param {string[]} keys */
async function carryOut(action, keys) {
  /** @type {Map<string, string[]>} */
  const byWorkflow = new Map();
  for (const key of keys) {
    const { workflow, id } = readKey(key);
    byWorkflow.set(workflow, [...(byWorkflow.get(workflow) ?? []), id]);
  }
  let changed = 0;
  /** @type {{ id: string, message: string }[]} */
  const refused = [];
  for (const [workflow, ids] of byWorkflow) {
    for (let at = 0; at < ids.length; at += AT_ONCE) {
      const body = { action, instances: ids.slice(at, at + AT_ONCE) };
      const result = await ask("POST", inAccount("workflows", workflow, "instances", "bulk"), { body });
      changed += result.changed;
      refused.push(...result.refused);
    }
  }
  chosen.value = new Set();
  const [first] = refused;
  notify(
    first ? "warning" : "info",
    `${plural(changed, "instance")} changed${first ? `; ${refused.length} refused, such as ${first.id}: ${first.message}` : ""}.`,
  );
}
