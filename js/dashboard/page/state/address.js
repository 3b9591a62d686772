/** What the address names: a list with its filter, or an instance with a view and a step. */

import { batch, computed, effect, signal } from "@preact/signals";
import { fromHash, toHash } from "../../../pages/route.js";
import { isSame, nameOf } from "../../../pages/run/addresses.js";
import { comparedWith, selected, tab, watching } from "../../../pages/run/view.js";

/** @import { RunAddress } from "../../../pages/run.d.ts" */
/** @typedef {{ workflow: string, text: string, status: string, order: string, direction: string, minutes: string }} ListFilter */

const TITLE = "Stepwell";
/** @type {import("@preact/signals").Signal<{ path: string[], query: Record<string, string> }>} */
const route = signal(read());
/** @type {import("@preact/signals").Signal<RunAddress | null>} */
export const shown = signal(null);

/** Which page: all workflows, the instances of one or of all, an instance, or the engines. */
export const place = computed(() => {
  const [kind = "", name] = route.value.path;
  if (kind === "instances" && route.value.path.length > 2) return "instance";
  if (kind === "instances" || (kind === "workflows" && name !== undefined)) return "list";
  return kind === "engines" ? "engines" : "workflows";
});

export const filter = computed(() => {
  const { path, query } = route.value;
  const workflow = path[0] === "workflows" ? (path[1] ?? "") : "";
  const { text = "", status = "", order = "created", direction = "desc" } = query;
  return { workflow, text, status, order, direction };
});

/** The length of time that charts show, in minutes. */
export const minutes = computed(() => Number(route.value.query.minutes) || 60);

/** Of the list of workflows, from 1 on. */
export const page = computed(() => Math.max(1, Math.trunc(Number(route.value.query.page)) || 1));

/** @param {number} number */
export function workflowsHash(number) {
  return toHash([], number === 1 ? {} : { page: String(number) });
}

function read() {
  return fromHash(location.hash) ?? { path: [], query: {} };
}

/** @param {string} workflow empty: all @param {Record<string, string>} [query] */
export function listHash(workflow, query = {}) {
  return toHash(workflow === "" ? ["instances"] : ["workflows", workflow], query);
}

/** @param {string} workflow @param {string} id */
export function instanceHash(workflow, id) {
  return toHash(["instances", workflow, id, "timeline"]);
}

/** Of the comparison of two instances. @param {{ workflow: string, id: string }} one @param {{ workflow: string, id: string }} other */
export function compareHash(one, other) {
  return toHash(["instances", one.workflow, one.id, "compare"], { with: nameOf(other) });
}

/** Change parts of the query; the entry in the browser's history is the same. @param {Record<string, string>} changes */
export function changeQuery(changes) {
  const { path, query } = route.value;
  history.replaceState(null, "", toHash(path, { ...query, ...changes }));
  route.value = read();
}

/** @param {string} hash */
export function go(hash) {
  location.hash = hash;
}

/** @param {RunAddress | null} address */
export function show(address) {
  if (address && "key" in address) return;
  go(address ? instanceHash(address.workflow, address.id) : "#/instances");
}

export function followAddress() {
  open();
  addEventListener("hashchange", open);
  effect(() => {
    const address = shown.value;
    document.title = `${titleOf(address)}${TITLE}`;
    if (!address || "key" in address || place.value !== "instance") return;
    const query = { step: selected.value ?? "", with: tab.value === "compare" ? comparedWith.value : "" };
    const hash = toHash(["instances", address.workflow, address.id, tab.value], query);
    if (hash !== location.hash) history.replaceState(null, "", hash);
  });
}

/** @param {RunAddress | null} address */
function titleOf(address) {
  if (address && "id" in address && place.value === "instance") return `${address.id} · `;
  return filter.value.workflow === "" ? "" : `${filter.value.workflow} · `;
}

function open() {
  const found = read();
  const [kind, workflow, id, view] = found.path;
  batch(() => {
    route.value = found;
    if (kind !== "instances" || workflow === undefined || id === undefined) {
      shown.value = null;
      return;
    }
    const address = { workflow, id };
    if (!isSame(shown.value, address)) {
      shown.value = address;
      watching.value = null;
    }
    tab.value = view || "timeline";
    selected.value = found.query.step || null;
    comparedWith.value = found.query.with ?? "";
  });
}
