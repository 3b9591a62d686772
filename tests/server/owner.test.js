import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { StateOwnership, takeOwnership } from "../../js/server/owner.js";

const folder = mkdtempSync(join(tmpdir(), "stepwell-owner-"));
after(() => rmSync(folder, { recursive: true }));
let states = 0;
const newState = () => join(folder, `s${++states}`, "state.sqlite");

/** A process that owns the state and stays. @param {string} state */
async function otherOwner(state) {
  const child = fork(new URL("./own.js", import.meta.url), [state], { stdio: ["ignore", "ignore", "inherit", "ipc"] });
  await once(child, "message");
  return child;
}

test("the first takes the state, the second is told who has it", async () => {
  const state = newState();
  const child = await otherOwner(state);

  assert.throws(() => new StateOwnership(state), {
    code: "state.owned",
    message: `${state} is in use by process ${child.pid} (a test).`,
  });
  child.kill("SIGKILL");
  await once(child, "exit");
});

test("an owner that was killed leaves nothing in the way", async () => {
  const state = newState();
  const child = await otherOwner(state);
  child.kill("SIGKILL");
  await once(child, "exit");
  assert.ok(existsSync(`${state}.owner.json`));

  const ownership = new StateOwnership(state);

  ownership.release();
  assert.ok(!existsSync(`${state}.owner.json`));
});

test("an owner that does not answer is waited for, and named when patience ends", async () => {
  const state = newState();
  const child = await otherOwner(state);
  // It listens, as one that is stopped does, and says nothing.
  const server = createServer(() => {}).listen(`${state}.sock`);
  await once(server, "listening");

  await assert.rejects(takeOwnership(state, 100), {
    code: "state.owned",
    message: `${state} is in use by process ${child.pid} (a test).`,
  });
  server.close();
  server.closeAllConnections();
  child.kill("SIGKILL");
  await once(child, "exit");
});

test("one that waits for an owner becomes the owner when that one has gone", async () => {
  const state = newState();
  const child = await otherOwner(state);
  const waiting = takeOwnership(state, 60_000);

  child.kill("SIGKILL");

  (await waiting).release();
});

test("one that waits is refused as soon as the owner answers", async () => {
  const state = newState();
  const child = await otherOwner(state);
  const waiting = takeOwnership(state, 60_000);
  const server = createServer((_, response) => response.end()).listen(`${state}.sock`);

  await assert.rejects(waiting, { code: "state.owned" });
  server.close();
  child.kill("SIGKILL");
  await once(child, "exit");
});

test("two paths to one file have one owner", async () => {
  const state = newState();
  const child = await otherOwner(state);
  const link = join(folder, "link");
  symlinkSync(join(state, ".."), link);

  assert.throws(() => new StateOwnership(join(link, "state.sqlite")), { code: "state.owned" });
  child.kill("SIGKILL");
  await once(child, "exit");
});

test("two states in one folder have owners of their own", () => {
  const state = newState();
  const one = new StateOwnership(state);

  const two = new StateOwnership(`${state}2`);

  assert.notEqual(one.socket, two.socket);
  one.release();
  two.release();
});

test("a path too long for a socket gets one in the temporary folder", () => {
  const ownership = new StateOwnership(join(folder, "x".repeat(120), "state.sqlite"));

  assert.ok(ownership.socket.startsWith(tmpdir()));
  ownership.release();
});

test("a folder that cannot be made is a plain error", () => {
  const file = join(folder, "file");
  writeFileSync(file, "");

  assert.throws(() => new StateOwnership(join(file, "state.sqlite")), { code: "state.path" });
});

test("a state that is a folder is a plain error", () => {
  const state = newState();
  mkdirSync(`${state}.lock`, { recursive: true });

  assert.throws(() => new StateOwnership(state), { code: "state.path" });
});
