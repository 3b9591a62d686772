/** Replay: a run's own code, or the editor's, run against the history. No callback runs, and nothing is written. */

/** @import { Graph, InstanceDetail, Replayed, RunAddress } from "../../host.d.ts" */
/** @typedef {{ files: Record<string, string>, main: string }} Source */
/** @typedef {{ replayed: Replayed, isMine: boolean, code: Source }} Found */

import { html } from "htm/preact";
import { useEffect, useState } from "preact/hooks";
import { nodeAt, nodeOfStep } from "../../../graph/node_of_step.js";
import { plural } from "../../../pages/format.js";
import { Icon } from "../../../pages/parts/icon.js";
import { JsonView } from "../../../pages/parts/json_view.js";
import { Mark, stateLook } from "../../../pages/parts/status.js";
import { host, pythonState } from "../state/connection.js";
import { files, main } from "../state/project.js";
import { firstDifference, replayedSteps } from "./difference.js";
import { splitTarget } from "../../../pages/run/steps.js";
import { Fault, Traceback } from "../../../pages/run/traceback.js";
import { goTo, sourceOf } from "../state/source.js";

/** @param {{ address: RunAddress, detail: InstanceDetail, workflow: string }} props */
export function Replay({ address, detail, workflow }) {
  const [code, setCode] = useState("theirs");
  const [busy, setBusy] = useState(false);
  const [found, setFound] = useState(/** @type {Found | null} */ (null));
  const [refusal, setRefusal] = useState(/** @type {{ message: string, traceback?: string } | null} */ (null));
  // What was found is about the history as it was.
  useEffect(() => setFound(null), [detail.status, detail.steps.length]);
  const run = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (busy) return;
    const isMine = code === "mine";
    const mine = { files: files.value, main: main.value };
    setBusy(true);
    setRefusal(null);
    setFound(null);
    try {
      const replayed = await host.replayRun(address, isMine ? mine : undefined);
      setFound({ replayed, isMine, code: isMine ? mine : ((await sourceOf(address)) ?? mine) });
    } catch (error) {
      setRefusal(/** @type {any} */ (error));
    } finally {
      setBusy(false);
    }
  };
  const isWaiting = pythonState.value === "loading";
  return html`<div class="replay scroll" tabindex="0" role="region" aria-label="Replay">
    <form onSubmit=${run}>
      <p class="muted">
        Runs the code against the history: steps give what is recorded, none of them runs again, and nothing is written.
      </p>
      <fieldset class="choices">
        <legend class="sr">Code</legend>
        <label
          ><input type="radio" name="replayed" checked=${code === "theirs"} onChange=${() => setCode("theirs")} /> the
          code of the run</label
        >
        <label
          ><input type="radio" name="replayed" checked=${code === "mine"} onChange=${() => setCode("mine")} /> the code
          in the editor</label
        >
        <button type="submit" class="button primary small" aria-disabled=${busy ? "true" : undefined}>
          <${Icon} name="play" /> ${busy ? "Replaying…" : "Replay"}
        </button>
      </fieldset>
    </form>
    ${busy && isWaiting && html`<p class="muted" role="status">It begins as soon as Python has started.</p>`}
    ${
      refusal &&
      html`<div class="fault" role="alert">
        <p>The code cannot be replayed: ${refusal.message}</p>
        ${refusal.traceback && html`<${Traceback} text=${refusal.traceback} label="the replay" />`}
      </div>`
    }
    ${found && html`<${Result} found=${found} detail=${detail} workflow=${workflow} />`}
  </div>`;
}

/** @param {{ found: Found, detail: InstanceDetail, workflow: string }} props */
function Result({ found, detail, workflow }) {
  const { replayed, isMine } = found;
  const difference = firstDifference(replayed, detail);
  const rows = replayedSteps(replayed, detail);
  const placeOf = usePlaces(found, workflow);
  const place = difference?.step === undefined ? undefined : placeOf(splitTarget(difference.step));
  return html`<div class="verdict ${difference ? "different" : "same"}" role="status">
      <${Mark} look=${stateLook(difference ? "failed" : "done")} />
      <div>
        <p>
          <b>${difference ? "Different." : "The same."}</b> ${difference?.what ?? sameWords(replayed, rows.length)}
          ${
            place && difference?.in === "code"
              ? html` <${Place} place=${place} canOpen=${isMine || isShown(found, place)} />`
              : ""
          }
        </p>
      </div>
    </div>
    ${difference?.values?.map(({ label, value }) => html`<${JsonView} value=${value ?? null} label=${label} />`)}
    ${replayed.error?.traceback && html`<${Fault} fault=${replayed.error} label="the replay" />`}
    ${rows.length > 0 && html`<${Table} rows=${rows} />`}`;
}

/** @param {Replayed} replayed @param {number} count */
function sameWords({ status }, count) {
  const ends = {
    complete: "comes to the recorded result",
    errored: "raises the recorded error",
    stopped: "goes as far as the history does",
  };
  return `The code calls ${count === 1 ? "the one recorded step" : `the ${plural(count, "recorded step")}`} and ${ends[status]}.`;
}

/** @param {{ place: { file: string, line: number }, canOpen: boolean }} props */
function Place({ place, canOpen }) {
  const text = `${place.file}, line ${place.line}`;
  return canOpen
    ? html`<button type="button" class="link" onClick=${() => goTo(place)}>${text}</button>`
    : html`<span>${text}</span>`;
}

/** @param {{ rows: import("./difference.js").ReplayedStep[] }} props */
function Table({ rows }) {
  return html`<table>
    <caption class="sr">
      Steps of the history and of the code
    </caption>
    <thead>
      <tr>
        <th scope="col">Step</th>
        <th scope="col">History</th>
        <th scope="col">Code</th>
      </tr>
    </thead>
    <tbody>
      ${rows.map(
        ({ step, recorded, called }) =>
          html`<tr class=${recorded && called ? "" : "different"}>
            <th scope="row">${step}</th>
            <td>${recorded ? "recorded" : "not there"}</td>
            <td>${called ? "called" : "not called"}</td>
          </tr>`,
      )}
    </tbody>
  </table>`;
}

/** Whether the editor has the file as it was replayed. @param {Found} found @param {{ file: string }} place */
function isShown({ code }, { file }) {
  return code.files[file] === files.value[file];
}

/**
 * Gives the place of a step in the source of the code.
 *
 * @param {Found} found @param {string} workflow
 */
function usePlaces({ code }, workflow) {
  const [graph, setGraph] = useState(/** @type {Graph | null} */ (null));
  useEffect(() => {
    let isOver = false;
    void host
      .graph(code.files, code.main, workflow)
      .then((known) => !isOver && setGraph(known))
      .catch(() => undefined);
    return () => {
      isOver = true;
    };
  }, [code, workflow]);
  return (/** @type {{ name: string, count: number }} */ { name, count }) => {
    const path = graph && nodeOfStep(graph, name, count);
    return path ? nodeAt(graph, path)?.at : undefined;
  };
}
