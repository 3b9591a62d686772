/** The process dies before, or right after, each commit of an instance that asks a delay function, fails and rolls back. */

import assert from "node:assert/strict";
import { test } from "node:test";
import * as E from "../../js/engine/events.js";
import { Harness } from "./harness.js";

/** @param {number} at number of the commit; 0 for none @param {"before" | "after"} when */
async function die(at, when) {
  /** @type {string[]} */
  const undone = [];
  /** Handlers whose end was on the disk, and that ran again. @type {string[]} */
  const repeated = [];
  const h = new Harness(async (_, step) => {
    const undo = (/** @type {any} */ { stepName }) => {
      const finished = h.log().includes(`ROLLBACK_STEP_SUCCESS ${stepName}`);
      if (finished) repeated.push(stepName);
      undone.push(stepName);
      if (undone.length === 1) throw new Error("not yet");
    };
    const rollbackConfig = { retries: { limit: 9, delay: 60_000, backoff: "constant" } };
    await step.do("a", () => "a", { rollback: undo, rollbackConfig });
    const retries = { limit: 1, delay: () => "1 hour" };
    await step.do("b", { retries }, () => assert.fail("no"), { rollback: undo, rollbackConfig });
  });
  let commits = 0;
  let dead = false;
  h.oncommit = (commit) => {
    commits += 1;
    if (commits !== at) return commit();
    dead = true;
    if (when === "after") commit();
    h.engine.commits.abandon();
  };
  for (let turn = 0; turn < 100; turn++) {
    if (!dead && !h.find()) void h.engine.creator.create("flow", { id: "i1" }).catch(() => {});
    await h.settle();
    if (dead) {
      dead = false;
      h.crash();
    } else if (h.find()?.status === "errored") break;
    else await h.clock.moveTo(h.clock.next() ?? h.clock.now(), () => h.settle());
  }
  return { h, undone, repeated, commits };
}

for (const when of /** @type {const} */ (["before", "after"])) {
  test(`a rollback ends as it should when the process dies ${when} any one of its commits`, async () => {
    const { commits: total } = await die(0, when);
    assert.ok(total > 10, String(total));

    for (let at = 1; at <= total; at++) {
      const { h, undone, repeated } = await die(at, when);

      assert.equal(h.status(), "errored", `commit ${at}`);
      assert.deepEqual(repeated, [], `commit ${at}`);
      assert.deepEqual([...new Set(undone)], ["b-1", "a-1"], `commit ${at}`);
      const ends = h
        .log({ workflow: true })
        .filter((line) => /ROLLBACK_(STEP_SUCCESS|COMPLETE|FAILED|START)/.test(line));
      const expected = [
        "ROLLBACK_START",
        "ROLLBACK_STEP_SUCCESS b-1",
        "ROLLBACK_STEP_SUCCESS a-1",
        "ROLLBACK_COMPLETE",
      ];
      assert.deepEqual(ends, expected, `commit ${at}`);
      assert.equal(h.details(E.WORKFLOW_FAILURE).length, 1, `commit ${at}`);
    }
  });
}
