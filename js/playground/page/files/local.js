/** Files of the person's own machine: opened by a dialog or by dropping them, saved as a download. */

import { unzipSync, zipSync } from "fflate";
import { download } from "../../../pages/download.js";
import { notify } from "../../../pages/notices.js";
import { addFile, currentProject, files, openProject, problemOfPath } from "../state/project.js";
import { openRunFile, RUN_FILE } from "../state/runs.js";

const LARGEST = 5e6;

/** @param {string} path */
export function saveFile(path) {
  download(/** @type {string} */ (path.split("/").at(-1)), files.value[path] ?? "", "text/plain");
}

export function saveProject() {
  const { files: all, main } = currentProject();
  const encoder = new TextEncoder();
  const packed = zipSync(Object.fromEntries(Object.entries(all).map(([path, text]) => [path, encoder.encode(text)])));
  download(`${main.replace(/\.\w+$/, "") || "project"}.zip`, packed, "application/zip");
}

export function chooseFiles() {
  const input = document.createElement("input");
  input.type = "file";
  input.multiple = true;
  input.addEventListener("change", () => void openFiles([...(input.files ?? [])]));
  input.click();
}

/**
 * Open what was chosen or dropped: run files are shown, a zip replaces the project, and everything else is text that is
 * added to it.
 *
 * @param {File[]} given
 */
export async function openFiles(given) {
  for (const file of given) {
    if (file.name.endsWith(RUN_FILE) || file.name.endsWith(".sqlite")) await openRunFile(file);
    else if (file.size > LARGEST) {
      notify(
        "error",
        `${file.name} has ${(file.size / 1e6).toFixed(1)} MB; the editor takes up to ${LARGEST / 1e6} MB.`,
      );
    } else if (file.name.endsWith(".zip")) await openArchive(file);
    else await openText(file);
  }
}

/** @param {File} file */
async function openText(file) {
  const text = decode(new Uint8Array(await file.arrayBuffer()));
  const wrong = file.name in files.value ? null : problemOfPath(file.name);
  if (text === null) notify("error", `${file.name} is no text in UTF-8, so it cannot be edited here.`);
  else if (wrong) notify("error", `${file.name} cannot be opened: ${wrong}`);
  else {
    const before = currentProject();
    const isThere = file.name in files.value;
    addFile(file.name, text);
    if (isThere) {
      openProject(currentProject());
      notify("info", `${file.name} was replaced.`, { label: "Undo", run: () => openProject(before) });
    }
  }
}

/** @param {File} file */
async function openArchive(file) {
  /** @type {Record<string, string>} */
  const texts = {};
  let left = 4 * LARGEST;
  try {
    const unpacked = unzipSync(new Uint8Array(await file.arrayBuffer()), {
      filter: ({ name, originalSize }) => !name.endsWith("/") && !/(^|\/)[._]/.test(name) && (left -= originalSize) > 0,
    });
    for (const [path, bytes] of Object.entries(unpacked)) {
      const text = decode(bytes);
      if (text !== null && /^[\w.-]/.test(path) && !path.split("/").includes("..")) texts[path] = text;
    }
  } catch (error) {
    notify("error", `${file.name} cannot be opened: ${/** @type {Error} */ (error).message}`);
    return;
  }
  const main = Object.keys(texts).find((path) => texts[path]?.includes("WorkflowEntrypoint"));
  if (main === undefined) {
    notify("error", `${file.name} holds no Python file with a workflow.`);
    return;
  }
  const before = currentProject();
  openProject({ files: texts, main });
  notify("info", `${file.name} was opened.`, { label: "Undo", run: () => openProject(before) });
}

/** @param {Uint8Array} bytes @returns {string | null} null where it is no text */
function decode(bytes) {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return text.includes("\0") ? null : text;
  } catch {
    return null;
  }
}
