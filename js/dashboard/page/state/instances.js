/** The list of instances: pages of it by cursor, or what a search has found; refreshed when something changes. */

import { batch, signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { filter } from "./address.js";
import { changes } from "./changes.js";
import { inAccount, isReady, send } from "./session.js";

const PAGE = 100;
/** Found by one search; more are not looked at. */
const MOST_FOUND = 200;

/** @typedef {{ id: string, workflow_id: string, status: string, created_on: string, modified_on: string, started_on: string | null, ended_on: string | null, version_id: string, trigger_source: string, where?: string }} InstanceJson */

/** @type {import("@preact/signals").Signal<InstanceJson[]>} */
export const rows = signal([]);
export const total = signal(0);
/** Whether there is nothing more. */
export const isWhole = signal(false);
/** Why there is no list; empty: there is one. */
export const failure = signal("");
/** Instances that the search has gone through. */
export const searched = signal(0);

let cursor = "";
/** Counts the lists: an answer for an earlier one is dropped. */
let generation = 0;
let isLoading = false;

/** Keeps the list that the address names. */
export function useInstances() {
  const { workflow, text, status, order, direction } = filter.value;
  const ready = isReady.value;
  useEffect(() => {
    if (ready) void begin();
  }, [workflow, text, status, order, direction, ready]);
  const change = changes.value;
  useEffect(() => {
    if (ready && change > 0 && text === "") void refresh();
  }, [change]);
}

async function begin() {
  generation += 1;
  isLoading = false;
  cursor = "";
  batch(() => {
    rows.value = [];
    isWhole.value = false;
    failure.value = "";
    searched.value = 0;
  });
  if (filter.peek().text === "") await loadMore();
  else await search();
}

/** @param {string} from cursor */
async function readPage(from) {
  const { workflow, status, order, direction } = filter.peek();
  const query = new URLSearchParams({
    per_page: String(PAGE),
    order_by: order,
    direction,
    ...(status === "" ? {} : { status }),
    ...(from === "" ? {} : { cursor: from }),
  });
  const path = inAccount("workflows", workflow === "" ? "-" : workflow, "instances");
  const { result, result_info } = await (await send("GET", `${path}?${query}`)).json();
  return { page: /** @type {InstanceJson[]} */ (result), info: result_info };
}

/** The next page of the list. */
export async function loadMore() {
  if (isLoading || isWhole.peek() || filter.peek().text !== "") return;
  isLoading = true;
  const mine = generation;
  try {
    const { page, info } = await readPage(cursor);
    if (mine !== generation) return;
    cursor = info.cursor ?? "";
    batch(() => {
      rows.value = [...rows.peek(), ...page];
      total.value = info.total_count;
      isWhole.value = cursor === "";
    });
  } catch (error) {
    if (mine === generation) complain(error);
  } finally {
    if (mine === generation) isLoading = false;
  }
}

/** The first page again: new instances come to it, and others change their status. */
async function refresh() {
  const mine = generation;
  try {
    const { page, info } = await readPage("");
    if (mine !== generation) return;
    const known = rows.peek();
    const fresh = new Map(page.map((each) => [keyOf(each), each]));
    const isFirstOnly = known.length <= PAGE;
    batch(() => {
      total.value = info.total_count;
      if (isFirstOnly) {
        rows.value = page;
        cursor = info.cursor ?? "";
        isWhole.value = cursor === "";
      } else if (filter.peek().order === "created" && filter.peek().direction === "desc") {
        rows.value = [...page, ...known.filter((each) => !fresh.has(keyOf(each)))];
      } else rows.value = known.map((each) => fresh.get(keyOf(each)) ?? each);
    });
  } catch {
    // The next change asks again.
  }
}

/** @param {InstanceJson} row */
export function keyOf({ workflow_id, id }) {
  return `${workflow_id}\n${id}`;
}

/** Goes through the instances, the newest first, until enough are found. */
async function search() {
  const mine = generation;
  const { workflow, text, status } = filter.peek();
  let next = "";
  try {
    for (;;) {
      const query = new URLSearchParams({
        text,
        ...(workflow === "" ? {} : { workflow }),
        ...(status === "" ? {} : { status }),
        ...(next === "" ? {} : { cursor: next }),
      });
      const { result } = await (await send("GET", `${inAccount("search")}?${query}`)).json();
      if (mine !== generation) return;
      next = String(result.next ?? "");
      batch(() => {
        rows.value = [...rows.peek(), ...result.instances];
        searched.value += result.searched;
        isWhole.value = next === "" || rows.peek().length >= MOST_FOUND;
      });
      if (isWhole.peek()) return;
    }
  } catch (error) {
    if (mine === generation) complain(error);
  }
}

/** Ends the search where it is. */
export function stop() {
  generation += 1;
  isWhole.value = true;
}

/** @param {unknown} error */
function complain(error) {
  batch(() => {
    isWhole.value = true;
    failure.value = `The list cannot be read: ${/** @type {Error} */ (error).message}`;
  });
}
