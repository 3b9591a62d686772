/** What the playground gives to the components that it shares with the dashboard. */

/** @import { Fault, Graph, RunAddress } from "../../host.d.ts" */

import { computed } from "@preact/signals";
import { html } from "htm/preact";
import { providePage } from "../../../pages/page.js";
import { ask, closeDialog } from "../../../pages/parts/dialog.js";
import { noModule } from "../../remedy.js";
import { JsonField } from "../editor/json_field.js";
import { Replay } from "../replay/replay.js";
import { Welcome } from "../views/welcome.js";
import { host, hostState, isReady, pythonState } from "./connection.js";
import { deploy, deployed, isCurrent, refusal } from "./deployment.js";
import { currentProject, files, main, openProject } from "./project.js";
import { goTo, sourceOf } from "./source.js";
import { closeRunFile, instances, openedRuns, pane, show, shown } from "./runs.js";

/** @import { Source } from "./source.js" */

/** The sources that were asked for last, by run. @type {Map<string, Promise<Source | null>>} */
const sources = new Map();
const MOST_SOURCES = 20;

export function provideServices() {
  providePage({
    host,
    isReady,
    canWrite: isReady,
    shown,
    show,
    back: () => (pane.value = "runs"),
    openedRuns,
    closeFile: (key) => void closeRunFile(key),
    others: computed(() => [
      ...openedRuns.value.map(({ key, id, fileName }) => ({ label: `${id} (${fileName})`, address: { key } })),
      ...instances.value.map(({ workflow, id }) => ({ label: `${id} (${workflow})`, address: { workflow, id } })),
    ]),
    graphOf,
    nothingShown: () => (hostState.value.phase === "elsewhere" ? null : html`<${Welcome} />`),
    JsonField,
    views: [
      { id: "replay", label: "Replay", draw: (props) => html`<${Replay} key=${props.detail.versionId} ...${props} />` },
    ],
    editor: { files, main, goTo, deploy: deployForFork, forgetDeployed: () => (deployed.value = null), openSource },
    remedyOf,
    now: () => Date.now(),
  });
}

/** @param {RunAddress} address @param {string} workflow @param {string} versionId @returns {Promise<Graph | null>} */
async function graphOf(address, workflow, versionId) {
  const key = JSON.stringify([address, versionId]);
  const known = sources.get(key) ?? sourceOf(address).catch(() => null);
  sources.set(key, known);
  if (sources.size > MOST_SOURCES) sources.delete(/** @type {string} */ (sources.keys().next().value));
  const source = (await known) ?? { files: files.peek(), main: main.peek() };
  await pythonReady();
  return host.graph(source.files, source.main, workflow);
}

/** The interpreter reads the source. */
function pythonReady() {
  return new Promise((resolve) => {
    /** @type {() => void} */
    let leave = () => {};
    const look = () => {
      if (pythonState.peek() !== "ready") return;
      queueMicrotask(() => leave());
      resolve(undefined);
    };
    leave = pythonState.subscribe(look);
  });
}

async function deployForFork() {
  if (!isCurrent.value && !(await deploy()))
    throw new Error(`The code in the editor cannot be deployed: ${refusal.value?.message}`);
}

/** @param {RunAddress} address */
async function openSource(address) {
  const source = await sourceOf(address);
  if (!source) throw new Error("The source of this version is no longer kept.");
  closeDialog();
  const open = () => {
    openProject(source);
    pane.value = "code";
  };
  if (JSON.stringify(source.files) === JSON.stringify(currentProject().files)) open();
  else
    ask({
      title: "Open the source of this run?",
      text: "It replaces the code in the editor.",
      submit: "Open",
      danger: false,
      run: open,
    });
}

/** What can be done about a package that is missing. @param {Fault} fault */
function remedyOf({ name, message, traceback = "" }) {
  const [, module] = name === "ModuleNotFoundError" ? (/No module named '([\w.]+)'/.exec(message) ?? []) : [];
  // An error of an import at the top of a file has it in its traceback.
  return module === undefined || traceback.includes("stepwell playground") ? "" : noModule(module);
}
