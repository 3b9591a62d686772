/** Runs that the one that is shown can be compared with: the newest of its workflow. */

import { effect, signal } from "@preact/signals";
import { shown } from "./address.js";
import { ask, inAccount, session } from "./session.js";

const MOST = 100;

/** @type {import("@preact/signals").Signal<{ label: string, address: { workflow: string, id: string } }[]>} */
export const others = signal([]);

effect(() => {
  const address = shown.value;
  if (!address || "key" in address || session.value === null) return;
  const { workflow } = address;
  void ask("GET", `${inAccount("workflows", workflow, "instances")}?per_page=${MOST}`)
    .then((/** @type {{ id: string, status: string }[]} */ rows) => {
      others.value = rows.map(({ id, status }) => ({ label: `${id} (${status})`, address: { workflow, id } }));
    })
    .catch(() => (others.value = []));
});
