/** Forks: the form that makes a new instance out of a run, with other code, other results, or other parameters. */

/** @import { InstanceDetail, RunAddress } from "../run.d.ts" */
/** @import { StepRow } from "./steps.js" */

import { html } from "htm/preact";
import { useState } from "preact/hooks";
import { parseJson } from "../json_text.js";
import { page } from "../page.js";
import { dialog, FormDialog } from "../parts/dialog.js";
import { addressOf } from "./actions.js";
import { fileOf, forkId } from "./addresses.js";
import { stepRows } from "./steps.js";

/** @param {RunAddress} run @param {InstanceDetail} detail @param {StepRow} [from] */
export function fork(run, detail, from) {
  dialog.value = () => html`<${ForkDialog} run=${run} detail=${detail} from=${from} />`;
}

/** @param {{ run: RunAddress, detail: InstanceDetail, from: StepRow | undefined }} props */
function ForkDialog({ run, detail, from }) {
  const rows = stepRows(detail).filter(({ kind }) => kind !== "rollback");
  const given = JSON.stringify(detail.params ?? {}, null, 2);
  const [first, setFirst] = useState(from?.key ?? "");
  const [code, setCode] = useState("theirs");
  const [results, setResults] = useState("");
  const [params, setParams] = useState(given);
  const row = rows.find(({ key }) => key === first);
  const send = async () => {
    const changed = readResults(results, rows);
    const wanted = parseJson(params);
    if ("error" in wanted) throw new Error(`The parameters are not JSON: ${wanted.error}`);
    const { editor } = page;
    const mine = code === "mine" ? editor : null;
    // Where the code is refused, the editor shows why.
    await mine?.deploy();
    const made = await page.host.forkRun(run, {
      id: forkId("key" in run ? (fileOf(run)?.id ?? "run") : run.id),
      ...(row ? { from: addressOf(row) } : {}),
      ...(mine ? { project: { files: mine.files.value, main: mine.main.value } } : {}),
      ...(Object.keys(changed).length > 0 ? { results: changed } : {}),
      ...(params === given ? {} : { params: wanted.value }),
    });
    // The file's code has taken the place of what was deployed.
    if ("key" in run && !mine) editor?.forgetDeployed();
    page.show(made);
  };
  return html`<${FormDialog} title="Fork this run" submit="Fork" onSubmit=${send}>
    <p class="muted">
      A new instance: steps before the chosen one keep their results, the rest runs again. Steps you give a result for
      here are not run; the result is used instead.
    </p>
    <label class="field">
      <span class="label">Run again from</span>
      <select value=${first} onChange=${(/** @type {any} */ { target }) => setFirst(target.value)}>
        <option value="">the beginning</option>
        ${rows.map(({ key, name, count }) => html`<option value=${key}>${name}${count > 1 ? ` #${count}` : ""}</option>`)}
      </select>
    </label>
    ${
      page.editor &&
      html`<fieldset class="choices">
        <legend class="sr">Code</legend>
        <label
          ><input type="radio" name="code" checked=${code === "theirs"} onChange=${() => setCode("theirs")} /> with
          ${"key" in run ? " the code of the file" : " the code that is deployed"}</label
        >
        <label
          ><input type="radio" name="code" checked=${code === "mine"} onChange=${() => setCode("mine")} /> with the code
          in the editor</label
        >
      </fieldset>`
    }
    ${
      rows.some(hasResult) &&
      html`<${page.JsonField}
        label="Changed results, by step (JSON)"
        value=${results}
        onChange=${setResults}
        hint=${exampleOf(row, rows)}
      />`
    }
    <${page.JsonField} label="Parameters (JSON)" value=${params} onChange=${setParams} />
  <//>`;
}

/**
 * @param {string} text
 * @param {StepRow[]} rows
 * @returns {Record<string, unknown>}
 * @throws {Error} with a sentence
 */
function readResults(text, rows) {
  const given = parseJson(text);
  if ("error" in given) throw new Error(`The results are not JSON: ${given.error}`);
  const { value } = given;
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new Error('The results are an object by step: {"charge-1": 5}.');
  const known = rows.filter(hasResult).map(nameOf);
  const unknown = Object.keys(value).find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new Error(`"${unknown}" is no step of this run that has a result. There are: ${known.join(", ")}.`);
  return /** @type {Record<string, unknown>} */ (value);
}

/** What the field shows while it is empty. @param {StepRow | undefined} row @param {StepRow[]} rows */
function exampleOf(row, rows) {
  const own = row && hasResult(row) ? row : rows.find(hasResult);
  if (!own) return "{}";
  const output = "output" in own.detail ? own.detail.output : null;
  return JSON.stringify({ [nameOf(own)]: output ?? null }).slice(0, 200);
}

/** @param {StepRow} row */
function hasResult({ kind }) {
  return kind === "do" || kind === "waitForEvent";
}

/** @param {StepRow} row */
function nameOf({ detail }) {
  return detail.type === "termination" ? "" : detail.name;
}
