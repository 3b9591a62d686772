/**
 * The process dies before, or right after, each commit that a workflow makes: every one is tried.
 *
 * Right after: the facts are on the disk, and nobody has been told of them.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Harness } from "./harness.js";

/** @import { FakeStep } from "./fake_guest.js" */

const ONCE = { retries: { limit: 0, delay: 0 } };

class World {
  /** Callbacks by step, over all lives of the process. @type {Record<string, number>} */
  runs = {};
  /** Steps whose result run() has seen. @type {Set<string>} */
  seen = new Set();
  /** Steps that ran again after run() had seen their result. @type {string[]} */
  repeated = [];

  /** @param {string} name @param {() => unknown} [body] */
  callback(name, body = () => name) {
    return () => {
      this.runs[name] = (this.runs[name] ?? 0) + 1;
      if (this.seen.has(name)) this.repeated.push(name);
      return body();
    };
  }

  /** @param {string} name @param {Promise<unknown>} promise */
  async see(name, promise) {
    const value = await promise;
    this.seen.add(name);
    return value;
  }

  /** @param {unknown} _event @param {FakeStep} step */
  run = async (_event, step) => {
    const flaky = () => {
      if (this.runs.flaky < 2) throw new Error("first");
      return "flaky";
    };
    const first = await this.see("first", step.do("first", this.callback("first")));
    const [second, third] = await Promise.all([
      this.see("second", step.do("second", { retries: { limit: 9, delay: 10_000 } }, this.callback("flaky", flaky))),
      this.see("third", step.do("third", this.callback("third"))),
      step.sleep("nap", "1 hour"),
    ]);
    const event = await step.waitForEvent("wait", { type: "go" });
    const once = await step.do("once", ONCE, this.callback("once")).catch((/** @type {Error} */ error) => error.name);
    return [first, second, third, event.payload, once];
  };
}

/**
 * @param {number} at the how many-th commit
 * @param {"before" | "after"} when
 */
async function die(at, when) {
  const world = new World();
  const h = new Harness(world.run);
  let commits = 0;
  let dead = false;
  h.oncommit = (commit) => {
    commits += 1;
    if (commits !== at) return commit();
    dead = true;
    if (when === "after") commit();
    h.engine.commits.abandon();
  };
  const created = h.engine.creator.create("flow", { id: "i1", params: "{}" }).catch(() => {});
  for (let turn = 0; turn < 300; turn++) {
    await h.settle();
    if (dead) {
      dead = false;
      h.crash();
      continue;
    }
    const row = h.find();
    if (!row) void h.engine.creator.create("flow", { id: "i1", params: "{}" }).catch(() => {});
    else if (row.status === "complete" || row.status === "errored") break;
    else if (h.log().includes("WAIT_START wait-1") && !h.hasEvent())
      void h.engine.commands.sendEvent("flow", "i1", "go", '"sent"').catch(() => {});
    else await h.clock.moveTo(h.clock.next() ?? h.clock.now(), () => h.settle());
  }
  void created;
  return { world, h, commits };
}

for (const when of /** @type {const} */ (["before", "after"])) {
  test(`an instance ends as it should when the process dies ${when} any one of its commits`, async () => {
    const { commits: total } = await die(0, when);
    assert.ok(total > 10, String(total));

    for (let at = 1; at <= total; at++) {
      const { world, h } = await die(at, when);
      assert.equal(h.status(), "complete", `commit ${at}: ${h.row().error}`);
      const output = h.output();
      const once = output.pop();
      assert.deepEqual(output, ["first", "flaky", "third", "sent"], `commit ${at}`);
      assert.deepEqual(world.repeated, [], `commit ${at}`);
      assert.ok(world.runs.once === undefined || world.runs.once <= 1, `commit ${at}`);
      assert.ok(once === "once" || once === "WorkflowInternalError", `commit ${at}: ${once}`);
    }
  });
}
