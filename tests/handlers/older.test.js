/** Handlers of Python that are no methods called as in JavaScript: functions, and names that Cloudflare had before. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { idle, LANGUAGES, request, useWorker } from "./places.js";

const python = LANGUAGES.filter(({ suffix }) => suffix === ".py");

for (const language of python) {
  describe(`older names ${language.where}`, () => {
    const opened = useWorker(language, "older");

    test("a class may call its handler on_fetch", async () => {
      const response = await opened().worker.fetch(request("/"));

      assert.equal(await response.text(), "older");
    });
  });

  describe(`functions ${language.where}`, () => {
    const opened = useWorker(language, "functions", { vars: { GREETING: "hi" } });
    const post = (/** @type {string} */ path, /** @type {string} */ body) => {
      const headers = { "content-length": String(Buffer.byteLength(body)) };
      return opened().worker.fetch(request(path, { method: "POST", body, headers }));
    };

    test("on_fetch, on_scheduled and on_queue are called with as much as they take", async () => {
      const { worker } = opened();
      const response = await post("/", "hällo");
      await worker.scheduled({ cron: "* * * * *", scheduledTime: 1 });
      const outcome = await worker.queue({
        queue: "q",
        messages: [{ id: "m", timestamp: 1, attempts: 1, body: { n: 1 } }],
      });

      assert.deepEqual([response.headers.get("x-greeting"), await response.text()], ["hi", "hällo"]);
      assert.equal(outcome.ackAll, true);
      await idle(worker);
      const seen = await (await post("/seen", "")).json();
      assert.deepEqual(
        seen.toSorted((/** @type {any} */ a, /** @type {any} */ b) => (String(a) < String(b) ? -1 : 1)),
        [["* * * * *", "hi"], [{ n: 1 }], "hi", "hi"],
      );
    });

    test("a small body is read once, by a clone again, and as JavaScript sees it", async () => {
      assert.deepEqual(await (await post("/twice", "a")).json(), ["a", true, "BodyUsedError"]);
      assert.deepEqual(await (await post("/clone", "[1]")).json(), [[1], [1]]);
      assert.deepEqual(await (await post("/javascript", "\uFEFFb")).json(), ["b", true]);
    });

    test("a body that is being read by another is refused", async () => {
      await assert.rejects(post("/reader", "a"), /locked|unusable|disturbed/i);
    });
  });
}
