/** A graph whose names try to break out of every form that it is drawn in. */

/** @import { Graph, GraphNode, StepDoNode } from "../../js/graph/graph.d.ts" */

const NAMES = [
  '"];evil[""]',
  "</text><script>alert(1)</script>",
  "end",
  "subgraph",
  "a\u0000b\u001b[2Jc\u009bd",
  "\u202eright to left",
  "lone \ud800 surrogate",
  "`backticks` \\ and #quot; &amp;",
  "%%{init: {}}%%",
  "click n1 call evil()",
  "--> |x| {{}} ([])",
  "line\nbreak",
  "]]>",
  "x".repeat(256),
  "名前".repeat(60),
  "🙂".repeat(100),
  "",
];

/** @param {string} name @returns {StepDoNode} */
function step(name) {
  const config = /** @type {const} */ ({
    retries: { limit: 5, delay: 1000, backoff: "exponential" },
    timeout: "10 minutes",
  });
  return { type: "step_do", name, config, nodes: [] };
}

/** @returns {GraphNode[]} */
function nodes() {
  const branches = NAMES.map((condition) => ({ condition, nodes: [step(condition)] }));
  return [
    ...NAMES.map(step),
    { type: "if", branches },
    { type: "switch", discriminant: NAMES.join(""), branches: [...branches, { condition: null, nodes: [] }] },
    ...NAMES.map((name) => ({ type: /** @type {const} */ ("function_call"), name })),
    { type: "break", kind: "return", raises: NAMES[1] ?? "" },
  ];
}

/** @type {Graph} */
export const HOSTILE = {
  version: 1,
  workflow: {
    class_name: NAMES[1] ?? "",
    nodes: nodes(),
    functions: Object.fromEntries(NAMES.map((name) => [name, { type: "function_def", name, nodes: [step(name)] }])),
  },
};
