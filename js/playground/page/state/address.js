/**
 * The address of the view: the instance, the tab and the step, in the fragment. A reload and the browser's Back lead to
 * them, and so does a bookmark.
 */

import { batch, effect, signal } from "@preact/signals";
import { fromHash, toHash } from "../../../pages/route.js";
import { selected, tab } from "../../../pages/run/view.js";
import { show, shown } from "./runs.js";

const TITLE = "Stepwell playground";
const VIEWS = new Set(["timeline", "graph", "result", "logs", "events", "replay", "compare"]);

const written = signal(0);

/** Write the address of the view again: another address took its place. */
export function showAddress() {
  written.value += 1;
}

/** Show the view that the address names, and keep the address. */
export function followAddress() {
  open();
  addEventListener("popstate", open);
  effect(() => {
    void written.value;
    const address = shown.value;
    if (address && "key" in address) {
      document.title = TITLE;
      return;
    }
    const query = { step: selected.value ?? "" };
    const hash = address ? toHash(["instances", address.workflow, address.id, tab.value], query) : "";
    document.title = address ? `${address.id} · ${TITLE}` : TITLE;
    // A link with a project keeps its fragment until it is opened.
    if (hash === location.hash || /^#p\d/.test(location.hash)) return;
    const before = fromHash(location.hash)?.path ?? [];
    const isOther = before[1] !== address?.workflow || before[2] !== address?.id;
    const url = `${location.pathname}${location.search}${hash}`;
    if (isOther && before.length > 0) history.pushState(null, "", url);
    else history.replaceState(null, "", url);
  });
}

function open() {
  const [kind, workflow, id, view = ""] = fromHash(location.hash)?.path ?? [];
  if (kind !== "instances" || workflow === undefined || id === undefined) return;
  const step = fromHash(location.hash)?.query.step;
  batch(() => {
    show({ workflow, id });
    if (VIEWS.has(view)) tab.value = view;
    selected.value = step || null;
  });
}
