/** The files in the editor. Every change makes a new record, so that "has it changed" is a comparison of references. */

/** @import { Files, Project } from "../../host.d.ts" */

import { batch, computed, effect, signal } from "@preact/signals";
import { host } from "./connection.js";

const SAVE_AFTER_MS = 300;

/** @type {import("@preact/signals").Signal<Files>} */
export const files = signal({});
/** The file that has the workflows. */
export const main = signal("");
/** The file that is shown. */
export const active = signal("");
/** Texts of the parameter fields, by class name. @type {import("@preact/signals").Signal<Record<string, string>>} */
export const params = signal({});
/** Counts how often a whole project was opened: the editor begins afresh then. */
export const opened = signal(0);
export const isLoaded = signal(false);
/** @type {import("@preact/signals").Signal<"saved" | "unsaved" | { error: string }>} */
export const saved = signal("saved");

/** Names of the workflow classes in the main file, as far as its text tells before it is imported. */
export const classNames = computed(() =>
  [...(files.value[main.value] ?? "").matchAll(/^class\s+(\w+)\s*\([^)]*WorkflowEntrypoint[^)]*\)/gm)].map(
    (match) => match[1],
  ),
);

/** @param {Project} project */
export function openProject({ files: given, main: file, page }) {
  const kept = /** @type {any} */ (page ?? {});
  batch(() => {
    files.value = { ...given };
    main.value = file in given ? file : (Object.keys(given).find((name) => name.endsWith(".py")) ?? "");
    active.value = kept.active in given ? kept.active : main.value;
    params.value = { ...kept.params };
    opened.value += 1;
    isLoaded.value = true;
  });
}

/** @returns {Project} */
export function currentProject() {
  return { files: files.value, main: main.value, page: { active: active.value, params: params.value } };
}

/** @param {string} path @param {string} text */
export function editFile(path, text) {
  if (files.value[path] !== text) files.value = { ...files.value, [path]: text };
}

/** @param {string} path @param {string} [text] */
export function addFile(path, text = "") {
  batch(() => {
    files.value = { ...files.value, [path]: text };
    active.value = path;
    if (!(main.value in files.value) && path.endsWith(".py")) main.value = path;
  });
}

/** @param {string} from @param {string} to */
export function renameFile(from, to) {
  batch(() => {
    files.value = Object.fromEntries(
      Object.entries(files.value).map(([path, text]) => [path === from ? to : path, text]),
    );
    if (main.value === from) main.value = to;
    if (active.value === from) active.value = to;
  });
}

/** @param {string} path */
export function deleteFile(path) {
  const { [path]: _, ...rest } = files.value;
  batch(() => {
    files.value = rest;
    if (active.value === path) active.value = main.value in rest ? main.value : (Object.keys(rest)[0] ?? "");
  });
}

/**
 * What is wrong with *path* as the name of a file, as a sentence; null if nothing is.
 *
 * @param {string} path
 * @param {string} [renamed] the file that is to get this name
 */
export function problemOfPath(path, renamed) {
  if (path === "") return "A file needs a name.";
  if (path.length > 120) return `The name is ${path.length} characters long; the limit is 120.`;
  if (!/^[\w.-][\w. -]*(\/[\w.-][\w. -]*)*$/.test(path))
    return `"${path}" is no file name: letters, digits, "_", "-", "." and spaces, with "/" between folders.`;
  if (path.split("/").some((part) => /^\.+$/.test(part))) return "A name cannot lead out of the project.";
  if (path in files.value && path !== renamed) return `There is a file "${path}" already.`;
  const above = Object.keys(files.value).find((each) => path.startsWith(`${each}/`) || each.startsWith(`${path}/`));
  return above && above !== renamed ? `"${above}" is in the way: a name is either a file's or a folder's.` : null;
}

/** Keep the project beside the state: a moment after each change, and at once when the page is left. */
export function keepProject() {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let isFirst = true;
  const save = async () => {
    clearTimeout(timer);
    timer = undefined;
    try {
      await host.saveProject(currentProject());
      if (timer === undefined) saved.value = "saved";
    } catch (error) {
      saved.value = { error: /** @type {Error} */ (error).message };
    }
  };
  effect(() => {
    if (!isLoaded.value) return;
    currentProject();
    // What has just been loaded is saved already, unless it came from a link or is an example.
    if (isFirst) {
      isFirst = false;
      return;
    }
    saved.value = "unsaved";
    clearTimeout(timer);
    timer = setTimeout(() => void save(), SAVE_AFTER_MS);
  });
  addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden" && timer !== undefined) void save();
  });
  return save;
}
