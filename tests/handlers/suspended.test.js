/** Code of Python handlers that waits where it stands: `run_sync`. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { LANGUAGES, request, UPSTREAM, useWorker } from "./places.js";

for (const language of [...LANGUAGES.filter(({ suffix }) => suffix === ".py"), ...UPSTREAM]) {
  describe(`run_sync in handlers ${language.where}`, () => {
    const opened = useWorker(language, "suspended", { cpuLimit: 1000 });
    const get = async (/** @type {string} */ path, init = {}) =>
      await (await opened().worker.fetch(request(path, init))).text();

    test("is there", async () => assert.equal(await get("/can"), "True"));

    test("waits for JavaScript's promises", async () => assert.equal(await get("/promise"), "7"));

    test("lets other requests run meanwhile", async () => {
      const waiting = get("/wait");
      let seen = "";
      while (!seen.includes("waits")) seen = await get("/open");

      assert.equal(await waiting, "waits,goes on");
    });

    test("raises what was raised", async () => assert.equal(await get("/fail"), "caught from below"));

    test("is what asyncio.run() and loops of a handler's own do", async () =>
      assert.equal(await get("/nested"), "[1, 2, 3]"));

    test("is what time.sleep() does; the task is the same before and after", async () =>
      assert.deepEqual(await Promise.all([get("/sleep"), get("/sleep")]), ["/sleep", "/sleep"]));

    test("many wait at the same time", async () => {
      const all = await Promise.all(Array.from({ length: 50 }, () => get("/nested")));

      assert.deepEqual(new Set(all), new Set(["[1, 2, 3]"]));
    });

    test("a handler that spins is cut while another waits", async () => {
      const waiting = get("/sleep");

      await assert.rejects(async () => await get("/spin"), /CpuLimitExceeded|kept the interpreter/);
      assert.equal(await waiting, "/sleep");
    });
  });
}
