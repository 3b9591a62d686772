/** Damaged rows: reported with the instance's name, while everything else works. */

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { Harness } from "./harness.js";
import { OF_FILES } from "./state.js";

async function two() {
  const h = new Harness(async (_event, step) => {
    const first = await step.do("a", () => "right");
    await step.sleep("nap", 60_000);
    return first;
  });
  await h.create({ n: 1 }, "bad");
  await h.create({ n: 2 }, "good");
  await h.pass(1000);
  return h;
}

const LIST = { workflow: "flow", ascending: true, limit: 10, offset: 0 };
const DAMAGED = /Instance 'bad' of workflow 'flow' is damaged in the state\..*stepwell doctor --repair/;

for (const [what, sql] of /** @type {[string, string][]} */ ([
  ["a result", `UPDATE log SET value = '"wrong"' WHERE instance = 1 AND value IS NOT NULL`],
  ["a configuration", `UPDATE log SET detail = replace(detail, '5', '6') WHERE instance = 1 AND event = 5`],
  ["a name", "UPDATE log SET name = 'b' WHERE instance = 1 AND name = 'a'"],
  ["a time", "UPDATE log SET at = at + 1 WHERE instance = 1 AND event = 5"],
  ["an attempt", "UPDATE log SET attempt = 7 WHERE instance = 1 AND event = 11"],
  ["the params", `UPDATE instances SET params = '{"n":3}' WHERE number = 1`],
])) {
  test(`${what} that was altered is noticed, and ends its instance alone`, OF_FILES, async () => {
    const h = await two();
    h.db.exec(sql);

    await assert.rejects(h.engine.log(1), DAMAGED);
    h.crash();
    await h.pass(60_000);

    assert.equal(h.status("bad"), "errored");
    assert.match(h.error("bad").message, /what the state has of it is damaged/);
    assert.equal(h.output("good"), "right");
    assert.deepEqual(h.problems, []);
  });
}

test("an output that was altered is noticed", async () => {
  const h = await two();
  await h.pass(60_000);
  h.db.exec(`UPDATE instances SET output = '"wrong"' WHERE number = 1`);

  await assert.rejects(h.engine.get("flow", "bad"), DAMAGED);
  assert.equal((await h.engine.get("flow", "good")).output, '"right"');
});

for (const column of ["success_retention", "wake_at", "created_on", "expires_at"]) {
  test(`a number in ${column} that JavaScript cannot hold keeps nothing else from working`, async () => {
    const h = await two();
    h.db.exec(`UPDATE instances SET ${column} = 100000000000000000 WHERE number = 1`);
    h.crash();
    await h.pass(60_000);

    const { rows } = await h.engine.list(LIST);
    assert.deepEqual(
      rows.map(({ id }) => id),
      ["bad", "good"],
    );
    assert.equal(h.output("good"), "right");
    assert.deepEqual(h.problems, []);
    await h.engine.commands.delete("flow", "bad");
    assert.equal((await h.engine.list(LIST)).total, 1);
  });
}

test("a damaged row is listed as unknown, and its instance is named where it is asked for", async () => {
  const h = await two();
  h.db.exec("UPDATE instances SET success_retention = 100000000000000000 WHERE number = 1");

  const { rows } = await h.engine.list(LIST);
  assert.deepEqual(
    rows.map(({ id, status }) => [id, status]),
    [
      ["bad", "unknown"],
      ["good", "waiting"],
    ],
  );
  await assert.rejects(h.engine.get("flow", "bad"), DAMAGED);
  await assert.rejects(h.engine.commands.terminate("flow", "bad"), DAMAGED);
});

test("a due time that moves leaves the checksums as they are", async () => {
  const h = await two();
  await h.engine.commands.pause("flow", "good");
  await h.pass(5000);
  await h.engine.commands.resume("flow", "good");
  await h.engine.commands.skipSleep("flow", "bad");
  await h.pass(60_000);

  assert.equal(h.output("bad"), "right");
  assert.equal(h.output("good"), "right");
});

test("a restart from a step leaves the checksums as they are", async () => {
  const h = await two();
  await h.pass(60_000);
  await h.engine.commands.restart("flow", "good", { name: "nap", type: "sleep" });
  await h.pass(60_000);
  await h.engine.commands.restart("flow", "bad");
  await h.pass(120_000);

  assert.deepEqual([h.output("good"), h.output("bad")], ["right", "right"]);
});

test("a damaged page that has only an instance's own rows keeps nothing else from working", OF_FILES, async () => {
  const folder = mkdtempSync(join(tmpdir(), "stepwell-"));
  try {
    const { sound, pages } = await stateOfTwo(folder);
    let contained = 0;
    for (const page of pages) {
      const file = join(folder, `${page}.sqlite`);
      writeFileSync(file, withPage(sound, page, 0xff));
      if (!isGoodReadable(file)) continue;
      const h = new Harness(naps);
      h.db = new DatabaseSync(file);
      h.crash();
      await h.pass(120_000);

      assert.deepEqual([h.output("good"), h.problems], ["good", []], `page ${page}`);
      contained += 1;
      h.db.close();
    }
    assert.ok(contained >= 8, `${contained} pages`);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

/** @param {{ payload: any }} event @param {any} step */
async function naps(event, step) {
  for (let i = 0; i < event.payload.steps; i++) await step.do(`step ${i}`, {}, async () => "x".repeat(100));
  await step.sleep("nap", 60_000);
  return event.payload.name;
}

/** An instance with few rows, and then one with many: the end of its part of the index is its own. @param {string} folder */
async function stateOfTwo(folder) {
  const h = new Harness(naps);
  await h.create({ name: "good", steps: 1 }, "good");
  await h.create({ name: "bad", steps: 1000 }, "bad");
  await h.pass(1000);
  const file = join(folder, "sound.sqlite");
  h.db.exec(`VACUUM INTO '${file}'`);
  const db = new DatabaseSync(file);
  const leaves = db.prepare("SELECT pageno FROM dbstat WHERE name = ? AND pagetype = 'leaf' ORDER BY pageno");
  const [rows, index] = ["log", "log_instance"].map((name) => leaves.all(name).map(({ pageno }) => Number(pageno)));
  db.close();
  // All of the index, and of the rows some.
  return { sound: readFileSync(file), pages: [...index, ...rows.filter((_, i) => i % 10 === 0)] };
}

/** @param {Buffer} state @param {number} page @param {number} byte */
function withPage(state, page, byte) {
  const size = state.readUInt16BE(16);
  return Buffer.from(state).fill(byte, (page - 1) * size, page * size);
}

/** Whether SQLite hands over what the other instance has, and takes more. @param {string} file */
function isGoodReadable(file) {
  const db = new DatabaseSync(file);
  try {
    db.exec("BEGIN; SELECT * FROM log WHERE instance = 1; SELECT max(id) FROM log");
    const insert = db.prepare("INSERT INTO log (instance, seq, event, at) VALUES (?, ?, 1, 1)");
    for (let seq = 1000; seq < 1020; seq++) insert.run(1, seq);
    db.exec("ROLLBACK");
    return true;
  } catch {
    return false;
  } finally {
    db.close();
  }
}
