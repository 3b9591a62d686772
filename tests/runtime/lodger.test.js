import assert from "node:assert/strict";
import { test } from "node:test";
import { Lodger } from "../../runtime/pool/lodger.js";

/** @type {any} */
const START = { pass: 1, event: { workflowName: "flow", instanceId: "one" } };

test("attempts run from their start to their outcome", () => {
  const lodger = new Lodger(START);

  lodger.said({ type: "do", pass: 1, ref: 1, name: "a", count: 1, started: true });
  lodger.said({ type: "do", pass: 1, ref: 2, name: "b", count: 1 });
  lodger.told(/** @type {any} */ ({ type: "attempt", pass: 1, ref: 2, attempt: 3 }));
  assert.deepEqual(
    [...lodger.running],
    [
      [1, 1],
      [2, 3],
    ],
  );

  lodger.said({ type: "done", pass: 1, ref: 1, attempt: 1, value: "1" });
  lodger.said({ type: "failed", pass: 1, ref: 2, attempt: 3, error: { name: "E", message: "" } });
  assert.equal(lodger.running.size, 0);
});

test("an attempt that has timed out is watched until its callback ends, the next one is not", () => {
  const lodger = new Lodger(START);
  lodger.told(/** @type {any} */ ({ type: "attempt", pass: 1, ref: 1, attempt: 1 }));

  lodger.told({ type: "expired", pass: 1, ref: 1, attempt: 1 });
  lodger.told(/** @type {any} */ ({ type: "attempt", pass: 1, ref: 1, attempt: 2 }));
  assert.deepEqual(lodger.expired, [{ pass: 1, ref: 1, attempt: 1 }]);
  assert.deepEqual([...lodger.running], [[1, 2]]);

  lodger.ended({ ref: 1, attempt: 1 });
  assert.deepEqual(lodger.expired, []);
});

test("a pass is over when it says so", () => {
  const lodger = new Lodger(START);

  assert.equal(lodger.said({ type: "quiet", pass: 1, seen: 1 }), false);
  assert.equal(lodger.said({ type: "end", pass: 1, value: "1" }), true);
});
