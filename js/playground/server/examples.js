/** The examples that come with the playground: those of the repository that need nothing but themselves. */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../../runtime/pyodide/files.js";

/** By the name of the main file, what it needs besides, and parameters that show something. */
const EXAMPLES = [
  { main: "order.py", more: [], params: "{}" },
  { main: "cart_reminder.py", more: [], params: "{}" },
  { main: "grocery_agent.py", more: [], params: "{}" },
  {
    main: "document_index.py",
    more: ["gettysburg_address", "preamble", "sonnet_18", "the_tyger"].map((name) => `texts/${name}.txt`),
    params: "{}",
  },
];

/** @returns {{ name: string, title: string, main: string, files: Record<string, string>, params: string }[]} */
export function readExamples() {
  return EXAMPLES.filter(({ main }) => existsSync(place(main))).map(({ main, more, params }) => {
    const files = Object.fromEntries([main, ...more].map((path) => [path, readFileSync(place(path), "utf8")]));
    return { name: main.replace(/\.py$/, ""), title: titleOf(files[main]), main, files, params };
  });
}

/** @param {string} path */
function place(path) {
  return join(ROOT, "examples", path);
}

/** The first sentence of the docstring. @param {string} source */
function titleOf(source) {
  const [, text = ""] = /^"""\s*([^]*?)(?:\.\s|\n\n|""")/.exec(source) ?? [];
  return text.replaceAll(/\s+/g, " ").trim();
}
