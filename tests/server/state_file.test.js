import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { openDriver, toStateError } from "../../js/store/node_driver.js";
import { APPLICATION_ID, migrate, SCHEMA_VERSION } from "../../js/store/schema.js";
import { SqliteStore } from "../../js/store/sqlite.js";

/** The format since which checksums are computed as they are now. */
const CHECKSUMS_CHANGED = 11;

const folder = mkdtempSync(join(tmpdir(), "stepwell-state-"));
after(() => rmSync(folder, { recursive: true }));
const path = (/** @type {string} */ name) => join(folder, name);
const open = (/** @type {string} */ file) => {
  try {
    new SqliteStore(openDriver(file)).close();
  } catch (error) {
    throw toStateError(error);
  }
};

test("a new file gets the tables, and says in its header what it is", () => {
  open(path("new"));

  const db = new DatabaseSync(path("new"));
  assert.equal(db.prepare("PRAGMA application_id").get()?.application_id, APPLICATION_ID);
  assert.equal(db.prepare("PRAGMA user_version").get()?.user_version, SCHEMA_VERSION);
  db.close();
});

test("every commit waits for the disk: WAL and synchronous=FULL", () => {
  const db = openDriver(path("pragmas"));

  assert.equal(db.prepare("PRAGMA journal_mode").get()?.journal_mode, "wal");
  assert.equal(db.prepare("PRAGMA synchronous").get()?.synchronous, 2);
  db.close();
});

test("a file that is no database is refused and left as it is", () => {
  writeFileSync(path("text"), "not a database at all, but longer than a header would be".repeat(50));
  const before = readFileSync(path("text"));

  assert.throws(() => open(path("text")), { code: "state.corrupt" });
  assert.deepEqual(readFileSync(path("text")), before);
});

test("a file of an older version is brought up to date, with all that it has", () => {
  const old = new DatabaseSync(path("older"));
  migrate(old, 3);
  old.exec(`
    INSERT INTO workflows (name, class_name, root, main, vars, version_id, created_on, modified_on)
      VALUES ('flow', 'Flow', '.', 'flow.py', '{}', 'v1', 1, 1);
    INSERT INTO instances (workflow, id, status, params, "trigger", version_id, created_on, modified_on, wake_at)
      VALUES ('flow', 'a', 'waiting', '{}', 0, 'v1', 1, 1, 5), ('flow', 'b', 'queued', '{}', 0, 'v1', 1, 1, NULL),
        ('flow', 'c', 'running', '{}', 0, 'v1', 1, 1, NULL);
    INSERT INTO log (instance, seq, event, at) VALUES (2, 1, 0, 1);`);
  old.close();

  const db = openDriver(path("older"));
  const store = new SqliteStore(db);
  store.recover(7);

  assert.deepEqual(store.loadQueued(10), [2]);
  assert.deepEqual(store.loadDue(7, 10), [1, 3]);
  assert.equal(store.loadLog(2).length, 1);
  assert.deepEqual({ ...db.prepare("PRAGMA integrity_check").get() }, { integrity_check: "ok" });
  assert.equal(db.prepare("PRAGMA user_version").get()?.user_version, SCHEMA_VERSION);
  store.close();
});

test("checksums of a version that computed them in another way are dropped", () => {
  const db = openDriver(path("checksums"));
  migrate(db, CHECKSUMS_CHANGED - 1);
  db.exec(`
    INSERT INTO instances (workflow, id, status, params, "trigger", version_id, created_on, modified_on)
      VALUES ('flow', 'a', 'queued', '{}', 0, 'v1', 1, 1);
    INSERT INTO log (instance, seq, event, at, checksum) VALUES (1, 1, 0, 1, 12345);`);

  const store = new SqliteStore(db);

  assert.equal(store.loadLog(1).length, 1);
  store.close();
});

test("a file of a newer version is refused and left as it is", () => {
  open(path("newer"));
  const db = new DatabaseSync(path("newer"));
  db.exec(`PRAGMA user_version = ${SCHEMA_VERSION + 1}`);
  db.close();

  assert.throws(() => open(path("newer")), { code: "state.newer", message: /Upgrade Stepwell/ });
});

test("a database of another program is refused and left as it is", () => {
  const db = new DatabaseSync(path("foreign"));
  db.exec("CREATE TABLE theirs (x)");
  db.close();

  assert.throws(() => open(path("foreign")), { code: "state.foreign" });
  const again = new DatabaseSync(path("foreign"));
  assert.equal(again.prepare("SELECT count(*) AS n FROM sqlite_schema").get()?.n, 1);
  again.close();
});

test("a file cut in half is refused as damaged, at the latest when it is read", () => {
  open(path("cut"));
  const whole = readFileSync(path("cut"));
  writeFileSync(path("cut"), whole.subarray(0, 5000));

  assert.throws(
    () => {
      const store = new SqliteStore(openDriver(path("cut")));
      store.recover(0);
      store.loadQueued(10);
    },
    (error) => /** @type {any} */ (toStateError(error)).code === "state.corrupt",
  );
});

test("somebody who looks into the file for a moment does not make the engine fail", async () => {
  open(path("read"));
  const reader = fork(new URL("./read.js", import.meta.url), [path("read")]);
  await once(reader, "message");
  const db = openDriver(path("read"));

  db.exec("PRAGMA wal_checkpoint(TRUNCATE); BEGIN EXCLUSIVE; COMMIT");

  db.close();
  await once(reader, "exit");
});
