/** Runs scenarios in a page's worker: our engine on SQLite as WebAssembly, with Pyodide in a worker beside it. */

/** @import { Scenario } from "../scenario.d.ts" */

// @ts-ignore -- its types stand beside another file
import { expose } from "../../node_modules/comlink/dist/esm/comlink.mjs";
import { encode } from "../../bridge/values.js";
import { loadSqlite, WasmFiles } from "../../js/store/wasm_driver.js";
import { fetchParts } from "../../runtime/browser/parts.js";
import { BrowserGuest } from "../../runtime/browser/pool.js";
import { soon } from "../../runtime/browser/soon.js";
import { EngineRun } from "../engine_run.js";
import { sourceOf } from "../source.js";

const ROOT = "/project";
const MAIN = "scenarios.py";

/** @type {WasmFiles} */
let files;
/** @type {BrowserGuest} */
let guest;
/** By name. @type {Map<string, { scenario: Scenario, className: string }>} */
const scenarios = new Map();

expose({
  /**
   * @param {string[]} modules addresses of those that have the scenarios
   * @param {string[]} wanted names
   */
  async open(modules, wanted) {
    void BrowserGuest.prewarm(fetchParts(new URL("../../parts/", import.meta.url), () => {}));
    files = WasmFiles.inMemory(await loadSqlite());
    const all = (await Promise.all(modules.map((address) => import(address)))).flatMap((module) => module.default);
    for (const scenario of all.filter(({ name }) => wanted.includes(name))) {
      scenarios.set(scenario.name, { scenario, className: `Scenario${scenarios.size + 1}` });
    }
    const source = sourceOf(
      [...scenarios.values()].map(({ scenario }) => scenario),
      "python",
      ({ name }) => scenarios.get(name)?.className ?? "",
    );
    const deployment = {
      root: ROOT,
      main: `${ROOT}/${MAIN}`,
      vars: {},
      bindings: { SELF: "flow" },
      files: { [MAIN]: source },
    };
    guest = new BrowserGuest({ deployment, isolates: 1 });
    await guest.load();
  },

  /** @param {string} name @param {boolean} forceReplay @returns {Promise<string>} the outcome as canonical text: a port cannot carry all of it */
  async run(name, forceReplay) {
    const { scenario, className } = /** @type {{ scenario: Scenario, className: string }} */ (scenarios.get(name));
    const run = new EngineRun(guest, className, scenario, {
      open: () => files.open("conformance"),
      soon,
      forceReplay,
    });
    try {
      return encode(await run.outcome());
    } finally {
      await run.close();
    }
  },
});
