/** The orders that the list can have: columns to click on a wide screen, a choice on every screen. */

import { html } from "htm/preact";
import { changeQuery, filter } from "../state/address.js";

/** `heading`: the column's; `desc` and `asc`: the two directions in words. */
export const ORDERS = /** @type {const} */ ([
  { id: "created", heading: "Created", desc: "newest first", asc: "oldest first" },
  { id: "started", heading: "Started", desc: "last started first", asc: "first started first" },
  { id: "ended", heading: "Ended", desc: "last ended first", asc: "first ended first" },
  { id: "status", heading: "Status", desc: "status, ended first", asc: "status, running first" },
  { id: "id", heading: "Instance", desc: "id, Z to A", asc: "id, A to Z" },
]);
/** What a first click on a column asks for: names from A, and times from the latest. */
const FIRST = { created: "desc", started: "desc", ended: "desc", status: "asc", id: "asc" };

/** @typedef {(typeof ORDERS)[number]["id"]} Order */

/** @param {string} text "ORDER DIRECTION" */
export function readOrder(text) {
  const [order = "", direction = ""] = text.split(" ");
  return { order, direction };
}

/** The head of a column that the list can be sorted by. @param {{ id: Order, class?: string }} props */
export function ColumnHead({ id, class: name = "" }) {
  const { order, direction, text } = filter.value;
  const column = /** @type {(typeof ORDERS)[number]} */ (ORDERS.find((each) => each.id === id));
  const isSorted = order === id && text === "";
  const opposite = direction === "asc" ? "desc" : "asc";
  const next = /** @type {"asc" | "desc"} */ (isSorted ? opposite : FIRST[id]);
  return html`<button
    type="button"
    class="columnhead ${name}"
    aria-pressed=${isSorted ? "true" : "false"}
    aria-label=${`${column.heading}, sort: ${column[next]}`}
    title=${text === "" ? `Sort: ${column[next]}` : "A search goes from the newest to the oldest."}
    disabled=${text !== ""}
    onClick=${() => changeQuery({ order: id, direction: next })}
  >
    ${column.heading}<span aria-hidden="true">${isSorted ? (direction === "asc" ? " ↑" : " ↓") : ""}</span>
  </button>`;
}
