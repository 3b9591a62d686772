/** The flows of the corpus and their expected graphs. */

import { existsSync, readFileSync, readdirSync } from "node:fs";

const FLOWS = new URL("flows/", import.meta.url);
const EXPECTED = new URL("expected/", import.meta.url);

/** The text of a flow's file. @param {string} path @returns {string | null} */
export function readFlow(path) {
  const file = new URL(path, FLOWS);
  return existsSync(file) ? readFileSync(file, "utf8") : null;
}

/** Every workflow: the name of its files without suffix, its class, and the graph that is expected of its Python source. @returns {{ file: string, name: string, graph: any }[]} */
export function corpus() {
  return readdirSync(EXPECTED).flatMap((path) => {
    const graphs = JSON.parse(readFileSync(new URL(path, EXPECTED), "utf8"));
    return Object.entries(graphs).map(([name, graph]) => ({ file: path.replace(".json", ""), name, graph }));
  });
}
