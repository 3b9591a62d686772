/** What code finds around it, in every runtime for Python: local time, the standard streams, the event loop. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Engine } from "../engine.js";
import { openGuest, PLACES, useGuest } from "../guest.js";

process.env.TZ = "America/New_York";

const RUNNING = /running|cannot be stopped/;

for (const { where, runtime, transport } of PLACES) {
  describe(`surroundings ${where}`, () => {
    const { engine, loaded } = useGuest("surroundings.py", { runtime, transport });

    test("local time is UTC", async () => {
      assert.deepEqual(await engine.run("LocalTime"), {
        names: ["UTC", "UTC", 0, 0],
        offset: "0:00:00",
        summer: ["2020-07-01 12:00 +0000", 0],
        "as UTC": true,
        back: [1593604800, 1593604800],
        normalized: Date.UTC(2021, 1, 2, 2, 2, 1) / 1000,
      });
    });

    test("the standard streams have bytes below them, and can be wrapped and configured", async () => {
      const run = engine.start("Streams");

      assert.deepEqual(await run.output, [
        [9, true, false, 1],
        null,
        null,
        ["utf-8", "replace", true, "<stdout>", ["LookupError", "ValueError", "TypeError"]],
      ]);
      const lines = run.logs.flatMap(({ ref, level, text }) =>
        text.split("\n").map((/** @type {string} */ line) => [ref, level, line]),
      );
      assert.deepEqual(lines, [
        [1, "stdout", "bytes é"],
        [1, "stdout", "half 😀"],
        [1, "stderr", "raw"],
        [2, "stdout", "through a wrapper"],
        [2, "stdout", "held back by one"],
        [3, "stdout", "later, through the same"],
        [3, "stdout", "as ever"],
        [4, "stdout", "configured é"],
      ]);
    });

    test("a module may wrap a stream while it is imported", () => {
      assert.deepEqual(loaded().output, [{ level: "stderr", text: "at import\n" }]);
    });

    test("of a large print the beginning is kept, and what follows", async () => {
      const run = engine.start("Large");

      await run.output;
      const texts = run.logs.map(({ text }) => text);
      const written = texts.join("\n");
      assert.ok(written.startsWith("first\nxx"));
      assert.equal(written.split("x").length - 1, (1 << 20) - "first\n".length);
      assert.ok(texts.includes("result: 42"));
      assert.ok(texts.includes("y".repeat(1000)));
      assert.ok(texts.includes("result: 43"));
      assert.match(texts.at(-1), /characters of output were dropped: one turn may write 1,048,576\.$/);
    });

    for (const [what, said] of Object.entries({
      new: /^done$/,
      "new and set": /^done$/,
      "new and closed": /^done$/,
      "set to none": /^done$/,
      run: /asyncio\.run\(\) cannot be called from a running event loop/,
      runner: RUNNING,
      "runner as a context": RUNNING,
      "a loop of its own": RUNNING,
      "the loop again": RUNNING,
      closed: /^done$|running/,
      stopped: /^done$|cannot be stopped/,
      forever: /^done$|running/,
      "not running": /^done$/,
      "other running": /^done$/,
    })) {
      test(`a step that has its event loop ${what} ends no more than itself`, async () => {
        const beside = engine.start("Beside");
        await beside.next("do");
        const [outcome, after] = await engine.run("Loops", { payload: what });

        assert.match(outcome, said);
        assert.equal(after, "ok");
        assert.equal(await beside.output, "done");
        assert.equal(beside.lost, undefined);
      });
    }

    test("a step that cancels all tasks that it sees cancels those of its own pass", async () => {
      const beside = engine.start("Beside");
      await beside.next("do");

      await assert.rejects(
        engine.run("Loops", { payload: "all cancelled" }),
        (/** @type {any} */ error) => error.wire.name === "CancelledError",
      );
      assert.equal(await beside.output, "done");
    });

    test("sets have the same order in each interpreter", async () => {
      const other = openGuest("surroundings.py", { runtime, transport });
      try {
        await other.load();
        const there = new Engine(other);

        assert.deepEqual(await there.run("Imported"), await engine.run("Imported"));
      } finally {
        await other.dispose();
      }
    });
  });
}
