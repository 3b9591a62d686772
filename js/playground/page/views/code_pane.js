/** The project's files: tabs, the editor, what is wrong, and deploying. */

import { html } from "htm/preact";
import { useComputed } from "@preact/signals";
import { CodeEditor, goal } from "../editor/code_editor.js";
import { markedPlaces } from "../../../pages/run/places.js";
import { saveFile } from "../files/local.js";
import { ask, dialog, FormDialog } from "../../../pages/parts/dialog.js";
import { Icon } from "../../../pages/parts/icon.js";
import { Menu } from "../../../pages/parts/menu.js";
import { Traceback } from "../../../pages/run/traceback.js";
import { hostState } from "../state/connection.js";
import { deployed, deployNow, isCurrent, isDeploying, problems, refusal } from "../state/deployment.js";
import * as project from "../state/project.js";
import { detail } from "../../../pages/run/followed.js";
import { start } from "../state/start.js";
import { useState } from "preact/hooks";
import { savedNote } from "./header.js";

export function CodePane() {
  const { active, files, isLoaded, opened } = project;
  const marked = useComputed(() => {
    const own = problems.value;
    const taken = new Set(own.map(({ file, line }) => `${file}:${line}`));
    return [
      ...own,
      ...markedPlaces(detail.value, files.value).filter(({ file, line }) => !taken.has(`${file}:${line}`)),
    ];
  });
  const wanted = goal.value;
  if (wanted && wanted.file !== active.value && wanted.file in files.value)
    queueMicrotask(() => (active.value = wanted.file));
  // What would be written here is not kept: the other tab's project is.
  if (hostState.value.phase === "elsewhere")
    return html`<section class="pane codepane" aria-label="Code">
      <p class="empty">The project is open in the other tab.</p>
    </section>`;
  if (!isLoaded.value)
    return html`<section class="pane codepane" aria-label="Code">
      <p class="empty" role="status">Opening your project…</p>
    </section>`;
  return html`<section class="pane codepane" aria-label="Code">
    <${FileTabs} marked=${marked.value} />
    ${
      active.value in files.value
        ? html`<${CodeEditor}
            path=${active.value}
            text=${files.value[active.value]}
            marked=${marked.value}
            generation=${opened.value}
          />`
        : html`<p class="empty">The project has no files. Add one, or open an example.</p>`
    }
    <${Problems} />
    <${DeployBar} />
  </section>`;
}

/** @param {{ marked: { file: string }[] }} props */
function FileTabs({ marked }) {
  const { active, files, main } = project;
  const paths = Object.keys(files.value);
  const faulty = new Set(marked.map(({ file }) => file));
  const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
    const at = paths.indexOf(active.value);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1 + paths.length, Home: 0, End: paths.length - 1 }[event.key];
    if (event.key === "F2") return rename(active.value);
    if (event.key === "Delete") return remove(active.value);
    const next = to === undefined ? undefined : paths[to % paths.length];
    if (next === undefined) return;
    event.preventDefault();
    active.value = next;
    queueMicrotask(() => document.querySelector(/** @type {any} */ ('.files [aria-selected="true"]'))?.focus());
  };
  return html`<div class="files">
    <div class="tabs" role="tablist" aria-label="Files" onKeyDown=${onKeyDown}>
      ${paths.map(
        (path) =>
          html`<button
            key=${path}
            type="button"
            role="tab"
            class=${faulty.has(path) ? "faulty" : ""}
            aria-selected=${path === active.value ? "true" : "false"}
            tabindex=${path === active.value ? 0 : -1}
            title=${path === main.value ? `${path}: the main file, which has the workflows` : path}
            onClick=${() => (active.value = path)}
            onDblClick=${() => rename(path)}
          >
            ${path === main.value && html`<${Icon} name="star" /><span class="sr">main file </span>`}${path}${faulty.has(path) && html`<span class="sr">, has errors</span>`}
          </button>`,
      )}
    </div>
    <button type="button" class="button quiet icon" aria-label="Add a file" title="Add a file" onClick=${add}>
      <${Icon} name="plus" />
    </button>
    <${Menu} label="This file" icon="dots" short items=${fileMenu(active.value)} />
  </div>`;
}

/** @param {string} path @returns {import("../../../pages/parts/menu.js").MenuItem[]} */
function fileMenu(path) {
  const isMain = path === project.main.value;
  return [
    { label: "Rename…", icon: "file", keys: "F2", run: () => rename(path) },
    {
      label: "Make it the main file",
      note: "The one that has the workflows",
      icon: "star",
      disabled: isMain || !path.endsWith(".py"),
      run: () => (project.main.value = path),
    },
    { label: "Save to disk", icon: "download", run: () => saveFile(path) },
    "line",
    { label: "Delete…", icon: "trash", danger: true, run: () => remove(path) },
  ];
}

function add() {
  dialog.value = () =>
    html`<${NameDialog}
      title="Add a file"
      submit="Add"
      start=""
      run=${(/** @type {string} */ path) => project.addFile(path)}
    />`;
}

/** @param {string} from */
function rename(from) {
  dialog.value = () =>
    html`<${NameDialog}
      title=${`Rename ${from}`}
      submit="Rename"
      start=${from}
      run=${(/** @type {string} */ to) => project.renameFile(from, to)}
    />`;
}

/** @param {{ title: string, submit: string, start: string, run: (path: string) => void }} props */
function NameDialog({ title, submit, start, run }) {
  const [name, setName] = useState(start);
  const send = () => {
    const wrong = project.problemOfPath(name.trim(), start || undefined);
    if (wrong) throw new Error(wrong);
    run(name.trim());
  };
  return html`<${FormDialog} title=${title} submit=${submit} onSubmit=${async () => send()}>
    <label class="field"
      ><span class="label">Name</span>
      <input
        type="text"
        autofocus
        spellcheck="false"
        placeholder="helpers.py"
        value=${name}
        onInput=${(/** @type {any} */ { target }) => setName(target.value)}
      />
    </label>
  <//>`;
}

/** @param {string} path */
function remove(path) {
  ask({
    title: `Delete ${path}?`,
    text: "The file is deleted from the project.",
    submit: "Delete",
    run: async () => project.deleteFile(path),
  });
}

function Problems() {
  const all = problems.value;
  const refused = refusal.value;
  if (all.length === 0 && !refused) return null;
  return html`<div class="problems" role="alert" tabindex="0" aria-label="Problems">
    ${all.length === 0 && refused && html`<pre>${refused.message}</pre>`}
    ${all.map(
      ({ file, line, name, message }) =>
        html`<button type="button" onClick=${() => (goal.value = { file, line })}>
          <b class="num">${file}:${line}</b><span>${name}: ${message}</span>
        </button>`,
    )}
    ${refused?.traceback && html`<${Traceback} text=${refused.traceback} label="deployment" />`}
  </div>`;
}

function DeployBar() {
  const state = isDeploying.value
    ? "Deploying…"
    : isCurrent.value
      ? "Deployed"
      : deployed.value
        ? "Changed since it was deployed"
        : "Start runs this code";
  return html`<footer class="deploybar">
    <span class="muted cut" role="status">${state} · ${savedNote()}</span>
    <span class="grow"></span>
    <button
      type="button"
      class="button small"
      title="Deploy (Ctrl+S)"
      aria-disabled=${isDeploying.value ? "true" : undefined}
      onClick=${() => void deployNow()}
    >
      <${Icon} name="deploy" /> Deploy
    </button>
    <button type="button" class="button small primary start-here" onClick=${() => void start()}>
      <${Icon} name="play" /> Start
    </button>
  </footer>`;
}
