/** Damaged instances are moved into a file of their own, as they are; the others stay. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, test } from "node:test";
import { openDriver } from "../../js/store/node_driver.js";
import { SqliteStore } from "../../js/store/sqlite.js";

const folder = mkdtempSync(join(tmpdir(), "repair-"));
after(() => rmSync(folder, { recursive: true }));
const SCRIPT = new URL("../../js/server/repair.js", import.meta.url).pathname;

/** @param {string} name @param {string} damage SQL */
function damagedState(name, damage) {
  const path = join(folder, name);
  const db = openDriver(path);
  const store = new SqliteStore(db);
  store.begin();
  for (const [index, id] of ["good", "bad"].entries()) {
    const instance = { number: index + 1, workflow: "flow", id, params: "{}", trigger: 0, versionId: "v1" };
    const log = /** @type {any} */ (store.instanceCreated(instance, 1000));
    store.instanceStarted(log, 1000);
    store.instanceCompleted(log, 2000, '"right"');
  }
  store.commit();
  db.exec(damage);
  db.close();
  return path;
}

/** @param {string[]} args */
function repaired(...args) {
  const { stdout, stderr, status } = spawnSync(process.execPath, [SCRIPT, ...args], { encoding: "utf8" });
  assert.equal(stderr.replaceAll(/.*ExperimentalWarning.*\n.*\n/g, ""), "");
  return { status, answer: JSON.parse(stdout) };
}

/** @param {string} path */
function idsIn(path) {
  const db = new DatabaseSync(path, { readOnly: true });
  const ids = db.prepare("SELECT id FROM instances ORDER BY number").all();
  db.close();
  return ids.map(({ id }) => id);
}

for (const [what, damage, sentence] of /** @type {[string, string, RegExp][]} */ ([
  ["a result that is no JSON", "UPDATE instances SET output = '{' WHERE number = 2", /table instances is not JSON/],
  ["an altered output", `UPDATE instances SET output = '"wrong"' WHERE number = 2`, /Entry 4 of its log/],
  [
    "a number too large",
    "UPDATE instances SET expires_at = NULL, success_retention = 100000000000000000 WHERE number = 2",
    /too large/,
  ],
  ["an unknown status", "UPDATE instances SET status = 'dancing' WHERE number = 2", /status "dancing" is unknown/],
])) {
  test(`an instance with ${what} is set aside`, () => {
    const path = damagedState(`${what.replaceAll(" ", "-")}.sqlite`, damage);

    const looked = repaired(path);
    assert.deepEqual(idsIn(path), ["good", "bad"]);
    const { status, answer } = repaired(path, "--repair");

    assert.equal(status, 0);
    assert.deepEqual(looked.answer.damaged, answer.damaged);
    const [{ workflow, id, what: found }, ...more] = answer.damaged;
    assert.deepEqual([workflow, id, more], ["flow", "bad", []]);
    assert.match(found, sentence);
    assert.deepEqual(idsIn(path), ["good"]);
    assert.deepEqual(idsIn(answer.file), ["bad"]);
    assert.deepEqual(repaired(path, "--repair").answer, { damaged: [], file: null });
  });
}

test("a state that is owned is left alone", () => {
  const path = damagedState("owned.sqlite", "SELECT 1");
  const lock = new DatabaseSync(`${path}.lock`);
  lock.exec("BEGIN EXCLUSIVE");

  const { status, answer } = repaired(path, "--repair");
  lock.close();

  assert.equal(status, 3);
  assert.equal(answer.error.code, "state.owned");
});
