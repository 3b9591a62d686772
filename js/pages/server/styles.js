/** The styles of the pages, put together as one text. */

import { readFileSync } from "node:fs";

const FOLDER = new URL("../css/", import.meta.url);
/** What every page has, in the order in which later ones win. */
const STYLES = ["tokens", "base", "controls", "layout", "instances", "timeline", "graph", "data", "dialog"];

/** @param {string[]} own of the page */
export function readStyles(own) {
  return [...STYLES, ...own].map((name) => readFileSync(new URL(`${name}.css`, FOLDER), "utf8")).join("\n");
}
