/** What a page starts with: made of the tree when the site is. */

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import * as values from "../../bridge/values.js";
import { bundle, PLAYGROUND_BUNDLES, readBundles } from "../../js/pages/server/bundle.js";
import { ROOT } from "../../runtime/pyodide/files.js";
import { copy, openBuffer, packSnapshot } from "../../runtime/pyodide/packed.js";

const PAGE = 4096;

/** Zeros at the beginning, between and at the end; not a whole number of pages. */
function someSnapshot() {
  const bytes = new Uint8Array(9 * PAGE + 100);
  bytes.fill(1, 2 * PAGE + 7, 4 * PAGE);
  bytes.fill(2, 6 * PAGE, 7 * PAGE + 1);
  return bytes;
}

for (const [what, snapshot] of /** @type {const} */ ([
  ["zeros at both ends", someSnapshot()],
  ["no zeros", new Uint8Array(2 * PAGE).fill(3)],
  ["nothing else than zeros", new Uint8Array(3 * PAGE)],
])) {
  test(`a snapshot with ${what} comes out as it went in, from wherever it is read`, () => {
    const packed = openBuffer(packSnapshot(snapshot).buffer);
    const { size } = packed;
    assert.equal(size, snapshot.length);
    for (const start of [0, 5, PAGE, 2 * PAGE + 9, 6 * PAGE - 1, size - 1]) {
      const memory = new Uint8Array(Math.max(0, size - start)).fill(9);
      copy(packed, start, memory);
      assert.deepEqual(memory, snapshot.subarray(start));
    }
  });
}

test("a snapshot's zeros are not sent", () => {
  assert.ok(packSnapshot(someSnapshot()).length < 5 * PAGE);
});

test("a bundle exports what its module does, and what it hands on", async () => {
  const { files } = await bundle({ values: "bridge/values.js" });
  const source = files["values.js"];
  const made = await import(`data:text/javascript,${encodeURIComponent(source)}`);

  assert.deepEqual(Object.keys(made).toSorted(), Object.keys(values).toSorted());
  assert.equal(made.decode(made.encode({ a: [1, "two"] })).a[1], "two");
  assert.doesNotMatch(source, /^import/m);
});

test("the page has the host in a module of its own, and all else in one", async () => {
  const { host, page, worker, engine, python, ...others } = await importsOf();

  assert.deepEqual(host, []);
  assert.deepEqual(page, ["./host.js"]);
  assert.deepEqual(worker, []);
  assert.deepEqual(engine, ["../node_modules/@sqlite.org/sqlite-wasm/dist/index.mjs"]);
  assert.deepEqual(python, ["../node_modules/pyodide/pyodide.mjs"]);
  assert.deepEqual(others, {});
});

test("bundles are kept until one of their sources changes", async () => {
  const folder = mkdtempSync(join(tmpdir(), "stepwell-bundles-"));
  try {
    const place = join(folder, "bundles", "some.json");
    const read = () => readBundles({ kept: place, entries: [{ values: "bridge/values.js" }] });
    const made = await read();
    const kept = JSON.parse(readFileSync(place, "utf8"));
    const marked = { "values.js": "kept" };
    const write = (/** @type {object} */ what) =>
      writeFileSync(place, JSON.stringify({ ...kept, files: marked, ...what }));

    write({});
    assert.deepEqual(await read(), marked);
    write({ hash: "of what they were" });
    assert.deepEqual(await read(), made);
    write({ sources: [...kept.sources, "bridge/gone.js"] });
    assert.deepEqual(await read(), made);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("all that bundles are made of is looked at", async () => {
  await readBundles(PLAYGROUND_BUNDLES);
  const { sources } = JSON.parse(readFileSync(join(ROOT, "bundles/playground.json"), "utf8"));

  for (const path of ["package.json", "js/server/clock.js", "node_modules/preact/dist/preact.mjs"]) {
    assert.ok(sources.includes(path), path);
  }
});

/** What each bundle imports at its beginning, by its name. */
async function importsOf() {
  const found = Object.entries(await readBundles(PLAYGROUND_BUNDLES)).map(([name, source]) => [
    name.replace(/\.js$/, ""),
    [...source.matchAll(/^import (?:[^"';]* from )?["']([^"']+)["'];$/gm)].map(([, target]) => target),
  ]);
  return Object.fromEntries(found);
}
