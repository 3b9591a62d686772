/** What code of a deployment asks of the host. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { answerBindingCalls } from "../../js/worker/binding_calls.js";

test("a Worker that calls Workers without end is refused, and called again once they have answered", async () => {
  const gate = Promise.withResolvers();
  const own = () => ({ call: () => gate.promise });
  const answer = answerBindingCalls({}, /** @type {any} */ ({ own }));
  const call = () => answer(/** @type {any} */ ({ what: "exports", entrypoint: "default", path: [["add", []]] }), port);
  const port = /** @type {any} */ ({});
  const waiting = Array.from({ length: 5000 }, call);

  await assert.rejects(call(), /The Worker waits for 5000 answers of Workers/);

  gate.resolve(1);
  await Promise.all(waiting);
  assert.deepEqual(await call(), { value: { value: "1" } });
});
