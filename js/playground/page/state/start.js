/** Starting an instance: deploy what has changed, then create it. */

import { signal } from "@preact/signals";
import { host } from "./connection.js";
import { sentenceOf } from "../../../pages/page.js";
import { deploy, deployed, isCurrent, startable } from "./deployment.js";
import { params } from "./project.js";
import { parseJson } from "../../../pages/json_text.js";
import { randomLetters } from "../../../pages/run/addresses.js";
import { show } from "./runs.js";

/** The workflow that the start form is about. */
export const chosen = signal("");
export const isStarting = signal(false);
/** The id that the next instance is to have; empty: a new one. */
export const wantedId = signal("");
/** Why the last instance was not started; empty: it was. */
export const refused = signal("");

export function currentWorkflow() {
  return startable.value.includes(chosen.value) ? chosen.value : (startable.value[0] ?? "");
}

export async function start() {
  if (isStarting.value) return;
  const wanted = currentWorkflow();
  const given = parseJson(params.value[wanted] ?? "");
  if ("error" in given) {
    refused.value = `The parameters are not JSON: ${given.error}`;
    return;
  }
  isStarting.value = true;
  refused.value = "";
  try {
    if (!isCurrent.value && !(await deploy())) return;
    const names = deployed.value?.workflows.map(({ name }) => name) ?? [];
    const workflow = names.includes(wanted) ? wanted : names[0];
    if (workflow === undefined) return;
    const id = await host.create(workflow, given.value, wantedId.value.trim() || shortId(workflow));
    wantedId.value = "";
    show({ workflow, id });
  } catch (error) {
    refused.value = sentenceOf(error);
  } finally {
    isStarting.value = false;
  }
}

/** An id that people can read, and tell from others: "order-k3f9". @param {string} workflow */
function shortId(workflow) {
  const words = workflow.replace(/Workflow$/, "").replaceAll(/([a-z])([A-Z])/g, "$1-$2");
  return `${words.toLowerCase().slice(0, 40) || "instance"}-${randomLetters(5)}`;
}
