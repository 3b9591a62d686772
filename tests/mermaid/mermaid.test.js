/** Mermaid itself reads the flowcharts of every workflow of the corpus, and of one with hostile names. */

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { describe, it } from "node:test";
import { pathToFileURL } from "node:url";
import { draw } from "../../js/graph/draw.js";
import { corpus } from "../graph/corpus.js";
import { HOSTILE } from "../graph/hostile.js";

const folder = process.env.STEPWELL_MERMAID;
if (!folder) throw new Error("STEPWELL_MERMAID is not set: run these tests with `nox -s mermaid`.");
const { resolve } = createRequire(`${folder}/index.js`);
const { parseHTML } = await import(pathToFileURL(resolve("linkedom")).href);
const { window, document } = parseHTML("<html><body></body></html>");
Object.assign(globalThis, { window, document, Element: window.Element });
const { default: mermaid } = await import(pathToFileURL(`${folder}/mermaid/dist/mermaid.core.mjs`).href);

describe("Mermaid", () => {
  it("refuses what is no flowchart", async () => {
    await assert.rejects(mermaid.parse('flowchart TD\n  a["open --> b'));
  });

  for (const { file, name, graph } of [...corpus(), { file: "hostile", name: "names", graph: HOSTILE }])
    it(`reads the flowchart of ${file} ${name}`, async () => {
      const { diagramType } = await mermaid.parse(draw(graph, "mermaid"));

      assert.equal(diagramType, "flowchart-v2");
    });
});
