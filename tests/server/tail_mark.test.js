/** A state that has lost its last entries is noticed by the mark beside it. */

import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { TailMark } from "../../js/server/tail_mark.js";

const folder = mkdtempSync(join(tmpdir(), "mark-"));
after(() => rmSync(folder, { recursive: true }));

/** @param {string} name @param {(number | undefined)[]} last of each read */
function marked(name, ...last) {
  const state = join(folder, name);
  return { state, mark: new TailMark(state, () => (last.length > 1 ? last.shift() : last[0])) };
}

test("a state with fewer entries than its mark has lost some", () => {
  const { state, mark } = marked("cut", 10);
  mark.stop();

  assert.equal(new TailMark(state, () => 7).missing(), 3);
  assert.equal(new TailMark(state, () => 10).missing(), 0);
  assert.equal(new TailMark(state, () => 12).missing(), 0);
});

test("a state without a mark, or with one that cannot be read, is taken as it is", () => {
  const { state, mark } = marked("bare", 5);
  assert.equal(mark.missing(), 0);
  writeFileSync(`${state}.mark`, "nonsense");
  assert.equal(mark.missing(), 0);
  writeFileSync(`${state}.mark`, '{"last": "many"}');
  assert.equal(mark.missing(), 0);
});

test("what is not committed is in no mark", () => {
  const { state, mark } = marked("open", undefined);
  mark.stop();

  assert.equal(existsSync(`${state}.mark`), false);
});

test("entries that are deleted take the mark back", () => {
  const { state, mark } = marked("deleted", 9, 4);
  mark.stop();
  mark.stop();

  assert.equal(readFileSync(`${state}.mark`, "utf8"), '{"last":4}\n');
});
