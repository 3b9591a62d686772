/** The form that starts an instance. */

import { html } from "htm/preact";
import { useState } from "preact/hooks";
import { parseJson } from "../../../pages/json_text.js";
import { dialog, FormDialog } from "../../../pages/parts/dialog.js";
import { JsonText } from "../../../pages/parts/json_text.js";
import { show } from "../state/address.js";
import { ask, inAccount } from "../state/session.js";

/** @param {string} workflow */
export function startInstance(workflow) {
  dialog.value = () => html`<${StartDialog} workflow=${workflow} />`;
}

/** @param {{ workflow: string }} props */
function StartDialog({ workflow }) {
  const [id, setId] = useState("");
  const [params, setParams] = useState("");
  const send = async () => {
    const given = parseJson(params);
    if ("error" in given) throw new Error(`The params are not JSON: ${given.error}`);
    const wanted = id.trim();
    const body = { params: given.value, ...(wanted === "" ? {} : { instance_id: wanted }) };
    const made = await ask("POST", inAccount("workflows", workflow, "instances"), { body });
    show({ workflow, id: made.id });
  };
  return html`<${FormDialog} title=${`Start an instance of ${workflow}`} submit="Start" onSubmit=${send}>
    <label class="field">
      <span class="label">Id</span>
      <input
        type="text"
        autofocus
        spellcheck="false"
        placeholder="a new one"
        value=${id}
        onInput=${(/** @type {any} */ { target }) => setId(target.value)}
      />
    </label>
    <${JsonText} label="Params (JSON)" value="" hint='{"name": "Ada"}' onChange=${setParams} />
  <//>`;
}
