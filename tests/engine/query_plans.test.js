/** Millions may wait: what is asked for every pass goes by an index, and looks at no instance that it is not about. */

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { SqliteStore } from "../../js/store/sqlite.js";

const db = new DatabaseSync(":memory:");
/** What has been prepared last. */
let latest = "";
const store = new SqliteStore({
  exec: (text) => db.exec(text),
  close: () => db.close(),
  prepare: (text) => db.prepare((latest = text)),
});

/** @param {string} text */
function plan(text) {
  const values = Array.from({ length: text.split("?").length - 1 }, () => null);
  return db
    .prepare(`EXPLAIN QUERY PLAN ${text}`)
    .all(...values)
    .map(({ detail }) => String(detail));
}

/** @type {Record<string, () => unknown>} */
const QUESTIONS = {
  "which are queued": () => store.loadQueued(10),
  "which of a workflow wait for a place": () => store.loadCandidates("flow", 0, 10),
  "which are due": () => store.loadDue(0, 10),
  "when the next one is due": () => store.nextWake(0),
  "which of a workflow run": () => store.loadRunningOf("flow"),
  "which workflows have a limit": () => store.loadLimits(),
  "which can go": () => store.loadExpired(0, 10),
  "when the next one can go": () => store.nextExpiry(),
  "one by its id": () => store.loadInstance("flow", "a"),
  "of which workflow one is": () => store.nameOf(1),
  "its log": () => store.loadLog(1),
  "its place in the log": () => store.loadCursor(1),
  "its events": () => store.loadEvents(1),
  "the number of its next event": () => store.nextEventNumber(1),
};

for (const [what, ask] of Object.entries(QUESTIONS)) {
  test(`${what} is found by an index`, () => {
    latest = "";
    ask();

    const steps = plan(latest);
    assert.notEqual(latest, "");
    assert.deepEqual(
      steps.filter((step) => /^SCAN (instances|log|events|i)\b|TEMP B-TREE/.test(step)),
      [],
      latest,
    );
  });
}

test("recovery after a crash looks at no instance that waits", () => {
  /** @type {string[]} */
  const asked = [];
  const recovering = new SqliteStore({
    exec: (text) => db.exec(text),
    close: () => {},
    prepare: (text) => (asked.push(text), db.prepare(text)),
  });
  asked.length = 0;

  recovering.recover(0);

  assert.equal(asked.length, 3);
  for (const text of asked)
    assert.match(plan(text).join("\n"), /^SEARCH instances USING (COVERING )?INDEX instances_active/);
});
