/** The page's beginning: draw at once, then open what there is to open as soon as the host answers. */

import { effect } from "@preact/signals";
import { html, render } from "htm/preact";
import { App } from "./app.js";
import { LinkError, fromFragment } from "./files/share.js";
import { openFiles } from "./files/local.js";
import { ask } from "../../pages/parts/dialog.js";
import { host, hostState, isReady, versions } from "./state/connection.js";
import { watchSyntax } from "./state/deployment.js";
import { examples, firstExample, loadExamples } from "./state/examples.js";
import { notify } from "../../pages/notices.js";
import { followAddress, showAddress } from "./state/address.js";
import { currentProject, keepProject, openProject } from "./state/project.js";
import { followInstances } from "./state/runs.js";
import { provideServices } from "./state/services.js";
import { followSchedules } from "./state/schedules.js";
import { followShown } from "../../pages/run/followed.js";
import { listenToKeys } from "./views/shortcuts.js";

provideServices();
const place = /** @type {HTMLElement} */ (document.getElementById("app"));
place.replaceChildren();
render(html`<${App} />`, place);

followInstances();
followSchedules();
followShown();
followAddress();
watchSyntax();
listenToKeys();
acceptDrops();
void openAll();
addEventListener("hashchange", () => void openLink());
effect(() => {
  if (isReady.value && hostState.value.phase === "ready" && hostState.value.python === "ready")
    void host
      .versions()
      .then((found) => (versions.value = found))
      .catch(() => undefined);
});

/** The project that was saved, or the first example; and what the link brings. Another tab may own it until later. */
async function openAll() {
  await loadExamples().catch((error) => notify("warning", `The examples could not be loaded: ${error.message}`));
  const save = keepProject();
  let isOwned = false;
  effect(() => {
    const { phase } = hostState.value;
    if (phase === "elsewhere") isOwned = false;
    if (phase !== "ready" || isOwned) return;
    isOwned = true;
    void openSaved(save).then(openLink);
  });
}

/** @param {() => Promise<void>} save */
async function openSaved(save) {
  const project = await host.loadProject().catch((error) => {
    notify("error", `The project could not be opened: ${error.message}`);
    return null;
  });
  if (project) return openProject(project);
  openProject(firstExample() ?? { files: { "main.py": "" }, main: "main.py" });
  await save();
}

/** Open the project of the address's fragment, once; it asks where that would take the place of somebody's own work. */
async function openLink() {
  const { hash } = location;
  let shared;
  try {
    shared = await fromFragment(hash);
  } catch (error) {
    if (!(error instanceof LinkError)) throw error;
    notify("error", `${error.message} Your own project is as it was.`);
  }
  if (shared === undefined || shared === null) return;
  history.replaceState(null, "", location.pathname + location.search);
  showAddress();
  const { files, main, params } = shared;
  const open = () => openProject({ files, main, page: { params: params ?? {} } });
  const mine = JSON.stringify(currentProject().files);
  const isOwn = !examples.value.some((example) => JSON.stringify(example.files) === mine);
  if (!isOwn || mine === JSON.stringify(files)) open();
  else {
    ask({
      title: "Open the project of the link?",
      text: `It has ${Object.keys(files).join(", ")}, and takes the place of your own project. Save yours first if you want to keep it.`,
      submit: "Open",
      danger: false,
      run: open,
    });
  }
}

function acceptDrops() {
  addEventListener("dragover", (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    document.body.classList.add("dropping");
  });
  addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) document.body.classList.remove("dropping");
  });
  addEventListener("drop", (event) => {
    document.body.classList.remove("dropping");
    const files = [...(event.dataTransfer?.files ?? [])];
    if (files.length === 0) return;
    event.preventDefault();
    void openFiles(files);
  });
}
