/**
 * States and run files that earlier versions have written (`tests/stored`) open, are listed and described, go on where
 * they were, and replay.
 */

import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { replay } from "../../js/engine/replay.js";
import { isFinalStatus } from "../../js/engine/status.js";
import { nodeClock } from "../../js/server/clock.js";
import { openRunFile } from "../../js/server/run_files.js";
import { compareRuns } from "../../js/engine/comparison.js";
import { instanceDetail } from "../../js/engine/detail.js";
import { toPlain } from "../../js/engine/plain.js";
import { openDriver } from "../../js/store/node_driver.js";
import { JavaScriptGuest } from "../../runtime/javascript/pool.js";
import { PyodideGuest } from "../../runtime/pyodide/pool.js";
import { RealEngine } from "./real.js";

const STORED = fileURLToPath(new URL("../stored", import.meta.url));
const FORMATS = readdirSync(STORED).filter((name) => name.startsWith("schema_"));
/** @type {Record<string, Record<string, string>>} */
const STATUSES = JSON.parse(readFileSync(join(STORED, "statuses.json"), "utf8"));
/** How long after they were written they are opened. Naps and delays of a minute are over then. */
const TWO_MINUTES_MS = 120_000;

const root = join(STORED, "project");
const python = new PyodideGuest({
  deployment: { root, main: join(root, "shop.py"), vars: { CURRENCY: "EUR", HANDLER: "ends" } },
});
const javascript = new JavaScriptGuest({ deployment: { root, main: join(root, "till.mjs"), vars: {} } });
const guestFor = async (/** @type {string} */ main) => (main.endsWith(".mjs") ? javascript : python);
const folder = mkdtempSync(join(tmpdir(), "stepwell-stored-"));
before(() => Promise.all([python.load(), javascript.load()]));
after(async () => {
  await Promise.all([python.dispose(), javascript.dispose()]);
  rmSync(folder, { recursive: true });
});

/** Unpack what a format has left, into a folder whose path it gives. @param {string} format */
function unpack(format) {
  const to = mkdtempSync(join(folder, `${format}-`));
  for (const name of readdirSync(join(STORED, format))) {
    writeFileSync(join(to, name.replace(/\.gz$/, "")), gunzipSync(readFileSync(join(STORED, format, name))));
  }
  return to;
}

/**
 * An engine on a stored state, two minutes after that was written.
 *
 * @param {string} format
 */
function openState(format) {
  const db = openDriver(join(unpack(format), "state.sqlite"));
  const { at } = /** @type {{ at: number }} */ (db.prepare("SELECT max(modified_on) AS at FROM instances").get());
  const behind = nodeClock.now() - at - TWO_MINUTES_MS;
  const clock = {
    now: () => nodeClock.now() - behind,
    at: (/** @type {number} */ time, /** @type {() => void} */ run) => nodeClock.at(time + behind, run),
  };
  return new RealEngine(python, { db, clock, guestFor });
}

for (const format of FORMATS) {
  describe(`a state written in format ${format}`, () => {
    const real = openState(format);
    const { commands } = real.engine;
    const output = async (/** @type {string} */ workflow, /** @type {string} */ id) => {
      const { status, output: given, error } = await real.end(workflow, id);
      assert.equal(status, "complete", JSON.stringify(error));
      return given;
    };
    after(() => real.engine.close());

    test("lists every instance with its status", async () => {
      for (const [workflow, instances] of Object.entries(STATUSES)) {
        for (const [id, status] of Object.entries(instances)) {
          assert.equal((await real.engine.get(workflow, id)).status, status, `${workflow}/${id}`);
        }
      }
    });

    test("describes a finished instance with all that was known of it", async () => {
      const { output: given, steps, logs, trigger } = await real.detail("finished", "finished");

      assert.deepEqual(given, ["grüße 🎉", "2026-01-02T03:04:05.678Z", 7, "child", "EUR"]);
      assert.deepEqual(
        steps.map(({ name, success }) => [name, success]),
        ["values-1", "flaky-1", "pieces-1", "secret-1", "child-1"].map((name) => [name, true]),
      );
      assert.deepEqual(
        steps[1].attempts.map((/** @type {any} */ attempt) => attempt.error?.message ?? null),
        ["not yet", null],
      );
      assert.deepEqual(
        logs.map(({ level, step, text }) => [level, step, text]),
        [
          ["stdout", "values-1", "values of Ada"],
          ["warning", "values-1", "a warning"],
        ],
      );
      assert.equal(trigger.source, "api");
    });

    test("describes a failed instance with its error and its rollback", async () => {
      const { status, error, rollback, logs } = await real.detail("failed", "failed");

      assert.deepEqual([status, error?.message, rollback?.outcome], ["errored", "declined", "complete"]);
      assert.match(logs[0].text, /^cancelled seat 7/);
    });

    test("keeps the times at which schedules come next", async () => {
      const [{ cron }] = await real.engine.schedules("yearly");

      assert.equal(cron, "0 0 1 1 *");
    });

    test("goes on with every instance that is not finished", async () => {
      real.engine.open();

      await commands.sendEvent("approval", "waits", "second", '"2"');
      assert.deepEqual(await output("approval", "waits"), [{ of: "first" }, "2", { of: "third" }]);
      await commands.resume("interrupted", "pausing");
      for (const id of ["running", "pausing"]) assert.deepEqual(await output("interrupted", id), ["quick", 2], id);
      await real.until("interrupted", "queued", (status) => status === "running");
      await commands.sendEvent("Till", "till", "close", "5");
      assert.deepEqual(await output("Till", "till"), [true, 1_700_000_000_000, 2, 5]);
      assert.equal((await real.end("undoing", "undoing")).status, "terminated");
      assert.deepEqual(
        (await real.detail("undoing", "undoing")).logs.map(({ text }) => text),
        ["cancelled seat 8"],
      );
      assert.equal(await output("sleeper", "sleeps"), 21);
      assert.equal(await output("retrying", "retrying"), 2);
      assert.equal((await real.engine.get("approval", "terminated")).status, "terminated");
      await commands.resume("approval", "paused");
      await real.until("approval", "paused", (status) => status === "waiting");
      assert.deepEqual(real.problems, []);
    });
  });

  describe(`run files written in format ${format}`, () => {
    const unpacked = unpack(format);
    const files = readdirSync(unpacked).filter((name) => name.endsWith(".run.sqlite"));

    for (const file of files) {
      test(`${file} replays to what was recorded`, async () => {
        const { run, store } = openRunFile(join(unpacked, file));

        const replayed = await replay({ store, number: run.number, guest: await guestFor(run.main), clock: nodeClock });

        assert.deepEqual([replayed.same, replayed.unrecorded, replayed.uncalled], [true, [], []]);
        const row = store.loadInstanceByNumber(run.number);
        assert.equal(replayed.status === "stopped", !isFinalStatus(/** @type {any} */ (row).status));
      });
    }

    test("one is described as the state describes it", async () => {
      const { run, store } = openRunFile(join(unpacked, "finished.run.sqlite"));
      const real = openState(format);
      const row = /** @type {any} */ (store.loadInstanceByNumber(run.number));
      const detail = instanceDetail(row, store.loadLog(run.number), store.loadOutput(run.number), toPlain);

      assert.deepEqual(compareRuns(detail, await real.detail("finished", "finished")).differs, []);
      real.engine.close();
    });
  });
}
