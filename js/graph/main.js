/**
 * Reads JavaScript and TypeScript sources and draws graphs, as a process: a request as JSON on stdin, the answer on
 * stdout. `{ root | files, main, className? }` asks for a graph, `{ graph, format, width? }` for a drawing.
 */

import { readFileSync, realpathSync, statSync } from "node:fs";
import { join, relative, isAbsolute } from "node:path";
import { text } from "node:stream/consumers";
import { endWithParent } from "../server/parent_watch.js";
import { draw } from "./draw.js";
import { SourceError } from "./source/modules.js";
import { buildGraph, workflowClasses } from "./source/workflow.js";

const LARGEST_FILE_BYTES = 8 * 1024 * 1024;

endWithParent();
const request = JSON.parse(await text(process.stdin));
process.stdout.write(
  request.graph ? draw(request.graph, request.format, request.width) : JSON.stringify(read(request)),
);

/** @param {{ root?: string, files?: Record<string, string>, main: string, className?: string }} source */
function read({ root, files, main, className }) {
  const readFile = files ? (/** @type {string} */ path) => files[path] ?? null : fileReader(root ?? ".");
  try {
    const classes = workflowClasses(readFile, main);
    const name = className ?? (classes.length === 1 ? classes[0] : undefined);
    return { classes, graph: name === undefined ? null : buildGraph(readFile, main, name) };
  } catch (problem) {
    if (!(problem instanceof SourceError || problem instanceof RangeError)) throw problem;
    const { message, file = main, line = 1, column = 1 } = /** @type {Partial<SourceError> & Error} */ (problem);
    const graph = className === undefined ? null : buildGraph(readFile, main, className);
    return { classes: [], graph, error: { message, file, line, column } };
  }
}

/** Reads files under a folder, and none outside it. @param {string} root @returns {(path: string) => string | null} */
function fileReader(root) {
  const top = realpathSync(root);
  return (path) => {
    try {
      const place = realpathSync(join(top, path));
      const inside = relative(top, place);
      if (inside.startsWith("..") || isAbsolute(inside)) return null;
      const file = statSync(place);
      // A pipe would be read for ever.
      if (!file.isFile() || file.size > LARGEST_FILE_BYTES) return null;
      return readFileSync(place, "utf8").replace(/^\uFEFF/, "");
    } catch {
      return null;
    }
  };
}
