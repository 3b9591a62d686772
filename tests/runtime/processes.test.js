import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Pool } from "../../runtime/pool/pool.js";
import { ProtocolChecks } from "../../runtime/process/checks.js";
import { ProcessHandle } from "../../runtime/process/process.js";
import { Engine } from "../guest/engine.js";
import { openGuest, useGuest } from "../guest/guest.js";

const VIOLATIONS = fileURLToPath(new URL("processes/violations.js", import.meta.url));

/** A pool of processes that break the protocol in one way. @param {string} how */
function openViolating(how) {
  const pool = new Pool(
    {
      start: (events) => new ProcessHandle({ command: process.execPath, args: [VIOLATIONS, how] }, events),
      parts: async () => ({}),
      checks: () => new ProtocolChecks(),
      interruptible: true,
      soon: setImmediate,
    },
    { deployment: { root: "/", main: "/none.py", vars: {} }, isolates: 1 },
  );
  /** @type {string[]} */
  const problems = [];
  pool.onproblem = (line) => problems.push(line);
  return { pool, problems };
}

describe("a guest process that is not to be believed", () => {
  for (const [how, expected] of [
    ["noise", /it sent a frame of the unknown kind 116/],
    ["oversized", /it sent a frame of 67108865 bytes; 67108864 are allowed/],
    ["not UTF-8", /it sent a frame that is not UTF-8/],
    ["not JSON", /it sent a batch that cannot be read/],
    ["no list", /it sent a batch that cannot be read/],
    ["no message", /it sent a batch that cannot be read/],
    ["unknown type", /it sent what is no message: {"type":"pay"/],
    ["unknown pass", /it sent end of pass \d+, which it was never given/],
    ["unknown ref", /it sent done with ref 7, which it was never given/],
    ["unknown attempt", /it sent done with attempt 2, which it was never given/],
    ["a ref twice", /it sent sleep with ref 1, which it was never given/],
    ["an unknown field", /it sent do with "admin"/],
    ["no value", /it sent end with value missing/],
    ["a value that is no JSON", /it sent end with value "{"/],
    ["a value of an unknown kind", /it sent end with value "{\\"\$\\":\\"function/],
    ["a name that is none", /it sent do with name {}/],
    ["an error that is none", /it sent fail with error {"name":3}/],
    ["a level that is none", /it sent log with level "loud"/],
  ]) {
    test(`is ended when it sends: ${how}`, async () => {
      const { pool, problems } = openViolating(/** @type {string} */ (how));
      const engine = new Engine(pool);
      await pool.load();
      const run = engine.start("Any");

      const { lost } = await run.output.catch((error) => error);

      assert.match(lost.reason, /** @type {RegExp} */ (expected));
      assert.deepEqual(problems, [lost.reason]);
      assert.deepEqual(
        run.logs.map(({ text }) => text),
        ["before"],
      );
      assert.equal(run.messages.filter(({ type }) => ["end", "fail", "done", "pay"].includes(type)).length, 0);
      assert.equal(pool.stats().isolates.length, 0);
      await pool.dispose();
    });
  }

  test("is lost like others when it ends in the middle of a frame", async () => {
    const { pool, problems } = openViolating("unfinished");
    await pool.load();

    const { lost } = await new Engine(pool).start("Any").output.catch((error) => error);

    assert.equal(lost.reason, "The guest process ended by itself, with exit code 0.");
    assert.deepEqual(problems, []);
    await pool.dispose();
  });
});

const TIMED_OUT = { name: "WorkflowTimeoutError", message: "Execution timed out after 50ms" };

/** Let the attempt of a step time out as soon as it has begun. @param {any} message @param {any} run */
const expire = ({ type, name, ref }, run) => {
  if (type !== "do" || name !== "spin") return false;
  run.send({ type: "expired", ref, attempt: 1 });
  run.send({ type: "reject", ref, error: TIMED_OUT });
  return true;
};

describe("code that keeps a process to itself", () => {
  const { engine, guest } = useGuest("faults.py", { runtime: "cpython" });

  for (const name of ["Spin", "SleepSpin", "SpinNested"]) {
    test(`a step that goes on after its timeout is cut: ${name}`, async () => {
      assert.equal(await engine.run(name, { answer: expire }), "WorkflowTimeoutError");
      assert.equal(guest.stats().deaths, 0);
    });
  }

  test("a step that spins where no signal reaches costs the process, and nobody else's attempt is charged", async () => {
    const run = engine.start("SpinDeaf", {
      answer(message, self) {
        if (message.type === "log") self.send({ type: "expired", ref: 1, attempt: 1 });
      },
    });

    const { lost } = await run.output.catch((error) => error);

    assert.deepEqual(lost.blamed, []);
    assert.match(lost.reason, /did not answer after the timeout of a step and took no interrupt/);
    assert.equal(await engine.run("Compute", { payload: 0 }), "computed");
  });
});

describe("code that keeps a process to itself outside of steps", () => {
  // Not so little that a machine which is busy could take it for itself.
  const { engine, guest } = useGuest("faults.py", { runtime: "cpython", cpuLimit: 2000 });

  test("it fails, and says why", async () => {
    const error = await engine.run("RunSpin").catch(({ wire }) => wire);

    assert.equal(error.name, "CpuLimitExceeded");
    assert.equal(guest.stats().deaths, 0);
  });
});

describe("code that ends its process", () => {
  const guest = openGuest("processes.py", { runtime: "cpython" });
  const engine = new Engine(guest);
  after(() => guest.dispose());

  for (const [payload, reason] of [
    ["exit", /ended by itself, with exit code 3/],
    ["abort", /was ended by SIGABRT/],
    [
      "segfault",
      /was ended by SIGSEGV\. It wrote:\nFatal Python error: Segmentation fault\n[^]*processes\.py", line \d+ in end/,
    ],
    ["kill", /was ended by SIGKILL/],
    ["recurse", /was ended by SIGSEGV/],
  ]) {
    test(`is an interrupted attempt: ${payload}`, async () => {
      if (payload === "exit") await guest.load();
      const run = engine.start("Ends", { payload, instance: String(payload) });

      const { lost } = await run.output.catch((error) => error);

      assert.deepEqual(lost.blamed, [2]);
      assert.equal((await run.next("done")).value, '"stored"');
      assert.match(lost.reason, /** @type {RegExp} */ (reason));
    });
  }

  test("sys.exit and recursion are errors of the step, as everywhere", async () => {
    assert.deepEqual(await engine.run("Errors"), ["SystemExit", "RecursionError"]);
    assert.equal(guest.stats().deaths, 5);
  });

  test("a process that somebody kills is an interrupted attempt of the instance it had", async () => {
    const run = engine.start("Hold", { instance: "held" });
    const { text } = await run.next("log");

    process.kill(Number(text), "SIGKILL");

    const { lost } = await run.output.catch((error) => error);
    assert.deepEqual(lost.blamed, [1]);
  });
});

describe("fetch in a process", () => {
  const { engine } = useGuest("fetches.py", { runtime: "cpython" });

  test("gives the response, also one that says no", async () => {
    const server = createServer((request, response) => {
      request.setEncoding("utf8").on("data", (body) => {
        response
          .writeHead(404, { "x-said": String(request.headers["x-name"]) })
          .end(JSON.stringify([request.method, body]));
      });
    });
    await new Promise((resolve) => void server.listen(0, "127.0.0.1", () => resolve(undefined)));
    const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());

    const output = await engine.run("Fetches", { payload: `http://127.0.0.1:${port}/` });

    assert.deepEqual(output, [404, false, "me", ["POST", "grüße"]]);
    server.close();
  });

  test("says what went wrong", async () => {
    const { wire } = await engine.run("Fetches", { payload: "file:///etc/passwd" }).catch((error) => error);

    assert.equal(wire.message, "'file:///etc/passwd' is no http or https URL.");
  });
});

describe("a process", () => {
  const { engine, guest } = useGuest("processes.py", { runtime: "cpython" });

  test("has threads, whose output is the step's", async () => {
    const run = engine.start("Threads");

    assert.equal(await run.output, "done");
    const lines = run.logs.flatMap(({ text, ref }) =>
      text.split("\n").map((/** @type {string} */ line) => [line, ref]),
    );
    assert.deepEqual(
      lines.toSorted(([a], [b]) => a.localeCompare(b)),
      [
        ["from a pool", 1],
        ["from a thread", 1],
        ["from an executor", 1],
        ["from to_thread", 1],
      ],
    );
  });

  test("is not at rest while a thread works for a pass, and is when that has ended", async () => {
    const run = engine.start("Works", { answer: ({ type }) => type === "sleep" });
    await run.next("sleep");
    await engine.run("Errors");
    assert.equal(run.messages.filter(({ type }) => type === "quiet").length, 0);

    await engine.run("EndsWork");
    await run.next("quiet");
    run.send({ type: "drop", reason: "test" });
  });

  test("has sockets, subprocesses and forks, whose output is shown", async () => {
    const seen = join(mkdtempSync(join(tmpdir(), "spawns-")), "seen");
    const run = engine.start("Spawns", { payload: seen });

    // What goes past the guest comes on another way.
    await run.next("log", ({ text }) => /from a fork/.test(text));
    writeFileSync(seen, "");
    assert.deepEqual(await run.output, ["served", "counted", [1, 2]]);
  });

  test("leaves nothing behind of passes that have ended", async () => {
    await engine.run("Errors");
    const [before] = await guest.census();
    for (let i = 0; i < 20; i++) await engine.run("Errors");
    const [now] = await guest.census();

    assert.deepEqual([now.passes, now.tasks], [0, 0]);
    assert.ok(now.objects - before.objects < 50, `${now.objects - before.objects} Python objects`);
  });

  test("has half a character where JavaScript has one, too", async () => {
    const run = engine.start("Halves");

    assert.equal(await run.output, "\ud83d");
    // What is printed is shown and stored, which takes whole characters.
    assert.equal(run.logs[0].text, "half \\ud83d \\ud83d");
  });

  test("ends by itself when it is not needed, with what user code wants to do at the end", async () => {
    const other = openGuest("processes.py", { runtime: "cpython" });
    await other.load();
    const told = new Promise((resolve) => {
      other.onoutput = resolve;
    });
    const run = new Engine(other).start("AtExit");
    const file = await run.output;

    await other.dispose();

    assert.deepEqual(readdirSync(file), ["ended"]);
    void told;
  });
});
