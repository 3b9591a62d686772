/** The bar at the top: the project, how far the engine is, and the page itself. */

import { html } from "htm/preact";
import { Icon } from "../../../pages/parts/icon.js";
import { Menu } from "../../../pages/parts/menu.js";
import { ask } from "../../../pages/parts/dialog.js";
import { size } from "../../../pages/format.js";
import { chooseFiles, saveFile, saveProject } from "../files/local.js";
import { LONGEST, toFragment } from "../files/share.js";
import { host, hostState, progress, pythonState, versions } from "../state/connection.js";
import { attempt } from "../../../pages/page.js";
import { notify } from "../../../pages/notices.js";
import { active, currentProject, files, main, openProject, params, saved } from "../state/project.js";
import { theme } from "../../../pages/theme.js";
import { examples } from "../state/examples.js";
import { showShortcuts } from "./shortcuts.js";
import { showTables } from "./tables.js";

const ICON = new URL("../../../pages/icon.svg", import.meta.url).href;

export function Header() {
  return html`<header class="bar">
    <h1 class="brand"><img src=${ICON} alt="" width="20" height="20" /> Stepwell <span>playground</span></h1>
    <nav aria-label="Project">
      <${Menu} label="Examples" icon="book" items=${exampleItems()} />
      <${Menu} label="File" icon="file" items=${fileItems()} />
      <button type="button" class="button quiet" onClick=${share}><${Icon} name="share" /> Share</button>
    </nav>
    <span class="grow"></span>
    <${Starting} />
    <${Menu} label="Crash" icon="bolt" items=${crashItems()} />
    <${Menu} label="Theme" icon="sun" short items=${themeItems()} />
    <${Menu} label="More" icon="dots" short items=${moreItems()} />
  </header>`;
}

/** How far the engine and Python are, and then what they are. */
function Starting() {
  const state = hostState.value;
  if (state.phase === "starting" || (state.phase === "ready" && state.python === "loading")) {
    const { label, loaded, total, percent } = progress.value;
    const bytes = total > 1000 ? `, ${size(loaded)} of ${size(total)}` : "";
    return html`<span class="starting">
      <span class="cut num" role="status">${label}${bytes}</span>
      <progress max="100" value=${percent} aria-label="Starting"></progress>
    </span>`;
  }
  if (state.phase !== "ready") return null;
  const { python } = versions.value;
  if (state.python === "failed") return html`<span class="pill tone-bad"><${Icon} name="cross" /> Python failed</span>`;
  return html`<span class="pill tone-ok about" role="status"
    ><${Icon} name="check" /> Python${python ? ` ${python}` : ""} ready</span
  >`;
}

/** @returns {import("../../../pages/parts/menu.js").MenuItem[]} */
function exampleItems() {
  return examples.value.map((example) => ({
    label: example.name,
    note: example.title,
    run: () => {
      const before = currentProject();
      openProject({ files: example.files, main: example.main });
      notify("info", `Opened the example ${example.name}.`, { label: "Undo", run: () => openProject(before) });
    },
  }));
}

/** @returns {import("../../../pages/parts/menu.js").MenuItem[]} */
function fileItems() {
  return [
    { label: "Open…", note: "Python, text, a zip, or a run file", icon: "upload", run: chooseFiles },
    { label: "Save this file", note: active.value, icon: "download", run: () => saveFile(active.value) },
    { label: "Save the project", note: "All files, as a zip", icon: "download", run: saveProject },
  ];
}

/** @returns {import("../../../pages/parts/menu.js").MenuItem[]} */
function crashItems() {
  const isReady = hostState.value.phase === "ready";
  return [
    {
      label: "Simulate a crash",
      note: "Of Python only: nothing finished is lost",
      icon: "bolt",
      disabled: !isReady || pythonState.value !== "ready",
      run: () => crash("python"),
    },
    {
      label: "Simulate a power cut",
      note: "Of the engine and Python: nothing finished is lost",
      icon: "bolt",
      danger: true,
      disabled: !isReady,
      run: () => crash("engine"),
    },
    {
      label: "Reload the page",
      note: "Everything continues where it was",
      icon: "restart",
      run: () => location.reload(),
    },
  ];
}

/** @param {"python" | "engine"} what */
async function crash(what) {
  if (await attempt("Crash", () => host.crash(what)))
    notify(
      "info",
      what === "python"
        ? "Python was ended. The steps that were running continue in a new one."
        : "The engine was ended. It starts again from the last commit.",
    );
}

/** @returns {import("../../../pages/parts/menu.js").MenuItem[]} */
function themeItems() {
  return /** @type {const} */ (["system", "light", "dark"]).map((each) => ({
    label: { system: "As the system", light: "Light", dark: "Dark" }[each],
    icon: theme.value === each ? /** @type {const} */ ("check") : undefined,
    run: () => (theme.value = each),
  }));
}

/** @returns {import("../../../pages/parts/menu.js").MenuItem[]} */
function moreItems() {
  const state = hostState.value;
  const storage = state.phase === "ready" ? state.storage : null;
  return [
    {
      label: "Tables",
      note: "What is in the SQLite database",
      icon: "search",
      disabled: state.phase !== "ready",
      run: showTables,
    },
    { label: "Keyboard shortcuts", icon: "keyboard", keys: "?", run: showShortcuts },
    ...(storage && !storage.persisted && storage.kind === "opfs"
      ? [
          {
            label: "Keep the storage",
            note: "Ask the browser not to clear it by itself",
            icon: /** @type {const} */ ("star"),
            run: persist,
          },
        ]
      : []),
    "line",
    {
      label: "Delete everything…",
      note: storage?.usage === undefined ? "Instances and project" : `Instances and project, ${size(storage.usage)}`,
      icon: "trash",
      danger: true,
      run: reset,
    },
  ];
}

async function persist() {
  const granted = await host.persist();
  notify(
    granted ? "info" : "warning",
    granted
      ? "The browser keeps the storage."
      : "The browser makes no promise: it may clear the storage when the disk is full.",
  );
}

function reset() {
  ask({
    title: "Delete everything?",
    text: "All instances, the project and what was deployed are deleted from this browser.",
    submit: "Delete everything",
    run: async () => {
      await host.reset();
      location.reload();
    },
  });
}

async function share() {
  const fragment = await toFragment({ files: files.value, main: main.value, params: params.value });
  if (fragment.length > LONGEST) {
    notify(
      "warning",
      `The link would have ${size(fragment.length)}; many programs cut links above ${size(LONGEST)}. Save the project as a file instead.`,
    );
    return;
  }
  const link = `${location.href.replace(/#.*$/, "")}${fragment}`;
  try {
    await navigator.clipboard.writeText(link);
    notify(
      "info",
      `The link is in the clipboard, ${size(link.length)}. It holds the source and the parameters, and is sent nowhere.`,
    );
  } catch {
    location.hash = fragment;
    notify("info", "The link is in the address bar: copy it from there.");
  }
}

/** Shown in the header's place on a narrow screen. */
export function savedNote() {
  const state = saved.value;
  if (state === "saved") return "Saved";
  return state === "unsaved" ? "Saving…" : `Not saved: ${state.error}`;
}
