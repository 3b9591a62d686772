/** What can be done with an instance, and what is asked before. */

import { html } from "htm/preact";
import { useEffect, useState } from "preact/hooks";
import { download } from "../download.js";
import { countdown } from "../format.js";
import { parseJson } from "../json_text.js";
import { notify } from "../notices.js";
import { attempt, page } from "../page.js";
import { ask, dialog, FormDialog } from "../parts/dialog.js";
import { splitTarget } from "./steps.js";

/** @import { AwaitedEvent, RunAddress, StepAddress } from "../run.d.ts" */
/** @import { StepRow } from "./steps.js" */
/** @typedef {Extract<RunAddress, { id: string }>} Address */

/** @param {StepRow} row @returns {StepAddress} */
export function addressOf({ name, count, kind }) {
  return { name, count, type: kind === "rollback" ? "do" : kind };
}

/** @param {Address} at */
export const pause = ({ workflow, id }) => attempt("Pause", () => page.host.pause(workflow, id));
/** @param {Address} at */
export const resume = ({ workflow, id }) => attempt("Resume", () => page.host.resume(workflow, id));
/** @param {Address} at @param {string} [step] */
export const skip = ({ workflow, id }, step) => attempt("Skip", () => page.host.skipSleep(workflow, id, step));

/** @param {Address} at @param {StepAddress} [from] */
export function restart({ workflow, id }, from) {
  ask({
    title: from ? `Restart ${id} from ${from.name}?` : `Restart ${id}?`,
    text: from
      ? "What this step and the later ones have recorded is cleared, and they run again. A fork runs them in a new instance and keeps this one as it is."
      : "Everything that this instance has recorded is cleared, and it runs again from its beginning. A fork runs in a new instance and keeps this one as it is.",
    submit: "Restart",
    run: () => page.host.restartInstance(workflow, id, from),
  });
}

/** @param {Address} at @param {boolean} rollback */
export function terminate({ workflow, id }, rollback) {
  ask({
    title: `Terminate ${id}?`,
    text: rollback
      ? "Its rollback handlers run first. It ends then, and cannot be resumed."
      : "It ends at once, and cannot be resumed.",
    submit: "Terminate",
    run: () => page.host.terminate(workflow, id, { rollback }),
  });
}

/** @param {Address} at */
export function remove({ workflow, id }) {
  ask({
    title: `Delete ${id}?`,
    text: "Its history is lost. Export it first if you may want to look at it again.",
    submit: "Delete",
    run: async () => {
      await page.host.delete(workflow, id);
      page.show(null);
    },
  });
}

/** @param {Address} at */
export function exportRun({ workflow, id }) {
  return attempt("Export", async () => {
    const { name, bytes } = await page.host.exportRun(workflow, id);
    download(name, /** @type {any} */ (bytes), "application/vnd.sqlite3");
  });
}

/** @param {Address} at @param {string} [type] of the event; else the first that is waited for */
export function sendEvent(at, type = "") {
  dialog.value = () => html`<${EventDialog} at=${at} wanted=${type} />`;
}

/** Which step waits, and for how long still. @param {AwaitedEvent} awaited */
function aboutWait({ step, until }) {
  const left = until ? `, ${countdown(Date.parse(until) - page.now())} left` : "";
  return ` in ${splitTarget(step).name}${left}`;
}

/** @param {{ at: Address, wanted: string }} props */
function EventDialog({ at: { workflow, id }, wanted }) {
  const [awaited, setAwaited] = useState(/** @type {AwaitedEvent[]} */ ([]));
  const [type, setType] = useState(wanted);
  const [payload, setPayload] = useState("");
  useEffect(() => {
    void page.host
      .awaitedEvents(workflow, id)
      .then((found) => {
        setAwaited(found);
        setType((current) => current || (found[0]?.type ?? ""));
      })
      .catch(() => undefined);
  }, []);
  const send = async () => {
    const given = parseJson(payload);
    if (type.trim() === "") throw new Error("An event needs a type.");
    if ("error" in given) throw new Error(`The payload is not JSON: ${given.error}`);
    await page.host.sendEvent(workflow, id, type.trim(), given.value);
    notify("info", `Sent ${type.trim()} to ${id}.`);
  };
  return html`<${FormDialog} title=${`Send an event to ${id}`} submit="Send" onSubmit=${send}>
    <label class="field">
      <span class="label">Type</span>
      <input
        type="text"
        list="awaited"
        autocomplete="off"
        value=${type}
        onInput=${(/** @type {any} */ { target }) => setType(target.value)}
      />
    </label>
    <datalist id="awaited">${awaited.map((each) => html`<option value=${each.type}>${each.step}</option>`)}</datalist>
    ${
      awaited.length > 0
        ? html`<div class="choices" role="group" aria-label="What it waits for">
            <span class="muted">It waits for</span>
            ${awaited.map((each) => html`<button type="button" class="button small" aria-pressed=${each.type === type ? "true" : "false"} onClick=${() => setType(each.type)}>${each.type}<span class="muted">${aboutWait(each)}</span></button>`)}
          </div>`
        : html`<p class="muted">It waits for nothing now. An event that comes before its wait is kept for it.</p>`
    }
    <${page.JsonField} label="Payload (JSON)" value=${payload} onChange=${setPayload} hint='{"approved": true}' />
  <//>`;
}
