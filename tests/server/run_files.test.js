/** Run files that were made to harm whoever opens them: each is refused with a reason, at once, and nothing of it runs. */

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, describe, test } from "node:test";
import { gunzipSync } from "node:zlib";
import { openApart, openRunFile, rewriteRunFile } from "../../js/server/run_files.js";

const STORED = new URL("../stored/schema_4/finished.run.sqlite.gz", import.meta.url);
const sound = gunzipSync(readFileSync(STORED));
const folder = mkdtempSync(join(tmpdir(), "stepwell-run-files-"));
after(() => rmSync(folder, { recursive: true }));
let made = 0;

/** A copy of a sound file, changed by *sql*. @param {string} [sql] */
function changed(sql = "") {
  const path = join(folder, `${++made}.run.sqlite`);
  writeFileSync(path, sound);
  const db = new DatabaseSync(path, { defensive: false });
  db.exec("PRAGMA ignore_check_constraints = ON");
  db.exec(sql);
  db.close();
  return path;
}

/** A copy whose table took values of any type when *sql* ran. @param {string} table @param {string} sql */
function mistyped(table, sql) {
  const toggle = (/** @type {string} */ from, /** @type {string} */ to) =>
    `PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, '${from}', '${to}') WHERE name = '${table}';`;
  const path = changed(toggle(") STRICT", ") /*    */"));
  for (const change of [sql, toggle(") /*    */", ") STRICT")]) {
    const db = new DatabaseSync(path, { defensive: false });
    db.exec(change);
    db.close();
  }
  return path;
}

/** A view that never ends in place of a table. @param {string} table */
const endless = (table) => `
  DROP TABLE ${table};
  CREATE VIEW ${table} AS
    WITH RECURSIVE t(id, instance, seq, event, next, name, count, at, attempt, due, value, detail, type, payload) AS
      (SELECT 1, 1, 1, 0, NULL, 'n', 1, 1, 1, 1, '1', '{}', 't', '1' UNION ALL SELECT id + 1, 1, 1, 0, NULL, 'n', 1, 1, 1, 1, '1', '{}', 't', '1' FROM t)
    SELECT * FROM t;`;
const LONG = "a".repeat(300);
const source = (/** @type {string} */ path, encoding = "utf8") =>
  `INSERT INTO sources (path, encoding, content) VALUES ('${path}', '${encoding}', 'x')`;

/** @type {Record<string, [string, RegExp]>} */
const HOSTILE = {
  "an endless view in place of events": [endless("events"), /view events/],
  "an endless view in place of the log": [endless("log"), /view log/],
  "an endless view in place of the run": [endless("run"), /view run/],
  "a trigger": ["CREATE TRIGGER t AFTER INSERT ON log BEGIN SELECT 1; END", /trigger t/],
  "a table of its own": ["CREATE TABLE more (x)", /table more/],
  "a missing table": ["DROP TABLE chunks", /chunks/],
  "another column": ["ALTER TABLE log ADD COLUMN more TEXT", /table log is not as/],
  "a generated column": ["ALTER TABLE log ADD COLUMN more TEXT AS (hex(zeroblob(9)))", /table log is not as/],
  "hundreds of tables": [
    Array.from({ length: 300 }, (_, i) => `CREATE TABLE t${i} (x);`).join("\n"),
    /tables, views and indexes/,
  ],
  "variables that are a list": ["UPDATE workflows SET vars = '[]'", /vars/],
  "variables that are null": ["UPDATE workflows SET vars = 'null'", /vars/],
  "bindings that are numbers": [`UPDATE workflows SET bindings = '{"a": 1}'`, /bindings/],
  "versions that are numbers": [`UPDATE run SET versions = '{"a": 1}'`, /versions/],
  "versions that are null": ["UPDATE run SET versions = 'null'", /versions/],
  "JSON that is none": ["UPDATE instances SET params = '{'", /params/],
  "JSON that is nested too deeply": [
    `UPDATE instances SET params = '${"[".repeat(2000)}${"]".repeat(2000)}'`,
    /params/,
  ],
  "a detail that is a list": ["UPDATE log SET detail = '[]'", /detail/],
  "an unknown status": ["UPDATE instances SET status = 'asleep'", /status/],
  "an unknown event": ["UPDATE log SET event = 99 WHERE seq = 1", /event/],
  "a time that no clock has": [`UPDATE instances SET created_on = ${2 ** 53}`, /created_on/],
  "a number that JavaScript does not have": ["UPDATE log SET at = 9223372036854775807", /at of its table log/],
  "an unknown encoding": [source("b.py", "latin1"), /encoding/],
  "a source above its folder": [source("../b.py"), /not a path below/],
  "a source at the root": [source("/b.py"), /not a path below/],
  "a source with an empty name": [source("a//b.py"), /not a path below/],
  "a source with a line end": [source("a\nb.py"), /not a path below/],
  "a source with a long name": [source(LONG), /not a path below/],
  "a source with a long path": [source(Array(500).fill("abc").join("/")), /not a path below/],
  "a source below another": [`${source("c")}; ${source("c/d.py")}`, /below another/],
  "a source that configures": [source("pyproject.toml"), /configuration/],
  "two instances": [
    `INSERT INTO instances (workflow, id, status, params, "trigger", version_id, created_on, modified_on)
       VALUES ('finished', 'b', 'complete', '{}', 0, 'v', 1, 1)`,
    /exactly one instance/,
  ],
  "no instance": ["DELETE FROM instances", /exactly one instance/],
  "a missing main file": ["UPDATE run SET main = 'gone.py'", /gone\.py/],
  "a version of long ago": ["PRAGMA user_version = -1", /version/],
};

describe("a run file is refused that has", () => {
  for (const [what, [sql, reason]] of Object.entries(HOSTILE)) {
    test(what, () => {
      assert.throws(() => openRunFile(changed(sql)), { name: "RunFileError", code: "run.corrupt", message: reason });
    });
  }

  test("bytes where text belongs", () => {
    const path = mistyped("log", "UPDATE log SET value = zeroblob(100000000) WHERE seq = 1");

    assert.throws(() => openRunFile(path), { code: "run.corrupt" });
  });

  test("a text that is too long", () => {
    const path = changed("UPDATE sources SET content = hex(zeroblob(40000000))");

    assert.throws(() => openRunFile(path), { code: "run.corrupt", message: /content of its table sources/ });
  });

  test("a folder in its place", () => {
    assert.throws(() => openRunFile(folder), { code: "run.foreign" });
  });
});

test("every cut and every changed page of a file is refused, or is opened, and nothing else", () => {
  for (let at = 0; at < sound.length; at += 4096) {
    for (const bytes of [
      sound.subarray(0, at),
      Buffer.concat([sound.subarray(0, at), Buffer.alloc(4096, 0xff), sound.subarray(at + 4096)]),
    ]) {
      const path = join(folder, "page.run.sqlite");
      writeFileSync(path, bytes);
      try {
        openRunFile(path).store.close();
      } catch (error) {
        assert.equal(/** @type {Error} */ (error).name, "RunFileError");
      }
    }
  }
});

test("a file that is written anew holds the same run, in this version's tables", () => {
  const path = changed();
  const copy = join(folder, "copy.run.sqlite");

  rewriteRunFile(path, copy);

  const before = openRunFile(path);
  const again = openRunFile(copy);
  assert.deepEqual(again.run, before.run);
  assert.deepEqual(again.store.loadLog(again.run.number), before.store.loadLog(before.run.number));
});

test("the host reads what another process has written anew", async () => {
  const { run, store } = await openApart(changed());

  assert.equal(run.id, "finished");
  store.close();
  await assert.rejects(openApart(changed(endless("events"))), { name: "RunFileError", message: /view events/ });
  await assert.rejects(openApart(join(folder, "none")), { name: "RunFileError" });
});
