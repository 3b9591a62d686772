/** A graph in one of the forms that people look at. */

/** @import { Graph } from "./graph.d.ts" */

import { drawMermaid } from "./mermaid.js";
import { drawSvg } from "./svg.js";
import { drawText } from "./text.js";

/** @type {Record<string, (graph: Graph, width: number) => string>} */
const FORMATS = { svg: drawSvg, mermaid: drawMermaid, text: drawText };

/** @param {Graph} graph @param {string} format `svg`, `mermaid` or `text` @param {number} [width] of a line of text, in characters */
export function draw(graph, format, width = 100) {
  const make = FORMATS[format];
  if (!make) throw new RangeError(`Unknown format "${format}". There are ${Object.keys(FORMATS).join(", ")}.`);
  return make(graph, width);
}
