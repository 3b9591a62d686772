/** Browsers that lack something: a sentence says what, and what there is still works. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { deployFlows, Playground, ready, run } from "./page.js";

/** @type {Playground} */
let playground;

before(async () => {
  playground = await Playground.start();
});
after(() => playground.close());

/** What is taken away, and the sentence that is expected. @type {[string, () => void, RegExp][]} */
const FATAL = [
  ["WebAssembly", () => Reflect.deleteProperty(globalThis, "WebAssembly"), /no WebAssembly/],
  ["Web Locks", () => Reflect.deleteProperty(Navigator.prototype, "locks"), /no Web Locks/],
  [
    "module workers",
    () => {
      // A browser that does not know the option does not read it.
      globalThis.Worker = /** @type {any} */ (
        class {
          terminate() {}
        }
      );
    },
    /modules in a worker/,
  ],
  [
    "secure context",
    () => Object.defineProperty(globalThis, "isSecureContext", { value: false }),
    /not loaded securely/,
  ],
];

for (const [what, init, sentence] of FATAL) {
  test(`a browser without ${what} is told so, and nothing is started`, async () => {
    const { page } = await playground.open({ path: "bare.html", init });
    await page.waitForFunction(() => globalThis.host?.state.phase === "unsupported");

    const { missing } = await page.evaluate(() => /** @type {any} */ (host.state));
    const why = await page.evaluate(() => host.ready().catch(({ message }) => message));

    assert.ok(
      missing.some((/** @type {any} */ each) => each.what === what && each.fatal && sentence.test(each.message)),
    );
    assert.match(String(why), sentence);
  });
}

test("a browser without OPFS keeps the state in memory, and says so", async () => {
  const { page } = await playground.open({
    path: "bare.html",
    init: () => Reflect.deleteProperty(StorageManager.prototype, "getDirectory"),
  });
  await ready(page);
  await deployFlows(page);

  const { missing, storage } = await page.evaluate(() => /** @type {any} */ (host.state));
  const detail = await run(page, "Chain");

  assert.deepEqual(
    missing.map((/** @type {any} */ { what }) => what),
    ["OPFS"],
  );
  assert.equal(storage.kind, "memory");
  assert.equal(detail.status, "complete");
});

test("a browser without JSPI runs workflows, and is told what it cannot do", async () => {
  const { page } = await playground.open({
    path: "bare.html",
    init: () => Reflect.deleteProperty(WebAssembly, "Suspending"),
  });
  await ready(page);
  await deployFlows(page);

  const { missing } = await page.evaluate(() => /** @type {any} */ (host.state));

  assert.match(missing[0].message, /JSPI/);
  assert.equal((await run(page, "Chain")).status, "complete");
});
