/** Every Python workflow of the corpus has a JavaScript twin with the same graph, of upstream's types. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { buildGraph, workflowClasses } from "../../js/graph/source/workflow.js";
import { corpus, readFlow } from "./corpus.js";
import { upstreamGraph } from "./upstream_schema.js";

/** What each language says in its own words, or only one of them can say. */
const OWN = new Set(["at", "condition", "discriminant", "expression", "raises", "depends"]);

/** @param {any} value @returns {any} */
function shared(value) {
  if (Array.isArray(value)) return value.map(shared);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !OWN.has(key))
      .map(([key, each]) => [key, shared(each)]),
  );
}

describe("the corpus", () => {
  for (const { file, name, graph } of corpus()) {
    it(`${file} ${name} is the same in JavaScript`, () => {
      const twin = buildGraph(readFlow, `${file}.js`, name);

      assert.deepEqual(shared(twin), shared(graph));
    });
    it(`${file} ${name} has upstream's types`, () => {
      const twin = buildGraph(readFlow, `${file}.js`, name);

      for (const each of [graph, twin]) assert.deepEqual(upstreamGraph.safeParse(each).error?.issues, undefined);
    });
  }

  it("has the same classes in both languages", () => {
    const files = [...new Set(corpus().map(({ file }) => file))];
    const inJavaScript = files.flatMap((file) =>
      workflowClasses(readFlow, `${file}.js`).map((name) => `${file} ${name}`),
    );

    const inPython = corpus().map(({ file, name }) => `${file} ${name}`);

    assert.deepEqual(inJavaScript.toSorted(), inPython.toSorted());
  });
});
