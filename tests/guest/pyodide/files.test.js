/** The files of a deployment, as its code sees them. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { useGuest } from "../guest.js";

const { engine } = useGuest("files.py");
const path = new URL("../flows/files.py", import.meta.url);

test("a workflow cannot change the files of its deployment, by whatever operation", async () => {
  const before = readFileSync(path, "utf8");

  const told = await engine.run("Writer");

  assert.deepEqual(new Set(Object.values(told)), new Set(["Read-only file system"]));
  assert.equal(readFileSync(path, "utf8"), before);
});

test("it can read them, and write where nobody else does", async () => {
  assert.deepEqual(await engine.run("Reader"), ['"""What a workflow can do to the files that it sees."""', true]);
});
