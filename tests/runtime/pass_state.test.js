import assert from "node:assert/strict";
import { test } from "node:test";
import { PassState } from "../../runtime/pool/pass_state.js";

/** @type {any} */
const START = { pass: 1, event: { workflowName: "flow", instanceId: "one" } };

test("attempts run from their start to their outcome", () => {
  const state = new PassState(START);

  state.received({ type: "do", pass: 1, ref: 1, name: "a", count: 1, started: true });
  state.received({ type: "do", pass: 1, ref: 2, name: "b", count: 1 });
  state.sent(/** @type {any} */ ({ type: "attempt", pass: 1, ref: 2, attempt: 3 }));
  assert.deepEqual(
    [...state.running],
    [
      [1, 1],
      [2, 3],
    ],
  );

  state.received({ type: "done", pass: 1, ref: 1, attempt: 1, value: "1" });
  state.received({ type: "failed", pass: 1, ref: 2, attempt: 3, error: { name: "E", message: "" } });
  assert.equal(state.running.size, 0);
});

test("an attempt that has timed out is watched until its callback ends, the next one is not", () => {
  const state = new PassState(START);
  state.sent(/** @type {any} */ ({ type: "attempt", pass: 1, ref: 1, attempt: 1 }));

  state.sent({ type: "expired", pass: 1, ref: 1, attempt: 1 });
  state.sent(/** @type {any} */ ({ type: "attempt", pass: 1, ref: 1, attempt: 2 }));
  assert.deepEqual(state.expired, [{ pass: 1, ref: 1, attempt: 1 }]);
  assert.deepEqual([...state.running], [[1, 2]]);

  state.attemptEnded({ ref: 1, attempt: 1 });
  assert.deepEqual(state.expired, []);
});

test("a pass is over when it says so", () => {
  const state = new PassState(START);

  assert.equal(state.received({ type: "quiet", pass: 1, seen: 1 }), false);
  assert.equal(state.received({ type: "end", pass: 1, value: "1" }), true);
});
