/** What of the project has been deployed, and what is wrong with it. */

/** @import { Deployed, Files, HostError, Problem } from "../../host.d.ts" */

import { computed, effect, signal } from "@preact/signals";
import { readTraceback } from "../../../pages/run/places.js";
import { host, isReady, pythonState } from "./connection.js";
import { notify } from "../../../pages/notices.js";
import { classNames, files, isLoaded, main } from "./project.js";

const CHECK_AFTER_MS = 350;

/** @type {import("@preact/signals").Signal<(Deployed & { files: Files, main: string }) | null>} */
export const deployed = signal(null);
export const isDeploying = signal(false);
/** Why the last deployment was refused. @type {import("@preact/signals").Signal<{ message: string, traceback?: string } | null>} */
export const refusal = signal(null);
/** Syntax errors of the text as it is. @type {import("@preact/signals").Signal<Problem[]>} */
export const syntaxProblems = signal([]);
/** Errors of the last deployment, as long as the text they are about stands. @type {import("@preact/signals").Signal<{ files: Files, problems: Problem[] }>} */
const deployProblems = signal({ files: {}, problems: [] });

export const isCurrent = computed(() => deployed.value?.files === files.value && deployed.value?.main === main.value);

/** Names under which instances can be started: those of the deployment, or what the text promises. */
export const startable = computed(() =>
  isCurrent.value && deployed.value ? deployed.value.workflows.map(({ name }) => name) : classNames.value,
);

export const problems = computed(() => {
  const { files: about, problems: told } = deployProblems.value;
  const still = told.filter(({ file }) => about[file] === files.value[file]);
  const known = new Set(syntaxProblems.value.map(({ file, line }) => `${file}:${line}`));
  return [...syntaxProblems.value, ...still.filter(({ file, line }) => !known.has(`${file}:${line}`))];
});

/**
 * Deploy the project as it stands.
 *
 * @returns {Promise<Deployed | null>} null where it was refused; `refusal` says why
 */
export async function deploy() {
  const given = { files: files.value, main: main.value };
  isDeploying.value = true;
  refusal.value = null;
  try {
    const result = await host.deploy(given.files, given.main);
    deployed.value = { ...result, ...given };
    deployProblems.value = { files: given.files, problems: [] };
    return result;
  } catch (error) {
    const { message, traceback, problems: known = [] } = /** @type {HostError} */ (error);
    const told = known.length > 0 ? known : raisedAt(message, traceback ?? "", given.files);
    refusal.value = { message, ...(traceback === undefined ? {} : { traceback }) };
    deployProblems.value = { files: given.files, problems: told };
    return null;
  } finally {
    isDeploying.value = false;
  }
}

/**
 * Where the traceback of a module that could not be imported leads.
 *
 * @param {string} message @param {string} traceback @param {Files} given
 * @returns {Problem[]}
 */
function raisedAt(message, traceback, given) {
  const place = readTraceback(traceback, given).findLast((line) => line.place)?.place;
  const [, name = "Error", text = message] = /^(\w+): ([^]*)$/.exec(message) ?? [];
  return place ? [{ ...place, name, message: text }] : [];
}

/** Deploy because somebody asked for it, and say how it went. */
export async function deployNow() {
  const result = await deploy();
  if (!result) return;
  const names = result.workflows.map(({ name }) => name).join(", ");
  notify("info", `Deployed ${names}. Unfinished instances continue with this code.`);
}

/** Look for syntax errors while people write. */
export function watchSyntax() {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  effect(() => {
    const given = files.value;
    if (!isLoaded.value || !isReady.value || pythonState.value !== "ready") return;
    clearTimeout(timer);
    timer = setTimeout(() => void check(given), CHECK_AFTER_MS);
  });
}

/** @param {Files} given */
async function check(given) {
  try {
    const found = await host.check(given);
    if (given === files.value) syntaxProblems.value = found;
  } catch {
    // The interpreter has gone: it is asked again once it is back.
  }
}
