import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { openDriver } from "../../js/store/node_driver.js";
import { SqliteStore } from "../../js/store/sqlite.js";
import { StateOwnership, takeOwnership } from "../../js/server/owner.js";
import { fileIdentity } from "../../js/server/state_files.js";

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

/** A server that says that it owns the file. @param {string} path */
function ownerOf(path) {
  return createServer((_, response) =>
    response.end(JSON.stringify({ result: { state_identity: fileIdentity(path) } })),
  );
}

/** Removes what stands in the way of a second owner. @param {string} state */
function removeLock(state) {
  for (const path of [`${state}.lock`, `${state}.owner.json`]) rmSync(path, { force: true });
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
  const server = ownerOf(state).listen(`${state}.sock`);

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

test("the address of a database is refused, and makes no folder", () => {
  const before = process.cwd();
  const place = mkdtempSync(join(folder, "address-"));
  process.chdir(place);
  try {
    assert.throws(() => new StateOwnership("mysql://user:secret@host/db"), {
      code: "state.scheme",
      message: "it is an address with the unknown scheme 'mysql'",
    });
    assert.deepEqual(readdirSync(place), []);
  } finally {
    process.chdir(before);
  }
});

test("two states in one folder have owners of their own", () => {
  const state = newState();
  const one = new StateOwnership(state);

  const two = new StateOwnership(`${state}2`);

  assert.notEqual(one.socket, two.socket);
  one.release();
  two.release();
});

test("an owner that answers for another file is none", async () => {
  const state = newState();
  const child = await otherOwner(state);
  const server = ownerOf(import.meta.filename).listen(`${state}.sock`);
  await once(server, "listening");
  const waiting = takeOwnership(state, 60_000);

  child.kill("SIGKILL");

  (await waiting).release();
  server.close();
});

test("the owner of a copied state owns the copy", async () => {
  const state = newState();
  const child = await otherOwner(state);
  const copy = newState();
  cpSync(join(state, ".."), join(copy, ".."), { recursive: true });

  const ownership = await takeOwnership(copy, 0);

  assert.notEqual(ownership.identity, fileIdentity(state));
  assert.equal(ownership.identity, fileIdentity(copy));
  ownership.release();
  child.kill("SIGKILL");
  await once(child, "exit");
});

test("the files of a state are for its user alone, whatever the umask", () => {
  const state = newState();
  const umask = process.umask(0);
  const ownership = new StateOwnership(state);
  ownership.announce({ command: "a test", version: "0" });
  process.umask(umask);

  const modes = [state, `${state}.lock`, `${state}.owner.json`].map((path) => statSync(path).mode & 0o777);
  assert.deepEqual(modes, [0o600, 0o600, 0o600]);
  assert.equal(statSync(join(state, "..")).mode & 0o777, 0o700);
  const store = new SqliteStore(openDriver(state));
  assert.equal(statSync(`${state}-wal`).mode & 0o777, 0o600);
  store.close();
  ownership.release();
});

test("each owner has a secret of its own", () => {
  const [one, two] = [new StateOwnership(newState()), new StateOwnership(newState())];

  assert.notEqual(one.secret, two.secret);
  assert.ok(one.secret.length >= 43);
  one.release();
  two.release();
});

for (const [what, change] of /** @type {[string, (state: string) => void][]} */ ([
  ["its lock", (state) => unlinkSync(`${state}.lock`)],
  ["the hint", (state) => unlinkSync(`${state}.owner.json`)],
  ["the state", (state) => unlinkSync(state)],
  ["the folder", (state) => rmSync(join(state, ".."), { recursive: true })],
  [
    "a copy in the place of the state",
    (state) => {
      cpSync(state, `${state}.copy`);
      unlinkSync(state);
      cpSync(`${state}.copy`, state);
    },
  ],
])) {
  test(`an owner notices the loss of what it stands on: ${what}`, () => {
    const state = newState();
    const ownership = new StateOwnership(state);
    ownership.announce({ command: "a test", version: "0" });
    // A file that is open keeps its inode from the next file.
    const store = new SqliteStore(openDriver(state));
    ownership.check();

    change(state);

    assert.throws(() => ownership.check(), {
      code: "state.gone",
      message: /was removed or replaced while it was in use/,
    });
    store.close();
    ownership.release();
  });
}

test("an owner that has lost its state leaves the next owner's files alone", () => {
  const state = newState();
  const first = new StateOwnership(state);
  first.announce({ command: "first", version: "0" });
  rmSync(join(state, ".."), { recursive: true });
  const second = new StateOwnership(state);
  second.announce({ command: "second", version: "0" });

  first.release();

  second.check();
  second.release();
});

test("a state whose lock was removed under its owner has no second owner", async () => {
  const state = newState();
  const first = new StateOwnership(state);
  const store = new SqliteStore(openDriver(state));
  removeLock(state);

  await assert.rejects(takeOwnership(state, 100), { code: "state.owned" });

  const waiting = takeOwnership(state, 60_000);
  store.close();
  first.release();
  (await waiting).release();
});

test("a copy of a state without its lock has an owner at once", async () => {
  const state = newState();
  const first = new StateOwnership(state);
  new SqliteStore(openDriver(state)).close();
  first.release();
  removeLock(state);

  (await takeOwnership(state, 0)).release();
});

test("a path too long for a socket gets one in a private folder", () => {
  const ownership = new StateOwnership(join(folder, "x".repeat(120), "state.sqlite"));

  const parent = join(ownership.socket, "..");
  assert.equal(statSync(parent).mode & 0o777, 0o700);
  assert.equal(statSync(parent).uid, process.getuid?.());
  ownership.release();
});

test("a private folder that is not private is passed over", () => {
  const runtime = mkdtempSync(join(folder, "r"));
  mkdirSync(join(runtime, "stepwell"));
  chmodSync(join(runtime, "stepwell"), 0o777);
  const kept = process.env.XDG_RUNTIME_DIR;
  process.env.XDG_RUNTIME_DIR = runtime;

  const ownership = new StateOwnership(join(folder, "y".repeat(120), "state.sqlite"));

  assert.ok(!ownership.socket.startsWith(runtime));
  ownership.release();
  if (kept === undefined) delete process.env.XDG_RUNTIME_DIR;
  else process.env.XDG_RUNTIME_DIR = kept;
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
