import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { Engine } from "../engine.js";
import { openGuest, useGuest } from "../guest.js";

const TIMED_OUT = { name: "WorkflowTimeoutError", message: "Execution timed out after 50ms" };

/** Let the attempts of some steps time out as soon as they have begun. @param {string[]} names */
const expire = (...names) => {
  return (/** @type {any} */ { type, name, ref }, /** @type {any} */ run) => {
    if (type !== "do" || !names.includes(name)) return false;
    run.send({ type: "expired", ref, attempt: 1 });
    run.send({ type: "reject", ref, error: TIMED_OUT });
    return true;
  };
};

describe("code that keeps the interpreter to itself", () => {
  const { engine, guest } = useGuest("faults.py", { cpuLimit: 400 });

  for (const name of ["Spin", "SleepSpin", "SpinNested"]) {
    test(`a step that goes on after its timeout is cut: ${name}`, async () => {
      assert.equal(await engine.run(name, { answer: expire("spin") }), "WorkflowTimeoutError");
      assert.equal(guest.stats().deaths, 0);
    });
  }

  test("a step that computes is left alone when a step of another instance has timed out", async () => {
    const late = engine.start("Late", { answer: expire("waits") });
    const innocent = engine.start("Compute", { payload: 1.2 });

    assert.deepEqual(await Promise.all([late.output, innocent.output]), ["WorkflowTimeoutError", "computed"]);
    assert.equal(guest.stats().deaths, 0);
  });

  test("run() that computes for too long outside of steps fails, and says why", async () => {
    const error = await engine.run("RunSpin").catch(({ wire }) => wire);

    assert.equal(error.name, "CpuLimitExceeded");
    assert.equal(
      error.message,
      "run() outside of steps has kept the interpreter to itself for more than 0.4 s. Long work belongs in a step.",
    );
    assert.equal(guest.stats().deaths, 0);
  });
});

describe("code that cannot be cut", () => {
  const guest = openGuest("faults.py", { cpuLimit: 400 });
  const engine = new Engine(guest);
  after(() => guest.dispose());

  test("a step that swallows the interrupt loses its isolate, and the next pass gets a new one", async () => {
    await guest.load();
    const run = engine.start("Swallow", { answer: expire("spin") });

    const { lost } = await run.output.catch((error) => error);
    assert.deepEqual(lost.blamed, []);
    assert.equal(lost.reason, "A step went on after its timeout and could not be interrupted.");
    assert.equal(await engine.run("Compute", { payload: 0 }), "computed");
  });

  test("run() that swallows the interrupt fails", async () => {
    const error = await engine.run("RunSpinSwallow").catch(({ wire }) => wire);

    assert.equal(error.name, "WorkflowInternalError");
    assert.match(error.message, /^run\(\) crashed the interpreter\. run\(\) did not end when it was interrupted/);
  });
});

describe("code that ends its interpreter", () => {
  const guest = openGuest("faults.py");
  const engine = new Engine(guest);
  after(() => guest.dispose());

  test("the only step that ran is blamed", async () => {
    await guest.load();
    const run = engine.start("Crash", { instance: "crash" });

    const { lost } = await run.output.catch((error) => error);
    assert.deepEqual(lost.blamed, [1]);
    assert.match(lost.reason, /memory access out of bounds/);
  });

  test("what was said before the end has arrived", async () => {
    const run = engine.start("CrashAfter", { instance: "crash after" });

    const { lost } = await run.output.catch((error) => error);
    assert.equal((await run.next("done")).value, '"stored"');
    assert.deepEqual(lost.blamed, [2]);
  });

  test("of several suspects nobody is blamed, and each runs alone next time, where the second death tells", async () => {
    const crash = engine.start("Crash", { instance: "a", payload: 0.05 });
    const linger = engine.start("Linger", { instance: "b", payload: 10 });

    const first = await Promise.all([crash, linger].map((run) => run.output.catch(({ lost }) => lost)));
    assert.deepEqual(
      first.map(({ blamed }) => blamed),
      [[], []],
    );

    const again = engine.start("Crash", { instance: "a", payload: 0.05 });
    const well = engine.start("Linger", { instance: "b", payload: 0.2 });
    const other = engine.start("Linger", { instance: "c", payload: 0.1 });
    assert.equal(guest.stats().isolates.filter(({ quarantined }) => quarantined).length, 1);
    assert.deepEqual((await again.output.catch(({ lost }) => lost)).blamed, [1]);
    assert.deepEqual(await Promise.all([well.output, other.output]), ["lingered", "lingered"]);
    assert.equal(guest.stats().isolates.filter(({ quarantined }) => quarantined).length, 0);
  });

  test("run() that ends its interpreter even when it is alone fails", async () => {
    const run = engine.start("RunCrash", { instance: "run" });
    assert.deepEqual((await run.output.catch(({ lost }) => lost)).blamed, []);

    const error = await engine.run("RunCrash", { instance: "run" }).catch(({ wire }) => wire);
    assert.equal(error.name, "WorkflowInternalError");
  });
});

describe("code that asks for too much", () => {
  const guest = openGuest("faults.py");
  const engine = new Engine(guest);
  after(() => guest.dispose());

  test("recursion without end is an exception, also inside the interpreter's own code", async () => {
    await guest.load();

    assert.deepEqual(await engine.run("Recursion"), [
      "RecursionError",
      "fine",
      "fine",
      "RecursionError",
      "RecursionError",
      "RecursionError",
      "NotSerializableError",
    ]);
    assert.equal(guest.stats().deaths, 0);
  });

  test("an isolate that has grown large takes no new passes and is replaced", async () => {
    const run = engine.start("Grow", { answer: ({ type }) => type === "sleep" });
    const { ref } = await run.next("sleep");

    assert.equal(await engine.run("Linger", { payload: 0 }), "lingered");
    assert.equal(guest.stats().isolates.length, 2);
    run.send({ type: "resolve", ref });

    assert.equal(await run.output, "grown");
    assert.equal(guest.stats().isolates.length, 1);
  });

  test("memory without end is a MemoryError, and what filled it is let go", async () => {
    assert.deepEqual(await engine.run("Memory"), ["MemoryError", 100_000_000]);
    assert.equal(guest.stats().deaths, 0);
  });
});

describe("code that leaves", () => {
  const { engine, guest } = useGuest("faults.py");

  test("ways out of the process end the step, not the interpreter", async () => {
    assert.deepEqual(await engine.run("Exits"), [
      ["SystemExit", "3"],
      ["SystemExit", "4"],
      ["SystemExit", "os.abort() was called"],
      ["SystemExit", "os.kill(1, 9) was called"],
      ["SystemExit", "5"],
    ]);
    assert.equal(guest.stats().deaths, 0);
  });

  test("sys.exit in run() fails the run", async () => {
    const error = await engine.run("RunExits").catch(({ wire }) => wire);

    assert.deepEqual([error.name, error.message], ["SystemExit", "enough"]);
  });

  test("there are no threads, and what asks for one in asyncio runs inline", async () => {
    assert.deepEqual(await engine.run("Threads"), ["can't start new thread", "inline"]);
  });

  test("mistakes in JavaScript of the user's do not end the interpreter", async () => {
    assert.equal(await engine.run("JsFaults"), "still here");
  });

  test("import js shows the web's globals and not Node's", async () => {
    assert.deepEqual(await engine.run("Hidden"), [false, false, false, true, true, true, true]);
  });
});
