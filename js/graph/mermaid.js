/** A graph as a Mermaid flowchart. */

/** @import { Graph } from "./graph.d.ts" */

import { branchLabel, cut, labelOf, visible } from "./labels.js";
import { parts } from "./parts.js";

const LONGEST_LABEL = 60;

/** @param {Graph} graph @returns {string} */
export function drawMermaid({ workflow }) {
  const chart = new Chart();
  const start = chart.node("start", [visible(workflow.class_name)], "([", "])", "  ");
  chart.sequence(workflow.nodes, "  ", start);
  for (const each of Object.values(workflow.functions).filter(({ nodes }) => nodes.length > 0))
    chart.box(`function ${labelOf(each).name}`, "  ", (indent) => chart.sequence(each.nodes, indent, null));
  return `flowchart TD\n${chart.lines.join("\n")}\n`;
}

class Chart {
  /** @type {string[]} */
  lines = [];
  #count = 0;

  /** @param {string} prefix @param {string[]} texts @param {string} open @param {string} close @param {string} indent */
  node(prefix, texts, open, close, indent) {
    const id = `${prefix}${++this.#count}`;
    const label = texts.filter(Boolean).map(escape).join("<br/>");
    this.lines.push(`${indent}${id}${open}"${label}"${close}`);
    return id;
  }

  /** @param {string} title @param {string} indent @param {(indent: string) => void} fill @returns {string} its id */
  box(title, indent, fill) {
    const id = `box${++this.#count}`;
    this.lines.push(`${indent}subgraph ${id}["${escape(title)}"]`);
    fill(`${indent}  `);
    this.lines.push(`${indent}end`);
    return id;
  }

  /** @param {string} from @param {string} to @param {string} indent @param {string} [label] */
  arrow(from, to, indent, label) {
    this.lines.push(`${indent}${from} -->${label ? `|"${escape(label)}"|` : ""} ${to}`);
  }

  /** Nodes one after the other. What begins without being awaited stands beside what follows. @param {any[]} nodes @param {string} indent @param {string | null} before @param {string} [label] of the first arrow */
  sequence(nodes, indent, before, label) {
    let last = before;
    let text = label;
    for (const node of nodes) {
      const id = this.#draw(node, indent);
      if (last !== null) this.arrow(last, id, indent, text);
      if (node.starts === undefined) {
        last = id;
        text = undefined;
      }
    }
  }

  /** @param {any} node @param {string} indent @returns {string} */
  #draw(node, indent) {
    const inside = parts(node);
    const { kind, name, note } = labelOf(node);
    if (inside.length === 0) {
      const [open, close] = SHAPES[node.type] ?? ["[", "]"];
      return this.node("n", [kind === "step" ? name : `${kind} ${name}`.trim(), note], open, close, indent);
    }
    return this.box(name ? `${kind} ${name}` : kind, indent, (deeper) => {
      if (node.type === "step_do") this.node("n", [name, note], "[", "]", deeper);
      if (node.branches) this.#branches(node, deeper);
      else for (const part of inside) this.#part(node, part, deeper);
    });
  }

  /** @param {any} node @param {string} indent */
  #branches(node, indent) {
    const choice = this.node("choice", [node.discriminant ?? "?"], "{", "}", indent);
    for (const branch of node.branches) {
      if (branch.nodes.length > 0) this.sequence(branch.nodes, indent, choice, branchLabel(branch));
      else this.arrow(choice, this.node("n", ["nothing"], "[", "]", indent), indent, branchLabel(branch));
    }
  }

  /** @param {any} node @param {import("./parts.js").Part} part @param {string} indent */
  #part(node, part, indent) {
    if (node.type === "parallel") for (const each of part.nodes) this.#draw(each, indent);
    else if (part.name) this.box(part.name, indent, (deeper) => this.sequence(part.nodes, deeper, null));
    else this.sequence(part.nodes, indent, null);
  }
}

/** @type {Record<string, [string, string]>} */
const SHAPES = {
  step_sleep: ["([", "])"],
  step_sleep_until: ["([", "])"],
  step_wait_for_event: ["{{", "}}"],
  function_call: ["[[", "]]"],
  break: ["((", "))"],
};

/** A text between quotation marks: what Mermaid or a page would read is written as an entity. @param {string} text */
function escape(text) {
  const escaped = /** @type {Record<string, string>} */ ({
    "#": "#35;",
    '"': "#quot;",
    "<": "#lt;",
    ">": "#gt;",
    "&": "#amp;",
    "`": "#96;",
    "\\": "#92;",
    "%": "#37;",
  });
  return cut(text, LONGEST_LABEL).replaceAll(/[#"<>&`\\%]/g, (sign) => escaped[sign] ?? sign);
}
