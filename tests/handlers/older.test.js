/** Names of handlers that Cloudflare's Python had before. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { LANGUAGES, request, useWorker } from "./places.js";

const python = LANGUAGES.filter(({ suffix }) => suffix === ".py");

for (const language of python) {
  describe(`older names ${language.where}`, () => {
    const opened = useWorker(language, "older");

    test("a class may call its handler on_fetch", async () => {
      const response = await opened().worker.fetch(request("/"));

      assert.equal(await response.text(), "older");
    });
  });
}
