/**
 * Random runs of the corpus: every step that an engine executes belongs to a node of the graph, of its own kind.
 *
 * STEPWELL_GRAPH_RUNS says how many runs each language has, STEPWELL_GRAPH_SEED with which seed.
 */

/** @import { Graph } from "../../../js/graph/graph.d.ts" */
/** @import { Run } from "../../../conformance/scenario.d.ts" */

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { after, describe, it } from "node:test";
import { EngineRun } from "../../../conformance/engine_run.js";
import { nodeAt, nodeOfStep } from "../../../js/graph/node_of_step.js";
import { buildGraph } from "../../../js/graph/source/workflow.js";
import { JavaScriptGuest } from "../../../runtime/javascript/pool.js";
import { PyodideGuest } from "../../../runtime/pyodide/pool.js";
import { corpus, readFlow } from "../../graph/corpus.js";

const RUNS = Number(process.env.STEPWELL_GRAPH_RUNS ?? 150);
const SEED = Number(process.env.STEPWELL_GRAPH_SEED ?? 1);
const ROOT = fileURLToPath(new URL("../../graph/flows", import.meta.url));
const PLACE = { open: () => new DatabaseSync(":memory:"), soon: setImmediate };
/** Types of nodes that a step of each type of the instance's detail belongs to. @type {Record<string, { kind: any, types: string[] }>} */
const KINDS = {
  step: { kind: "do", types: ["step_do"] },
  rollback: { kind: "rollback", types: ["step_do"] },
  sleep: { kind: "sleep", types: ["step_sleep", "step_sleep_until"] },
  waitForEvent: { kind: "waitForEvent", types: ["step_wait_for_event"] },
};
/** Event types that workflows of the corpus wait for. */
const EVENTS = ["approved", "answered", "a", "b", "c", "replied", "decided"];

const LANGUAGES = /** @type {const} */ ({
  Python: {
    suffix: ".py",
    open: (/** @type {string} */ main) => new PyodideGuest({ deployment: { root: ROOT, main, vars: {} }, isolates: 1 }),
    graphOf: (/** @type {{ graph: Graph }} */ flow) => flow.graph,
  },
  JavaScript: {
    suffix: ".js",
    open: (/** @type {string} */ main) =>
      new JavaScriptGuest({ deployment: { root: ROOT, main, vars: {} }, isolates: 1 }),
    graphOf: (/** @type {{ file: string, name: string }} */ { file, name }) => buildGraph(readFlow, `${file}.js`, name),
  },
});

/** Random numbers below 1, the same for the same seed. @param {number} seed */
function randomNumbers(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

for (const [language, { suffix, open, graphOf }] of Object.entries(LANGUAGES))
  describe(`random runs in ${language}`, () => {
    const random = randomNumbers(SEED);
    const pick = (/** @type {any[]} */ values) => values[Math.floor(random() * values.length)];
    const flows = corpus();
    const files = [...new Set(flows.map(({ file }) => file))];
    let executed = 0;

    for (const file of files)
      it(`execute only steps that the graph has: ${file}`, async () => {
        const guest = open(`${ROOT}/${file}${suffix}`);
        after(() => guest.dispose());
        await guest.load();
        // Run number i is of flow i, over and over.
        for (let run = 0; run < RUNS; run++) {
          const flow = flows[run % flows.length];
          if (flow?.file !== file) continue;
          const params = { n: pick([0, 1, 2, 3]), flag: pick([true, false]), kind: pick(["a", "b", "c"]) };
          const sent = pick([[], [pick(EVENTS)], EVENTS]);
          const steps = await execute(guest, flow.name, params, sent);

          const graph = graphOf(flow);
          const unmapped = steps.filter((step) => !isMapped(graph, step));
          assert.deepEqual(unmapped, [], `${flow.name} with ${JSON.stringify(params)}, events ${sent}, seed ${SEED}`);
          executed += steps.length;
        }
      });

    it("execute steps", () => {
      assert.ok(executed > RUNS);
    });
  });

/** Run to the end, in virtual time. @param {any} guest @param {string} className @param {unknown} params @param {string[]} sent event types */
async function execute(guest, className, params, sent) {
  /** @type {{ type: string, name: string }[]} */
  let steps = [];
  const drive = async (/** @type {Run} */ run) => {
    await run.create(params);
    // An instance that has ended already refuses it.
    for (const type of sent) await run.note(run.event(type));
    await run.finish();
    steps = (await run.detail()).steps;
  };
  const run = new EngineRun(guest, className, { name: className, drive, expect: {} }, PLACE);
  try {
    await run.outcome();
  } finally {
    await run.close();
  }
  return steps;
}

/** @param {Graph} graph @param {{ type: string, name: string }} step */
function isMapped(graph, { type, name }) {
  const expected = KINDS[type];
  const [, stepName = "", count = ""] = /^(.*)-(\d+)$/s.exec(name) ?? [];
  const path = expected ? nodeOfStep(graph, stepName, Number(count), expected.kind) : null;
  if (!expected || path === null) return false;
  return expected.types.includes(nodeAt(graph, path).type);
}
