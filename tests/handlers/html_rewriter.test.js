/** `HTMLRewriter` in handlers. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { LANGUAGES, request, useWorker } from "./places.js";

for (const language of LANGUAGES) {
  describe(`HTMLRewriter ${language.where}`, () => {
    const opened = useWorker(language, "rewriting");
    const get = async (/** @type {string} */ path) => await opened().worker.fetch(request(path));

    test("rewrites elements and text as the body streams", async () => {
      const response = await get("/links");

      assert.equal(await response.text(), '<p>one</p><a href="https://new.example/a">A</a><!-- end -->');
      assert.equal(response.headers.get("content-length"), null);
      assert.equal(response.headers.get("x-kept"), "yes");
    });

    test("waits for asynchronous handlers", async () => {
      assert.equal(await (await get("/later")).text(), "<p>later</p>");
    });

    test("gives what a handler raises to the reader of the body", async () => {
      await assert.rejects(async () => await (await get("/broken")).text(), /no such luck/);
    });
  });
}
