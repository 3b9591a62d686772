/** What a page starts with: made of the tree when the site is. */

import assert from "node:assert/strict";
import { test } from "node:test";
import * as values from "../../bridge/values.js";
import { bundle } from "../../js/playground/server/bundle.js";
import { copy, packSnapshot, readPacked } from "../../runtime/browser/image.js";

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
    const { size, runs } = readPacked(packSnapshot(snapshot).buffer);
    assert.equal(size, snapshot.length);
    for (const start of [0, 5, PAGE, 2 * PAGE + 9, 6 * PAGE - 1, size - 1]) {
      const memory = new Uint8Array(Math.max(0, size - start)).fill(9);
      copy(runs, start, memory);
      assert.deepEqual(memory, snapshot.subarray(start));
    }
  });
}

test("a snapshot's zeros are not sent", () => {
  assert.ok(packSnapshot(someSnapshot()).length < 5 * PAGE);
});

test("a bundle exports what its module does, and what it hands on", async () => {
  const source = bundle("bridge/values.js");
  const made = await import(`data:text/javascript,${encodeURIComponent(source)}`);

  assert.deepEqual(Object.keys(made).toSorted(), Object.keys(values).toSorted());
  assert.equal(made.decode(made.encode({ a: [1, "two"] })).a[1], "two");
  assert.doesNotMatch(source, /^import/m);
});

test("modules that are not to be in a bundle are imported from where they are", () => {
  const source = bundle("js/playground/page/main.js", { "js/playground/engine/host.js": "./host.js" });

  assert.match(source, /^import \* as \w+ from "\.\/host\.js";$/m);
  assert.doesNotMatch(source, /class Ownership/);
});
