import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { after, describe, test } from "node:test";
import { PyodideGuest } from "../../runtime/pyodide/pool.js";
import { findSnapshot } from "../../runtime/pyodide/snapshot.js";
import { Engine } from "../guest/engine.js";
import { openGuest, useGuest } from "../guest/guest.js";

describe("the pool", () => {
  const { engine, guest } = useGuest("pool.py", { isolates: 2 });

  test("passes that mostly wait share one isolate", async () => {
    const runs = Array.from({ length: 50 }, () => engine.start("Hold"));
    const waits = await Promise.all(runs.map((run) => run.next("waitForEvent")));

    // On a busy machine a further isolate may have been started, because code seems to compute: it stays empty.
    const inhabited = guest.stats().isolates.filter(({ passes }) => passes > 0);
    assert.deepEqual(
      inhabited.map(({ passes }) => passes),
      [50],
    );
    runs.forEach((run, i) => run.send({ type: "resolve", ref: waits[i].ref, value: "null" }));
    await Promise.all(runs.map((run) => run.output));
  });

  test("a pass does not wait for a step that blocks the interpreter: it starts in a further isolate", async () => {
    const block = engine.start("Block", { payload: 1.5 });
    await block.next("do");

    assert.equal(await engine.run("Quick"), "quick");

    assert.equal(guest.stats().isolates.length, 2);
    assert.equal(await block.output, "blocked");
  });

  test("passes that compute side by side get a further isolate", async () => {
    const fresh = openGuest("pool.py", { isolates: 2 });
    await fresh.load();
    const other = new Engine(fresh);

    await Promise.all([1, 2, 3].map(() => other.run("Compute", { payload: 3 })));

    assert.equal(fresh.stats().isolates.length, 2);
    await fresh.dispose();
  });

  test("what a long step gave leaves before the next one runs", async () => {
    const fresh = openGuest("pool.py", { isolates: 1 });
    await fresh.load();
    const other = new Engine(fresh);
    const [first, second] = [1, 2].map(() => other.start("Block", { payload: 0.1 }));

    await first.next("done");

    assert.deepEqual(
      second.messages.map(({ type }) => type),
      ["do"],
    );
    await Promise.all([first.output, second.output]);
    await fresh.dispose();
  });

  test("one step that computes for long is not yet a reason for a further isolate", async () => {
    const fresh = openGuest("pool.py", { isolates: 2 });
    await fresh.load();
    const other = new Engine(fresh);

    await Promise.all([other.run("Block", { payload: 0.2 }), other.run("Quick"), other.run("Quick")]);

    assert.equal(fresh.stats().isolates.length, 1);
    await fresh.dispose();
  });

  test("a pass that is dropped before it has started never starts", async () => {
    const run = engine.start("Quick");
    run.send({ type: "drop", reason: "test" });

    await engine.run("Quick");
    assert.deepEqual(run.messages, []);
  });
});

describe("the event loop", () => {
  const { engine } = useGuest("pool.py");

  test("timers fire in their order, and cancelled ones not at all", async () => {
    assert.deepEqual(await engine.run("Own"), [[0, 0.01, 0.02, 0.03], "called", true]);
  });

  test("a chain of callbacks without end starves neither timers nor promises", async () => {
    assert.equal(await engine.run("Starve"), "woken");
  });

  test("the primitives of asyncio work", async () => {
    assert.deepEqual(await engine.run("Tasks"), [0, 1, 2, "timeout", true, 0, 1, 2, "shielded"]);
  });

  test("fetch works in a step", async () => {
    const server = createServer((_, response) => response.end('{"found": [1, 2]}'));
    await new Promise((resolve) => void server.listen(0, "127.0.0.1", () => resolve(undefined)));
    const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());

    assert.deepEqual(await engine.run("Fetch", { payload: `http://127.0.0.1:${port}/` }), { found: [1, 2] });
    server.close();
  });
});

describe("handlers", () => {
  test("get the interpreter that has loaded the code, at once; passes get another", async () => {
    const guest = openGuest("pool.py");
    await guest.load();
    const { isolate, loaded } = guest.openForHandlers();
    let isLoaded = false;
    void loaded.then(() => (isLoaded = true));
    await Promise.resolve();

    assert.ok(isLoaded);
    assert.equal(await new Engine(guest).run("Quick"), "quick");
    assert.equal(isolate.passes.size, 0);
    await Promise.all([isolate.dispose(), guest.dispose()]);
  });

  test("get another one where a pass is in it", async () => {
    const guest = openGuest("pool.py");
    await guest.load();
    const run = new Engine(guest).start("Hold");
    const wait = await run.next("waitForEvent");

    const { isolate, loaded } = guest.openForHandlers();
    await loaded;

    assert.equal(isolate.passes.size, 0);
    assert.deepEqual(
      guest.stats().isolates.map(({ passes }) => passes),
      [1],
    );
    run.send({ type: "resolve", ref: wait.ref, value: "null" });
    await run.output;
    await Promise.all([isolate.dispose(), guest.dispose()]);
  });
});

describe("a warm interpreter", () => {
  test("is taken by the next guest", async () => {
    PyodideGuest.prewarm(/** @type {any} */ ({ main: "pool.py" }));
    const guest = openGuest("pool.py");
    await guest.load();

    assert.equal(await new Engine(guest).run("Quick"), "quick");
    await guest.dispose();
  });
});

describe("snapshots", () => {
  const folder = mkdtempSync(join(tmpdir(), "stepwell-cache-"));
  const old = process.env.STEPWELL_CACHE;
  after(() => {
    if (old === undefined) delete process.env.STEPWELL_CACHE;
    else process.env.STEPWELL_CACHE = old;
    rmSync(folder, { recursive: true });
  });

  test("a snapshot that is missing is made and kept, and old ones make room", async () => {
    process.env.STEPWELL_CACHE = folder;
    for (let i = 0; i < 9; i++) {
      for (const kind of ["snapshot", "js", "1.compiled"]) writeFileSync(join(folder, `old${i}.${kind}`), "");
    }

    // An editable install has made one for this very tree.
    const nowhere = join(folder, "shipped");
    const made = await findSnapshot(undefined, nowhere);

    const kept = readdirSync(folder);
    assert.equal(kept.filter((name) => name.startsWith("old")).length, 7 * 3);
    assert.deepEqual(
      kept.filter((name) => !name.startsWith("old")).map((name) => extname(name)),
      [".js", ".snapshot"],
    );
    assert.deepEqual(await findSnapshot(undefined, nowhere), made);
    assert.ok(statSync(/** @type {string} */ (made.snapshot)).size > 10_000_000);
  });

  test("a cache that cannot be written does no harm", async () => {
    writeFileSync(join(folder, "file"), "");
    process.env.STEPWELL_CACHE = join(folder, "file");

    const { snapshot, factory } = await findSnapshot(undefined, join(folder, "shipped"));

    assert.ok(typeof snapshot === "object" && snapshot.byteLength > 10_000_000);
    assert.equal(factory, undefined);
  });
});
