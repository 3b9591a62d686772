/** Cloudflare's bindings as interpreters see them, carried out by workerd, which `STEPWELL_BINDINGS` has. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { BindingsProcess, standBy } from "../../js/bindings/bindings_process.js";
import { findInstallation } from "../../js/bindings/installation.js";
import { BINDING_FACADES } from "../../runtime/bindings/facades.js";

const folder = mkdtempSync(join(tmpdir(), "stepwell-"));
const BINDINGS = {
  KV: { type: "kv", options: { id: "k" } },
  DB: { type: "d1", options: { id: "d" } },
  R2: { type: "r2", options: { id: "b" } },
  LIMIT: { type: "ratelimit", options: { namespaceId: "1", limit: 2, period: 60 } },
  POINTS: { type: "analytics_engine", options: { dataset: "points" } },
  ASSETS: { type: "assets", options: { directory: join(folder, "public") } },
};

/** @type {BindingsProcess} */
let bindings;
/** @type {Record<string, any>} */
let env;
before(() => {
  mkdirSync(join(folder, "public"));
  writeFileSync(join(folder, "public", "page.html"), "<p>page");
  start();
});
after(() => {
  bindings.dispose();
  rmSync(folder, { recursive: true, force: true });
});

function start() {
  bindings = new BindingsProcess(join(folder, "data"), () => {});
  bindings.add({ name: "worker", bindings: BINDINGS });
  env = Object.fromEntries(
    Object.entries(BINDINGS).map(([name, { type }]) => [
      name,
      BINDING_FACADES[type]((path) => bindings.call("worker", name, /** @type {Uint8Array} */ (path[0][1][0]))),
    ]),
  );
}

test("KV: values, types, metadata, lists, several keys at once", async () => {
  const { KV } = env;
  await KV.put("a", "1");
  await KV.put("b", JSON.stringify({ x: [1] }), { metadata: { m: 1 } });

  assert.equal(await KV.get("a"), "1");
  assert.equal(await KV.get("none"), null);
  assert.deepEqual(await KV.get("b", "json"), { x: [1] });
  assert.equal(await new Response(await KV.get("a", "stream")).text(), "1");
  assert.deepEqual(new Uint8Array(await KV.get("a", { type: "arrayBuffer" })), Uint8Array.of(49));
  assert.deepEqual((await KV.getWithMetadata("b")).metadata, { m: 1 });
  assert.deepEqual(
    await KV.get(["a", "none"]),
    new Map([
      ["a", "1"],
      ["none", null],
    ]),
  );
  assert.deepEqual(
    (await KV.list()).keys.map((/** @type {any} */ { name }) => name),
    ["a", "b"],
  );
  await KV.delete("a");
  assert.equal(await KV.get("a"), null);
});

test("a refusal is an error of the same class with the same text", async () => {
  await assert.rejects(
    env.KV.get(""),
    (error) => error instanceof TypeError && /Key name cannot be empty/.test(error.message),
  );
  await assert.rejects(env.DB.prepare("SELECT nope").run(), /D1_ERROR: no such column: nope/);
});

test("D1: statements, batches, sessions", async () => {
  const { DB } = env;
  await DB.exec("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT)");
  const insert = DB.prepare("INSERT INTO t (name) VALUES (?)");
  const results = await DB.batch([insert.bind("x"), insert.bind("y")]);

  assert.equal(results.length, 2);
  assert.equal(await DB.prepare("SELECT count(*) AS n FROM t WHERE name = ?").bind("x").first("n"), 1);
  assert.deepEqual((await DB.prepare("SELECT * FROM t").all()).results, [
    { id: 1, name: "x" },
    { id: 2, name: "y" },
  ]);
  assert.deepEqual(await DB.prepare("SELECT name FROM t").raw({ columnNames: true }), [["name"], ["x"], ["y"]]);
  const session = DB.withSession();
  assert.equal(session.getBookmark(), null);
  await session.prepare("INSERT INTO t (name) VALUES ('z')").run();
  assert.equal(typeof session.getBookmark(), "string");
  assert.equal((await session.batch([session.prepare("SELECT 1 AS a")]))[0].results[0].a, 1);
});

test("R2: objects, ranges, streams of a known length, uploads in parts", async () => {
  const { R2 } = env;
  const put = await R2.put("k", "hello", { httpMetadata: { contentType: "text/plain" }, customMetadata: { a: "b" } });
  const got = await R2.get("k");
  const headers = new Headers();
  got.writeHttpMetadata(headers);

  assert.deepEqual([put.constructor.name, put.size, got.constructor.name], ["R2Object", 5, "R2ObjectBody"]);
  assert.equal(headers.get("content-type"), "text/plain");
  assert.deepEqual([await got.text(), got.bodyUsed, got.customMetadata], ["hello", true, { a: "b" }]);
  await R2.put("copy", (await R2.get("k")).body);
  assert.equal(await (await R2.get("copy", { range: { offset: 1, length: 2 } })).text(), "el");
  const upload = await R2.createMultipartUpload("large");
  const part = await upload.uploadPart(1, new Uint8Array(5 * 1024 * 1024));
  const resumed = R2.resumeMultipartUpload("large", upload.uploadId);
  assert.equal((await resumed.complete([part, await resumed.uploadPart(2, "end")])).size, 5 * 1024 * 1024 + 3);
  assert.deepEqual([await R2.get("none"), await R2.head("none")], [null, null]);
});

test("a stream without a length is refused by R2 each time, and the error is not lost", async () => {
  for (let attempt = 0; attempt < 20; attempt++) {
    const stream = new ReadableStream({
      start(controller) {
        for (let chunk = 0; chunk < 8; chunk++) controller.enqueue(new Uint8Array(64 * 1024));
        controller.close();
      },
    });
    await assert.rejects(env.R2.put("bad", stream), /must have a known length/);
  }
});

test("rate limits, analytics and assets", async () => {
  const { LIMIT, POINTS, ASSETS } = env;
  const answers = [];
  for (let call = 0; call < 3; call++) answers.push((await LIMIT.limit({ key: "user" })).success);

  assert.deepEqual(answers, [true, true, false]);
  assert.equal(POINTS.writeDataPoint({ blobs: ["a"], doubles: [1], indexes: ["i"] }), undefined);
  const page = await ASSETS.fetch("http://any/page.html", { redirect: "follow" });
  assert.deepEqual([page.status, await page.text()], [200, "<p>page"]);
  assert.equal((await ASSETS.fetch("http://any/none")).status, 404);
});

test("data is there after a restart, and in the place of Cloudflare's own tool", async () => {
  await env.KV.put("kept", "yes");
  bindings.dispose();
  start();

  assert.equal(await env.KV.get("kept"), "yes");
});

test("a request without the secret of this start is refused", async () => {
  await env.KV.get("a");
  const port = listeningPorts(workerdPids());
  const answers = await Promise.all(
    port.map((each) =>
      fetch(`http://127.0.0.1:${each}/`, { method: "POST", headers: { "stepwell-binding": "KV" } }).then(
        ({ status }) => status,
        () => 0,
      ),
    ),
  );

  assert.ok(answers.includes(403));
  assert.ok(!answers.includes(200));
});

test("a call after workerd was killed succeeds", async () => {
  await env.KV.put("a", "1");
  for (const pid of workerdPids()) process.kill(pid, "SIGKILL");

  await until(async () => (await env.KV.get("a").catch(() => undefined)) === "1");
});

test("killed, the process leaves no workerd, and the next call starts another", async () => {
  await env.KV.put("a", "1");
  const before = workerdPids();
  for (const pid of childrenOf(process.pid, "js/bindings/main.js")) process.kill(pid, "SIGKILL");
  await until(() => Promise.resolve(!before.some(isAlive)));

  assert.equal(await env.KV.get("a"), "1");
});

test("what is installed after a call has failed carries out the next one", async () => {
  const found = String(findInstallation());
  const kept = process.env.STEPWELL_BINDINGS;
  const late = new BindingsProcess(join(folder, "late"), () => {});
  late.add({ name: "worker", bindings: BINDINGS });
  /** @type {any} */
  const KV = BINDING_FACADES.kv((path) => late.call("worker", "KV", /** @type {Uint8Array} */ (path[0][1][0])));
  try {
    process.env.STEPWELL_BINDINGS = join(folder, "nothing");
    await assert.rejects(KV.get("a"), /stepwell bindings install/);
    process.env.STEPWELL_BINDINGS = found;

    assert.equal(await KV.get("a"), null);
  } finally {
    if (kept === undefined) delete process.env.STEPWELL_BINDINGS;
    else process.env.STEPWELL_BINDINGS = kept;
    late.dispose();
  }
});

test("damaged data is named, and data that was put back is there", async (t) => {
  const place = join(folder, "damaged");
  const others = mainPids();
  /** @type {any} */
  const KV = BINDING_FACADES.kv((path) => bound.call("worker", "KV", /** @type {Uint8Array} */ (path[0][1][0])));
  const begin = () => {
    const begun = new BindingsProcess(place, () => {});
    begun.add({ name: "worker", bindings: { KV: BINDINGS.KV } });
    return begun;
  };
  let bound = begin();
  await KV.put("a", "1");
  await end(bound, others);
  cpSync(place, `${place}-copy`, { recursive: true });
  const files = readdirSync(place, { recursive: true, encoding: "utf8" }).filter((name) => name.includes(".sqlite"));
  for (const name of files) writeFileSync(join(place, name), "x".repeat(5000));

  bound = begin();
  t.after(() => bound.dispose());
  await assert.rejects(KV.get("a"), (/** @type {Error} */ error) => {
    assert.ok(error.message.startsWith(`The data of the bindings in ${place} is damaged.`), error.message);
    return true;
  });
  rmSync(place, { recursive: true });
  cpSync(`${place}-copy`, place, { recursive: true });

  assert.equal(await KV.get("a"), "1");
});

test("a process that was warmed is there before the first call", async () => {
  const others = mainPids();
  const warmed = new BindingsProcess(join(folder, "warmed"), () => {});
  try {
    warmed.add({ name: "worker", bindings: BINDINGS });
    warmed.warm();

    assert.equal(mainPids(others).length, 1);
  } finally {
    warmed.dispose();
  }
});

test("a Worker that is added while the process starts has its bindings, and calls that wait are carried out", async () => {
  const starting = new BindingsProcess(join(folder, "starting"), () => {});
  const kvOf = (/** @type {string} */ worker) =>
    /** @type {any} */ (
      BINDING_FACADES.kv((path) => starting.call(worker, "KV", /** @type {Uint8Array} */ (path[0][1][0])))
    );
  try {
    starting.add({ name: "first", bindings: { KV: BINDINGS.KV } });
    const early = kvOf("first").get("a");
    starting.add({ name: "second", bindings: { KV: BINDINGS.KV } });

    assert.equal(await kvOf("second").get("a"), null);
    assert.equal(await early, null);
  } finally {
    starting.dispose();
  }
});

test("a process that stands by carries out the calls of the next that needs one", async () => {
  const others = mainPids();
  standBy();
  const standing = mainPids(others);
  const next = new BindingsProcess(join(folder, "next"), () => {});
  try {
    next.add({ name: "worker", bindings: { KV: BINDINGS.KV } });
    /** @type {any} */
    const KV = BINDING_FACADES.kv((path) => next.call("worker", "KV", /** @type {Uint8Array} */ (path[0][1][0])));
    await KV.put("a", "1");

    assert.equal(standing.length, 1);
    assert.deepEqual(mainPids(others), standing);
    assert.ok(readdirSync(join(folder, "next")).length > 0);
  } finally {
    next.dispose();
  }
});

test("no command line has the secret that calls carry", async () => {
  await env.KV.put("a", "1");

  const table = execFileSync("ps", ["-ww", "-o", "args=", "-p", [...workerdPids(), ...mainPids()].join()], {
    encoding: "utf8",
  });

  assert.match(table, /js\/bindings\/main\.js/);
  assert.doesNotMatch(table, /(^|\s)[\w-]{43}(\s|$)/);
});

/** Dispose of it, and wait until its processes have gone. @param {BindingsProcess} ended @param {number[]} others that are not its */
async function end(ended, others) {
  const mains = mainPids(others);
  const pids = [...mains, ...mains.flatMap((pid) => childrenOf(pid, "workerd"))];
  ended.dispose();
  await until(() => Promise.resolve(!pids.some(isAlive)));
}

/** @param {() => Promise<boolean>} condition */
async function until(condition) {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 20));
}

function workerdPids() {
  return mainPids().flatMap((pid) => childrenOf(pid, "workerd"));
}

/** @param {number[]} [others] that do not count */
function mainPids(others = []) {
  return childrenOf(process.pid, "js/bindings/main.js").filter((pid) => !others.includes(pid));
}

/** @param {number} parent @param {string} text what its command line has @returns {number[]} */
function childrenOf(parent, text) {
  const table = execFileSync("ps", ["-ww", "-eo", "pid=,ppid=,args="], { encoding: "utf8" });
  return table
    .split("\n")
    .map((line) => line.trim().match(/^(\d+) +(\d+) (.*)$/))
    .filter((match) => match && Number(match[2]) === parent && match[3].includes(text))
    .map((match) => Number(match?.[1]));
}

/** The ports of 127.0.0.1 that processes listen on. @param {number[]} pids */
function listeningPorts(pids) {
  const table = execFileSync("ss", ["-ltnpH"], { encoding: "utf8" });
  const lines = table.split("\n").filter((line) => pids.some((pid) => line.includes(`pid=${pid},`)));
  return lines.map((line) => Number(line.match(/127\.0\.0\.1:(\d+)/)?.[1])).filter(Boolean);
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
